//! `ALL_HEADERS`, which stands before batches, calls and transaction requests. Source: [MS-TDS] 2.2.5.3.

use super::cursor::{Cursor, DecodeError};

/// What the headers say that matters to a server without MARS: nothing so far, so they are only skipped.
///
/// Their total length counts itself; a length of less is malformed.
pub fn skip(cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
    let total = usize::try_from(cursor.u32()?).map_err(|_| DecodeError::TooShort)?;
    let rest = total.checked_sub(4).ok_or(DecodeError::Malformed("ALL_HEADERS"))?;
    cursor.take(rest)?;
    Ok(())
}

/// A SQL batch: its headers and its text.
pub fn batch(payload: &[u8]) -> Result<String, DecodeError> {
    let mut cursor = Cursor::new(payload);
    skip(&mut cursor)?;
    Ok(super::cursor::utf16(cursor.rest()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_stands_behind_its_headers() {
        let bytes = [6, 0, 0, 0, 9, 9, b'G', 0, b'O', 0];
        assert_eq!(batch(&bytes), Ok("GO".to_owned()));
    }

    #[test]
    fn headers_longer_than_the_message_or_shorter_than_themselves_are_refused() {
        assert_eq!(batch(&[9, 0, 0, 0]), Err(DecodeError::TooShort));
        assert_eq!(batch(&[3, 0, 0, 0]), Err(DecodeError::Malformed("ALL_HEADERS")));
    }
}
