//! The one `update()`.

use std::time::Duration;

use super::effect::Effect;
use super::event::Event;
use super::state::State;

/// Applies an event to the state and tells what is to be done. `now` is the time since the engine began.
pub fn update(_state: &mut State, _event: Event, _now: Duration) -> Vec<Effect> {
    Vec::new()
}
