//! Decodes requests: batches, remote procedure calls and transaction-manager requests, each with its `ALL_HEADERS`. Sources: [MS-TDS]
//! 2.2.5.3, 2.2.6.6, 2.2.6.9.

use crate::tds::reader::{ByteReader, DecodeError, utf16};
use crate::tds::types::TypeInfo;
use crate::tds::values;
use crate::value::Parameter;

/// Skips the headers: none of them matters to a server without MARS.
///
/// Their total length includes itself; a smaller one is malformed.
pub fn skip_headers(reader: &mut ByteReader<'_>) -> Result<(), DecodeError> {
    let total = usize::try_from(reader.u32()?).map_err(|_| DecodeError::TooShort)?;
    let rest = total.checked_sub(4).ok_or(DecodeError::Malformed("ALL_HEADERS"))?;
    reader.take(rest)?;
    Ok(())
}

/// Decodes a SQL batch: its headers and its text.
pub fn decode_batch(payload: &[u8]) -> Result<String, DecodeError> {
    let mut reader = ByteReader::new(payload);
    skip_headers(&mut reader)?;
    Ok(crate::tds::reader::utf16(reader.rest()))
}

/// A call of a procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The procedure's name; numbered procedures are replaced by their names.
    pub procedure: String,
    /// The parameters, without those that take their default.
    pub parameters: Vec<Parameter>,
}

/// The procedures that can be called by number, starting at 1.
const NUMBERED_PROCEDURES: [&str; 15] = [
    "sp_cursor",
    "sp_cursoropen",
    "sp_cursorprepare",
    "sp_cursorexecute",
    "sp_cursorprepexec",
    "sp_cursorunprepare",
    "sp_cursorfetch",
    "sp_cursoroption",
    "sp_cursorclose",
    "sp_executesql",
    "sp_prepare",
    "sp_execute",
    "sp_prepexec",
    "sp_prepexecrpc",
    "sp_unprepare",
];

/// Separates two calls of one message; the second is TDS 7.1's, which some clients still send.
const SEPARATORS: [u8; 2] = [0x80, 0xFF];

/// Decodes all calls of a message.
pub fn decode_calls(payload: &[u8]) -> Result<Vec<Call>, DecodeError> {
    let mut reader = ByteReader::new(payload);
    skip_headers(&mut reader)?;
    let mut calls = Vec::new();
    while !reader.is_empty() {
        calls.push(call(&mut reader)?);
    }
    Ok(calls)
}

fn call(reader: &mut ByteReader<'_>) -> Result<Call, DecodeError> {
    let procedure = match reader.u16()? {
        0xFFFF => {
            let number = usize::from(reader.u16()?);
            let index = number.checked_sub(1).ok_or(DecodeError::Malformed("procedure"))?;
            let name = NUMBERED_PROCEDURES.get(index).ok_or(DecodeError::Malformed("procedure"))?;
            (*name).to_owned()
        }
        length => reader.utf16(length.into())?,
    };
    // Recompile, no metadata, reuse metadata: hints.
    reader.u16()?;
    let mut parameters = Vec::new();
    while let Some(byte) = reader.peek() {
        // Not a name's length: parameter names have at most 128 characters.
        if SEPARATORS.contains(&byte) {
            reader.u8()?;
            break;
        }
        let mut name = reader.b_varchar()?;
        // tiberius names the first two of sp_executesql `stmt` and `params`; SQL Server takes them by position.
        if !name.starts_with('@') {
            name.clear();
        }
        let status = reader.u8()?;
        let info = TypeInfo::decode(reader)?;
        let value = values::read(reader, info)?;
        if status & 2 != 0 {
            continue;
        }
        parameters.push(Parameter { name, kind: info.kind, value, output: status & 1 != 0 });
    }
    Ok(Call { procedure, parameters })
}

/// A transaction-manager request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionRequest {
    /// Begin a transaction.
    Begin(Option<RequestedIsolation>),
    /// Commit the transaction.
    Commit {
        /// Whether to begin the next transaction at once.
        begin_next: bool,
    },
    /// Roll back the transaction, or to a savepoint if there is a name.
    Rollback {
        /// The savepoint, or empty.
        name: String,
        /// Whether to begin the next transaction at once.
        begin_next: bool,
    },
    /// Set a savepoint.
    Save(String),
    /// A request of a distributed transaction, which is not supported.
    Distributed,
}

/// An isolation level that a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedIsolation {
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

impl RequestedIsolation {
    /// Returns the name for `SET TRANSACTION ISOLATION LEVEL`.
    pub fn sql_name(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "READ UNCOMMITTED",
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
            Self::Snapshot => "SNAPSHOT",
        }
    }

    /// Decodes the level; 0 leaves it unchanged.
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

/// Decodes a request.
pub fn decode_transaction(payload: &[u8]) -> Result<TransactionRequest, DecodeError> {
    let mut reader = ByteReader::new(payload);
    skip_headers(&mut reader)?;
    Ok(match reader.u16()? {
        5 => {
            let isolation = RequestedIsolation::from_byte(reader.u8()?)?;
            transaction_name(&mut reader)?;
            TransactionRequest::Begin(isolation)
        }
        7 => {
            transaction_name(&mut reader)?;
            TransactionRequest::Commit { begin_next: begin_next(&mut reader) }
        }
        8 => TransactionRequest::Rollback { name: transaction_name(&mut reader)?, begin_next: begin_next(&mut reader) },
        9 => TransactionRequest::Save(transaction_name(&mut reader)?),
        0 | 1 | 6 => TransactionRequest::Distributed,
        _ => return Err(DecodeError::Malformed("transaction request")),
    })
}

