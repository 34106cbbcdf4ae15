//! The text of a secret while it is typed.
//!
//! An ordinary editor keeps an undo or yank buffer and grows its memory by copying it, and leaves secrets in both. This
//! one has a fixed capacity, no memory of what was deleted, and is wiped when it is dropped. There is no cursor to move
//! because nothing is seen to move it by: the first key replaces what was there, and Backspace takes the last away.

use std::fmt;

use secrecy::SecretString;
use zeroize::{Zeroize, Zeroizing};

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
    use super::*;

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
