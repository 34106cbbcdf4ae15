//! Characters that look like those of a file's syntax and are others. Editors, chats and web pages put them in place of what was typed.

/// The first such character of a line: its number, and what it is.
pub fn find(line: &str) -> Option<String> {
    line.chars().find_map(|character| describe(character).map(|what| format!("U+{:04X}, {what}", u32::from(character))))
}

fn describe(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{ff02}' | '\u{2033}' => "a typographic double quote",
        '\u{2018}'..='\u{201b}' | '\u{2039}' | '\u{203a}' | '\u{ff07}' | '\u{2032}' | '\u{b4}' => "a typographic single quote",
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => "a blank that is not the plain one",
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{ad}' | '\u{feff}' => {
            "a character that cannot be seen"
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "a dash that is not the plain hyphen",
        '\u{ff1d}' => "a wide equals sign",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_is_named() {
        assert_eq!(find("server = \u{201c}a\u{201d}").as_deref(), Some("U+201C, a typographic double quote"));
        assert_eq!(find("ser\u{200b}ver = 'a'").as_deref(), Some("U+200B, a character that cannot be seen"));
        assert_eq!(find("server\u{a0}= 'a'").as_deref(), Some("U+00A0, a blank that is not the plain one"));
        assert_eq!(find("node\u{2013}name = 'a'").as_deref(), Some("U+2013, a dash that is not the plain hyphen"));
        assert_eq!(find("server = 'žluť'"), None);
    }
}
