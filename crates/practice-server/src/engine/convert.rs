//! Conversions between types, implicit and by `CAST` and `CONVERT`.

use rusqlite::types::Value as Stored;

use super::fault::{Fault, Reach};
use super::instant;
use super::stored::{guid, guid_text};
use super::text::to_text;
use super::types::{self, name};
use crate::value::SqlType;

/// Converts a value. Text that is too long is cut, as `CAST` does; see [`assign`] for columns.
pub(crate) fn convert(value: Stored, from: SqlType, to: SqlType, style: i64) -> Result<Stored, Fault> {
    if value == Stored::Null {
        return Ok(value);
    }
    let from = if from == SqlType::Variant { of_value(&value) } else { from };
    match to {
        SqlType::Variant => Ok(value),
        SqlType::Bit => to_bit(value, from),
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => to_integer(value, from, to),
        SqlType::Real | SqlType::Float => to_float(value, from, to),
        SqlType::Decimal { precision, scale } => to_decimal(value, from, precision, scale),
        SqlType::NVarChar(length) | SqlType::VarChar(length) => {
            let text = to_text(value, from, to, style)?;
            Ok(Stored::Text(cut(text, length)))
        }
        SqlType::VarBinary(length) => to_binary(value, from, length, style),
        SqlType::Guid => to_guid(value, from),
        SqlType::Date | SqlType::DateTime | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) => to_moment(&value, from, to),
    }
}

fn of_value(value: &Stored) -> SqlType {
    match value {
        Stored::Integer(_) => SqlType::BigInt,
        Stored::Real(_) => SqlType::Float,
        Stored::Blob(_) => SqlType::VarBinary(None),
        Stored::Text(_) | Stored::Null => SqlType::NVarChar(None),
    }
}

fn cut(text: String, length: Option<u16>) -> String {
    match length {
        Some(length) if utf16(&text) > usize::from(length) => {
            let mut units = 0;
            text.chars()
                .take_while(|char| {
                    units += char.len_utf16();
                    units <= usize::from(length)
                })
                .collect()
        }
        _ => text,
    }
}

/// Length as SQL Server counts it.
pub(crate) fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn clash(from: SqlType, to: SqlType) -> Fault {
    Fault::new(529, format!("Explicit conversion from data type {} to {} is not allowed.", name(from), name(to)))
        .state(2)
        .reach(Reach::Compile)
}

fn failed(text: &str, from: SqlType, to: SqlType) -> Fault {
    Fault::new(245, format!("Conversion failed when converting the {} value '{text}' to data type {}.", name(from), name(to)))
        .reach(Reach::Doom)
}

fn error_converting(from: SqlType, to: SqlType) -> Fault {
    Fault::new(8114, format!("Error converting data type {} to {}.", name(from), name(to))).state(5).reach(Reach::Doom)
}

/// 8115
pub(crate) fn overflow(to: SqlType) -> Fault {
    Fault::new(8115, format!("Arithmetic overflow error converting expression to data type {}.", name(to))).state(2).terminated()
}

fn to_bit(value: Stored, from: SqlType) -> Result<Stored, Fault> {
    let set = match value {
        Stored::Integer(number) if !types::temporal(from) => number != 0,
        Stored::Real(number) => number != 0.0,
        Stored::Text(text) if types::text(from) => match text.trim().to_lowercase().as_str() {
            "true" => true,
            "false" => false,
            trimmed => trimmed.parse::<i64>().map_err(|_| failed(&text, from, SqlType::Bit))? != 0,
        },
        Stored::Blob(bytes) => bytes.iter().any(|byte| *byte != 0),
        _ => return Err(clash(from, SqlType::Bit)),
    };
    Ok(Stored::Integer(i64::from(set)))
}

