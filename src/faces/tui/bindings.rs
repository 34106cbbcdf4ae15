//! The keys: one table, from which both the foot and the handling of keys are made, so that every key that is shown works.
//! A key that the table does not bind moves about, and what is left edits.

use std::borrow::Cow;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::catalog::flow;
use crate::model::answers::Raw;
use crate::model::choice::spelled;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::phrase::{self, Key};
use crate::model::screen::ScreenId;
use crate::wizard::event::{Action, Event};
use crate::wizard::run::Phase;
use crate::wizard::state::{Focus, Overlay, State};
use crate::wizard::view::{Button, available_actions};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAction {
    /// Goes on.
    Next,
    /// Goes back, or closes what lies over the screen.
    Back,
    /// A key of the foot.
    Press(Action),
    /// Answers the open question.
    Reply(bool),
    /// Hands the connection string over.
    Submit,
    /// Moves the focus to the next field or item, or back.
    Move(Direction),
    /// Changes the focused choice.
    Choose(Direction),
    /// Moves what is shown by a line.
    Scroll(Direction),
    /// Moves what is shown by half a screen.
    Page(Direction),
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Down, right, onwards.
    Forward,
    /// Up, left, back.
    Backward,
}

/// A key that works now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub keys: &'static [KeyCode],
    /// How they are shown.
    pub cap: &'static str,
    /// The letter that does the same: with Alt everywhere, alone where no text is typed. For terminals that keep F-keys for themselves.
    pub letter: Option<char>,
    /// What they do, in a word or two.
    pub label: &'static str,
    /// The same where there is little room.
    pub short: &'static str,
    /// The higher, the sooner it goes when there is not room for all.
    pub rank: u8,
    /// What they do.
    pub does: KeyAction,
}

const fn bind(
    keys: &'static [KeyCode],
    cap: &'static str,
    (label, short): (&'static str, &'static str),
    rank: u8,
    does: KeyAction,
) -> Binding {
    Binding { keys, cap, letter: None, label, short, rank, does }
}

const ENTER: &[KeyCode] = &[KeyCode::Enter];
const ESC: &[KeyCode] = &[KeyCode::Esc];

/// The keys that work now, in the order of the foot. `has_remedy`: whether there is a remedy to copy ([`State::has_remedy`]).
pub fn visible(state: &State, has_remedy: bool) -> Vec<Binding> {
    let mut found = match state.overlay {
        Some(Overlay::Help | Overlay::Script | Overlay::Output) => vec![
            bind(ESC, "Esc", ("close", "close"), 0, KeyAction::Back),
            bind(&[KeyCode::Down], "↑↓", ("scroll", "scroll"), 2, KeyAction::Scroll(Direction::Forward)),
        ],
        Some(Overlay::ConnectionString) => vec![
            bind(ENTER, "Enter", ("fill the fields", "fill"), 0, KeyAction::Submit),
            bind(ESC, "Esc", ("close", "close"), 1, KeyAction::Back),
        ],
        Some(Overlay::Certificate) => certificate(state),
        Some(Overlay::ConfirmQuit) => vec![
            bind(&[KeyCode::Char('y'), KeyCode::Char('Y')], "y", ("end the program", "end"), 0, KeyAction::Reply(true)),
            bind(STAY, "n", ("stay", "stay"), 1, KeyAction::Reply(false)),
        ],
        Some(Overlay::ConfirmUndo) => vec![
            bind(&[KeyCode::Char('y'), KeyCode::Char('Y')], "y", ("undo it", "undo"), 0, KeyAction::Reply(true)),
            bind(STAY, "n", ("keep it", "keep"), 1, KeyAction::Reply(false)),
        ],
        None => for_screen(state, has_remedy),
    };
    if state.overlay.is_some() {
        found.push(action(Action::Quit, state));
    }
    found
}

/// The certificate in full, and the question whether to trust it where that is one.
fn certificate(state: &State) -> Vec<Binding> {
    if state.is_certificate_refused() {
        let trust = ("trust just this one", "trust it");
        vec![
            bind(&[KeyCode::Char('y'), KeyCode::Char('Y')], "y", trust, 0, KeyAction::Reply(true)),
            bind(STAY, "n", ("do not", "do not"), 1, KeyAction::Reply(false)),
        ]
    } else {
        vec![bind(ESC, "Esc", ("close", "close"), 0, KeyAction::Back)]
    }
}

