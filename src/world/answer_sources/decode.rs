//! Decodes texts from outside: the content of secret files, the output of commands, lines of standard input.

use secrecy::SecretString;
use zeroize::Zeroizing;

/// The most bytes of such a text. A master key takes 44, a licence some thousands.
pub(super) const LIMIT: u64 = 64 << 10;
/// Room for the longest, and one more byte to notice a longer one.
pub(super) const ROOM: usize = (64 << 10) + 1;

/// Why a text cannot be an answer, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadText {
    /// There is nothing but line breaks.
    #[error("is empty")]
    Empty,
    /// It is no text.
    #[error("is neither UTF-8 nor UTF-16 text")]
    NotText,
}

/// Decodes UTF-8 with or without a byte order mark, or UTF-16 with one, as an older PowerShell's `>` writes it. Removes line
/// breaks at the end, which editors, `echo` and most tools add. Keeps blanks: they may belong to a password.
pub(super) fn decode(bytes: &[u8]) -> Result<SecretString, BadText> {
    // Three bytes are the most that a UTF-16 unit becomes: the text does not grow, and so leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes, &mut text)?,
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes, &mut text)?,
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => text.push_str(std::str::from_utf8(rest).map_err(|_| BadText::NotText)?),
    }
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(BadText::Empty),
        text => Ok(SecretString::from(text)),
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16, text: &mut String) -> Result<(), BadText> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(BadText::NotText);
    }
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| BadText::NotText)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(bytes: &[u8]) -> Result<String, BadText> {
        decode(bytes).map(|text| text.expose_secret().to_owned())
    }

    #[test]
    fn line_breaks_at_the_end_are_forgiven_and_nothing_else_is_touched() {
        for (bytes, text) in [
            (&b"secret"[..], "secret"),
            (b"secret\n", "secret"),
            (b"secret\r\n\r\n", "secret"),
            (b" se\ncret \n", " se\ncret "),
            (b"\xef\xbb\xbfsecret\n", "secret"),
            (b"\xff\xfes\0\xe4\0\r\0\n\0", "s\u{e4}"),
            (b"\xfe\xff\0s\0\n", "s"),
            (b"\xff\xfe\x3d\xd8\x00\xde", "\u{1f600}"),
        ] {
            assert_eq!(read(bytes).as_deref(), Ok(text), "{bytes:?}");
        }
    }

    #[test]
    fn nothing_and_no_text_are_refused() {
        for bytes in [&b""[..], b"\n", b"\r\n\n", b"\xef\xbb\xbf", b"\xff\xfe\n\0"] {
            assert_eq!(read(bytes), Err(BadText::Empty), "{bytes:?}");
        }
        for bytes in [&b"a\xff"[..], b"\xff\xfea", b"\xff\xfe\x3d\xd8", b"\x80"] {
            assert_eq!(read(bytes), Err(BadText::NotText), "{bytes:?}");
        }
    }
}
