//! The terminal face: keys, mouse and pastes to events, the state to frames. It decides nothing.
//!
//! The loop (in `run`) does this, in this order: an input goes through [`Tui::handle`]; each event of its answer goes
//! through `update()`; then, when anything changed, [`Terminal::draw`] with [`Tui::draw`]. Between two calls of
//! `handle` the events of the first must have been applied, because editing builds on the state's own texts.

pub mod bindings;
mod canvas;
mod editor;
mod input;
mod layout;
pub mod run;
mod scene;
mod scroll;
mod terminal;
pub(crate) mod text;
mod theme;
mod view;

pub use input::{TuiEvent, start as start_input};
pub use scene::Scene;
pub use terminal::{Terminal, TerminalOptions, is_taken, restore};
pub use theme::{Charset, CharsetHints};
pub use theme::{ColourHints, Colours};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Frame;
use secrecy::ExposeSecret;

use crate::model::connection_string::ConnectionString;
use crate::model::field::FieldId;
use crate::model::screen::ScreenId;
use crate::wizard::event::Event;
use crate::wizard::state::{Focus, Overlay, State};
use bindings::KeyMeaning;
use bindings::{Direction, KeyAction};
use canvas::{Hit, Hits};
use editor::SecretInput;
use editor::{Editor, Taken};
use scroll::Scroll;
use theme::Theme;

/// How the face looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TuiOptions {
    /// What the terminal can show.
    pub charset: Charset,
    /// Whether colours are used.
    pub colours: Colours,
}

/// The longest connection string that its window takes, in bytes.
const LONGEST_CONNECTION_STRING: usize = 8_192;

/// The terminal face: what lies between the state and the terminal, and belongs to neither. A cursor, a scroll, where
/// things can be clicked.
#[derive(Debug)]
pub struct Tui {
    options: TuiOptions,
    editor: Editor,
    /// The text in the window for connection strings; it may hold a password.
    window: SecretInput,
    /// Where what is read from end to end is scrolled to.
    scroll: Scroll,
    /// The same of the list of this screen, which stays while the focus moves and help is read.
    list: Scroll,
    shown: (ScreenId, Focus, Option<Overlay>),
    hits: Hits,
    stale: bool,
}

impl Tui {
    /// A face that has shown nothing yet.
    pub fn new(options: TuiOptions) -> Self {
        Self {
            options,
            editor: Editor::default(),
            window: SecretInput::new(LONGEST_CONNECTION_STRING),
            scroll: Scroll::default(),
            list: Scroll::default(),
            shown: (ScreenId::Start, Focus::Screen, None),
            hits: Hits::default(),
            stale: true,
        }
    }

    /// What an input means, as events for `update()`. Moving a cursor yields none and still changes the frame:
    /// [`Self::take_stale`] tells.
    pub fn handle(&mut self, event: TuiEvent, state: &State) -> Vec<Event> {
        self.sync(state);
        match event {
            TuiEvent::Key(key) => self.key(key, state),
            TuiEvent::Hurried(key) => self.hurried(key, state),
            TuiEvent::Paste(pasted) => self.paste(pasted.expose_secret(), state),
            TuiEvent::Mouse(mouse) => self.mouse(mouse, state),
            TuiEvent::Resize(..) => {
                self.stale = true;
                vec![Event::Resized]
            }
            TuiEvent::FocusLost => Vec::new(),
            TuiEvent::Gone => vec![Event::Hangup],
        }
    }

    /// Follows the state after an update. Drawing and handling do it too, so this only frees memory sooner: a closed
    /// window's text is wiped.
    pub fn sync(&mut self, state: &State) {
        let shown = (state.place.here, state.place.focus, state.overlay);
        if shown != self.shown {
            if shown.0 != self.shown.0 {
                self.list.reset();
            }
            self.shown = shown;
            self.scroll.reset();
        }
        // Wiping its room takes longer than many a frame.
        if state.overlay != Some(Overlay::ConnectionString) && !self.window.is_fresh() {
            self.window.open();
        }
        self.editor.sync(state);
    }

    /// Whether something changed here that no event tells of; asking takes it back.
    pub fn take_stale(&mut self) -> bool {
        std::mem::take(&mut self.stale)
    }

    /// Whether an input is Ctrl-C.
    pub fn is_interrupt(event: &TuiEvent) -> bool {
        matches!(event, TuiEvent::Key(KeyEvent { code: KeyCode::Char('c' | 'C'), modifiers, .. })
            if modifiers.contains(KeyModifiers::CONTROL))
    }

    /// Whether an input is Ctrl-Z, which the loop answers with [`Terminal::suspend`].
    pub fn is_suspend(event: &TuiEvent) -> bool {
        matches!(event, TuiEvent::Key(KeyEvent { code: KeyCode::Char('z' | 'Z'), modifiers, .. })
            if modifiers.contains(KeyModifiers::CONTROL))
    }

    /// Draws a frame.
    pub fn draw(&mut self, frame: &mut Frame<'_>, state: &State) {
        self.draw_scene(frame, &Scene::new(state));
    }

    /// Draws a frame of a scene that is already gathered.
    pub fn draw_scene(&mut self, frame: &mut Frame<'_>, scene: &Scene<'_>) {
        self.sync(scene.state);
        self.stale = false;
        self.hits.clear();
        let area = frame.area();
        let mut canvas = canvas::Canvas {
            buffer: frame.buffer_mut(),
            theme: Theme::new(self.options.colours),
            signs: self.options.charset.signs(),
            hits: &mut self.hits,
            cursor: None,
        };
        let local = view::Local { editor: &self.editor, window: &self.window, scroll: &mut self.scroll, list: &mut self.list };
        view::draw(&mut canvas, area, scene, local);
        let cursor = canvas.cursor;
        if self.options.charset == Charset::Ascii {
            theme::transliterate(frame.buffer_mut());
        }
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }

    fn key(&mut self, key: KeyEvent, state: &State) -> Vec<Event> {
        match bindings::meaning(key, state) {
            KeyMeaning::Action(does) => self.does(does, state),
            KeyMeaning::Jump(place) => bindings::jump_to(state, place).into_iter().collect(),
            KeyMeaning::Edge(step) if state.overlay.is_none() && matches!(state.place.focus, Focus::Item(_)) => {
                bindings::focus_edge(state, step).into_iter().collect()
            }
            KeyMeaning::Edge(step) => {
                self.scrolled(state).edge(step);
                Vec::new()
            }
            KeyMeaning::Edit if state.overlay == Some(Overlay::ConnectionString) => {
                self.window_key(key);
                Vec::new()
            }
            KeyMeaning::Edit if state.overlay.is_some() => Vec::new(),
            KeyMeaning::Edit => {
                let taken = self.editor.key(key);
                self.stale |= taken != Taken::Not;
                match (taken, state.focused()) {
                    (Taken::Changed(raw), Some(field)) => vec![Event::Edit(field, raw)],
                    _ => Vec::new(),
                }
            }
        }
    }

    /// A key of a paste: text where text is typed, and nothing elsewhere. A line end counts only within a licence.
    fn hurried(&mut self, key: KeyEvent, state: &State) -> Vec<Event> {
        let key = match key.code {
            KeyCode::Char(_) if bindings::is_typing(state) => key,
            KeyCode::Enter if state.overlay.is_none() && state.focused() == Some(FieldId::Licence) => {
                KeyEvent::new(KeyCode::Char('\n'), key.modifiers)
            }
            _ => return Vec::new(),
        };
        self.key(key, state)
    }

    fn does(&mut self, does: KeyAction, state: &State) -> Vec<Event> {
        match does {
            KeyAction::Next => vec![Event::Enter],
            KeyAction::Back => vec![Event::Back],
            KeyAction::Press(action) => vec![Event::Press(action)],
            KeyAction::Reply(yes) => vec![Event::Reply(yes)],
            KeyAction::Submit if self.window.text().is_empty() => Vec::new(),
            KeyAction::Submit => vec![Event::ConnectionString(ConnectionString::parse(self.window.text()))],
            KeyAction::Move(step) => bindings::move_focus(state, step).into_iter().collect(),
            KeyAction::Choose(step) => {
                state.focused().and_then(|field| bindings::choose(state, field, step)).into_iter().collect()
            }
            // Where a row of the table has the focus, the table follows it.
            KeyAction::Scroll(step) if bindings::is_row(state) => bindings::move_focus(state, step).into_iter().collect(),
            KeyAction::Page(step) if bindings::is_row(state) => {
                bindings::page_focus(state, step, self.list.page_lines()).into_iter().collect()
            }
            KeyAction::Scroll(step) => {
                self.scrolled(state).line(step);
                Vec::new()
            }
            KeyAction::Page(step) => {
                self.scrolled(state).page(step);
                Vec::new()
            }
        }
    }

    /// What is scrolled now; the view that shows it brings it back within bounds.
    fn scrolled(&mut self, state: &State) -> &mut Scroll {
        self.stale = true;
        let table = state.place.here == ScreenId::Cluster && state.overlay.is_none();
        if table { &mut self.list } else { &mut self.scroll }
    }

    fn window_key(&mut self, key: KeyEvent) {
        use tui_input::InputRequest as Request;
        match editor::request(key) {
            Some(Request::InsertChar(letter)) => {
                self.window.push(letter);
            }
            Some(Request::DeletePrevChar) => self.window.backspace(),
            Some(Request::DeleteFromStart | Request::DeletePrevWord) => self.window.clear(),
            _ => return,
        }
        self.stale = true;
    }

    fn paste(&mut self, pasted: &str, state: &State) -> Vec<Event> {
        self.stale = true;
        match state.overlay {
            Some(Overlay::ConnectionString) => {
                self.window.paste(pasted);
                Vec::new()
            }
            Some(_) => Vec::new(),
            // A connection string fills its fields wherever it is pasted, and its password is painted nowhere.
            None if state.place.here == ScreenId::Database && ConnectionString::is_meant(pasted) => {
                vec![Event::ConnectionString(ConnectionString::parse(pasted))]
            }
            None => {
                let pasted = self.editor.paste(pasted);
                pasted.zip(state.focused()).map(|(raw, field)| Event::Edit(field, raw)).into_iter().collect()
            }
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, state: &State) -> Vec<Event> {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.does(KeyAction::Scroll(Direction::Forward), state),
            MouseEventKind::ScrollUp => self.does(KeyAction::Scroll(Direction::Backward), state),
            MouseEventKind::Down(MouseButton::Left) => match self.hits.at(mouse.column, mouse.row) {
                Some(Hit::Key(does)) => self.does(does, state),
                Some(_) if state.overlay.is_some() => Vec::new(),
                Some(Hit::Screen(screen)) => vec![Event::Jump(screen)],
                Some(Hit::Field(field)) => vec![Event::Focus(Focus::Field(field))],
                Some(Hit::Choice(field, step)) => bindings::choose(state, field, step).into_iter().collect(),
                Some(Hit::Item(item)) if state.place.here == ScreenId::Start => {
                    vec![Event::Focus(Focus::Item(item)), Event::Enter]
                }
                Some(Hit::Item(item)) => vec![Event::Focus(Focus::Item(item))],
                Some(Hit::Button) => vec![Event::Focus(Focus::Button), Event::Enter],
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}