/// Whatever is not a clear yes is a no.
const STAY: &[KeyCode] = &[KeyCode::Char('n'), KeyCode::Char('N'), KeyCode::Esc, KeyCode::Enter];

/// The keys of the screen itself, whatever lies over it.
pub fn for_screen(state: &State, has_remedy: bool) -> Vec<Binding> {
    let mut found = Vec::with_capacity(10);
    if matches!(state.place.focus, Focus::Item(_)) && state.items() > 1 {
        found.push(bind(&[KeyCode::Down], "↑↓", ("choose", "choose"), 2, KeyAction::Move(Direction::Forward)));
    }
    found.extend(enter(state));
    found.extend(esc(state));
    for apt in available_actions(state, has_remedy) {
        let binding = action(apt, state);
        // Stopping an install is Esc.
        if !found.iter().any(|other| other.does == binding.does) {
            found.push(binding);
        }
    }
    if let Some(field) = state.focused() {
        if matches!(field.kind(), Kind::Choice(_) | Kind::Toggle) {
            found.push(bind(&[KeyCode::Right], "←→", ("change", "change"), 6, KeyAction::Choose(Direction::Forward)));
        }
        if state.fields().len() > 1 && state.button().is_none() {
            found.push(bind(&[KeyCode::Tab], "Tab", ("next field", "field"), 8, KeyAction::Move(Direction::Forward)));
        }
    }
    if let Some(button) = state.button().filter(|_| state.place.focus != Focus::Button) {
        found.push(bind(&[KeyCode::Tab], "Tab", (button.label(), "button"), 0, KeyAction::Move(Direction::Forward)));
    }
    found
}

/// The keys that show more of what the open screen has, where there is more: of what is read, or of its table.
pub fn paging(state: &State, sheet: bool, list: bool) -> Option<Binding> {
    const PAGES: &[KeyCode] = &[KeyCode::PageDown];
    let (label, more) = match (state.overlay, state.place.here) {
        (Some(_), _) => return None,
        (None, ScreenId::Cluster) => (("more nodes", "more"), list),
        (None, _) => (("more", "more"), sheet),
    };
    more.then(|| bind(PAGES, "PgUp/PgDn", label, 3, KeyAction::Page(Direction::Forward)))
}

/// What Enter does, where it does something.
fn enter(state: &State) -> Option<Binding> {
    let label = match state.place.here {
        ScreenId::Start => ("open", "open"),
        ScreenId::Install => match state.run().phase {
            Phase::Finished => ("next", "next"),
            Phase::Undone => ("back to the plan", "plan"),
            _ => return None,
        },
        ScreenId::Done => ("finish", "finish"),
        ScreenId::MasterKey if state.custody().proof.is_none() => return None,
        ScreenId::Review if state.run().plan.is_none() => return None,
        ScreenId::Review if state.place.focus != Focus::Button => return None,
        ScreenId::Review => match state.button()? {
            Button::Install => ("install", "install"),
            Button::Continue => ("go on with it", "go on"),
            Button::Apply => ("apply", "apply"),
            Button::Leave => ("leave the cluster", "leave"),
            Button::Remove => ("remove the node", "remove"),
        },
        // Sections are not steps: nothing is agreed to by going to the next one.
        here if state.flow() == Some(Flow::Review) => {
            let last = flow::next(Flow::Review, here).is_none();
            if last { ("to the start", "start") } else { ("next section", "next") }
        }
        _ if state.prompt.waiting => return None,
        _ => ("next", "next"),
    };
    Some(bind(ENTER, "Enter", label, 0, KeyAction::Next))
}

/// What Esc does, where it does something.
fn esc(state: &State) -> Option<Binding> {
    let (label, does) = match (state.place.here, state.run().phase) {
        (ScreenId::Install, Phase::Running) if !state.run().cancelling => {
            (("stop after this step", "stop"), KeyAction::Press(Action::Cancel))
        }
        (ScreenId::Install, Phase::Idle) => (("back", "back"), KeyAction::Back),
        (ScreenId::Start | ScreenId::Install | ScreenId::MasterKey | ScreenId::Done, _) => return None,
        _ if state.prompt.waiting => (("stop waiting", "don't wait"), KeyAction::Back),
        _ => (("back", "back"), KeyAction::Back),
    };
    Some(bind(ESC, "Esc", label, 1, does))
}

