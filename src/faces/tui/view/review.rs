//! The review screen: the plan, step by step, with its scope.

use ratatui::layout::Rect;

use super::{Local, fields, page};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::plan::{Plan, Scope};

/// Below this many lines only the plan itself is shown.
const LOW: u16 = 12;

/// Draws the plan.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let roomy = area.height >= 18;
    let intro = u16::try_from(text::wrap(page::intro(scene), area.width).len()).unwrap_or(1);
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

fn steps(canvas: &mut Canvas<'_>, area: Rect, plan: &Plan, scroll: &mut u16, low: bool) {
    let theme = canvas.theme;
    let wide = plan.steps.iter().filter(|step| step.kind.scope() == Scope::Cluster).count();
    let title = format!("Plan: {} steps, {wide} of them cluster-wide", plan.steps.len());
    canvas.put(row(area, 0), &title, theme.title);
    let accepted = !plan.accepted.is_empty() && !low;
    let foot = if low { 0 } else { 2 + u16::from(accepted) };
    let list = Rect { height: area.height.saturating_sub(1 + foot), ..below(area, 1) };
    let count = u16::try_from(plan.steps.len()).unwrap_or(u16::MAX);
    *scroll = (*scroll).min(count.saturating_sub(list.height));
    for (line, (number, step)) in (0..list.height).zip(plan.steps.iter().enumerate().skip(usize::from(*scroll))) {
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
    if *scroll + list.height < count {
        canvas.put_right(row(area, 0), canvas.signs.below, theme.dim);
    } else if *scroll > 0 {
        canvas.put_right(row(area, 0), canvas.signs.above, theme.dim);
    }
    if low {
        return;
    }
    let after = below(area, 2 + count.min(list.height));
    let cluster = format!(
        "Cluster {}{}master key {}{}{} bits",
        plan.cluster.short(),
        canvas.signs.dot,
        plan.fingerprint,
        canvas.signs.dot,
        plan.node.key_size.bytes() * 8,
    );
    canvas.put(row(after, 0), &cluster, theme.dim);
    if accepted {
        let names: Vec<&str> = plan.accepted.iter().map(|check| check.id()).collect();
        let rest = canvas.put(row(after, 1), canvas.signs.warn, theme.warn);
        canvas.put(behind(rest, 1), &format!("Accepted: {}.", names.join(", ")), theme.plain);
    }
}
