//! Every check of every screen, run again: a line that sums them up, and beneath it all of them by screen, their findings
//! in full.

use ratatui::layout::Rect;

use super::sheet::{self, Line};
use super::{Local, checks, page, verdicts};
use crate::faces::tui::canvas::{Canvas, below, row};
use crate::faces::tui::scene::Scene;
use crate::model::check::CheckId;
use crate::model::finding::Verdict;
use crate::words;

/// Draws the section.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let airy = area.height >= 12;
    page::heading(canvas, Rect { height: 1.min(area.height), ..area }, scene, false);
    let rest = below(area, 1);
    let all: Vec<&(CheckId, Verdict)> = scene.sections.iter().flat_map(|(_, verdicts)| verdicts).collect();
    checks::tally(canvas, row(rest, 0), &all);
    let list = below(rest, 1 + u16::from(airy));
    let mut lines = Vec::with_capacity(64);
    let width = list.width.saturating_sub(2);
    for (place, (screen, verdicts)) in scene.sections.iter().enumerate() {
        if place > 0 && airy {
            lines.push(Line::blank());
        }
        lines.push(Line::new(words::screen(*screen).name.as_str(), canvas.theme.title));
        verdicts::add(canvas, &mut lines, *screen, verdicts, width);
    }
    sheet::draw(canvas, list, &lines, local.scroll);
    if airy {
        part(canvas, row(rest, 1), lines.len(), list.height, local);
    }
}

/// How much of the sheet is shown, at the end of a line.
pub fn part(canvas: &mut Canvas<'_>, line: Rect, count: usize, room: u16, local: &mut Local<'_>) {
    let shown = local.scroll.window(count, room);
    let part = sheet::part("lines", &shown, count);
    let dim = canvas.theme.dim;
    canvas.put_right(line, &part, dim);
}
