//! Keys: what the table binds, then moving about, then editing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::bindings::{self, Direction, Does};
use crate::catalog::flow;
use crate::model::answers::Raw;
use crate::model::choice::spelled;
use crate::model::field::{FieldId, Kind};
use crate::model::screen::ScreenId;
use crate::wizard::event::Event;
use crate::wizard::state::{Focus, Overlay, State};

/// What a key means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Something of the table, or a key that moves about.
    Does(Does),
    /// To the screen at this place of the path, from 0.
    Jump(usize),
    /// To the first or the last item of a list, or line of a text.
    Edge(Direction),
    /// Left to the editor of the focused field, or to the window that is open.
    Edit,
}

/// What a key means here.
pub fn meaning(key: KeyEvent, state: &State) -> Meaning {
    if let Some(does) = bindings::find(state, key) {
        return Meaning::Does(does);
    }
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let help = state.overlay == Some(Overlay::Help);
    let read = help || matches!(state.overlay, Some(Overlay::Certificate | Overlay::Script | Overlay::Output));
    let covered = state.overlay.is_some();
    let does = match key.code {
        KeyCode::F(1) | KeyCode::Enter if help => Does::Back,
        KeyCode::F(4) | KeyCode::Enter if read => Does::Back,
        // It fits nearly every window, so the foot does not tell of it.
        KeyCode::Down if read => Does::Scroll(Direction::Forward),
        KeyCode::Up if read => Does::Scroll(Direction::Backward),
        KeyCode::PageDown if read || !covered => Does::Page(Direction::Forward),
        KeyCode::PageUp if read || !covered => Does::Page(Direction::Backward),
        KeyCode::Home if read => return Meaning::Edge(Direction::Backward),
        KeyCode::End if read => return Meaning::Edge(Direction::Forward),
        _ if covered => return Meaning::Edit,
        KeyCode::Down if is_read(state) => Does::Scroll(Direction::Forward),
        KeyCode::Up if is_read(state) => Does::Scroll(Direction::Backward),
        KeyCode::Char(digit @ '1'..='9') if alt => return Meaning::Jump(digit as usize - '1' as usize),
        KeyCode::Tab | KeyCode::Down => Does::Move(Direction::Forward),
        KeyCode::BackTab | KeyCode::Up => Does::Move(Direction::Backward),
        KeyCode::Enter => Does::Next,
        KeyCode::Esc => Does::Back,
        KeyCode::Home if state.focused().is_none() => return Meaning::Edge(Direction::Backward),
        KeyCode::End if state.focused().is_none() => return Meaning::Edge(Direction::Forward),
        KeyCode::Left if is_choice(state) => Does::Choose(Direction::Backward),
        KeyCode::Right | KeyCode::Char(' ') if is_choice(state) => Does::Choose(Direction::Forward),
        _ => return Meaning::Edit,
    };
    Meaning::Does(does)
}

fn is_choice(state: &State) -> bool {
    state.focused().is_some_and(|field| matches!(field.kind(), Kind::Choice(_) | Kind::Toggle))
}

/// Whether the screen is only read: there is nothing on it to move the focus to.
fn is_read(state: &State) -> bool {
    state.place.focus == Focus::Screen && state.fields().is_empty()
}

/// Whether a row of the table of nodes has the focus.
pub fn is_row(state: &State) -> bool {
    let table = state.place.here == ScreenId::Cluster && state.overlay.is_none();
    table && matches!(state.place.focus, Focus::Item(_))
}

/// The focus one further; from the last field to the first. In a list it stops at the ends. With a wrap, a Tab too many
/// costs another one; without, it would seem that the key had stopped working.
pub fn moved(state: &State, step: Direction) -> Option<Event> {
    let focus = match state.place.focus {
        Focus::Screen => Focus::Field(*state.fields().first()?),
        Focus::Item(_) => return paged(state, step, 1),
        Focus::Field(field) => {
            let fields = state.fields();
            let count = fields.len();
            let place = fields.iter().position(|other| *other == field).unwrap_or(0);
            let to = match step {
                Direction::Forward => (place + 1) % count.max(1),
                Direction::Backward => (place + count.max(1) - 1) % count.max(1),
            };
            Focus::Field(*fields.get(to)?)
        }
    };
    (focus != state.place.focus).then_some(Event::Focus(focus))
}

/// The focus so many items further in a list; it stops at the ends.
pub fn paged(state: &State, step: Direction, by: usize) -> Option<Event> {
    let Focus::Item(item) = state.place.focus else { return None };
    let to = match step {
        Direction::Forward => (item + by).min(state.items().saturating_sub(1)),
        Direction::Backward => item.saturating_sub(by),
    };
    (to != item).then_some(Event::Focus(Focus::Item(to)))
}

/// The focus at one end of a list; nothing where no item of one has it.
pub fn edge(state: &State, step: Direction) -> Option<Event> {
    let last = state.items().saturating_sub(1);
    match (state.place.focus, step) {
        (Focus::Item(_), Direction::Forward) => Some(Event::Focus(Focus::Item(last))),
        (Focus::Item(_), Direction::Backward) => Some(Event::Focus(Focus::Item(0))),
        _ => None,
    }
}

/// The next or previous value of a choice.
pub fn chosen(state: &State, field: FieldId, step: Direction) -> Option<Event> {
    let value = match field.kind() {
        Kind::Toggle => spelled(!state.answers.is_on(field)),
        Kind::Choice(values) => {
            let place = state.answers.choice(field);
            let count = values.len().max(1);
            let to = match step {
                Direction::Forward => (place + 1) % count,
                Direction::Backward => (place + count - 1) % count,
            };
            values.get(to)?
        }
        _ => return None,
    };
    Some(Event::Edit(field, Raw::Text(value.to_owned())))
}

/// The jump to the screen at this place of the path.
pub fn jump(state: &State, place: usize) -> Option<Event> {
    let path = flow::path(state.flow()?);
    path.get(place).map(|screen| Event::Jump(*screen))
}
