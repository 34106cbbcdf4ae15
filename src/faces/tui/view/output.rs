//! What the steps' programs printed, in place of the screen.

use ratatui::layout::Rect;

use super::sheet::{self, Line};
use crate::faces::tui::canvas::Canvas;
use crate::faces::tui::scene::Scene;
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;

/// How far the rest of a line that does not fit is set in.
const REST: u16 = 4;
/// How far the lines are set in below their step.
const INDENT: u16 = 2;

/// Draws it, from the line that was scrolled to: the step that failed or runs first, since that is what one looks for, then
/// the others in their order.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, scroll: &mut Scroll) {
    let theme = canvas.theme;
    let run = scene.state.run();
    let width = area.width.saturating_sub(2);
    let mut lines = vec![Line::new("What Octopus Server printed, with secrets masked", theme.title)];
    let first = |kind| run.rows.iter().any(|row| row.kind == kind && (row.failure.is_some() || row.since.is_some()));
    let (ahead, behind): (Vec<_>, Vec<_>) =
        run.rows.iter().filter(|row| !run.output_of(row.kind).is_empty()).partition(|row| first(row.kind));
    for row in ahead.into_iter().chain(behind) {
        let step = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
        let failed = if row.failure.is_some() { ", failed" } else { "" };
        lines.push(Line::blank());
        lines.push(Line::new(format!("{}{failed}", step.map_or(row.kind.id(), |step| step.title.as_str())), theme.accent));
        for said in run.output_of(row.kind) {
            let said = said.as_str();
            let head = text::wrap(said, width.saturating_sub(INDENT)).first().map_or(0, |first| first.len());
            let (head, rest) = said.split_at(head);
            lines.push(Line::default().with(INDENT, head, theme.plain));
            sheet::wrap_rest(&mut lines, rest.trim_start(), REST, width, theme.plain);
        }
    }
    sheet::draw(canvas, area, &lines, scroll);
}
