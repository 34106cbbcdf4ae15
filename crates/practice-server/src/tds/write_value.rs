//! Values onto the wire. Source: [MS-TDS] 2.2.5.5.

use crate::value::{SqlType, Value};

use super::kinds::decimal_length;
use super::read_value::swap_guid;
use super::{cp1252, dates, variant};

/// The engine gave a value that its own column cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value does not fit its column of type {0:?}")]
pub struct Misfit(pub SqlType);

/// Writes a value of a column or parameter, its length in front.
///
/// On an error `out` is as it was before.
pub fn write(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), Misfit> {
    match kind {
        SqlType::Variant => return variant::write(out, value),
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
    put(&mut body, kind, value)?;
    let misfit = |_| Misfit(kind);
    if short {
        let length = u16::try_from(body.len()).map_err(misfit)?;
        out.extend_from_slice(&length.to_le_bytes());
    } else {
        out.push(u8::try_from(body.len()).map_err(misfit)?);
    }
    out.append(&mut body);
    Ok(())
}

/// A `max` value: its total, one chunk, an end.
fn write_chunks(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), Misfit> {
    if *value == Value::Null {
        out.extend_from_slice(&u64::MAX.to_le_bytes());
        return Ok(());
    }
    let mut body = Vec::new();
    put(&mut body, kind, value)?;
    let length = u32::try_from(body.len()).map_err(|_| Misfit(kind))?;
    out.extend_from_slice(&u64::from(length).to_le_bytes());
    if length > 0 {
        out.extend_from_slice(&length.to_le_bytes());
        out.append(&mut body);
    }
    out.extend_from_slice(&0u32.to_le_bytes());
    Ok(())
}

/// A value's bytes alone. Numbers move between the numeric types where nothing is lost; anything else that is not of
/// the column's type is a misfit.
pub fn put(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), Misfit> {
    let misfit = Misfit(kind);
    match (kind, value) {
        (SqlType::Bit, Value::Bit(bit)) => out.push(u8::from(*bit)),
        (SqlType::Bit, Value::Int(number)) => out.push(u8::from(*number != 0)),
        (SqlType::Date, Value::Date(date)) => dates::put_date(out, *date).ok_or(misfit)?,
        (SqlType::DateTime2(scale), Value::DateTime(moment)) => {
            dates::put_datetime2(out, *moment, scale).ok_or(misfit)?;
        }
        (SqlType::DateTime, Value::DateTime(moment)) => {
            dates::put_datetime(out, *moment).ok_or(misfit)?;
        }
        (SqlType::DateTimeOffset(scale), Value::DateTimeOffset(moment)) => {
            dates::put_offset(out, *moment, scale).ok_or(misfit)?;
        }
        (SqlType::Guid, Value::Guid(guid)) => out.extend_from_slice(&swap_guid(*guid)),
        (SqlType::NVarChar(limit), Value::Text(text)) => {
            let start = out.len();
            out.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            within(out.len() - start, limit.map(|units| usize::from(units) * 2), misfit)?;
        }
        (SqlType::VarChar(limit), Value::Text(text)) => {
            let bytes = cp1252::encode(text);
            within(bytes.len(), limit.map(usize::from), misfit)?;
            out.extend_from_slice(&bytes);
        }
        (SqlType::VarBinary(limit), Value::Bytes(bytes)) => {
            within(bytes.len(), limit.map(usize::from), misfit)?;
            out.extend_from_slice(bytes);
        }
        _ => return put_number(out, kind, value),
    }
    Ok(())
}

fn within(length: usize, limit: Option<usize>, misfit: Misfit) -> Result<(), Misfit> {
    match limit {
        Some(limit) if length > limit => Err(misfit),
        _ => Ok(()),
    }
}

fn put_number(out: &mut Vec<u8>, kind: SqlType, value: &Value) -> Result<(), Misfit> {
    let misfit = Misfit(kind);
    match kind {
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => {
            let number = match value {
                Value::Bit(bit) => i64::from(*bit),
                Value::Int(number) => *number,
                _ => return Err(misfit),
            };
            put_integer(out, kind, number).ok_or(misfit)
        }
        SqlType::Real | SqlType::Float => {
            let number = match value {
                Value::Float(number) => *number,
                #[expect(clippy::cast_precision_loss, reason = "as SQL Server converts")]
                Value::Int(number) => *number as f64,
                #[expect(clippy::cast_precision_loss, reason = "as SQL Server converts")]
                Value::Decimal(number, scale) => *number as f64 / 10f64.powi(i32::from(*scale)),
                _ => return Err(misfit),
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
                _ => return Err(misfit),
            };
            let number = rescale(number, from, scale).ok_or(misfit)?;
            if number.unsigned_abs() >= 10u128.pow(precision.min(38).into()) {
                return Err(misfit);
            }
            out.push(u8::from(number >= 0));
            let length = usize::from(decimal_length(precision)) - 1;
            out.extend_from_slice(&number.unsigned_abs().to_le_bytes()[..length]);
            Ok(())
        }
        _ => Err(misfit),
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

/// The same number with another count of digits after the point, rounded half away from zero.
fn rescale(number: i128, from: u8, to: u8) -> Option<i128> {
    if to >= from {
        return number.checked_mul(10i128.checked_pow(u32::from(to - from))?);
    }
    let factor = 10i128.checked_pow(u32::from(from - to))?;
    let half = factor / 2 * number.signum();
    Some(number.checked_add(half)? / factor)
}
