//! The review screen: the plan, step by step, with its scope.

use ratatui::layout::Rect;

use super::{Local, fields, page};
use crate::faces::tui::canvas::{Canvas, behind, below, row};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;
use crate::model::plan::{Plan, Scope};

/// Draws the plan.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: Local<'_>) {
    let roomy = area.height >= 18;
    let intro = u16::try_from(text::wrap(&scene.words.intro, area.width).len()).unwrap_or(1);
    page::heading(canvas, area, scene, roomy);
    let mut rest = below(area, if roomy { intro + 2 } else { 1 });
    let asked = u16::try_from(scene.fields.len()).unwrap_or(0);
    let field_lines = (asked + 1).min(rest.height);
    fields::draw(canvas, Rect { height: field_lines, ..rest }, scene, &local, false);
    rest = below(rest, field_lines + u16::from(area.height >= 14));
    let theme = canvas.theme;
    match &scene.state.run.plan {
        None => {
            canvas.put(row(rest, 0), "Making the plan…", theme.dim);
        }
        Some(plan) => steps(canvas, rest, plan, local.scroll),
    }
}

fn steps(canvas: &mut Canvas<'_>, area: Rect, plan: &Plan, scroll: &mut u16) {
    let theme = canvas.theme;
    let wide = plan.steps.iter().filter(|step| step.kind.scope() == Scope::Cluster).count();
    let title = format!("Plan: {} steps, {wide} of them cluster-wide", plan.steps.len());
    canvas.put(row(area, 0), &title, theme.title);
    let accepted = !plan.accepted.is_empty();
    let foot = 1 + u16::from(accepted);
    let list = Rect { height: area.height.saturating_sub(1 + foot), ..below(area, 1) };
    let count = u16::try_from(plan.steps.len()).unwrap_or(u16::MAX);
    *scroll = (*scroll).min(count.saturating_sub(list.height));
    for (line, (number, step)) in (0..list.height).zip(plan.steps.iter().enumerate().skip(usize::from(*scroll))) {
        let line = row(list, line);
        let rest = canvas.put(line, &format!("{:>2} ", number + 1), theme.dim);
        let (scope, style) = match step.kind.scope() {
            Scope::Node => ("node", theme.dim),
            Scope::Cluster => ("cluster", theme.plain),
        };
        canvas.put(Rect { width: 8.min(rest.width), ..rest }, scope, style);
        let rest = canvas.put_right(behind(rest, 9), step.mode, theme.dim);
        canvas.put(rest, &step.title, theme.plain);
    }
    if *scroll + list.height < count {
        canvas.put_right(row(list, list.height.saturating_sub(1)), canvas.signs.below, theme.dim);
    }
    let after = below(list, count.min(list.height) + u16::from(list.height > count));
    let after = Rect { height: area.bottom().saturating_sub(after.y), y: after.y, ..area };
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