fn range(kind: SqlType) -> (i64, i64) {
    match kind {
        SqlType::TinyInt => (0, 255),
        SqlType::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
        SqlType::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

fn to_integer(value: Stored, from: SqlType, to: SqlType) -> Result<Stored, Fault> {
    let number = match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => number / 10_i64.pow(u32::from(scale)),
        (Stored::Integer(number), from) if types::integer(from) => {
            let (low, high) = range(to);
            if number < low || number > high {
                return Err(if matches!(to, SqlType::TinyInt | SqlType::SmallInt) {
                    Fault::new(220, format!("Arithmetic overflow error for data type {}, value = {number}.", name(to)))
                        .state(if to == SqlType::TinyInt { 2 } else { 1 })
                        .terminated()
                } else {
                    overflow(to)
                });
            }
            number
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked against the range")]
        (Stored::Real(number), _) => {
            if number.abs() >= 9.2e18 {
                return Err(overflow(to));
            }
            number.trunc() as i64
        }
        (Stored::Text(text), from) if types::text(from) => {
            let trimmed = text.trim();
            let trimmed = if trimmed.is_empty() { "0" } else { trimmed };
            match trimmed.strip_prefix('+').unwrap_or(trimmed).parse::<i64>() {
                Ok(number) => {
                    let (low, high) = range(to);
                    if number < low || number > high {
                        return Err(too_large(&text, from, to));
                    }
                    number
                }
                Err(_) if to == SqlType::BigInt => return Err(error_converting(from, to)),
                Err(_) if !trimmed.is_empty() && trimmed.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) => {
                    return Err(too_large(&text, from, to));
                }
                Err(_) => return Err(failed(&text, from, to)),
            }
        }
        (Stored::Blob(bytes), _) => {
            let size = match to {
                SqlType::TinyInt => 1,
                SqlType::SmallInt => 2,
                SqlType::Int => 4,
                _ => 8,
            };
            let tail = &bytes[bytes.len().saturating_sub(size)..];
            let unsigned = tail.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
            #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the bytes are the number")]
            match to {
                SqlType::SmallInt => i64::from(unsigned as u16 as i16),
                SqlType::Int => i64::from(unsigned as u32 as i32),
                _ => unsigned as i64,
            }
        }
        (_, from) => return Err(clash(from, to)),
    };
    let (low, high) = range(to);
    if number < low || number > high { Err(overflow(to)) } else { Ok(Stored::Integer(number)) }
}

fn too_large(text: &str, from: SqlType, to: SqlType) -> Fault {
    let fault = if to == SqlType::Int {
        Fault::new(248, format!("The conversion of the {} value '{text}' overflowed an int column.", name(from)))
    } else {
        Fault::new(
            244,
            format!(
                "The conversion of the {} value '{text}' overflowed an {} column. Use a larger integer column.",
                name(from),
                if to == SqlType::TinyInt { "INT1" } else { "INT2" }
            ),
        )
    };
    fault.reach(Reach::Doom)
}

#[expect(clippy::cast_precision_loss, reason = "float has no more precision")]
fn to_float(value: Stored, from: SqlType, to: SqlType) -> Result<Stored, Fault> {
    let number = match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => number as f64 / 10_f64.powi(i32::from(scale)),
        (Stored::Integer(number), from) if types::integer(from) => number as f64,
        (Stored::Real(number), _) => number,
        (Stored::Text(text), from) if types::text(from) => {
            let trimmed = text.trim();
            let plain = trimmed.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            if trimmed.is_empty() {
                0.0
            } else {
                trimmed.parse().ok().filter(|_| plain).ok_or_else(|| error_converting(from, to))?
            }
        }
        (_, from) => return Err(clash(from, to)),
    };
    #[expect(clippy::cast_possible_truncation, reason = "real has no more precision")]
    Ok(Stored::Real(if to == SqlType::Real { f64::from(number as f32) } else { number }))
}

/// Rescales by rounding half away from zero.
pub(crate) fn rescale(number: i128, from: u8, to: u8) -> i128 {
    if to >= from {
        return number.saturating_mul(10_i128.pow(u32::from(to - from)));
    }
    let unit = 10_i128.pow(u32::from(from - to));
    let half = unit / 2 * number.signum();
    (number + half) / unit
}

