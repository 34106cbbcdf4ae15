//! Reads and writes values, including `sql_variant`. Source: [MS-TDS] 2.2.5.5.

use std::borrow::Cow;

use time::PrimitiveDateTime;

use crate::tds::dates;
use crate::tds::reader::{ByteReader, DecodeError, decode_cp1252, encode_cp1252, utf16};
use crate::tds::types::{COLLATION, ContentType, LengthForm, TypeInfo, decimal_length, string_type};
use crate::value::{SqlType, Value};

/// Reads a value of the type.
pub fn read(reader: &mut ByteReader<'_>, info: TypeInfo) -> Result<Value, DecodeError> {
    if info.length_form == LengthForm::Variant {
        return read_variant(reader);
    }
    match read_bytes(reader, info.length_form)? {
        None => Ok(Value::Null),
        Some(bytes) => interpret(info.content, &bytes),
    }
}

/// Reads the bytes of a value; `None` is NULL.
fn read_bytes<'a>(reader: &mut ByteReader<'a>, length_form: LengthForm) -> Result<Option<Cow<'a, [u8]>>, DecodeError> {
    let length = match length_form {
        LengthForm::Absent | LengthForm::Variant => None,
        LengthForm::Fixed(length) => Some(length),
        LengthForm::U8 => Some(usize::from(reader.u8()?)).filter(|length| *length != 0),
        LengthForm::LegacyU8 => Some(usize::from(reader.u8()?)).filter(|length| *length != 0xFF),
        LengthForm::U16 => Some(usize::from(reader.u16()?)).filter(|length| *length != 0xFFFF),
        LengthForm::U32 => match reader.u32()? {
            u32::MAX => None,
            length => Some(usize::try_from(length).map_err(|_| DecodeError::TooShort)?),
        },
        LengthForm::Chunked => return Ok(chunks(reader)?.map(Cow::Owned)),
    };
    length.map(|length| reader.take(length).map(Cow::Borrowed)).transpose()
}

/// Reads a value in chunks. The total in front may be missing and is not trusted: only the chunks count.
fn chunks(reader: &mut ByteReader<'_>) -> Result<Option<Vec<u8>>, DecodeError> {
    if reader.u64()? == u64::MAX {
        return Ok(None);
    }
    let mut all = Vec::new();
    loop {
        let length = usize::try_from(reader.u32()?).map_err(|_| DecodeError::TooShort)?;
        if length == 0 {
            return Ok(Some(all));
        }
        all.extend_from_slice(reader.take(length)?);
    }
}

/// Interprets the bytes of a value.
pub fn interpret(content: ContentType, bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = ByteReader::new(bytes);
    let wrong = DecodeError::Malformed("value length");
    Ok(match content {
        ContentType::Integer => Value::Int(match bytes {
            // `tinyint` alone has no sign.
            [byte] => i64::from(*byte),
            [a, b] => i64::from(i16::from_le_bytes([*a, *b])),
            _ if bytes.len() == 4 => reader.i32()?.into(),
            _ => i64::from_le_bytes(bytes.try_into().map_err(|_| wrong)?),
        }),
        ContentType::Bit => Value::Bit(reader.u8()? != 0),
        ContentType::Float => Value::Float(if bytes.len() == 4 {
            f32::from_le_bytes(reader.array()?).into()
        } else {
            f64::from_le_bytes(bytes.try_into().map_err(|_| wrong)?)
        }),
        ContentType::Money if bytes.len() == 4 => Value::Decimal(reader.i32()?.into(), 4),
        ContentType::Money => {
            // The high half comes first.
            let high = i128::from(reader.i32()?);
            Value::Decimal((high << 32) | i128::from(reader.u32()?), 4)
        }
        ContentType::Decimal(scale) => decimal(&mut reader, scale)?,
        ContentType::DateTime if bytes.len() == 4 => Value::DateTime(dates::small_datetime(&mut reader)?),
        ContentType::DateTime => Value::DateTime(dates::datetime(&mut reader)?),
        ContentType::Date => Value::Date(dates::date(&mut reader)?),
        ContentType::Time(scale) => {
            let (hour, minute, second, nano) = dates::time(&mut reader, bytes.len(), scale)?.as_hms_nano();
            let fraction = nano / 100;
            Value::Text(format!("{hour:02}:{minute:02}:{second:02}.{fraction:07}"))
        }
        ContentType::DateTime2(scale) => {
            let time = dates::time(&mut reader, bytes.len().checked_sub(3).ok_or(wrong)?, scale)?;
            Value::DateTime(PrimitiveDateTime::new(dates::date(&mut reader)?, time))
        }
        ContentType::DateTimeOffset(scale) => {
            let length = bytes.len().checked_sub(5).ok_or(wrong)?;
            Value::DateTimeOffset(dates::offset(&mut reader, length, scale)?)
        }
        ContentType::Utf16 => Value::Text(utf16(bytes)),
        ContentType::Cp1252 => Value::Text(decode_cp1252(bytes)),
        ContentType::Binary => Value::Bytes(bytes.to_vec()),
        ContentType::Guid => Value::Guid(swap_guid(bytes.try_into().map_err(|_| wrong)?)),
    })
}

