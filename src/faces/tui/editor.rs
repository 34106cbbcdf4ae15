//! The text of the focused field while it is edited.
//!
//! The answers in the state are the truth; an editor only adds a cursor to them. When the state changes a text by
//! itself (a connection string filled it), the editor follows.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use secrecy::ExposeSecret;
use tui_input::{Input, InputRequest};

use super::secret_input::{SecretInput, is_invisible};
use crate::model::answers::Raw;
use crate::model::field::{FieldId, Kind};
use crate::wizard::state::State;

/// The longest text that a field takes, in bytes.
const LONGEST: usize = 4_096;
/// The longest secret, in bytes.
const LONGEST_SECRET: usize = 1_024;
/// The longest licence, in bytes. Its room is made only where one can come: wiping it takes time at each key.
const LONGEST_LICENCE: usize = 64 << 10;

/// What an editor made of a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing: it is not a key for it.
    Not,
    /// The cursor moved, or nothing was there to be changed.
    Quietly,
    /// The field's new text.
    Changed(Raw),
}

/// The editor of the focused field.
#[derive(Debug)]
pub struct Editor {
    field: Option<FieldId>,
    input: Input,
    secret: SecretInput,
}

impl Default for Editor {
    fn default() -> Self {
        Self { field: None, input: Input::default(), secret: SecretInput::new(LONGEST_SECRET) }
    }
}

impl Editor {
    /// Follows the state: another field, or another text in the same one.
    pub fn sync(&mut self, state: &State) {
        let focused = state.focused();
        let moved = self.field != focused;
        self.field = focused;
        if moved {
            self.make_room(focused);
        }
        let Some(field) = focused else {
            if moved {
                self.input = Input::default();
                self.secret.open();
            }
            return;
        };
        if let Some(secret) = state.answers.secret(field) {
            if moved || (self.secret.is_touched() && self.secret.text() != secret.expose_secret()) {
                self.secret.open();
            }
        } else if moved || self.input.value() != state.answers.text(field) {
            self.input = Input::new(state.answers.text(field).to_owned());
        }
    }

    /// Another room where the field takes longer or shorter secrets than the last one.
    fn make_room(&mut self, field: Option<FieldId>) {
        let room = if field == Some(FieldId::Licence) { LONGEST_LICENCE } else { LONGEST_SECRET };
        if self.secret.room() != room {
            self.secret = SecretInput::new(room);
        }
    }

    /// The text and the cursor, for drawing: what is visible in this many columns, and the cursor's column in it.
    pub fn window(&self, columns: u16) -> (&str, u16) {
        let columns = columns.max(2);
        let text = self.input.value();
        let cursor = self.input.visual_cursor();
        // The cursor needs a column of its own behind the last character.
        let scroll = self.input.visual_scroll(usize::from(columns) - 1);
        let mut skipped = 0;
        let mut start = 0;
        for (place, grapheme) in unicode_segmentation::UnicodeSegmentation::grapheme_indices(text, true) {
            start = place;
            if skipped >= scroll {
                break;
            }
            skipped += usize::from(super::text::width(grapheme));
            start = place + grapheme.len();
        }
        let column = u16::try_from(cursor.saturating_sub(skipped)).unwrap_or(0);
        (super::text::beginning(text.get(start..).unwrap_or(""), columns), column.min(columns - 1))
    }

    /// A key for the field.
    pub fn key(&mut self, key: KeyEvent) -> Taken {
        let (Some(field), Some(request)) = (self.field, request(key)) else { return Taken::Not };
        match field.kind() {
            Kind::Choice(_) | Kind::Toggle => Taken::Not,
            Kind::Secret => self.secret_key(request),
            Kind::Text | Kind::Path | Kind::Number => {
                if matches!(request, InputRequest::InsertChar(_)) && self.input.value().len() >= LONGEST {
                    return Taken::Quietly;
                }
                let changed = self.input.handle(request).is_some_and(|changed| changed.value);
                if changed { Taken::Changed(Raw::Text(self.input.value().to_owned())) } else { Taken::Quietly }
            }
        }
    }

    fn secret_key(&mut self, request: InputRequest) -> Taken {
        match request {
            InputRequest::InsertChar(letter) => {
                self.secret.push(letter);
            }
            InputRequest::DeletePrevChar => self.secret.backspace(),
            InputRequest::DeleteFromStart | InputRequest::DeletePrevWord | InputRequest::DeleteLine => self.secret.clear(),
            _ => return Taken::Quietly,
        }
        Taken::Changed(Raw::Secret(self.secret.secret()))
    }

    /// A pasted text for the field. A line end in it never submits anything.
    pub fn paste(&mut self, pasted: &str) -> Option<Raw> {
        let field = self.field?;
        match field.kind() {
            Kind::Choice(_) | Kind::Toggle => None,
            Kind::Secret if field == FieldId::Licence => {
                self.secret.paste_lines(pasted).then(|| Raw::Secret(self.secret.secret()))
            }
            Kind::Secret => self.secret.paste(pasted).then(|| Raw::Secret(self.secret.secret())),
            Kind::Text | Kind::Path | Kind::Number => {
                let clean = one_line(pasted);
                if clean.is_empty() || self.input.value().len() + clean.len() > LONGEST {
                    return None;
                }
                let text = self.input.value();
                let at = text.char_indices().nth(self.input.cursor()).map_or(text.len(), |(place, _)| place);
                let whole = format!("{}{clean}{}", &text[..at], &text[at..]);
                self.input = Input::new(whole).with_cursor(self.input.cursor() + clean.chars().count());
                Some(Raw::Text(self.input.value().to_owned()))
            }
        }
    }
}

