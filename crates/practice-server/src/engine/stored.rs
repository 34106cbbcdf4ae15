//! Values as `SQLite` keeps them, to and from values as the wire carries them.
//!
//! Integers and bits are integers; decimals are integers scaled by their declared scale; dates and times without
//! offset are ticks; moments with offset are text that sorts; unique identifiers are upper-case text.

use std::fmt::Write as _;

use rusqlite::types::Value as Stored;

use super::instant;
use crate::value::{SqlType, Value};

/// What the wire carries for a stored value of a type.
pub(crate) fn to_wire(stored: Stored, kind: SqlType) -> Value {
    match (stored, kind) {
        (Stored::Null, _) => Value::Null,
        (Stored::Integer(number), SqlType::Bit) => Value::Bit(number != 0),
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => Value::Decimal(i128::from(number), scale),
        (Stored::Integer(ticks), SqlType::Date) => instant::at(ticks).map_or(Value::Null, |at| Value::Date(at.date())),
        (Stored::Integer(ticks), SqlType::DateTime | SqlType::DateTime2(_)) => {
            instant::at(ticks).map_or(Value::Null, Value::DateTime)
        }
        #[expect(clippy::cast_precision_loss, reason = "an aggregate of floats that happens to be whole")]
        (Stored::Integer(number), SqlType::Float | SqlType::Real) => Value::Float(number as f64),
        (Stored::Integer(number), _) => Value::Int(number),
        (Stored::Real(number), _) => Value::Float(number),
        (Stored::Text(text), SqlType::DateTimeOffset(_)) => {
            instant::offset_value(&text).map_or(Value::Null, Value::DateTimeOffset)
        }
        (Stored::Text(text), SqlType::Guid) => guid(&text).map_or(Value::Null, Value::Guid),
        (Stored::Text(text), _) => Value::Text(text),
        (Stored::Blob(bytes), _) => Value::Bytes(bytes),
    }
}

/// How a value from the wire is kept.
pub(crate) fn from_wire(value: &Value) -> (Stored, SqlType) {
    match value {
        Value::Null => (Stored::Null, SqlType::NVarChar(Some(1))),
        Value::Bit(bit) => (Stored::Integer(i64::from(*bit)), SqlType::Bit),
        Value::Int(number) => (Stored::Integer(*number), SqlType::BigInt),
        Value::Float(number) => (Stored::Real(*number), SqlType::Float),
        Value::Decimal(number, scale) => {
            (i64::try_from(*number).map_or(Stored::Null, Stored::Integer), SqlType::Decimal { precision: 18, scale: *scale })
        }
        Value::Text(text) => (Stored::Text(text.clone()), SqlType::NVarChar(None)),
        Value::Bytes(bytes) => (Stored::Blob(bytes.clone()), SqlType::VarBinary(None)),
        Value::Guid(bytes) => (Stored::Text(guid_text(bytes)), SqlType::Guid),
        Value::Date(date) => (Stored::Integer(instant::ticks(date.midnight())), SqlType::Date),
        Value::DateTime(at) => (Stored::Integer(instant::ticks(*at)), SqlType::DateTime2(7)),
        Value::DateTimeOffset(at) => {
            let utc = at.to_offset(time::UtcOffset::UTC);
            let ticks = instant::ticks(time::PrimitiveDateTime::new(utc.date(), utc.time()));
            let minutes = i64::from(at.offset().whole_minutes());
            (Stored::Text(instant::offset_text(ticks, minutes)), SqlType::DateTimeOffset(7))
        }
    }
}

/// A unique identifier as it is printed.
pub(crate) fn guid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02X}");
    }
    text
}

/// Reads a unique identifier, with or without braces.
pub(crate) fn guid(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let dashes_stand = text.len() == 36 && text.char_indices().all(|(at, char)| (char == '-') == [8, 13, 18, 23].contains(&at));
    if !dashes_stand {
        return None;
    }
    let hex = text.replace('-', "").to_ascii_lowercase();
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}