/// The key of an action: the same one on every screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionKey {
    /// What is pressed; empty where only the letter does it.
    pub keys: &'static [KeyCode],
    /// How it is shown.
    pub cap: &'static str,
    /// The letter beside it. Ctrl-C has none: a letter alone must not end the program.
    pub letter: Option<char>,
}

const fn function(keys: &'static [KeyCode], cap: &'static str, letter: char) -> ActionKey {
    ActionKey { keys, cap, letter: Some(letter) }
}

/// Returns the key of an action. No letter is one that moves or deletes a word with Alt (b, d, f).
pub const fn key_of(action: Action) -> ActionKey {
    match action {
        Action::Help => function(&[KeyCode::F(1)], "F1", 'h'),
        Action::Reveal => function(&[KeyCode::F(2)], "F2", 'v'),
        Action::ConnectionString => function(&[KeyCode::F(3)], "F3", 'p'),
        Action::Certificate | Action::Script | Action::Output => function(&[KeyCode::F(4)], "F4", 'i'),
        Action::CheckAgain | Action::Cancel | Action::Retry => function(&[KeyCode::F(5)], "F5", 'r'),
        Action::CopyRemedy | Action::CopyKey | Action::CopyNext => function(&[KeyCode::F(6)], "F6", 'c'),
        Action::SaveKey | Action::SaveAnswers => function(&[KeyCode::F(7)], "F7", 's'),
        Action::Accept => function(&[KeyCode::F(8)], "F8", 'a'),
        Action::Undo => function(&[KeyCode::F(9)], "F9", 'u'),
        Action::Leave => function(&[KeyCode::F(10)], "F10", 'q'),
        // Reviews have them, where nothing is typed.
        Action::Edit => function(&[], "E", 'e'),
        Action::LeaveCluster => function(&[], "L", 'l'),
        Action::RemoveNode => function(&[], "X", 'x'),
        Action::Quit => ActionKey { keys: &[], cap: "Ctrl-C", letter: None },
    }
}

/// How an action's key is shown, for sentences of this face.
pub const fn cap(action: Action) -> &'static str {
    key_of(action).cap
}

/// What a key of the wizard's sentences is called here.
const fn name(key: Key) -> &'static str {
    match key {
        Key::Next => "Enter",
        Key::Button => "Tab",
        Key::Accept => cap(Action::Accept),
        Key::Back => "Esc",
        Key::Choose => "Left and right",
        Key::Select => "Up and down",
        Key::Page => "PgUp and PgDn",
        Key::Quit => cap(Action::Quit),
        Key::Reveal => cap(Action::Reveal),
        Key::ConnectionString => cap(Action::ConnectionString),
        Key::ShowCertificate | Key::TakeCertificate | Key::PinCertificate => cap(Action::Certificate),
        Key::CheckAgain => cap(Action::CheckAgain),
        Key::StopChecking => cap(Action::Cancel),
        Key::CopyKey => cap(Action::CopyKey),
        Key::SaveKey => cap(Action::SaveKey),
        Key::Edit => cap(Action::Edit),
        Key::LeaveCluster => cap(Action::LeaveCluster),
        Key::RemoveNode => cap(Action::RemoveNode),
    }
}

/// A sentence of the wizard with the names of the keys in it.
pub fn fill(text: &str) -> Cow<'_, str> {
    phrase::fill(text, |key| Some(name(key).into()))
}

