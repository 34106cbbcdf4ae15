//! `sql_variant`: a value with its own type in front. Source: [MS-TDS] 2.2.5.5.4.

use crate::value::{SqlType, Value};

use super::cursor::{Cursor, DecodeError};
use super::kinds::{COLLATION, Meaning, TypeInfo, sized};
use super::read_value;
use super::write_value::{Misfit, put};

/// Reads a variant.
pub fn read(cursor: &mut Cursor<'_>) -> Result<Value, DecodeError> {
    let total = usize::try_from(cursor.u32()?).map_err(|_| DecodeError::TooShort)?;
    if total == 0 {
        return Ok(Value::Null);
    }
    let mut inner = Cursor::new(cursor.take(total)?);
    let byte = inner.u8()?;
    let count = usize::from(inner.u8()?);
    let mut properties = Cursor::new(inner.take(count)?);
    let meaning = match byte {
        0x24 => Meaning::Guid,
        0x28 => Meaning::Date,
        0x29..=0x2B => TypeInfo::scaled(byte, properties.u8()?)?.meaning,
        0x6A | 0x6C => TypeInfo::decimal(properties.u8()?, properties.u8()?)?.meaning,
        0xA5 | 0xAD => sized(Meaning::Binary, 1).meaning,
        0xA7 | 0xAF => Meaning::Narrow,
        0xE7 | 0xEF => Meaning::Wide,
        other => match TypeInfo::fixed(other) {
            Some(info) if info.kind.is_some() => info.meaning,
            _ => return Err(DecodeError::UnsupportedType(other)),
        },
    };
    read_value::interpret(meaning, inner.rest())
}

/// Writes a variant, which takes its type from the value.
pub fn write(out: &mut Vec<u8>, value: &Value) -> Result<(), Misfit> {
    let (kind, head) = match value {
        Value::Null => {
            out.extend_from_slice(&0u32.to_le_bytes());
            return Ok(());
        }
        Value::Bit(_) => (SqlType::Bit, vec![0x32, 0]),
        Value::Int(number) if i32::try_from(*number).is_ok() => (SqlType::Int, vec![0x38, 0]),
        Value::Int(_) => (SqlType::BigInt, vec![0x7F, 0]),
        Value::Float(_) => (SqlType::Float, vec![0x3E, 0]),
        Value::Decimal(_, scale) => (SqlType::Decimal { precision: 38, scale: *scale }, vec![0x6A, 2, 38, *scale]),
        Value::Text(_) => (SqlType::NVarChar(Some(4000)), long(0xE7, &COLLATION, 8000)),
        Value::Bytes(_) => (SqlType::VarBinary(Some(8000)), long(0xA5, &[], 8000)),
        Value::Guid(_) => (SqlType::Guid, vec![0x24, 0]),
        Value::Date(_) => (SqlType::Date, vec![0x28, 0]),
        Value::DateTime(_) => (SqlType::DateTime2(7), vec![0x2A, 1, 7]),
        Value::DateTimeOffset(_) => (SqlType::DateTimeOffset(7), vec![0x2B, 1, 7]),
    };
    let mut body = head;
    put(&mut body, kind, value)?;
    let length = u32::try_from(body.len()).map_err(|_| Misfit(SqlType::Variant))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.append(&mut body);
    Ok(())
}

/// The head of a type with a length.
fn long(byte: u8, collation: &[u8], length: u16) -> Vec<u8> {
    let count = u8::try_from(collation.len() + 2).unwrap_or(2);
    [&[byte, count], collation, &length.to_le_bytes()].concat()
}
