//! The review screen: the plan, step by step, with its scope.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Local, fields, page};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::flow::Flow;
use crate::model::plan::{Plan, Scope};

/// Below this many lines only the plan itself is shown.
const LOW: u16 = 12;

/// Draws the plan.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let roomy = area.height >= 18;
    let intro = u16::try_from(text::wrap(scene.intro(), area.width).len()).unwrap_or(1);
    page::heading(canvas, area, scene, roomy);
    let mut rest = below(area, if roomy { intro + 2 } else { 1 + u16::from(area.height >= 16) });
    let asked = u16::try_from(scene.fields.len()).unwrap_or(0);
    // In a low window the plan is worth more than the help of its one field.
    let help = match area.height {
        0..LOW => 0,
        LOW..16 => 1,
        _ => 2,
    };
    let field_lines = (asked + help).min(rest.height);
    fields::draw(canvas, Rect { height: field_lines, ..rest }, scene, local, false);
    rest = below(rest, field_lines + u16::from(area.height >= 14));
    let theme = canvas.theme;
    match &scene.state.run.plan {
        None => {
            canvas.put(row(rest, 0), "Making the plan.", theme.dim);
        }
        Some(plan) => steps(canvas, rest, plan, local.scroll, area.height < LOW),
    }
}

fn steps(canvas: &mut Canvas<'_>, area: Rect, plan: &Plan, scroll: &mut Scroll, low: bool) {
    let theme = canvas.theme;
    canvas.put(row(area, 0), &title(plan), theme.title);
    let notes = if low { Vec::new() } else { notes(canvas, plan) };
    let foot = if low { 0 } else { 1 + u16::try_from(notes.len()).unwrap_or(0) };
    let list = Rect { height: area.height.saturating_sub(1 + foot), ..below(area, 1) };
    let count = u16::try_from(plan.steps.len()).unwrap_or(u16::MAX);
    let shown = scroll.window(plan.steps.len(), list.height);
    for (line, number) in (0..list.height).zip(shown.clone()) {
        let step = &plan.steps[number];
        let line = row(list, line);
        let rest = canvas.put(line, &format!("{:>2} ", number + 1), theme.dim);
        let (scope, style) = match step.kind.scope() {
            Scope::Node => ("node", theme.dim),
            Scope::Row => ("own row", theme.dim),
            Scope::Cluster => ("cluster", theme.plain),
        };
        canvas.put(Rect { width: 8.min(rest.width), ..rest }, scope, style);
        let rest = canvas.put_right(behind(rest, 9), step.mode, theme.dim);
        canvas.put(Rect { width: rest.width.saturating_sub(1), ..rest }, &step.title, theme.plain);
    }
    if shown.end < plan.steps.len() {
        canvas.put_right(row(area, 0), canvas.signs.below, theme.dim);
    } else if shown.start > 0 {
        canvas.put_right(row(area, 0), canvas.signs.above, theme.dim);
    }
    let after = below(area, 2 + count.min(list.height));
    for (line, (sign, sign_style, words, style)) in (0..).zip(notes) {
        let rest = canvas.put(row(after, line), sign, sign_style);
        canvas.put(behind(rest, u16::from(!sign.is_empty())), &words, style);
    }
}

/// How many steps there are, and how many of them concern other nodes.
fn title(plan: &Plan) -> String {
    let wide = plan.steps.iter().filter(|step| step.kind.scope() == Scope::Cluster).count();
    let wide = if wide == 0 { "none".to_owned() } else { wide.to_string() };
    format!("Plan: {} steps, {wide} of them cluster-wide", plan.steps.len())
}

/// What is to be known beside the steps: whose cluster, whose place, what was accepted.
fn notes(canvas: &Canvas<'_>, plan: &Plan) -> Vec<(&'static str, Style, String, Style)> {
    let (theme, signs) = (canvas.theme, canvas.signs);
    let mut notes = Vec::with_capacity(4);
    let mut cluster = vec![format!("Cluster {}", plan.cluster.short())];
    match plan.flow {
        Flow::FirstNode => {
            cluster.push(format!("master key {}", plan.fingerprint));
            cluster.push(format!("{} bits", plan.node.key_size.bytes() * 8));
        }
        Flow::Remove => {}
        Flow::Join | Flow::Review | Flow::Edit | Flow::Leave => cluster.push(format!("master key {}", plan.fingerprint)),
    }
    notes.push(("", theme.dim, cluster.join(signs.dot), theme.dim));
    if let Some(before) = &plan.before {
        let seen = text::beginning(&before.last_seen, 16);
        let words = match plan.flow {
            Flow::Join => Some(format!("Takes the place of {} on {}, last seen {seen} UTC.", before.row.name, before.row.host)),
            Flow::Remove => Some(format!("{} on {} was last seen {seen} UTC.", before.row.name, before.row.host)),
            Flow::FirstNode | Flow::Review | Flow::Edit | Flow::Leave => None,
        };
        notes.extend(words.map(|words| (signs.warn, theme.warn, words, theme.plain)));
    }
    if plan.key_unverified {
        let words = "The master key could not be confirmed, and you took it all the same.".to_owned();
        notes.push((signs.warn, theme.warn, words, theme.plain));
    }
    if !plan.accepted.is_empty() {
        let names: Vec<&str> = plan.accepted.iter().map(|check| check.id()).collect();
        notes.push((signs.warn, theme.warn, format!("Accepted: {}.", names.join(", ")), theme.plain));
    }
    notes
}
