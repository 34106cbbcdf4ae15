//! Text that came from a server, a file or the network: cleaned once, at the boundary, for every sink.
//!
//! A terminal obeys control characters, and an operator is misled by invisible ones; a database name or an error
//! text may hold either. ratatui drops most control characters but glues lines together and lets Unicode tags
//! through, and plain output, JSON and scripts get no filter at all, so the cleaning cannot be left to a sink.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most characters that one text keeps; SQL Server's own messages end at 2,048.
const MOST: usize = 4_096;

/// Text from outside, safe to show: one paragraph of printable characters, at most 4,096 of them.
///
/// Control characters appear in caret notation (`^[`), line breaks as a blank, and invisible or direction-changing
/// characters as U+FFFD, so that nothing is hidden and nothing acts.
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Untrusted(CompactString);

impl Untrusted {
    /// Cleans a text.
    pub fn new(raw: &str) -> Self {
        let mut clean = CompactString::with_capacity(raw.len().min(MOST));
        for (kept, character) in raw.chars().enumerate() {
            if kept == MOST {
                clean.push('…');
                break;
            }
            match character {
                '\r' | '\n' | '\t' | '\u{2028}' | '\u{2029}' => {
                    if !clean.ends_with(' ') {
                        clean.push(' ');
                    }
                }
                '\u{0}'..='\u{1f}' => {
                    clean.push('^');
                    clean.push(char::from(character as u8 + 0x40));
                }
                '\u{7f}' => clean.push_str("^?"),
                character if hides_or_acts(character) => clean.push('\u{fffd}'),
                character => clean.push(character),
            }
        }
        Self(clean.trim().into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// C1 controls, zero-width and direction characters, variation selectors, tags, private use and non-characters.
fn hides_or_acts(character: char) -> bool {
    matches!(character,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

impl fmt::Display for Untrusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl Serialize for Untrusted {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

/// Cleaned once more: a recording comes from outside, too.
impl<'de> Deserialize<'de> for Untrusted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|raw| Self::new(&raw))
    }
}

impl From<&str> for Untrusted {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Untrusted {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_is_shown_and_does_not_act() {
        assert_eq!(Untrusted::new("a\u{1b}[31mred").as_str(), "a^[[31mred");
    }

    #[test]
    fn lines_become_one_paragraph() {
        assert_eq!(Untrusted::new("one\r\ntwo\tthree\n").as_str(), "one two three");
    }

    #[test]
    fn invisible_characters_become_visible() {
        assert_eq!(Untrusted::new("a\u{202e}b\u{200b}c\u{e0041}d").as_str(), "a\u{fffd}b\u{fffd}c\u{fffd}d");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(Untrusted::new(&"x".repeat(10_000)).as_str().chars().count(), MOST + 1);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_nothing_acts(raw in ".*") {
            let clean = Untrusted::new(&raw);
            proptest::prop_assert!(!clean.as_str().chars().any(|c| c.is_control() || hides_or_acts(c)));
        }
    }
}
