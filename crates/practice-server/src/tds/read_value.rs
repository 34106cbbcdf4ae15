//! Parameter values off the wire. Source: [MS-TDS] 2.2.5.5.

use std::borrow::Cow;

use time::PrimitiveDateTime;

use crate::value::Value;

use super::cursor::{Cursor, DecodeError, utf16};
use super::kinds::{Meaning, Shape, TypeInfo};
use super::{cp1252, dates, variant};

/// Reads a value of the type.
pub fn read(cursor: &mut Cursor<'_>, info: TypeInfo) -> Result<Value, DecodeError> {
    if info.shape == Shape::Variant {
        return variant::read(cursor);
    }
    match bytes(cursor, info.shape)? {
        None => Ok(Value::Null),
        Some(bytes) => interpret(info.meaning, &bytes),
    }
}

/// A value's bytes; `None` is NULL.
fn bytes<'a>(cursor: &mut Cursor<'a>, shape: Shape) -> Result<Option<Cow<'a, [u8]>>, DecodeError> {
    let length = match shape {
        Shape::Nothing | Shape::Variant => None,
        Shape::Fixed(length) => Some(length),
        Shape::Byte => Some(usize::from(cursor.u8()?)).filter(|length| *length != 0),
        Shape::OldText => Some(usize::from(cursor.u8()?)).filter(|length| *length != 0xFF),
        Shape::Short => Some(usize::from(cursor.u16()?)).filter(|length| *length != 0xFFFF),
        Shape::Long => match cursor.u32()? {
            u32::MAX => None,
            length => Some(usize::try_from(length).map_err(|_| DecodeError::TooShort)?),
        },
        Shape::Chunks => return Ok(chunks(cursor)?.map(Cow::Owned)),
    };
    length.map(|length| cursor.take(length).map(Cow::Borrowed)).transpose()
}

/// A value in chunks. The total in front may be missing and is not believed: what counts is what comes.
fn chunks(cursor: &mut Cursor<'_>) -> Result<Option<Vec<u8>>, DecodeError> {
    if cursor.u64()? == u64::MAX {
        return Ok(None);
    }
    let mut all = Vec::new();
    loop {
        let length = usize::try_from(cursor.u32()?).map_err(|_| DecodeError::TooShort)?;
        if length == 0 {
            return Ok(Some(all));
        }
        all.extend_from_slice(cursor.take(length)?);
    }
}

/// What the bytes of a value mean.
pub fn interpret(meaning: Meaning, bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    let wrong = DecodeError::Malformed("value length");
    Ok(match meaning {
        Meaning::Integer => Value::Int(match bytes {
            // `tinyint` alone has no sign.
            [byte] => i64::from(*byte),
            [a, b] => i64::from(i16::from_le_bytes([*a, *b])),
            _ if bytes.len() == 4 => cursor.i32()?.into(),
            _ => i64::from_le_bytes(bytes.try_into().map_err(|_| wrong)?),
        }),
        Meaning::Bit => Value::Bit(cursor.u8()? != 0),
        Meaning::Float => Value::Float(if bytes.len() == 4 {
            f32::from_le_bytes(cursor.array()?).into()
        } else {
            f64::from_le_bytes(bytes.try_into().map_err(|_| wrong)?)
        }),
        Meaning::Money if bytes.len() == 4 => Value::Decimal(cursor.i32()?.into(), 4),
        Meaning::Money => {
            // The high half stands first.
            let high = i128::from(cursor.i32()?);
            Value::Decimal((high << 32) | i128::from(cursor.u32()?), 4)
        }
        Meaning::Decimal(scale) => decimal(&mut cursor, scale)?,
        Meaning::DateTime if bytes.len() == 4 => Value::DateTime(dates::small_datetime(&mut cursor)?),
        Meaning::DateTime => Value::DateTime(dates::datetime(&mut cursor)?),
        Meaning::Date => Value::Date(dates::date(&mut cursor)?),
        Meaning::Time(scale) => {
            let (hour, minute, second, nano) = dates::time(&mut cursor, bytes.len(), scale)?.as_hms_nano();
            let fraction = nano / 100;
            Value::Text(format!("{hour:02}:{minute:02}:{second:02}.{fraction:07}"))
        }
        Meaning::DateTime2(scale) => {
            let time = dates::time(&mut cursor, bytes.len().checked_sub(3).ok_or(wrong)?, scale)?;
            Value::DateTime(PrimitiveDateTime::new(dates::date(&mut cursor)?, time))
        }
        Meaning::DateTimeOffset(scale) => {
            let length = bytes.len().checked_sub(5).ok_or(wrong)?;
            Value::DateTimeOffset(dates::offset(&mut cursor, length, scale)?)
        }
        Meaning::Wide => Value::Text(utf16(bytes)),
        Meaning::Narrow => Value::Text(cp1252::decode(bytes)),
        Meaning::Binary => Value::Bytes(bytes.to_vec()),
        Meaning::Guid => Value::Guid(swap_guid(bytes.try_into().map_err(|_| wrong)?)),
    })
}

/// A sign byte, and a number without sign, the low byte first.
fn decimal(cursor: &mut Cursor<'_>, scale: u8) -> Result<Value, DecodeError> {
    let positive = cursor.u8()? != 0;
    let digits = cursor.rest();
    let mut raw = [0; 16];
    raw.get_mut(..digits.len()).ok_or(DecodeError::Malformed("decimal"))?.copy_from_slice(digits);
    let number = i128::try_from(u128::from_le_bytes(raw)).map_err(|_| DecodeError::Malformed("decimal"))?;
    Ok(Value::Decimal(if positive { number } else { -number }, scale))
}

/// Between the order in which a GUID is printed and that of the wire, where its first three groups are turned.
pub fn swap_guid(mut guid: [u8; 16]) -> [u8; 16] {
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    guid
}
