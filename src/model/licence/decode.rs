//! From the bytes of a licence to its XML.

use data_encoding::BASE64_NOPAD;
use zeroize::Zeroizing;

use super::{LIMIT, NotALicence};

/// The XML. Buffers never grow, so that no copy of it is left behind.
pub(super) fn xml(bytes: &[u8]) -> Result<Zeroizing<String>, NotALicence> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LIMIT) {
        return Err(NotALicence::TooLong);
    }
    let outer = text(bytes)?;
    match trimmed(&outer) {
        "" => Err(NotALicence::Empty),
        xml if xml.starts_with('<') => Ok(Zeroizing::new(xml.to_owned())),
        base64 => {
            let inner = from_base64(base64)?;
            let text = text(&inner)?;
            let xml = trimmed(&text);
            if xml.starts_with('<') { Ok(Zeroizing::new(xml.to_owned())) } else { Err(NotALicence::NotXml) }
        }
    }
}

/// The text of bytes: UTF-16 where a mark says so, or where every other byte of the beginning is zero, as Windows' tools write
/// it; else UTF-8.
fn text(bytes: &[u8]) -> Result<Zeroizing<String>, NotALicence> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [1..=255, 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, 1..=255, ..] => wide(bytes, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| NotALicence::NotXml),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Zeroizing<String>, NotALicence> {
    let (pairs, _) = bytes.as_chunks::<2>();
    // Three bytes are the most that one unit becomes.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| NotALicence::NotXml)?);
    }
    Ok(text)
}

/// Without blanks, line breaks, marks and the quotes of a command line around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0' | '"' | '\''))
}

/// Base64 with whatever line breaks and blanks are in it, and with or without what pads it.
fn from_base64(text: &str) -> Result<Zeroizing<Vec<u8>>, NotALicence> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(|c| !c.is_whitespace()));
    let digits = digits.trim_end_matches('=');
    BASE64_NOPAD.decode(digits.as_bytes()).map(Zeroizing::new).map_err(|_| NotALicence::NotXml)
}
