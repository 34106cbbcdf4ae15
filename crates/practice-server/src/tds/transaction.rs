//! Transaction-manager requests. Source: [MS-TDS] 2.2.6.9.

use super::cursor::{Cursor, DecodeError, utf16};
use super::headers;

/// What a client wants done with a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionRequest {
    /// Begin one.
    Begin(Option<Isolation>),
    /// Commit it; and begin another at once.
    Commit {
        /// Begin the next in the same breath.
        again: bool,
    },
    /// Roll it back; to a savepoint when there is a name.
    Rollback {
        /// The savepoint, or empty.
        name: String,
        /// Begin the next in the same breath.
        again: bool,
    },
    /// Set a savepoint.
    Save(String),
    /// A distributed transaction's business, which is not supported.
    Distributed,
}

/// A transaction's isolation level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Dirty reads.
    ReadUncommitted,
    /// SQL Server's default.
    ReadCommitted,
    /// Rows that were read stay.
    RepeatableRead,
    /// Ranges that were read stay.
    Serializable,
    /// As of the beginning.
    Snapshot,
}

impl Isolation {
    /// As `SET TRANSACTION ISOLATION LEVEL` calls it.
    pub fn words(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
            Self::Snapshot => "SNAPSHOT",
        }
    }

    /// 0 leaves it as it is.
    fn from_byte(byte: u8) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match byte {
            0 => return Ok(None),
            1 => Self::ReadUncommitted,
            2 => Self::ReadCommitted,
            3 => Self::RepeatableRead,
            4 => Self::Serializable,
            5 => Self::Snapshot,
            _ => return Err(DecodeError::Malformed("isolation level")),
        }))
    }
}

/// Reads a request's content.
pub fn decode(payload: &[u8]) -> Result<TransactionRequest, DecodeError> {
    let mut cursor = Cursor::new(payload);
    headers::skip(&mut cursor)?;
    Ok(match cursor.u16()? {
        5 => {
            let isolation = Isolation::from_byte(cursor.u8()?)?;
            name(&mut cursor)?;
            TransactionRequest::Begin(isolation)
        }
        7 => {
            name(&mut cursor)?;
            TransactionRequest::Commit { again: again(&mut cursor) }
        }
        8 => TransactionRequest::Rollback { name: name(&mut cursor)?, again: again(&mut cursor) },
        9 => TransactionRequest::Save(name(&mut cursor)?),
        0 | 1 | 6 => TransactionRequest::Distributed,
        _ => return Err(DecodeError::Malformed("transaction request")),
    })
}

/// A transaction's name. The specification counts its bytes; tiberius counts characters. What is left in the
/// message tells which it was, since at most a flag byte follows an honest count.
fn name(cursor: &mut Cursor<'_>) -> Result<String, DecodeError> {
    let Ok(count) = cursor.u8() else {
        return Ok(String::new());
    };
    let count = usize::from(count);
    let mut as_characters = cursor.clone();
    if let Ok(bytes) = as_characters.take(count * 2) {
        *cursor = as_characters;
        return Ok(utf16(bytes));
    }
    Ok(utf16(cursor.take(count)?))
}

/// The flag behind commit and rollback; some clients leave it out.
fn again(cursor: &mut Cursor<'_>) -> bool {
    cursor.u8().is_ok_and(|flags| flags & 1 != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn request(body: &[u8]) -> Result<TransactionRequest, DecodeError> {
        decode(&[&[4, 0, 0, 0], body].concat())
    }

    #[test]
    fn requests_are_told_apart() {
        use TransactionRequest as T;
        assert_eq!(request(&[5, 0, 2, 0]), Ok(T::Begin(Some(Isolation::ReadCommitted))));
        assert_eq!(request(&[5, 0, 0, 0]), Ok(T::Begin(None)));
        assert_eq!(request(&[7, 0, 0, 1]), Ok(T::Commit { again: true }));
        assert_eq!(request(&[8, 0, 0, 0]), Ok(T::Rollback { name: String::new(), again: false }));
        assert_eq!(request(&[0, 0, 0, 0]), Ok(T::Distributed));
    }

    #[test]
    fn a_name_may_be_counted_in_characters_or_in_bytes() {
        let expected = Ok(TransactionRequest::Save("sp".to_owned()));
        assert_eq!(request(&[9, 0, 2, b's', 0, b'p', 0]), expected);
        assert_eq!(request(&[9, 0, 4, b's', 0, b'p', 0]), expected);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = request(&bytes);
        }
    }
}