/// The key of an action.
fn action(action: Action, state: &State) -> Binding {
    let install = state.place.here == ScreenId::Install;
    let ActionKey { keys, cap, letter } = key_of(action);
    let (label, rank) = match action {
        Action::Help => (("help", "help"), 3),
        Action::Reveal if state.custody().revealed || state.revealed.is_some() => (("hide", "hide"), 2),
        Action::Reveal => (("reveal", "reveal"), 2),
        Action::ConnectionString => (("connection string", "connection"), 5),
        Action::Certificate if state.is_certificate_refused() => (("trust this certificate", "trust"), 2),
        Action::Certificate => (("certificate", "cert"), 6),
        Action::CheckAgain => (("check again", "check"), 4),
        Action::Cancel if install => (("stop after this step", "stop"), 1),
        Action::Cancel => (("stop checking", "stop"), 2),
        Action::Accept if state.acceptable().is_none() => (("take back", "take back"), 2),
        Action::Accept => (("accept", "accept"), 1),
        Action::CopyRemedy => (("copy the fix", "copy"), 2),
        Action::CopyKey => (("copy", "copy"), 2),
        Action::CopyNext => (("copy the command", "copy"), 2),
        Action::SaveKey => (("save", "save"), 2),
        Action::SaveAnswers => (("save answers", "save"), 4),
        Action::Script => (("show script", "script"), 3),
        Action::Output => (("show output", "output"), 3),
        Action::Retry => (("retry", "retry"), 1),
        Action::Undo if install => (("undo", "undo"), 2),
        Action::Undo => (("undo what was done", "undo"), 2),
        Action::Leave => (("leave it so", "leave"), 2),
        Action::Edit => (("change settings", "change"), 2),
        Action::LeaveCluster => (("leave the cluster", "leave"), 4),
        Action::RemoveNode => (("remove this node", "remove"), 3),
        Action::Quit => (("quit", "quit"), 7),
    };
    Binding { letter, ..bind(keys, cap, label, rank, KeyAction::Press(action)) }
}

/// What a key does now, by the table.
pub fn find(state: &State, key: KeyEvent) -> Option<KeyAction> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && matches!(key.code, KeyCode::Char('c' | 'C')) {
        return Some(KeyAction::Press(Action::Quit));
    }
    if control {
        return None;
    }
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let letter = match key.code {
        KeyCode::Char(letter) if alt || !is_typing(state) => Some(letter.to_ascii_lowercase()),
        _ => None,
    };
    // Finding out whether there is a remedy runs every check of the screen; only this key depends on it.
    let copy = key_of(Action::CopyRemedy);
    let has_remedy = (copy.keys.contains(&key.code) || copy.letter == letter) && state.remedy().is_some();
    let is_meant =
        |binding: &Binding| (!alt && binding.keys.contains(&key.code)) || (letter.is_some() && binding.letter == letter);
    visible(state, has_remedy).into_iter().find(is_meant).map(|binding| binding.does)
}

/// Returns whether letters are text here.
pub fn is_typing(state: &State) -> bool {
    match state.overlay {
        Some(overlay) => overlay == Overlay::ConnectionString,
        None => state.focused().is_some_and(|field| !matches!(field.kind(), Kind::Choice(_) | Kind::Toggle)),
    }
}

/// What a key means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMeaning {
    /// Something of the table, or a key that moves about.
    Action(KeyAction),
    /// To the screen at this place of the path, from 0.
    Jump(usize),
    /// To the first or the last item of a list, or line of a text.
    Edge(Direction),
    /// Left to the editor of the focused field, or to the window that is open.
    Edit,
}