/// Reads a transaction's name. The specification counts its bytes, tiberius counts characters. The rest of the message
/// decides which it was, because at most a flag byte follows a correct count.
fn transaction_name(reader: &mut ByteReader<'_>) -> Result<String, DecodeError> {
    let Ok(count) = reader.u8() else {
        return Ok(String::new());
    };
    let count = usize::from(count);
    let mut as_characters = reader.clone();
    if let Ok(bytes) = as_characters.take(count * 2) {
        *reader = as_characters;
        return Ok(utf16(bytes));
    }
    Ok(utf16(reader.take(count)?))
}

/// Reads the flag after commit and rollback; some clients omit it.
fn begin_next(reader: &mut ByteReader<'_>) -> bool {
    reader.u8().is_ok_and(|flags| flags & 1 != 0)
}

#[cfg(test)]
mod headers_tests {
    use super::*;

    #[test]
    fn a_batch_stands_behind_its_headers() {
        let bytes = [6, 0, 0, 0, 9, 9, b'G', 0, b'O', 0];
        assert_eq!(decode_batch(&bytes), Ok("GO".to_owned()));
    }

    #[test]
    fn headers_longer_than_the_message_or_shorter_than_themselves_are_refused() {
        assert_eq!(decode_batch(&[9, 0, 0, 0]), Err(DecodeError::TooShort));
        assert_eq!(decode_batch(&[3, 0, 0, 0]), Err(DecodeError::Malformed("ALL_HEADERS")));
    }
}

#[cfg(test)]
mod rpc_tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::{SqlType, Value};

    fn calls(body: &[u8]) -> Result<Vec<Call>, DecodeError> {
        decode_calls(&[&[4, 0, 0, 0], body].concat())
    }

    fn parameter(name: &str, kind: Option<SqlType>, value: Value) -> Parameter {
        Parameter { name: name.to_owned(), kind, value, output: false }
    }

    #[test]
    fn a_number_is_a_procedure_and_the_untyped_null_has_no_type() {
        let body = [
            0xFF, 0xFF, 10, 0, 0, 0, // sp_executesql
            1, b's', 0, 0, 0x26, 4, 4, 7, 0, 0, 0, // int 7, with a name that is none
            2, b'@', 0, b'x', 0, 0, 0x1F, // @x: the untyped NULL
        ];
        let expected = Call {
            procedure: "sp_executesql".to_owned(),
            parameters: vec![parameter("", Some(SqlType::Int), Value::Int(7)), parameter("@x", None, Value::Null)],
        };
        assert_eq!(calls(&body), Ok(vec![expected]));
    }

    #[test]
    fn chunks_are_joined_and_calls_are_separated() {
        let body = [
            1, 0, b'p', 0, 0, 0, // p
            0, 1, 0xE7, 0xFF, 0xFF, 9, 4, 0xD0, 0, 0x34, // nvarchar(max) OUTPUT
            0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, // length unknown
            2, 0, 0, 0, b'a', 0, 2, 0, 0, 0, b'b', 0, 0, 0, 0, 0, // two chunks
            0x80, 1, 0, b'q', 0, 0, 0, // q
        ];
        let read = calls(&body).unwrap_or_default();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].parameters[0].value, Value::Text("ab".to_owned()));
        assert!(read[0].parameters[0].output);
        assert_eq!(read[1].procedure, "q");
    }

    #[test]
    fn a_default_is_left_out_and_an_unknown_type_is_named() {
        let body = [1, 0, b'p', 0, 0, 0, 0, 2, 0x26, 4, 0];
        assert_eq!(calls(&body).unwrap_or_default()[0].parameters, []);
        let table = [1, 0, b'p', 0, 0, 0, 0, 0, 0xF3];
        assert_eq!(calls(&table), Err(DecodeError::UnsupportedType(0xF3)));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = calls(&[&[0xFF, 0xFF, 10, 0, 0, 0], bytes.as_slice()].concat());
        }

        #[test]
        fn no_type_panics_on_garbage(kind: u8, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let head = [1, 0, b'p', 0, 0, 0, 0, 0, kind];
            let _ = calls(&[&head, bytes.as_slice()].concat());
        }
    }
}

#[cfg(test)]
mod transaction_tests {
    use proptest::prelude::*;

    use super::*;

    fn request(body: &[u8]) -> Result<TransactionRequest, DecodeError> {
        decode_transaction(&[&[4, 0, 0, 0], body].concat())
    }

    #[test]
    fn requests_are_told_apart() {
        use TransactionRequest as T;
        assert_eq!(request(&[5, 0, 2, 0]), Ok(T::Begin(Some(RequestedIsolation::ReadCommitted))));
        assert_eq!(request(&[5, 0, 0, 0]), Ok(T::Begin(None)));
        assert_eq!(request(&[7, 0, 0, 1]), Ok(T::Commit { begin_next: true }));
        assert_eq!(request(&[8, 0, 0, 0]), Ok(T::Rollback { name: String::new(), begin_next: false }));
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
