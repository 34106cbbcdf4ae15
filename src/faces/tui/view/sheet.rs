//! A sheet: lines of text that are read from start to end, and scrolled if they do not fit.

use std::ops::Range;

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::faces::tui::canvas::{Canvas, behind, row};
use crate::faces::tui::scroll::Scroll;
use crate::faces::tui::text;

/// A line.
#[derive(Debug, Default)]
pub struct Line {
    /// The parts, each with its start column; each is cut where the next one begins.
    parts: Vec<(u16, String, Style)>,
    /// Text at the end of the line, shown if there is room.
    aside: Option<(String, Style)>,
}

impl Line {
    /// A line of one part.
    pub fn new(words: impl Into<String>, style: Style) -> Self {
        Self::default().with(0, words, style)
    }

    /// An empty line.
    pub fn blank() -> Self {
        Self::default()
    }

    /// Returns the line with another part, from this column on.
    #[must_use]
    pub fn with(mut self, column: u16, words: impl Into<String>, style: Style) -> Self {
        self.parts.push((column, words.into(), style));
        self
    }

    /// Returns the line with text at its end.
    #[must_use]
    pub fn aside(mut self, words: impl Into<String>, style: Style) -> Self {
        self.aside = Some((words.into(), style));
        self
    }
}

/// Adds wrapped text, indented by so many columns.
pub fn wrap(lines: &mut Vec<Line>, words: &str, indent: u16, width: u16, style: Style) {
    for line in text::wrap(words, width.saturating_sub(indent)) {
        lines.push(Line::default().with(indent, line, style));
    }
}

/// Adds the remaining text of a line that was wrapped, if there is any.
pub fn wrap_rest(lines: &mut Vec<Line>, words: &str, indent: u16, width: u16, style: Style) {
    if !words.is_empty() {
        wrap(lines, words, indent, width, style);
    }
}

/// Draws a sheet, scrolled.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, lines: &[Line], scroll: &mut Scroll) {
    let shown = scroll.window(lines.len(), area.height);
    // The last columns are reserved for the signs that there are more lines.
    let inner = if scroll.overflows() { Rect { width: area.width.saturating_sub(2), ..area } } else { area };
    put_lines(canvas, inner, &lines[shown.clone()]);
    marks(canvas, area, &shown, lines.len());
}

/// Puts lines into an area, without scrolling.
pub fn put_lines(canvas: &mut Canvas<'_>, area: Rect, lines: &[Line]) {
    for (number, line) in (0..area.height).zip(lines) {
        put_line(canvas, row(area, number), line);
    }
}

fn put_line(canvas: &mut Canvas<'_>, place: Rect, line: &Line) {
    let mut rest = place;
    for (number, (column, words, style)) in line.parts.iter().enumerate() {
        let end = line.parts.get(number + 1).map_or(place.width, |(next, ..)| next.saturating_sub(1));
        let cell = behind(place, *column);
        rest = canvas.put(Rect { width: cell.width.min(end.saturating_sub(*column)), ..cell }, words, *style);
    }
    if let Some((words, style)) = &line.aside {
        let rest = Rect { width: place.right().saturating_sub(rest.x), ..rest };
        if rest.width >= text::width(words) + 2 {
            canvas.put_right(rest, words, *style);
        }
    }
}

/// Draws signs at the end of the first and last line if there are more lines beyond them.
pub fn marks(canvas: &mut Canvas<'_>, area: Rect, shown: &Range<usize>, count: usize) {
    let dim = canvas.theme.dim;
    if shown.start > 0 {
        canvas.put_right(row(area, 0), canvas.signs.above, dim);
    }
    if shown.end < count {
        canvas.put_right(row(area, area.height.saturating_sub(1)), canvas.signs.below, dim);
    }
}

/// Describes the visible part: `rows 1-8 of 10,000`; returns an empty text if everything is visible.
pub fn part(noun: &str, shown: &Range<usize>, count: usize) -> String {
    if shown.len() >= count || shown.is_empty() {
        return String::new();
    }
    let (first, last) = (text::thousands(shown.start + 1), text::thousands(shown.end));
    format!("{noun} {first}-{last} of {}", text::thousands(count))
}