/// Reads a sign byte and an unsigned little-endian number.
fn decimal(reader: &mut ByteReader<'_>, scale: u8) -> Result<Value, DecodeError> {
    let positive = reader.u8()? != 0;
    let digits = reader.rest();
    let mut raw = [0; 16];
    raw.get_mut(..digits.len()).ok_or(DecodeError::Malformed("decimal"))?.copy_from_slice(digits);
    let number = i128::try_from(u128::from_le_bytes(raw)).map_err(|_| DecodeError::Malformed("decimal"))?;
    Ok(Value::Decimal(if positive { number } else { -number }, scale))
}

/// Converts a GUID between the order in which it is printed and that of the wire, where its first three groups are
/// little-endian.
pub fn swap_guid(mut guid: [u8; 16]) -> [u8; 16] {
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    guid
}

/// The engine returned a value that does not fit its own column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value does not fit its column of type {0:?}")]
pub struct ValueMismatch(pub SqlType);

/// Writes a value of a column or parameter with its length.
///
/// On an error `out` is unchanged.
pub fn write(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), ValueMismatch> {
    match kind {
        SqlType::Variant => return write_variant(out, value),
        SqlType::NVarChar(None) | SqlType::VarChar(None) | SqlType::VarBinary(None) => {
            return write_chunks(out, kind, value);
        }
        _ => {}
    }
    let short = matches!(kind, SqlType::NVarChar(_) | SqlType::VarChar(_) | SqlType::VarBinary(_));
    if *value == Value::Null {
        let mark: &[u8] = if short { &[0xFF, 0xFF] } else { &[0] };
        out.extend_from_slice(mark);
        return Ok(());
    }
    let mut body = Vec::new();
    put_body(&mut body, kind, value)?;
    let mismatch = |_| ValueMismatch(kind);
    if short {
        let length = u16::try_from(body.len()).map_err(mismatch)?;
        out.extend_from_slice(&length.to_le_bytes());
    } else {
        out.push(u8::try_from(body.len()).map_err(mismatch)?);
    }
    out.append(&mut body);
    Ok(())
}

/// Writes a `max` value: its total, one chunk, an end.
fn write_chunks(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), ValueMismatch> {
    if *value == Value::Null {
        out.extend_from_slice(&u64::MAX.to_le_bytes());
        return Ok(());
    }
    let mut body = Vec::new();
    put_body(&mut body, kind, value)?;
    let length = u32::try_from(body.len()).map_err(|_| ValueMismatch(kind))?;
    out.extend_from_slice(&u64::from(length).to_le_bytes());
    if length > 0 {
        out.extend_from_slice(&length.to_le_bytes());
        out.append(&mut body);
    }
    out.extend_from_slice(&0u32.to_le_bytes());
    Ok(())
}