fn to_decimal(value: Stored, from: SqlType, precision: u8, scale: u8) -> Result<Stored, Fault> {
    let to = SqlType::Decimal { precision, scale };
    let number = match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale: old, .. }) => rescale(i128::from(number), old, scale),
        (Stored::Integer(number), from) if types::integer(from) => rescale(i128::from(number), 0, scale),
        #[expect(clippy::cast_possible_truncation, reason = "checked against the precision below")]
        (Stored::Real(number), _) => (number * 10_f64.powi(i32::from(scale))).round() as i128,
        (Stored::Text(text), from) if types::text(from) => {
            let (unscaled, old) = parse_decimal(text.trim()).ok_or_else(|| error_converting(from, to))?;
            rescale(unscaled, old, scale)
        }
        (_, from) => return Err(clash(from, to)),
    };
    if number.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
        return Err(Fault::new(
            8115,
            format!(
                "Arithmetic overflow error converting {} to data type numeric.",
                if types::text(from) { name(from) } else { "numeric" }
            ),
        )
        .state(8)
        .terminated());
    }
    i64::try_from(number).map(Stored::Integer).map_err(|_| overflow(to))
}

/// `12.50` as 1250 and 2.
pub(crate) fn parse_decimal(text: &str) -> Option<(i128, u8)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || all.len() > 37 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i128 = all.parse().ok()?;
    Some((if negative { -number } else { number }, u8::try_from(fraction.len()).ok()?))
}

fn to_binary(value: Stored, from: SqlType, length: Option<u16>, style: i64) -> Result<Stored, Fault> {
    let bytes = match (value, from) {
        (Stored::Blob(bytes), _) => bytes,
        (Stored::Text(text), SqlType::Guid) => guid(&text)
            .map(|bytes| {
                let mut mixed = bytes;
                mixed[..4].reverse();
                mixed[4..6].reverse();
                mixed[6..8].reverse();
                mixed.to_vec()
            })
            .unwrap_or_default(),
        (Stored::Text(text), from) if types::text(from) => match style {
            0 if matches!(from, SqlType::NVarChar(_)) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            0 => text.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect(),
            1 | 2 => {
                let hex =
                    if style == 1 { text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) } else { Some(text.as_str()) };
                hex.and_then(|hex| data_encoding::HEXUPPER_PERMISSIVE.decode(hex.as_bytes()).ok())
                    .ok_or_else(|| error_converting(from, SqlType::VarBinary(length)))?
            }
            _ => return Err(Fault::unsupported(format!("The style {style} of CONVERT"))),
        },
        (Stored::Integer(number), from) if types::integer(from) => {
            let bytes = number.to_be_bytes();
            let size = usize::try_from(types::measures(from).0).unwrap_or(8);
            bytes[8 - size..].to_vec()
        }
        (_, from) => return Err(Fault::unsupported(format!("Converting {} to varbinary", name(from)))),
    };
    let keep = length.map_or(bytes.len(), usize::from);
    // A number keeps its low bytes, everything else its first.
    let kept = if types::integer(from) {
        bytes[bytes.len().saturating_sub(keep)..].to_vec()
    } else {
        bytes[..bytes.len().min(keep)].to_vec()
    };
    Ok(Stored::Blob(kept))
}

fn to_guid(value: Stored, from: SqlType) -> Result<Stored, Fault> {
    match value {
        Stored::Text(text) => guid(&text).map(|bytes| Stored::Text(guid_text(&bytes))).ok_or_else(|| {
            Fault::new(8169, "Conversion failed when converting from a character string to uniqueidentifier.")
                .state(2)
                .reach(Reach::Doom)
        }),
        Stored::Blob(bytes) => {
            let mut fixed = [0_u8; 16];
            for (to, from) in fixed.iter_mut().zip(bytes) {
                *to = from;
            }
            fixed[..4].reverse();
            fixed[4..6].reverse();
            fixed[6..8].reverse();
            Ok(Stored::Text(guid_text(&fixed)))
        }
        _ => Err(clash(from, SqlType::Guid)),
    }
}

