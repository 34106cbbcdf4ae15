//! The review screen: the plan, step by step, with its scope.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Local, fields, page, sheet};
use crate::catalog::steps;
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::plan::{Plan, Scope};
use crate::model::untrusted::Untrusted;

/// Below this many lines only the plan itself is shown.
const LOW: u16 = 12;

/// Draws the plan.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let count = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let intro = count(text::wrap(&scene.intro(), area.width).len());
    let is_saved = |field: &FieldId| *field == FieldId::AnswersFile;
    let (saved, asked): (Vec<FieldId>, Vec<FieldId>) = scene.fields.iter().copied().partition(is_saved);
    let saving = scene.state.focused().is_some_and(|field| is_saved(&field));
    let low = area.height < LOW;
    let help = if low { 0 } else { 1 + u16::from(area.height >= 16) };
    // In a low window the plan is worth more than the help of a field, and than where its answers may be kept.
    let asked_lines = count(asked.len()) + if asked.is_empty() || saving { 0 } else { help };
    let between = if asked_lines > 0 { u16::from(area.height >= 14) } else { 0 };
    let plan = scene.state.run().plan.as_deref();
    let plan_lines = plan.map_or(1, |plan| 2 + count(plan.steps.len()) + count(notes(canvas, plan).len()));
    let heading = 1 + u16::from(area.height >= 16);
    let spare = area.height.saturating_sub(heading + asked_lines + between + plan_lines);
    let (beneath, saved_lines) = match (saved.is_empty(), saving) {
        (true, _) => (0, 0),
        (false, true) => (u16::from(spare > 1 + help), 1 + help),
        (false, false) => (u16::from(spare > 1), u16::from(spare > 0 && !low)),
    };
    let roomy = 2 + intro + asked_lines + between + plan_lines + beneath + saved_lines <= area.height;
    page::heading(canvas, area, scene, roomy);
    let mut rest = below(area, if roomy { intro + 2 } else { heading });
    fields::some(canvas, Rect { height: asked_lines.min(rest.height), ..rest }, scene, local, (&asked, false));
    rest = below(rest, asked_lines + between);
    let theme = canvas.theme;
    match plan {
        None => {
            // Why there is none is said beneath.
            let failed = scene.state.notice.as_ref().is_some_and(|notice| notice.bad);
            canvas.put(row(rest, 0), if failed { "There is no plan." } else { "Making the plan." }, theme.dim);
        }
        Some(plan) => {
            let room = Rect { height: rest.height.saturating_sub(beneath + saved_lines), ..rest };
            let used = steps(canvas, room, plan, local.scroll, low);
            // The file for the answers comes last: what is read here is the plan.
            rest = below(rest, used + beneath);
            fields::some(canvas, Rect { height: saved_lines.min(rest.height), ..rest }, scene, local, (&saved, false));
        }
    }
}

/// Draws the plan; tells how many lines it took.
fn steps(canvas: &mut Canvas<'_>, area: Rect, plan: &Plan, scroll: &mut Scroll, low: bool) -> u16 {
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
        let (scope, style) = match steps::row(step.kind).scope {
            Scope::Node => ("node", theme.dim),
            Scope::Row => ("own row", theme.dim),
            Scope::Cluster => ("cluster", theme.plain),
        };
        canvas.put(Rect { width: 8.min(rest.width), ..rest }, scope, style);
        let rest = canvas.put_right(behind(rest, 9), step.mode, theme.dim);
        canvas.put(Rect { width: rest.width.saturating_sub(1), ..rest }, &step.title, theme.plain);
    }
    // Which part of a long plan is seen, and where there is more of it.
    let part = sheet::part("steps", &shown, plan.steps.len());
    if !part.is_empty() {
        let more = if shown.end < plan.steps.len() { canvas.signs.below } else { canvas.signs.above };
        // Beside a title that leaves no room for it the sign alone has to do.
        let both = title(plan).chars().count() + part.chars().count() + 3;
        let says = if both <= usize::from(area.width) { format!("{part} {more}") } else { more.to_owned() };
        canvas.put_right(row(area, 0), &says, theme.dim);
    }
    let listed = 1 + count.min(list.height);
    let after = below(area, listed + 1);
    for (line, (sign, sign_style, words, style)) in (0..).zip(notes) {
        let rest = canvas.put(row(after, line), sign, sign_style);
        canvas.put(behind(rest, u16::from(!sign.is_empty())), &words, style);
    }
    (listed + foot).min(area.height)
}

/// How many steps there are, and how many of them concern other nodes.
fn title(plan: &Plan) -> String {
    let wide = plan.steps.iter().filter(|step| steps::row(step.kind).scope == Scope::Cluster).count();
    match (plan.steps.len(), wide) {
        (1, 0) => "Plan: 1 step, of this node only".to_owned(),
        (1, _) => "Plan: 1 step, cluster-wide".to_owned(),
        (steps, 0) => format!("Plan: {steps} steps, none of them cluster-wide"),
        (steps, wide) => format!("Plan: {steps} steps, {wide} of them cluster-wide"),
    }
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
        let row = &before.row;
        let (name, host) = (Untrusted::new(&row.name), Untrusted::new(&row.host));
        let who = if row.host == row.name { name.to_string() } else { format!("{name} on {host}") };
        let words = match plan.flow {
            Flow::Join => Some(format!("Takes the place of {who}, last seen {seen} UTC.")),
            Flow::Remove => Some(format!("{who} was last seen {seen} UTC.")),
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
