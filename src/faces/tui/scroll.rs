//! What is longer than its place: which part of it is shown, and how much of it the last frame had room for.
//!
//! It counts in `usize`: a cluster may have more nodes than a window has cells.

use std::ops::Range;

use super::bindings::Direction;
use crate::model::untrusted::Untrusted;

/// The lines that a page has before anything was drawn: half of the usual window.
const PAGE: usize = 10;

/// A place in something long.
#[derive(Debug, Default)]
pub struct Scroll {
    first: usize,
    rows: usize,
    count: usize,
    /// What the first line shows, by name, so that it stays in view when lines come and go above it.
    anchor: Option<Untrusted>,
}

impl Scroll {
    /// Back to the beginning.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// By a line. The next frame brings it back within bounds.
    pub fn line(&mut self, step: Direction) {
        self.by(step, 1);
    }

    /// By what is shown, less one line, so that the eye keeps its place.
    pub fn page(&mut self, step: Direction) {
        self.by(step, self.page_lines());
    }

    /// To the first line, or as far as the last one. The next frame brings it back within bounds.
    pub fn edge(&mut self, step: Direction) {
        self.by(step, usize::MAX);
    }

    /// The lines of a page.
    pub fn page_lines(&self) -> usize {
        match self.rows {
            0 => PAGE,
            rows => (rows - 1).max(1),
        }
    }

    fn by(&mut self, step: Direction, lines: usize) {
        self.first = match step {
            Direction::Forward => self.first.saturating_add(lines),
            Direction::Backward => self.first.saturating_sub(lines),
        };
        self.anchor = None;
    }

    /// Whether there was more than the last frame had room for.
    pub const fn overflows(&self) -> bool {
        self.count > self.rows
    }

    /// The part that is shown of so many lines in so much room.
    pub fn window(&mut self, count: usize, room: u16) -> Range<usize> {
        let room = usize::from(room);
        self.rows = room.min(count);
        self.count = count;
        self.first = self.first.min(count.saturating_sub(room));
        self.first..(self.first + room).min(count)
    }

    /// The same, moved as little as it takes to show this line.
    pub fn window_with(&mut self, line: usize, count: usize, room: u16) -> Range<usize> {
        let last = self.first.saturating_add(usize::from(room).saturating_sub(1));
        if line < self.first {
            self.first = line;
        } else if line > last {
            self.first += line - last;
        }
        self.window(count, room)
    }

    /// Keeps the line that was first where it is, though others have come or gone above it: looks for its name from where it
    /// was outwards. Where it is gone itself, the place stays.
    pub fn hold<'a>(&mut self, count: usize, name: impl Fn(usize) -> Option<&'a Untrusted>) {
        let Some(anchor) = &self.anchor else { return };
        let is_there = |place: usize| place < count && name(place) == Some(anchor);
        let mut away = 0;
        while away <= self.first || self.first.saturating_add(away) < count {
            if is_there(self.first + away) {
                self.first += away;
                return;
            }
            if away <= self.first && is_there(self.first - away) {
                self.first -= away;
                return;
            }
            away += 1;
        }
    }

    /// Remembers what the first line shows.
    pub fn anchor(&mut self, name: Option<&Untrusted>) {
        if self.anchor.as_ref() != name {
            self.anchor = name.cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_is_shown_but_for_a_line() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.window(100, 8), 0..8);
        scroll.page(Direction::Forward);
        assert_eq!(scroll.window(100, 8), 7..15);
        for _ in 0..40 {
            scroll.page(Direction::Forward);
        }
        assert_eq!(scroll.window(100, 8), 92..100);
        scroll.line(Direction::Backward);
        assert_eq!(scroll.window(100, 8), 91..99);
        assert!(scroll.overflows());
        assert_eq!(scroll.window(5, 8), 0..5);
        assert!(!scroll.overflows());
    }

    #[test]
    fn a_chosen_line_is_shown_and_moves_no_more_than_it_must() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.window_with(3, 100, 5), 0..5);
        assert_eq!(scroll.window_with(5, 100, 5), 1..6);
        assert_eq!(scroll.window_with(2, 100, 5), 1..6);
        assert_eq!(scroll.window_with(0, 100, 5), 0..5);
        assert_eq!(scroll.window_with(99_999, 100_000, 5), 99_995..100_000);
    }

    #[test]
    fn the_first_name_stays_in_view_when_others_come_and_go_above_it() {
        let names = |range: Range<u32>| -> Vec<Untrusted> { range.map(|n| Untrusted::new(&format!("web{n}"))).collect() };
        let before = names(10..40);
        let mut scroll = Scroll::default();
        scroll.window_with(20, before.len(), 5);
        scroll.anchor(before.get(16));
        let more = names(5..40);
        scroll.hold(more.len(), |place| more.get(place));
        assert_eq!(scroll.window(more.len(), 5), 21..26);
        let fewer = names(25..40);
        scroll.hold(fewer.len(), |place| fewer.get(place));
        assert_eq!(scroll.window(fewer.len(), 5).start, 1);
        let without = names(27..40);
        scroll.hold(without.len(), |place| without.get(place));
        assert_eq!(scroll.window(without.len(), 5).start, 1);
    }

    proptest::proptest! {
        #[test]
        fn the_window_is_within_bounds(moves in proptest::collection::vec(0u8..4, 0..40), count in 0usize..60, room in 0u16..20) {
            let mut scroll = Scroll::default();
            for way in moves {
                let step = if way % 2 == 0 { Direction::Forward } else { Direction::Backward };
                if way < 2 { scroll.page(step) } else { scroll.line(step) }
            }
            let shown = scroll.window(count, room);
            proptest::prop_assert!(shown.end <= count && shown.len() == count.min(usize::from(room)));
        }
    }
}
