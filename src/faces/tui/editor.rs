//! The text of the focused field while it is edited.
//!
//! The answers in the state are the truth; an editor only adds a cursor to them. When the state changes a text by
//! itself (a connection string filled it), the editor follows.
//!
//! The text of a secret while it is typed.
//!
//! An ordinary editor keeps an undo or yank buffer and grows its memory by copying it, and leaves secrets in both. This
//! one has a fixed capacity, no memory of what was deleted, and is wiped when it is dropped. There is no cursor to move
//! because nothing is seen to move it by: the first key replaces what was there, and Backspace takes the last away.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use secrecy::ExposeSecret;
use tui_input::{Input, InputRequest};
use zeroize::{Zeroize, Zeroizing};

use crate::model::answers::Raw;
use crate::model::field::{FieldId, Kind};
use crate::model::secret::SecretString;
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

/// A secret while it is typed.
pub struct SecretInput {
    text: Zeroizing<String>,
    /// The capacity that was asked for.
    room: usize,
    /// Whether something was typed or deleted since it was opened.
    touched: bool,
}

impl fmt::Debug for SecretInput {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretInput")
    }
}

impl SecretInput {
    /// An empty one that takes this many bytes; what goes beyond is not taken.
    pub fn new(capacity: usize) -> Self {
        Self { text: Zeroizing::new(String::with_capacity(capacity)), room: capacity, touched: false }
    }

    /// How many bytes it takes.
    pub const fn room(&self) -> usize {
        self.room
    }

    /// Begins anew: whatever the field holds stays until a key replaces it.
    pub fn open(&mut self) {
        self.text.zeroize();
        self.touched = false;
    }

    /// Whether it is as [`Self::open`] leaves it.
    pub fn is_fresh(&self) -> bool {
        self.text.is_empty() && !self.touched
    }

    /// Whether something was typed or deleted since it was opened.
    pub const fn is_touched(&self) -> bool {
        self.touched
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text so far, as it is handed on. Allocated at its exact length, so that no copy is left by shrinking.
    pub fn secret(&self) -> SecretString {
        SecretString::from(self.text.as_str().to_owned())
    }

    /// Takes a typed character; `false` where there is no room for it.
    pub fn push(&mut self, letter: char) -> bool {
        self.touched = true;
        let room = self.text.len() + letter.len_utf8() <= self.room;
        if room {
            self.text.push(letter);
        }
        room
    }

    /// Takes a pasted text in place of what was there. Line ends, tabs and invisible characters go, and so do blanks at
    /// the ends: they come from the place it was copied from. Blanks inside stay, for a password may hold them.
    /// `false` where it is too long; nothing is taken then, because half a password is worse than none.
    pub fn paste(&mut self, pasted: &str) -> bool {
        self.touched = true;
        self.text.zeroize();
        let kept = |c: &char| !c.is_control() && !is_invisible(*c);
        let length: usize = pasted.trim().chars().filter(kept).map(char::len_utf8).sum();
        if length > self.room {
            return false;
        }
        let pasted = pasted.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
        for letter in pasted.chars().filter(kept) {
            self.text.push(letter);
        }
        true
    }

    /// Takes a pasted text of several lines, such as XML, in place of what was there: every line break of any system's as one
    /// of ours, and all else inside as it is, for it may be signed. `false` where it is too long; nothing is taken then.
    pub fn paste_lines(&mut self, pasted: &str) -> bool {
        self.touched = true;
        self.text.zeroize();
        let pasted = pasted.trim_matches(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
        if pasted.len() > self.room {
            return false;
        }
        let mut letters = pasted.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                // Terminals send the breaks of a pasted text as Enter would.
                '\r' => {
                    if letters.peek() != Some(&'\n') {
                        self.text.push('\n');
                    }
                }
                '\n' | '\t' => self.text.push(letter),
                letter if letter.is_control() => {}
                letter => self.text.push(letter),
            }
        }
        true
    }

    /// Takes the last character away; all of it where nothing was typed yet, because nobody sees what is last.
    pub fn backspace(&mut self) {
        if self.touched {
            self.text.pop();
        }
        self.touched = true;
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        self.text.zeroize();
        self.touched = true;
    }
}

/// Characters that a copied text brings along unseen.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use crate::model::answers::{Answers, Origin};
    use crate::model::flow::Flow;
    use crate::model::platform::Platform;
    use crate::wizard::state::Focus;
    use crate::wizard::update::begin;

    use super::*;

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

    #[test]
    fn a_paste_loses_its_line_end_and_what_is_invisible() {
        let mut secret = SecretInput::new(64);
        assert!(secret.paste("\u{feff} pass\u{200b} word\r\n"));
        assert_eq!(secret.text(), "pass word");
    }

    #[test]
    fn lines_stay_lines_whatever_system_they_are_from() {
        let mut secret = SecretInput::new(64);
        assert!(secret.paste_lines("\u{feff}<a\r  b='1'>\r\n\t<c>\u{200d}\u{7}</c>\n</a>\r\n\r\n"));
        assert_eq!(secret.text(), "<a\n  b='1'>\n\t<c>\u{200d}</c>\n</a>");
        assert!(!secret.paste_lines(&"x\n".repeat(40)));
        assert_eq!(secret.text(), "");
    }

    #[test]
    fn what_is_too_long_is_not_taken_by_half() {
        let mut secret = SecretInput::new(8);
        assert!(!secret.paste(&"x".repeat(9)));
        assert_eq!(secret.text(), "");
        assert!("12345678".chars().all(|letter| secret.push(letter)));
        assert!(!secret.push('9'));
        assert_eq!(secret.text(), "12345678");
    }

    #[test]
    fn the_first_key_replaces_what_was_there() {
        let mut secret = SecretInput::new(8);
        secret.push('a');
        secret.open();
        assert!(!secret.is_touched());
        secret.push('b');
        assert_eq!(secret.text(), "b");
        secret.backspace();
        assert_eq!(secret.text(), "");
    }

    #[test]
    fn debug_shows_nothing() {
        let mut secret = SecretInput::new(8);
        secret.paste("hunter2");
        assert_eq!(format!("{secret:?}"), "SecretInput");
    }
}