/// What a key means here.
pub fn meaning(key: KeyEvent, state: &State) -> KeyMeaning {
    if let Some(does) = find(state, key) {
        return KeyMeaning::Action(does);
    }
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let help = state.overlay == Some(Overlay::Help);
    let read = help || matches!(state.overlay, Some(Overlay::Certificate | Overlay::Script | Overlay::Output));
    let covered = state.overlay.is_some();
    let does = match key.code {
        KeyCode::F(1) | KeyCode::Enter if help => KeyAction::Back,
        KeyCode::F(4) | KeyCode::Enter if read => KeyAction::Back,
        // It fits nearly every window, so the foot does not tell of it.
        KeyCode::Down if read => KeyAction::Scroll(Direction::Forward),
        KeyCode::Up if read => KeyAction::Scroll(Direction::Backward),
        KeyCode::PageDown if read || !covered => KeyAction::Page(Direction::Forward),
        KeyCode::PageUp if read || !covered => KeyAction::Page(Direction::Backward),
        KeyCode::Home if read => return KeyMeaning::Edge(Direction::Backward),
        KeyCode::End if read => return KeyMeaning::Edge(Direction::Forward),
        _ if covered => return KeyMeaning::Edit,
        KeyCode::Down if is_read(state) => KeyAction::Scroll(Direction::Forward),
        KeyCode::Up if is_read(state) => KeyAction::Scroll(Direction::Backward),
        KeyCode::Char(digit @ '1'..='9') if alt => return KeyMeaning::Jump(digit as usize - '1' as usize),
        KeyCode::Tab | KeyCode::Down => KeyAction::Move(Direction::Forward),
        KeyCode::BackTab | KeyCode::Up => KeyAction::Move(Direction::Backward),
        KeyCode::Enter => KeyAction::Next,
        KeyCode::Esc => KeyAction::Back,
        KeyCode::Home if state.focused().is_none() => return KeyMeaning::Edge(Direction::Backward),
        KeyCode::End if state.focused().is_none() => return KeyMeaning::Edge(Direction::Forward),
        KeyCode::Left if is_choice(state) => KeyAction::Choose(Direction::Backward),
        KeyCode::Right | KeyCode::Char(' ') if is_choice(state) => KeyAction::Choose(Direction::Forward),
        _ => return KeyMeaning::Edit,
    };
    KeyMeaning::Action(does)
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

/// The focus one further: to the button, where there is one, through the fields, and round again. In a list it stops at the ends. With a wrap,
/// a Tab too many costs another one; without, it would seem that the key had stopped working.
pub fn move_focus(state: &State, step: Direction) -> Option<Event> {
    if matches!(state.place.focus, Focus::Item(_)) {
        return page_focus(state, step, 1);
    }
    let fields = state.fields().into_iter().map(Focus::Field);
    let stops: Vec<Focus> = match state.button() {
        // A question of the plan comes before its button; the offer to save the answers after it.
        Some(_) => {
            let (offers, questions): (Vec<_>, Vec<_>) = fields.partition(|stop| *stop == Focus::Field(FieldId::AnswersFile));
            let start = if questions.is_empty() { vec![Focus::Screen] } else { questions };
            start.into_iter().chain([Focus::Button]).chain(offers).collect()
        }
        None => fields.collect(),
    };
    let count = stops.len();
    let to = match (stops.iter().position(|stop| *stop == state.place.focus), step) {
        (None, Direction::Forward) => 0,
        (None, Direction::Backward) => count.saturating_sub(1),
        (Some(place), Direction::Forward) => (place + 1) % count,
        (Some(place), Direction::Backward) => (place + count - 1) % count,
    };
    stops.get(to).filter(|to| **to != state.place.focus).map(|to| Event::Focus(*to))
}

/// The focus so many items further in a list; it stops at the ends.
pub fn page_focus(state: &State, step: Direction, by: usize) -> Option<Event> {
    let Focus::Item(item) = state.place.focus else { return None };
    let to = match step {
        Direction::Forward => (item + by).min(state.items().saturating_sub(1)),
        Direction::Backward => item.saturating_sub(by),
    };
    (to != item).then_some(Event::Focus(Focus::Item(to)))
}

/// The focus at one end of a list; nothing where no item of one has it.
pub fn focus_edge(state: &State, step: Direction) -> Option<Event> {
    let last = state.items().saturating_sub(1);
    match (state.place.focus, step) {
        (Focus::Item(_), Direction::Forward) => Some(Event::Focus(Focus::Item(last))),
        (Focus::Item(_), Direction::Backward) => Some(Event::Focus(Focus::Item(0))),
        _ => None,
    }
}

/// The next or previous value of a choice.
pub fn choose(state: &State, field: FieldId, step: Direction) -> Option<Event> {
    let value = match field.kind() {
        Kind::Toggle => spelled(!state.answers.is_on(field)),
        Kind::Choice(values) => {
            let place = state.answers.choice(field);
            let count = values.len().max(1);
            let to = match step {
                Direction::Forward if state.is_undecided(field) => 0,
                Direction::Backward if state.is_undecided(field) => count - 1,
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
pub fn jump_to(state: &State, place: usize) -> Option<Event> {
    let path = flow::path(state.flow()?);
    path.get(place).map(|screen| Event::Jump(*screen))
}
