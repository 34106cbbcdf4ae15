//! Drift: every difference between what four places say, in full, with what to do.

use ratatui::layout::Rect;

use super::{Local, page, sheet, verdicts};
use crate::faces::tui::canvas::{Canvas, below};
use crate::faces::tui::scene::Scene;
use crate::faces::tui::text;

/// Draws the section.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, scene: &Scene<'_>, local: &mut Local<'_>) {
    let intro = u16::try_from(text::wrap(&scene.intro(), area.width).len()).unwrap_or(1);
    let roomy = area.height >= 12;
    page::heading(canvas, area, scene, roomy);
    let list = below(area, if roomy { intro + 2 } else { 1 });
    let mut lines = Vec::new();
    verdicts::add(canvas, &mut lines, scene.state.place.here, &scene.verdicts, list.width.saturating_sub(2));
    sheet::draw(canvas, list, &lines, local.scroll);
}
