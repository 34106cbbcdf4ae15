//! Reads a message's bytes and never past their end; text in UTF-16 and code page 1252.

/// Why a message could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends before the value does.
    #[error("the message ends too early")]
    TooShort,
    /// A length, offset or value that the field cannot have.
    #[error("the field {0} is malformed")]
    Malformed(&'static str),
    /// A data type that this server does not support.
    #[error("the data type 0x{0:02x} is not supported by the practice server")]
    UnsupportedType(u8),
}

/// A position in a message.
#[derive(Debug, Clone)]
pub struct ByteReader<'a> {
    rest: &'a [u8],
}

impl<'a> ByteReader<'a> {
    /// Starts at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns whether everything has been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the next byte without consuming it.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes all remaining bytes.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Reads the next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(DecodeError::TooShort)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Reads the next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::TooShort)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Reads a byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    /// Reads two bytes, little-endian.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// Reads four bytes, little-endian.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// Reads four signed bytes, little-endian.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    /// Reads eight bytes, little-endian.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Reads `count` UTF-16 units; lone surrogates become U+FFFD.
    pub fn utf16(&mut self, count: usize) -> Result<String, DecodeError> {
        let bytes = self.take(count.checked_mul(2).ok_or(DecodeError::TooShort)?)?;
        Ok(utf16(bytes))
    }

    /// Reads a text whose length in UTF-16 units comes first, as one byte.
    pub fn b_varchar(&mut self) -> Result<String, DecodeError> {
        let count = self.u8()?;
        self.utf16(count.into())
    }
}

/// Decodes UTF-16; lone surrogates become U+FFFD, an odd last byte is dropped.
pub fn utf16(bytes: &[u8]) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The characters at 0x80 to 0x9F; the rest is as in Latin-1. Five places are unassigned and map to themselves.
const C1_CHARACTERS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’', '“', '”',
    '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// Encodes text; characters that the code page lacks become `?`, as in SQL Server.
pub fn encode_cp1252(text: &str) -> Vec<u8> {
    text.chars().map(cp1252_byte).collect()
}

/// Decodes bytes.
pub fn decode_cp1252(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9F => C1_CHARACTERS[usize::from(byte - 0x80)],
            other => char::from(*other),
        })
        .collect()
}

fn cp1252_byte(character: char) -> u8 {
    match u8::try_from(character) {
        Ok(byte) if !(0x80..=0x9F).contains(&byte) => byte,
        _ => (0x80u8..).zip(C1_CHARACTERS).find_map(|(byte, other)| (other == character).then_some(byte)).unwrap_or(b'?'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode_cp1252(&decode_cp1252(&all)), all);
    }

    #[test]
    fn what_the_page_lacks_becomes_a_question_mark() {
        assert_eq!(encode_cp1252("a€ž漢"), [b'a', 0x80, 0x9E, b'?']);
    }
}
