//! Where an event leads.

use crate::model::screen::ScreenId;
use crate::wizard::event::StartChoice;

/// The destination that a part returns for an event. Parts do not call each other to get there: [`super::update`] does.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Goto {
    /// Stays on the open screen.
    Nowhere,
    Screen(ScreenId),
    /// Leaves the flow: for the review that it was begun from, or for the start screen.
    Out,
    Begin(StartChoice),
    /// Makes the plan anew.
    Plan,
    /// Runs the plan's steps, or those that are left of them.
    Install,
    /// Goes on as if Enter had been pressed.
    Next,
}