/// Writes the bytes of a value without its length. Numbers are converted between numeric types if nothing is lost; anything
/// else that does not have the column's type is a mismatch.
pub fn put_body(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), ValueMismatch> {
    let mismatch = ValueMismatch(kind);
    match (kind, value) {
        (SqlType::Bit, Value::Bit(bit)) => out.push(u8::from(*bit)),
        (SqlType::Bit, Value::Int(number)) => out.push(u8::from(*number != 0)),
        (SqlType::Date, Value::Date(date)) => dates::put_date(out, *date).ok_or(mismatch)?,
        (SqlType::DateTime2(scale), Value::DateTime(moment)) => {
            dates::put_datetime2(out, *moment, scale).ok_or(mismatch)?;
        }
        (SqlType::DateTime, Value::DateTime(moment)) => {
            dates::put_datetime(out, *moment).ok_or(mismatch)?;
        }
        (SqlType::DateTimeOffset(scale), Value::DateTimeOffset(moment)) => {
            dates::put_offset(out, *moment, scale).ok_or(mismatch)?;
        }
        (SqlType::Guid, Value::Guid(guid)) => out.extend_from_slice(&swap_guid(*guid)),
        (SqlType::NVarChar(limit), Value::Text(text)) => {
            let start = out.len();
            out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            check_length(out.len() - start, limit.map(|units| usize::from(units) * 2), mismatch)?;
        }
        (SqlType::VarChar(limit), Value::Text(text)) => {
            let bytes = encode_cp1252(text);
            check_length(bytes.len(), limit.map(usize::from), mismatch)?;
            out.extend_from_slice(&bytes);
        }
        (SqlType::VarBinary(limit), Value::Bytes(bytes)) => {
            check_length(bytes.len(), limit.map(usize::from), mismatch)?;
            out.extend_from_slice(bytes);
        }
        _ => return put_number(out, kind, value),
    }
    Ok(())
}

fn check_length(length: usize, limit: Option<usize>, mismatch: ValueMismatch) -> Result<(), ValueMismatch> {
    match limit {
        Some(limit) if length > limit => Err(mismatch),
        _ => Ok(()),
    }
}

fn put_number(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), ValueMismatch> {
    let mismatch = ValueMismatch(kind);
    match kind {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            let number = match value {
                Value::Bit(bit) => i64::from(*bit),
                Value::Int(number) => *number,
                _ => return Err(mismatch),
            };
            put_integer(out, kind, number).ok_or(mismatch)
        }
        SqlType::Real | SqlType::Float => {
            let number = match value {
                Value::Float(number) => *number,
                #[expect(clippy::cast_precision_loss, reason = "as SQL Server converts")]
                Value::Int(number) => *number as f64,
                #[expect(clippy::cast_precision_loss, reason = "as SQL Server converts")]
                Value::Decimal(number, scale) => *number as f64 / 10f64.powi(i32::from(*scale)),
                _ => return Err(mismatch),
            };
            if kind == SqlType::Real {
                #[expect(clippy::cast_possible_truncation, reason = "the column is a real")]
                out.extend_from_slice(&(number as f32).to_le_bytes());
            } else {
                out.extend_from_slice(&number.to_le_bytes());
            }
            Ok(())
        }
        SqlType::Decimal { precision, scale } => {
            let (number, from) = match value {
                Value::Decimal(number, from) => (*number, *from),
                Value::Int(number) => (i128::from(*number), 0),
                _ => return Err(mismatch),
            };
            let number = rescale(number, from, scale).ok_or(mismatch)?;
            if number.unsigned_abs() >= 10u128.pow(precision.min(38).into()) {
                return Err(mismatch);
            }
            out.push(u8::from(number >= 0));
            let length = usize::from(decimal_length(precision)) - 1;
            out.extend_from_slice(&number.unsigned_abs().to_le_bytes()[..length]);
            Ok(())
        }
        _ => Err(mismatch),
    }
}

fn put_integer(out: &mut Vec<u8>, kind: SqlType, number: i64) -> Option<()> {
    match kind {
        SqlType::TinyInt => out.push(u8::try_from(number).ok()?),
        SqlType::SmallInt => {
            out.extend_from_slice(&i16::try_from(number).ok()?.to_le_bytes());
        }
        SqlType::Int => out.extend_from_slice(&i32::try_from(number).ok()?.to_le_bytes()),
        _ => out.extend_from_slice(&number.to_le_bytes()),
    }
    Some(())
}

