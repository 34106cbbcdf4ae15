//! What views draw on: lines of text, cut to their place, styled by meaning rather than by colour; and where on the screen
//! something can be clicked. Clickable places are rebuilt at each frame and read for the mouse only: what a key does depends on
//! the state, never on the last frame.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::screen::ScreenId;

use super::bindings::{Direction, KeyAction};
use super::text;
use super::theme::{Signs, Theme};

/// What views draw on.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The frame's cells.
    pub buffer: &'a mut Buffer,
    /// The styles.
    pub theme: Theme,
    pub signs: &'static Signs,
    /// What can be clicked.
    pub hits: &'a mut Hits,
    /// Where the terminal's cursor belongs; it is hidden without one.
    pub cursor: Option<Position>,
}

/// A line of an area, from 0; empty where the area has no such line, so that drawing on it does nothing.
pub fn row(area: Rect, line: u16) -> Rect {
    if line < area.height { Rect::new(area.x, area.y + line, area.width, 1) } else { Rect::ZERO }
}

/// What is left of an area below so many lines.
pub fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect::new(area.x, area.y + lines, area.width, area.height - lines)
}

/// What is left of a line behind so many columns.
pub fn behind(row: Rect, columns: u16) -> Rect {
    let columns = columns.min(row.width);
    Rect::new(row.x + columns, row.y, row.width - columns, row.height)
}

impl Canvas<'_> {
    /// Writes at the beginning of a line, cut with `…` where it does not fit; tells what is left of the line.
    pub fn put(&mut self, row: Rect, words: &str, style: Style) -> Rect {
        if row.is_empty() || words.is_empty() {
            return row;
        }
        let wide = text::width(words);
        if text::is_plain(words) && wide <= row.width {
            // Nearly everything: no graphemes to look for, and that is most of a frame's work.
            for (x, at) in (row.left()..row.right()).zip(0..words.len()) {
                if let Some(cell) = self.buffer.cell_mut((x, row.y)) {
                    cell.set_symbol(&words[at..=at]).set_style(style);
                }
            }
        } else if wide <= row.width {
            self.buffer.set_stringn(row.x, row.y, words, usize::from(row.width), style);
        } else {
            self.buffer.set_stringn(row.x, row.y, text::fit(words, row.width), usize::from(row.width), style);
        }
        behind(row, wide)
    }

    /// Writes at the end of a line; tells what is left of the line before it.
    pub fn put_right(&mut self, row: Rect, words: &str, style: Style) -> Rect {
        let wide = text::width(words).min(row.width);
        self.put(behind(row, row.width - wide), words, style);
        Rect::new(row.x, row.y, row.width - wide, row.height)
    }

    /// Writes wrapped text from a line on; tells how many lines it took. The last line that fits ends with `…` when
    /// there is more.
    pub fn wrap(&mut self, area: Rect, words: &str, style: Style) -> u16 {
        let lines = text::wrap(words, area.width);
        let room = usize::from(area.height);
        for (line, words) in (0..area.height).zip(&lines) {
            if usize::from(line) + 1 == room && lines.len() > room {
                let more = format!("{} …", text::beginning(words, area.width.saturating_sub(2)).trim_end());
                self.put(row(area, line), &more, style);
            } else {
                self.put(row(area, line), words, style);
            }
        }
        u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height)
    }

    /// A rule across a line.
    pub fn rule(&mut self, row: Rect) {
        for x in row.left()..row.right() {
            if let Some(cell) = self.buffer.cell_mut((x, row.y)) {
                cell.set_symbol(self.signs.rule).set_style(self.theme.dim);
            }
        }
    }

    /// Styles a whole line.
    pub fn style(&mut self, row: Rect, style: Style) {
        self.buffer.set_style(row, style);
    }

    /// Something can be clicked here.
    pub fn hit(&mut self, area: Rect, hit: Hit) {
        self.hits.add(area, hit);
    }

    /// A verdict's sign and style.
    pub fn verdict(&self, verdict: &Verdict) -> (&'static str, Style) {
        match verdict {
            Verdict::NotYet | Verdict::DoesNotApply => (self.signs.pending, self.theme.dim),
            Verdict::Running => (self.signs.running, self.theme.plain),
            Verdict::Good(_) => (self.signs.ok, self.theme.good),
            Verdict::Unknown(_) => self.severity(Severity::Unknown),
            Verdict::Found(_) => self.severity(verdict.severity().unwrap_or(Severity::Note)),
        }
    }

    /// A severity's sign and style.
    pub const fn severity(&self, severity: Severity) -> (&'static str, Style) {
        match severity {
            Severity::Note => (self.signs.note, self.theme.plain),
            Severity::Unknown => (self.signs.unknown, self.theme.plain),
            Severity::Unproven => (self.signs.unknown, self.theme.warn),
            Severity::Warn => (self.signs.warn, self.theme.warn),
            Severity::Stop => (self.signs.stop, self.theme.stop),
        }
    }
}

/// Something that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A screen in the list.
    Screen(ScreenId),
    Field(FieldId),
    /// The way to another value of a choice.
    Choice(FieldId, Direction),
    /// An item of a list.
    Item(usize),
    /// The button of the screen.
    Button,
    /// A key at the foot.
    Key(KeyAction),
}

/// The places of a frame.
#[derive(Debug, Default)]
pub struct Hits(Vec<(Rect, Hit)>);

impl Hits {
    /// Forgets the last frame's.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Something can be clicked here.
    pub fn add(&mut self, area: Rect, hit: Hit) {
        if !area.is_empty() {
            self.0.push((area, hit));
        }
    }

    /// What is at this place; what was drawn last lies on top.
    pub fn at(&self, column: u16, row: u16) -> Option<Hit> {
        self.0.iter().rev().find(|(area, _)| area.contains(Position::new(column, row))).map(|(_, hit)| *hit)
    }
}