/// A pasted text as one line: breaks become blanks, what is invisible goes.
fn one_line(pasted: &str) -> String {
    let spaced = pasted.trim().chars().filter(|c| !is_invisible(*c));
    spaced.map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

/// What a key asks of a line of text; `None` where it asks nothing.
pub fn request(key: KeyEvent) -> Option<InputRequest> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    // AltGr arrives as Ctrl-Alt on Windows and writes a character.
    let writes = control == alt;
    let request = match key.code {
        KeyCode::Char(letter) if writes => InputRequest::InsertChar(letter),
        KeyCode::Backspace if control || alt => InputRequest::DeletePrevWord,
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete if control || alt => InputRequest::DeleteNextWord,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left if control || alt => InputRequest::GoToPrevWord,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right if control || alt => InputRequest::GoToNextWord,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        KeyCode::Char(letter) if control => match letter.to_ascii_lowercase() {
            'a' => InputRequest::GoToStart,
            'e' => InputRequest::GoToEnd,
            'b' => InputRequest::GoToPrevChar,
            'f' => InputRequest::GoToNextChar,
            'd' => InputRequest::DeleteNextChar,
            'h' => InputRequest::DeletePrevChar,
            'u' => InputRequest::DeleteFromStart,
            'k' => InputRequest::DeleteTillEnd,
            'w' => InputRequest::DeletePrevWord,
            'y' => InputRequest::Yank,
            _ => return None,
        },
        KeyCode::Char('b') => InputRequest::GoToPrevWord,
        KeyCode::Char('f') => InputRequest::GoToNextWord,
        KeyCode::Char('d') => InputRequest::DeleteNextWord,
        _ => return None,
    };
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answers::{Answers, Origin};
    use crate::model::flow::Flow;
    use crate::model::platform::Platform;
    use crate::wizard::state::Focus;
    use crate::wizard::update::begin;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn editing(field: FieldId, text: &str) -> (Editor, State) {
        let mut state = begin(Answers::new(Platform::Linux), Some(Flow::FirstNode)).0;
        state.place.focus = Focus::Field(field);
        state.answers.set(field, Raw::of(field, text), Origin::Typed);
        let mut editor = Editor::default();
        editor.sync(&state);
        (editor, state)
    }

    #[test]
    fn a_key_changes_the_text_and_the_cursor_stays_in_it() {
        let (mut editor, mut state) = editing(FieldId::Server, "sql1");
        assert_eq!(editor.key(key(KeyCode::Left)), Taken::Quietly);
        let Taken::Changed(changed) = editor.key(key(KeyCode::Char('0'))) else { panic!("an edit") };
        assert_eq!(changed, Raw::Text("sql01".into()));
        state.answers.set(FieldId::Server, changed, Origin::Typed);
        editor.sync(&state);
        assert_eq!(editor.window(20), ("sql01", 4));
    }

    #[test]
    fn the_editor_follows_a_text_that_the_state_changed() {
        let (mut editor, mut state) = editing(FieldId::Server, "sql1");
        state.answers.set(FieldId::Server, Raw::Text("other".into()), Origin::Typed);
        editor.sync(&state);
        assert_eq!(editor.window(20), ("other", 5));
    }

    #[test]
    fn a_long_text_is_shown_where_the_cursor_is() {
        let (editor, _) = editing(FieldId::Server, "0123456789");
        assert_eq!(editor.window(6), ("56789", 5));
    }

    #[test]
    fn a_pasted_line_end_submits_nothing_and_a_secret_loses_it() {
        let (mut editor, _) = editing(FieldId::Server, "");
        assert_eq!(editor.paste("sql01\r\n"), Some(Raw::Text("sql01".into())));
        let (mut editor, _) = editing(FieldId::Password, "old");
        assert_eq!(editor.paste("new\n"), Some(Raw::of(FieldId::Password, "new")));
    }

    #[test]
    fn a_pasted_licence_keeps_its_lines_and_has_room() {
        let (mut editor, mut state) = editing(FieldId::Licence, "");
        let licence = format!("<License\n  Signature=\"{}\">\n</License>", "x".repeat(20_000));
        let pasted = editor.paste(&format!("{}\r", licence.replace('\n', "\r")));
        assert_eq!(pasted, Some(Raw::of(FieldId::Licence, &licence)));
        state.place.focus = Focus::Field(FieldId::Password);
        editor.sync(&state);
        assert_eq!(editor.paste(&licence), None, "a password has no such room");
    }

    #[test]
    fn a_secret_is_replaced_by_the_first_key() {
        let (mut editor, _) = editing(FieldId::Password, "old");
        assert_eq!(editor.key(key(KeyCode::Char('n'))), Taken::Changed(Raw::of(FieldId::Password, "n")));
    }
}