/// Changes the number of digits after the point, rounding half away from zero.
fn rescale(number: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return number.checked_mul(10i128.checked_pow(u32::from(to - from))?);
    }
    let factor = 10i128.checked_pow(u32::from(from - to))?;
    let half = factor / 2 * number.signum();
    Some(number.checked_add(half)? / factor)
}

/// Reads a variant.
pub fn read_variant(reader: &mut ByteReader<'_>) -> Result<Value, DecodeError> {
    let total = usize::try_from(reader.u32()?).map_err(|_| DecodeError::TooShort)?;
    if total == 0 {
        return Ok(Value::Null);
    }
    let mut inner = ByteReader::new(reader.take(total)?);
    let byte = inner.u8()?;
    let count = usize::from(inner.u8()?);
    let mut properties = ByteReader::new(inner.take(count)?);
    let content = match byte {
        0x24 => ContentType::Guid,
        0x28 => ContentType::Date,
        0x29..=0x2B => TypeInfo::scaled(byte, properties.u8()?)?.content,
        0x6A | 0x6C => TypeInfo::decimal(properties.u8()?, properties.u8()?)?.content,
        0xA5 | 0xAD => string_type(ContentType::Binary, 1).content,
        0xA7 | 0xAF => ContentType::Cp1252,
        0xE7 | 0xEF => ContentType::Utf16,
        other => match TypeInfo::fixed(other) {
            Some(info) if info.kind.is_some() => info.content,
            _ => return Err(DecodeError::UnsupportedType(other)),
        },
    };
    interpret(content, inner.rest())
}

/// Writes a variant, whose type is the value's.
pub fn write_variant(out: &mut Vec<u8>, value: &Value) -> Result<(), ValueMismatch> {
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
        Value::Text(_) => (SqlType::NVarChar(Some(4000)), variant_header(0xE7, &COLLATION, 8000)),
        Value::Bytes(_) => (SqlType::VarBinary(Some(8000)), variant_header(0xA5, &[], 8000)),
        Value::Guid(_) => (SqlType::Guid, vec![0x24, 0]),
        Value::Date(_) => (SqlType::Date, vec![0x28, 0]),
        Value::DateTime(_) => (SqlType::DateTime2(7), vec![0x2A, 1, 7]),
        Value::DateTimeOffset(_) => (SqlType::DateTimeOffset(7), vec![0x2B, 1, 7]),
    };
    let mut body = head;
    put_body(&mut body, kind, value)?;
    let length = u32::try_from(body.len()).map_err(|_| ValueMismatch(SqlType::Variant))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.append(&mut body);
    Ok(())
}