fn to_moment(value: &Stored, from: SqlType, to: SqlType) -> Result<Stored, Fault> {
    let (local, offset) = match (value, from) {
        (Stored::Integer(ticks), from) if types::temporal(from) => (*ticks, None),
        (Stored::Text(text), SqlType::DateTimeOffset(_)) => {
            let (utc, minutes) = instant::offset_parts(text).unwrap_or_default();
            (utc + minutes * 60 * instant::SECOND, Some(minutes))
        }
        (Stored::Text(text), from) if types::text(from) => instant::parse(text).ok_or_else(|| {
            Fault::new(241, "Conversion failed when converting date and/or time from character string.").reach(Reach::Doom)
        })?,
        (_, from) => return Err(clash(from, to)),
    };
    Ok(match to {
        SqlType::Date => Stored::Integer(local / instant::DAY * instant::DAY),
        SqlType::DateTime => Stored::Integer(instant::rounded_datetime(local)),
        SqlType::DateTime2(scale) => Stored::Integer(instant::rounded(local, scale)),
        SqlType::DateTimeOffset(scale) => {
            let minutes = offset.unwrap_or(0);
            let utc = instant::rounded(local, scale) - minutes * 60 * instant::SECOND;
            Stored::Text(instant::offset_text(utc, minutes))
        }
        _ => return Err(clash(from, to)),
    })
}

/// Pads a value of a fixed-length type.
pub(crate) fn pad(value: Stored, kind: SqlType) -> Stored {
    match (value, kind) {
        (Stored::Text(mut text), SqlType::NVarChar(Some(length)) | SqlType::VarChar(Some(length))) => {
            let missing = usize::from(length).saturating_sub(utf16(&text));
            text.push_str(&" ".repeat(missing));
            Stored::Text(text)
        }
        (Stored::Blob(mut bytes), SqlType::VarBinary(Some(length))) => {
            bytes.resize(usize::from(length).max(bytes.len()), 0);
            Stored::Blob(bytes)
        }
        (value, _) => value,
    }
}

/// Converts for a column: what does not fit is an error (`None` for the text that SQL Server would have cut).
pub(crate) fn assign(value: Stored, from: SqlType, to: SqlType) -> Result<Result<Stored, String>, Fault> {
    if value != Stored::Null && implicit_refused(from, to) {
        return Err(Fault::new(206, format!("Operand type clash: {} is incompatible with {}", name(from), name(to)))
            .state(2)
            .reach(Reach::Compile));
    }
    match to {
        SqlType::NVarChar(Some(limit)) => {
            let Stored::Text(text) = convert(value, from, SqlType::NVarChar(None), 0)? else {
                return Ok(Ok(Stored::Null));
            };
            Ok(fitting(text, limit))
        }
        SqlType::VarChar(Some(limit)) => {
            let Stored::Text(text) = convert(value, from, SqlType::VarChar(None), 0)? else {
                return Ok(Ok(Stored::Null));
            };
            Ok(fitting(text, limit))
        }
        SqlType::VarBinary(Some(limit)) => {
            let Stored::Blob(bytes) = convert(value, from, SqlType::VarBinary(None), 0)? else {
                return Ok(Ok(Stored::Null));
            };
            Ok(if bytes.len() > usize::from(limit) { Err(String::new()) } else { Ok(Stored::Blob(bytes)) })
        }
        _ => convert(value, from, to, 0).map(Ok),
    }
}

fn fitting(text: String, limit: u16) -> Result<Stored, String> {
    if utf16(&text) <= usize::from(limit) {
        return Ok(Stored::Text(text));
    }
    // Blanks beyond the end are cut without a word.
    let shown = cut(text.clone(), Some(limit));
    if text[shown.len()..].chars().all(|char| char == ' ') { Ok(Stored::Text(shown)) } else { Err(shown) }
}

/// Pairs that only an explicit conversion bridges.
fn implicit_refused(from: SqlType, to: SqlType) -> bool {
    let binary = |kind| matches!(kind, SqlType::VarBinary(_));
    (types::text(from) && binary(to))
        || (types::temporal(from)
            && (types::integer(to) || matches!(to, SqlType::Decimal { .. } | SqlType::Float | SqlType::Real)))
        || (types::integer(from)
            && matches!(to, SqlType::Date | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) | SqlType::Guid))
}
