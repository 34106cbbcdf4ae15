//! A window that is too small for anything.

use ratatui::layout::Rect;

use crate::faces::tui::canvas::Canvas;
use crate::faces::tui::layout::LEAST;

/// Asks for a larger window, in one line where it fits.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect) {
    let words = format!("Make the window {} by {} or larger.", LEAST.0, LEAST.1);
    let plain = canvas.theme.plain;
    canvas.wrap(area, &words, plain);
}
