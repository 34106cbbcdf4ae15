//! Windows code page 1252, in which `varchar` of the default collation travels.

/// What stands at 0x80 to 0x9F; the rest is as in Latin-1. Five places are empty and map to themselves.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’', '“', '”',
    '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// Characters to bytes; what the code page lacks becomes `?`, as in SQL Server.
pub fn encode(text: &str) -> Vec<u8> {
    text.chars().map(byte).collect()
}

/// Bytes to characters.
pub fn decode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
            other => char::from(*other),
        })
        .collect()
}

fn byte(character: char) -> u8 {
    match u8::try_from(character) {
        Ok(byte) if !(0x80..=0x9F).contains(&byte) => byte,
        _ => (0x80u8..).zip(HIGH).find_map(|(byte, other)| (other == character).then_some(byte)).unwrap_or(b'?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&all)), all);
    }

    #[test]
    fn what_the_page_lacks_becomes_a_question_mark() {
        assert_eq!(encode("a€ž漢"), [b'a', 0x80, 0x9E, b'?']);
    }
}
