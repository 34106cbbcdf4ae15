//! Where on the screen something can be clicked. Rebuilt at each frame, and read for the mouse only: what a key does
//! depends on the state, never on what was drawn last.

use ratatui::layout::{Position, Rect};

use super::bindings::{Direction, Does};
use crate::model::field::FieldId;
use crate::model::screen::ScreenId;

/// Something that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A screen in the list.
    Screen(ScreenId),
    /// A field.
    Field(FieldId),
    /// The way to another value of a choice.
    Choice(FieldId, Direction),
    /// An item of a list.
    Item(usize),
    /// A key at the foot.
    Key(Does),
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