/// Returns the header of a type with a length.
fn variant_header(byte: u8, collation: &[u8], length: u16) -> Vec<u8> {
    let count = u8::try_from(collation.len() + 2).unwrap_or(2);
    [&[byte, count], collation, &length.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    use super::*;
    use crate::tds::types;

    fn through(kind: SqlType, value: &Value) -> Result<(Option<SqlType>, Value), ValueMismatch> {
        let mut out = Vec::new();
        types::encode(&mut out, kind);
        write(&mut out, kind, value)?;
        let mut reader = ByteReader::new(&out);
        let info = TypeInfo::decode(&mut reader).expect("the announced type");
        let read = read(&mut reader, info).expect("the written value");
        assert!(reader.is_empty(), "{kind:?} left bytes behind");
        Ok((info.kind, read))
    }

    fn cases() -> Vec<(SqlType, Value)> {
        let decimal = |precision, scale| SqlType::Decimal { precision, scale };
        vec![
            (SqlType::Bit, Value::Bit(true)),
            (SqlType::TinyInt, Value::Int(255)),
            (SqlType::SmallInt, Value::Int(-32768)),
            (SqlType::Int, Value::Int(-2_147_483_648)),
            (SqlType::BigInt, Value::Int(i64::MIN)),
            (SqlType::Real, Value::Float(-1.5)),
            (SqlType::Float, Value::Float(1e300)),
            (decimal(9, 2), Value::Decimal(-12_345, 2)),
            (decimal(19, 4), Value::Decimal(i128::from(i64::MAX), 4)),
            (decimal(28, 0), Value::Decimal(10i128.pow(28) - 1, 0)),
            (decimal(38, 38), Value::Decimal(1 - 10i128.pow(38), 38)),
            (SqlType::NVarChar(Some(4)), Value::Text("žπ🐙".to_owned())),
            (SqlType::NVarChar(Some(1)), Value::Text(String::new())),
            (SqlType::NVarChar(None), Value::Text("漢".repeat(40_000))),
            (SqlType::NVarChar(None), Value::Text(String::new())),
            (SqlType::VarChar(Some(3)), Value::Text("a€ÿ".to_owned())),
            (SqlType::VarChar(None), Value::Text("x".repeat(70_000))),
            (SqlType::VarBinary(Some(2)), Value::Bytes(vec![0, 255])),
            (SqlType::VarBinary(None), Value::Bytes(vec![1; 70_000])),
            (SqlType::Guid, Value::Guid(*b"0123456789abcdef")),
            (SqlType::Date, Value::Date(date!(9999 - 12 - 31))),
            (SqlType::DateTime2(0), Value::DateTime(datetime!(0001-01-01 23:59:59))),
            (SqlType::DateTime2(7), Value::DateTime(datetime!(2026-11-21 1:02:03.000_000_1))),
            (SqlType::DateTime, Value::DateTime(datetime!(2026-11-21 1:02:03.003))),
            (SqlType::DateTimeOffset(7), Value::DateTimeOffset(datetime!(2026-11-21 1:02:03 -9:30))),
        ]
    }

    #[test]
    fn every_type_survives() {
        for (kind, value) in cases() {
            assert_eq!(through(kind, &value), Ok((Some(kind), value)));
        }
    }

    #[test]
    fn every_type_has_its_null() {
        for (kind, _) in cases() {
            assert_eq!(through(kind, &Value::Null), Ok((Some(kind), Value::Null)));
        }
    }

    #[test]
    fn a_variant_carries_any_value_with_its_type() {
        for (_, value) in cases() {
            let mut out = Vec::new();
            if write_variant(&mut out, &value).is_err() {
                // Only values longer than 8,000 bytes do not fit.
                assert!(
                    matches!(&value, Value::Text(text) if text.len() > 8000)
                        || matches!(&value, Value::Bytes(bytes) if bytes.len() > 8000)
                );
                continue;
            }
            let read = read_variant(&mut ByteReader::new(&out));
            assert_eq!(read, Ok(value));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_is_never_cut() {
        let short = SqlType::NVarChar(Some(2));
        assert_eq!(through(short, &Value::Text("abc".to_owned())), Err(ValueMismatch(short)));
        assert_eq!(through(SqlType::TinyInt, &Value::Int(-1)), Err(ValueMismatch(SqlType::TinyInt)));
        let small = SqlType::Decimal { precision: 2, scale: 0 };
        assert_eq!(through(small, &Value::Int(100)), Err(ValueMismatch(small)));
        assert_eq!(through(SqlType::Guid, &Value::Int(1)), Err(ValueMismatch(SqlType::Guid)));
    }

    #[test]
    fn a_decimal_takes_its_columns_scale() {
        let kind = SqlType::Decimal { precision: 9, scale: 1 };
        let (_, read) = through(kind, &Value::Decimal(-1_250, 3)).expect("fits");
        assert_eq!(read, Value::Decimal(-13, 1));
    }

    proptest! {
        #[test]
        fn any_text_survives(text: String) {
            let value = Value::Text(text);
            prop_assert_eq!(through(SqlType::NVarChar(None), &value).expect("fits").1, value);
        }

        #[test]
        fn any_float_survives(number: f64) {
            prop_assume!(!number.is_nan());
            let value = Value::Float(number);
            prop_assert_eq!(through(SqlType::Float, &value).expect("fits").1, value);
        }

        #[test]
        fn garbage_variants_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read_variant(&mut ByteReader::new(&bytes));
        }
    }
}
