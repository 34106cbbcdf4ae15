//! A compose file for Octopus' Linux container image.
use std::fmt;

use askama::filters::Escaper;

/// The escaper of `.yaml` templates.
#[derive(Debug, Clone, Copy)]
pub struct YamlScalar;

impl Escaper for YamlScalar {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.contains('\0') {
            return Err(fmt::Error);
        }
        dest.write_char('"')?;
        for character in text.chars() {
            match character {
                '"' => dest.write_str("\\\"")?,
                '\\' => dest.write_str("\\\\")?,
                '\n' => dest.write_str("\\n")?,
                '$' => dest.write_str("$$")?,
                character if is_printable(character) => dest.write_char(character)?,
                character => write!(dest, "\\u{:04x}", u32::from(character))?,
            }
        }
        dest.write_char('"')
    }
}

/// Whether YAML takes a character as it is, and no reader of it folds or strips it.
const fn is_printable(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}
