//! Characters that come from word processors, web pages and chats, look like others or like nothing, and break an answer.

use std::fmt;

/// Why a character does not belong into an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oddity {
    /// It cannot be seen.
    Invisible,
    /// It looks like an ordinary space.
    Space,
    /// A quote of a word processor.
    Quote,
}

/// The first character of a text that does not belong into an answer. Displays as a sentence that names it with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OddCharacter {
    /// In characters, from 1.
    pub place: usize,
    character: char,
    oddity: Oddity,
}

impl OddCharacter {
    /// Finds the first one. Spaces at the ends are forgiven, as ordinary ones are; single typographic quotes are odd only at the ends:
    /// between letters one is an apostrophe.
    pub fn find(text: &str) -> Option<Self> {
        let start = text.chars().take_while(|c| c.is_whitespace()).count();
        let inner = text.trim();
        let last = inner.chars().count().checked_sub(1)?;
        inner.chars().enumerate().find_map(|(index, character)| {
            let oddity = oddity(character, index == 0 || index == last)?;
            Some(Self { place: start + index + 1, character, oddity })
        })
    }
}

fn oddity(character: char, at_an_end: bool) -> Option<Oddity> {
    match character {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(Oddity::Space),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Oddity::Invisible),
        '“' | '”' | '„' | '‟' | '«' | '»' => Some(Oddity::Quote),
        '‘' | '’' | '‚' | '‛' | '‹' | '›' if at_an_end => Some(Oddity::Quote),
        _ => None,
    }
}

impl fmt::Display for OddCharacter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, character, oddity } = *self;
        write!(formatter, "Character {place} is ")?;
        match (character, oddity) {
            ('\u{200b}', _) => formatter.write_str("a zero-width space")?,
            ('\u{200c}' | '\u{200d}', _) => formatter.write_str("a zero-width joiner")?,
            ('\u{feff}', _) => formatter.write_str("a byte order mark")?,
            ('\u{ad}', _) => formatter.write_str("a soft hyphen")?,
            ('\u{a0}', _) => formatter.write_str("a no-break space")?,
            ('\u{202f}', _) => formatter.write_str("a narrow no-break space")?,
            (_, Oddity::Quote) => write!(formatter, "a typographic quote, {character}")?,
            (_, Oddity::Space) => write!(formatter, "a space of another width (U+{:04X})", u32::from(character))?,
            (_, Oddity::Invisible) => write!(formatter, "an invisible character (U+{:04X})", u32::from(character))?,
        }
        formatter.write_str(match oddity {
            Oddity::Invisible => ", which cannot be seen; delete it, or type the answer anew.",
            Oddity::Space => ", which only looks like an ordinary one; type an ordinary one or none.",
            Oddity::Quote => "; delete it.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<String> {
        OddCharacter::find(text).map(|odd| odd.to_string())
    }

    #[test]
    fn each_is_named_with_its_place() {
        for (text, start) in [
            ("a\u{a0}b", "Character 2 is a no-break space, "),
            ("  a\u{200b}", "Character 4 is a zero-width space, "),
            ("“a”", "Character 1 is a typographic quote, “; delete it."),
            ("a’", "Character 2 is a typographic quote, ’; "),
            ("a\u{2061}b", "Character 2 is an invisible character (U+2061), "),
            ("a\u{2003}b", "Character 2 is a space of another width (U+2003), "),
        ] {
            assert!(said(text).is_some_and(|said| said.starts_with(start)), "{text:?}: {:?}", said(text));
        }
    }

    #[test]
    fn an_apostrophe_letters_of_any_script_and_spaces_at_the_ends_are_not_odd() {
        for text in ["", " ", "CORP\\o’brien", "Büro 2", "数据库", "🐙", "\u{a0}sql01\u{a0}", "it's \"x\""] {
            assert_eq!(said(text), None, "{text:?}");
        }
    }
}
