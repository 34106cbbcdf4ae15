//! From bytes to text: UTF-8, or UTF-16 as .NET and older editors on Windows write it.

use std::io::{self, ErrorKind};

use zeroize::Zeroizing;

use crate::world::small_file;

/// The text without its byte order mark. Its buffer never grows, so no copy of a password is left behind.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        // Without a mark: what begins with `<` in two bytes.
        [b'<', 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, b'<', ..] => wide(bytes, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            let text = std::str::from_utf8(bytes).map_err(|error| small_file::not_text(bytes, error.valid_up_to()))?;
            Ok(Zeroizing::new(text.to_owned()))
        }
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> io::Result<Zeroizing<String>> {
    let broken = || io::Error::new(ErrorKind::InvalidData, "it begins as UTF-16 text and does not go on as such");
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(broken());
    }
    // Three bytes are the most that one unit becomes.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| broken())?);
    }
    Ok(text)
}
