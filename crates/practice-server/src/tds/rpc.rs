//! Remote procedure calls. Source: [MS-TDS] 2.2.6.6.

use crate::value::Parameter;

use super::cursor::{Cursor, DecodeError};
use super::headers;
use super::kinds::TypeInfo;
use super::read_value;

/// A call of a procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The procedure's name; well-known numbers are turned into theirs.
    pub procedure: String,
    /// Its parameters. One that is to take its default is left out.
    pub parameters: Vec<Parameter>,
}

/// The procedures that may be called by number, from 1.
const WELL_KNOWN: [&str; 15] = [
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

/// Between two calls of one message; the second is TDS 7.1's, which some clients still write.
const SEPARATORS: [u8; 2] = [0x80, 0xFF];

/// Reads all calls of a message.
pub fn decode(payload: &[u8]) -> Result<Vec<Call>, DecodeError> {
    let mut cursor = Cursor::new(payload);
    headers::skip(&mut cursor)?;
    let mut calls = Vec::new();
    while !cursor.is_empty() {
        calls.push(call(&mut cursor)?);
    }
    Ok(calls)
}

fn call(cursor: &mut Cursor<'_>) -> Result<Call, DecodeError> {
    let procedure = match cursor.u16()? {
        0xFFFF => {
            let number = usize::from(cursor.u16()?);
            let index = number.checked_sub(1).ok_or(DecodeError::Malformed("procedure"))?;
            let name = WELL_KNOWN.get(index).ok_or(DecodeError::Malformed("procedure"))?;
            (*name).to_owned()
        }
        length => cursor.utf16(length.into())?,
    };
    // Recompile, no metadata, reuse metadata: hints.
    cursor.u16()?;
    let mut parameters = Vec::new();
    while let Some(byte) = cursor.peek() {
        // No name is that long: parameter names end at 128 characters.
        if SEPARATORS.contains(&byte) {
            cursor.u8()?;
            break;
        }
        let mut name = cursor.b_varchar()?;
        // tiberius calls the first two of sp_executesql `stmt` and `params`; SQL Server goes by their position.
        if !name.starts_with('@') {
            name.clear();
        }
        let status = cursor.u8()?;
        let info = TypeInfo::decode(cursor)?;
        let value = read_value::read(cursor, info)?;
        if status & 2 != 0 {
            continue;
        }
        parameters.push(Parameter { name, kind: info.kind, value, output: status & 1 != 0 });
    }
    Ok(Call { procedure, parameters })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::{SqlType, Value};

    fn calls(body: &[u8]) -> Result<Vec<Call>, DecodeError> {
        decode(&[&[4, 0, 0, 0], body].concat())
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
