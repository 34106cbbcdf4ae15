//! Converts values: between types, implicitly and by `CAST` and `CONVERT`; to text; and between `SQLite` and the wire.
//!
//! In `SQLite` integers and bits are integers; decimals are integers scaled by their declared scale; dates and times without an
//! offset are ticks; dates with an offset are text that sorts; unique identifiers are upper-case text.

use std::fmt::Write as _;

use rusqlite::types::Value as Stored;

use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::instant;
use crate::engine::types::{self, name};
use crate::value::{SqlType, Value};

/// Converts a value. Text that is too long is truncated, as by `CAST`; see [`for_column`] for columns.
pub(crate) fn convert(value: Stored, from: SqlType, to: SqlType, style: i64) -> Result<Stored, SqlError> {
    if value == Stored::Null {
        return Ok(value);
    }
    let from = if from == SqlType::Variant { type_of_value(&value) } else { from };
    match to {
        SqlType::Variant => Ok(value),
        SqlType::Bit => to_bit(value, from),
        SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt => to_integer(value, from, to),
        SqlType::Real | SqlType::Float => to_float(value, from, to),
        SqlType::Decimal { precision, scale } => to_decimal(value, from, precision, scale),
        SqlType::NVarChar(length) | SqlType::VarChar(length) => {
            let text = to_text(value, from, to, style)?;
            Ok(Stored::Text(truncate(text, length)))
        }
        SqlType::VarBinary(length) => to_binary(value, from, length, style),
        SqlType::Guid => to_guid(value, from),
        SqlType::Date | SqlType::DateTime | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) => to_moment(&value, from, to),
    }
}

fn type_of_value(value: &Stored) -> SqlType {
    match value {
        Stored::Integer(_) => SqlType::BigInt,
        Stored::Real(_) => SqlType::Float,
        Stored::Blob(_) => SqlType::VarBinary(None),
        Stored::Text(_) | Stored::Null => SqlType::NVarChar(None),
    }
}

fn truncate(text: String, length: Option<u16>) -> String {
    match length {
        Some(length) if utf16_len(&text) > usize::from(length) => {
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

/// Returns the length as SQL Server counts it.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn conversion_not_allowed(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(529, format!("Explicit conversion from data type {} to {} is not allowed.", name(from), name(to)))
        .state(2)
        .scope(ErrorScope::Compile)
}

fn conversion_failed(text: &str, from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(245, format!("Conversion failed when converting the {} value '{text}' to data type {}.", name(from), name(to)))
        .scope(ErrorScope::Doom)
}

fn error_converting(from: SqlType, to: SqlType) -> SqlError {
    SqlError::new(8114, format!("Error converting data type {} to {}.", name(from), name(to))).state(5).scope(ErrorScope::Doom)
}

/// Creates error 8115.
pub(crate) fn overflow(to: SqlType) -> SqlError {
    SqlError::new(8115, format!("Arithmetic overflow error converting expression to data type {}.", name(to)))
        .state(2)
        .terminated()
}

fn to_bit(value: Stored, from: SqlType) -> Result<Stored, SqlError> {
    let set = match value {
        Stored::Integer(number) if !types::is_temporal(from) => number != 0,
        Stored::Real(number) => number != 0.0,
        Stored::Text(text) if types::is_text(from) => match text.trim().to_lowercase().as_str() {
            "true" => true,
            "false" => false,
            trimmed => trimmed.parse::<i64>().map_err(|_| conversion_failed(&text, from, SqlType::Bit))? != 0,
        },
        Stored::Blob(bytes) => bytes.iter().any(|byte| *byte != 0),
        _ => return Err(conversion_not_allowed(from, SqlType::Bit)),
    };
    Ok(Stored::Integer(i64::from(set)))
}

fn integer_range(kind: SqlType) -> (i64, i64) {
    match kind {
        SqlType::TinyInt => (0, 255),
        SqlType::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
        SqlType::Int => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    }
}

fn to_integer(value: Stored, from: SqlType, to: SqlType) -> Result<Stored, SqlError> {
    let number = match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => number / 10_i64.pow(u32::from(scale)),
        (Stored::Integer(number), from) if types::is_integer(from) => {
            let (low, high) = integer_range(to);
            if number < low || number > high {
                return Err(if matches!(to, SqlType::TinyInt | SqlType::SmallInt) {
                    SqlError::new(220, format!("Arithmetic overflow error for data type {}, value = {number}.", name(to)))
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
        (Stored::Text(text), from) if types::is_text(from) => {
            let trimmed = text.trim();
            let trimmed = if trimmed.is_empty() { "0" } else { trimmed };
            match trimmed.strip_prefix('+').unwrap_or(trimmed).parse::<i64>() {
                Ok(number) => {
                    let (low, high) = integer_range(to);
                    if number < low || number > high {
                        return Err(integer_overflow(&text, from, to));
                    }
                    number
                }
                Err(_) if to == SqlType::BigInt => return Err(error_converting(from, to)),
                Err(_) if !trimmed.is_empty() && trimmed.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) => {
                    return Err(integer_overflow(&text, from, to));
                }
                Err(_) => return Err(conversion_failed(&text, from, to)),
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
        (_, from) => return Err(conversion_not_allowed(from, to)),
    };
    let (low, high) = integer_range(to);
    if number < low || number > high { Err(overflow(to)) } else { Ok(Stored::Integer(number)) }
}

fn integer_overflow(text: &str, from: SqlType, to: SqlType) -> SqlError {
    let error = if to == SqlType::Int {
        SqlError::new(248, format!("The conversion of the {} value '{text}' overflowed an int column.", name(from)))
    } else {
        SqlError::new(
            244,
            format!(
                "The conversion of the {} value '{text}' overflowed an {} column. Use a larger integer column.",
                name(from),
                if to == SqlType::TinyInt { "INT1" } else { "INT2" }
            ),
        )
    };
    error.scope(ErrorScope::Doom)
}

#[expect(clippy::cast_precision_loss, reason = "float has no more precision")]
fn to_float(value: Stored, from: SqlType, to: SqlType) -> Result<Stored, SqlError> {
    let number = match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => number as f64 / 10_f64.powi(i32::from(scale)),
        (Stored::Integer(number), from) if types::is_integer(from) => number as f64,
        (Stored::Real(number), _) => number,
        (Stored::Text(text), from) if types::is_text(from) => {
            let trimmed = text.trim();
            let plain = trimmed.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            if trimmed.is_empty() {
                0.0
            } else {
                trimmed.parse().ok().filter(|_| plain).ok_or_else(|| error_converting(from, to))?
            }
        }
        (_, from) => return Err(conversion_not_allowed(from, to)),
    };
    #[expect(clippy::cast_possible_truncation, reason = "real has no more precision")]
    Ok(Stored::Real(if to == SqlType::Real { f64::from(number as f32) } else { number }))
}

/// Changes the scale, rounding half away from zero.
pub(crate) fn rescale(number: i128, from: u8, to: u8) -> i128 {
    if to >= from {
        return number.saturating_mul(10_i128.pow(u32::from(to - from)));
    }
    let unit = 10_i128.pow(u32::from(from - to));
    let half = unit / 2 * number.signum();
    (number + half) / unit
}

fn to_decimal(value: Stored, from: SqlType, precision: u8, scale: u8) -> Result<Stored, SqlError> {
    let to = SqlType::Decimal { precision, scale };
    let number = match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale: old, .. }) => rescale(i128::from(number), old, scale),
        (Stored::Integer(number), from) if types::is_integer(from) => rescale(i128::from(number), 0, scale),
        #[expect(clippy::cast_possible_truncation, reason = "checked against the precision below")]
        (Stored::Real(number), _) => (number * 10_f64.powi(i32::from(scale))).round() as i128,
        (Stored::Text(text), from) if types::is_text(from) => {
            let (unscaled, old) = parse_decimal(text.trim()).ok_or_else(|| error_converting(from, to))?;
            rescale(unscaled, old, scale)
        }
        (_, from) => return Err(conversion_not_allowed(from, to)),
    };
    if number.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
        return Err(SqlError::new(
            8115,
            format!(
                "Arithmetic overflow error converting {} to data type numeric.",
                if types::is_text(from) { name(from) } else { "numeric" }
            ),
        )
        .state(8)
        .terminated());
    }
    i64::try_from(number).map(Stored::Integer).map_err(|_| overflow(to))
}

/// Parses `12.50` as 1250 and 2.
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

fn to_binary(value: Stored, from: SqlType, length: Option<u16>, style: i64) -> Result<Stored, SqlError> {
    let bytes = match (value, from) {
        (Stored::Blob(bytes), _) => bytes,
        (Stored::Text(text), SqlType::Guid) => parse_guid(&text)
            .map(|bytes| {
                let mut mixed = bytes;
                mixed[..4].reverse();
                mixed[4..6].reverse();
                mixed[6..8].reverse();
                mixed.to_vec()
            })
            .unwrap_or_default(),
        (Stored::Text(text), from) if types::is_text(from) => match style {
            0 if matches!(from, SqlType::NVarChar(_)) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            0 => text.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect(),
            1 | 2 => {
                let hex =
                    if style == 1 { text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) } else { Some(text.as_str()) };
                hex.and_then(|hex| data_encoding::HEXUPPER_PERMISSIVE.decode(hex.as_bytes()).ok())
                    .ok_or_else(|| error_converting(from, SqlType::VarBinary(length)))?
            }
            _ => {
                return Err(SqlError::unsupported(format!("The style {style} of CONVERT")));
            }
        },
        (Stored::Integer(number), from) if types::is_integer(from) => {
            let bytes = number.to_be_bytes();
            let size = usize::try_from(types::measure(from).0).unwrap_or(8);
            bytes[8 - size..].to_vec()
        }
        (_, from) => {
            return Err(SqlError::unsupported(format!("Converting {} to varbinary", name(from))));
        }
    };
    let keep = length.map_or(bytes.len(), usize::from);
    // A number keeps its low bytes, other values their first.
    let kept = if types::is_integer(from) {
        bytes[bytes.len().saturating_sub(keep)..].to_vec()
    } else {
        bytes[..bytes.len().min(keep)].to_vec()
    };
    Ok(Stored::Blob(kept))
}

fn to_guid(value: Stored, from: SqlType) -> Result<Stored, SqlError> {
    match value {
        Stored::Text(text) => parse_guid(&text).map(|bytes| Stored::Text(guid_text(&bytes))).ok_or_else(|| {
            SqlError::new(8169, "Conversion failed when converting from a character string to uniqueidentifier.")
                .state(2)
                .scope(ErrorScope::Doom)
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
        _ => Err(conversion_not_allowed(from, SqlType::Guid)),
    }
}

fn to_moment(value: &Stored, from: SqlType, to: SqlType) -> Result<Stored, SqlError> {
    let (local, offset) = match (value, from) {
        (Stored::Integer(ticks), from) if types::is_temporal(from) => (*ticks, None),
        (Stored::Text(text), SqlType::DateTimeOffset(_)) => {
            let (utc, minutes) = instant::offset_parts(text).unwrap_or_default();
            (utc + minutes * 60 * instant::SECOND, Some(minutes))
        }
        (Stored::Text(text), from) if types::is_text(from) => instant::parse(text).ok_or_else(|| {
            SqlError::new(241, "Conversion failed when converting date and/or time from character string.")
                .scope(ErrorScope::Doom)
        })?,
        (_, from) => return Err(conversion_not_allowed(from, to)),
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
        _ => return Err(conversion_not_allowed(from, to)),
    })
}

/// Pads a value of a fixed-length type.
pub(crate) fn pad(value: Stored, kind: SqlType) -> Stored {
    match (value, kind) {
        (Stored::Text(mut text), SqlType::NVarChar(Some(length)) | SqlType::VarChar(Some(length))) => {
            let missing = usize::from(length).saturating_sub(utf16_len(&text));
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

/// Converts for a column: a value that does not fit is an error (the inner `Err` has the text that SQL Server would have
/// truncated to).
pub(crate) fn for_column(value: Stored, from: SqlType, to: SqlType) -> Result<Result<Stored, String>, SqlError> {
    if value != Stored::Null && needs_explicit_cast(from, to) {
        return Err(SqlError::new(206, format!("Operand type clash: {} is incompatible with {}", name(from), name(to)))
            .state(2)
            .scope(ErrorScope::Compile));
    }
    match to {
        SqlType::NVarChar(Some(limit)) => {
            let Stored::Text(text) = convert(value, from, SqlType::NVarChar(None), 0)? else {
                return Ok(Ok(Stored::Null));
            };
            Ok(fit_length(text, limit))
        }
        SqlType::VarChar(Some(limit)) => {
            let Stored::Text(text) = convert(value, from, SqlType::VarChar(None), 0)? else {
                return Ok(Ok(Stored::Null));
            };
            Ok(fit_length(text, limit))
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

fn fit_length(text: String, limit: u16) -> Result<Stored, String> {
    if utf16_len(&text) <= usize::from(limit) {
        return Ok(Stored::Text(text));
    }
    // Excess trailing blanks are truncated silently.
    let shown = truncate(text.clone(), Some(limit));
    if text[shown.len()..].chars().all(|char| char == ' ') { Ok(Stored::Text(shown)) } else { Err(shown) }
}

/// Returns whether only an explicit conversion exists between the types.
fn needs_explicit_cast(from: SqlType, to: SqlType) -> bool {
    let binary = |kind| matches!(kind, SqlType::VarBinary(_));
    (types::is_text(from) && binary(to))
        || (types::is_temporal(from)
            && (types::is_integer(to) || matches!(to, SqlType::Decimal { .. } | SqlType::Float | SqlType::Real)))
        || (types::is_integer(from)
            && matches!(to, SqlType::Date | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_) | SqlType::Guid))
}

/// Formats 1250 and 2 as `12.50`.
pub(crate) fn decimal_text(number: i64, scale: u8) -> String {
    if scale == 0 {
        return number.to_string();
    }
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    format!("{}{whole}.{fraction}", if number < 0 { "-" } else { "" })
}

/// Returns the text of a value, before it is truncated to a length.
pub(super) fn to_text(value: Stored, from: SqlType, to: SqlType, style: i64) -> Result<String, SqlError> {
    let limit = match to {
        SqlType::NVarChar(length) | SqlType::VarChar(length) => length.map_or(usize::MAX, usize::from),
        _ => usize::MAX,
    };
    let numeric = |text: String| {
        if text.len() <= limit {
            return Ok(text);
        }
        // A number that does not fit becomes a star for the types for which SQL Server does so, else an error.
        if matches!(from, SqlType::Int | SqlType::SmallInt | SqlType::TinyInt) && matches!(to, SqlType::VarChar(_)) {
            Ok("*".to_owned())
        } else {
            Err(SqlError::new(
                8115,
                format!(
                    "Arithmetic overflow error converting {} to data type {}.",
                    if types::is_integer(from) { "expression" } else { name(from) },
                    name(to)
                ),
            )
            .state(2)
            .terminated())
        }
    };
    match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => numeric(decimal_text(number, scale)),
        (Stored::Integer(ticks), from) if types::is_temporal(from) => date_text(ticks, None, from, style),
        (Stored::Integer(number), _) => numeric(number.to_string()),
        (Stored::Real(number), _) => Ok(float_text(number)),
        (Stored::Text(text), SqlType::DateTimeOffset(_)) => match instant::offset_parts(&text) {
            Some((utc, minutes)) => date_text(utc + minutes * 60 * instant::SECOND, Some(minutes), from, style),
            None => Ok(text),
        },
        (Stored::Text(text), _) => Ok(text),
        (Stored::Blob(bytes), _) => Ok(match style {
            1 => format!("0x{}", data_encoding::HEXUPPER.encode(&bytes)),
            2 => data_encoding::HEXUPPER.encode(&bytes),
            _ if matches!(to, SqlType::NVarChar(_)) => {
                let units: Vec<u16> =
                    bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])).collect();
                String::from_utf16_lossy(&units)
            }
            _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
        }),
        (Stored::Null, _) => Ok(String::new()),
    }
}

fn float_text(number: f64) -> String {
    // Style 0 has six significant digits.
    let magnitude = number.abs();
    if number == 0.0 {
        return "0".to_owned();
    }
    if !(1e-5..1e15).contains(&magnitude) || (magnitude >= 1e6 && number.fract() != 0.0 && magnitude >= 1e15) {
        let text = format!("{number:.5e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
        let exponent: i32 = exponent.parse().unwrap_or(0);
        return format!("{mantissa}e{}{:03}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a float's exponent is small")]
    let whole_digits = magnitude.log10().floor() as i32 + 1;
    if whole_digits > 6 {
        let text = format!("{number:.5e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        return format!("{mantissa}e+{exponent:0>3}");
    }
    let digits = usize::try_from(6 - whole_digits).unwrap_or(0);
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn date_text(local: i64, offset: Option<i64>, from: SqlType, style: i64) -> Result<String, SqlError> {
    let scale = match from {
        SqlType::DateTime2(scale) | SqlType::DateTimeOffset(scale) => scale,
        SqlType::DateTime => 3,
        _ => 0,
    };
    let suffix = offset.map(instant::offset_suffix);
    let spaced = suffix.as_ref().map(|suffix| format!(" {suffix}")).unwrap_or_default();
    let date = from == SqlType::Date;
    let full = |scale: u8, separator: char| instant::iso_text(local, scale, separator);
    Ok(match style {
        23 => full(0, ' ')[..10].to_owned(),
        112 => full(0, ' ')[..10].replace('-', ""),
        20 | 120 if !date => format!("{}{spaced}", full(0, ' ')),
        21 | 25 | 121 if !date => format!("{}{spaced}", full(scale, ' ')),
        126 | 127 if !date => {
            // The `T` forms omit a zero fraction for datetime; datetime2 keeps its digits.
            let whole = from == SqlType::DateTime && local % instant::SECOND == 0;
            let text = full(if whole { 0 } else { scale }, 'T');
            match (style, suffix) {
                (126, Some(suffix)) => format!("{text}{suffix}"),
                (127, Some(_)) => {
                    format!("{}Z", instant::iso_text(local - offset.unwrap_or(0) * 60 * instant::SECOND, scale, 'T'))
                }
                _ => text,
            }
        }
        0 | 20 | 21 | 25 | 120 | 121 | 126 | 127 if date => full(0, ' ')[..10].to_owned(),
        0 if from != SqlType::DateTime => format!("{}{spaced}", full(scale, ' ')),
        108 | 8 => full(0, ' ')[11..].to_owned(),
        0 => datetime_default_text(local),
        _ => {
            return Err(SqlError::unsupported(format!("The style {style} of CONVERT")));
        }
    })
}

/// Formats as `Jan  2 2026  3:04AM`, the default of `datetime`.
fn datetime_default_text(local: i64) -> String {
    let Some(at) = instant::from_ticks(local) else {
        return String::new();
    };
    let month = at.month().to_string();
    let (hour, half) = match at.hour() {
        0 => (12, "AM"),
        hour @ 1..=11 => (hour, "AM"),
        12 => (12, "PM"),
        hour => (hour - 12, "PM"),
    };
    format!("{} {:>2} {} {hour:>2}:{:02}{half}", &month[..3], at.day(), at.year(), at.minute())
}

/// Converts a stored value of a type for the wire.
pub(crate) fn to_wire(stored: Stored, kind: SqlType) -> Value {
    match (stored, kind) {
        (Stored::Null, _) => Value::Null,
        (Stored::Integer(number), SqlType::Bit) => Value::Bit(number != 0),
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => Value::Decimal(i128::from(number), scale),
        (Stored::Integer(ticks), SqlType::Date) => instant::from_ticks(ticks).map_or(Value::Null, |at| Value::Date(at.date())),
        (Stored::Integer(ticks), SqlType::DateTime | SqlType::DateTime2(_)) => {
            instant::from_ticks(ticks).map_or(Value::Null, Value::DateTime)
        }
        #[expect(clippy::cast_precision_loss, reason = "an aggregate of floats that happens to be whole")]
        (Stored::Integer(number), SqlType::Float | SqlType::Real) => Value::Float(number as f64),
        (Stored::Integer(number), _) => Value::Int(number),
        (Stored::Real(number), _) => Value::Float(number),
        (Stored::Text(text), SqlType::DateTimeOffset(_)) => {
            instant::offset_value(&text).map_or(Value::Null, Value::DateTimeOffset)
        }
        (Stored::Text(text), SqlType::Guid) => parse_guid(&text).map_or(Value::Null, Value::Guid),
        (Stored::Text(text), _) => Value::Text(text),
        (Stored::Blob(bytes), _) => Value::Bytes(bytes),
    }
}

/// Converts a value from the wire for storage.
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
        Value::Date(date) => (Stored::Integer(instant::to_ticks(date.midnight())), SqlType::Date),
        Value::DateTime(at) => (Stored::Integer(instant::to_ticks(*at)), SqlType::DateTime2(7)),
        Value::DateTimeOffset(at) => {
            let utc = at.to_offset(time::UtcOffset::UTC);
            let ticks = instant::to_ticks(time::PrimitiveDateTime::new(utc.date(), utc.time()));
            let minutes = i64::from(at.offset().whole_minutes());
            (Stored::Text(instant::offset_text(ticks, minutes)), SqlType::DateTimeOffset(7))
        }
    }
}

/// Formats a unique identifier.
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

/// Parses a unique identifier, with or without braces.
pub(crate) fn parse_guid(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(text);
    let dashes_stand = text.len() == 36 && text.char_indices().all(|(at, char)| (char == '-') == [8, 13, 18, 23].contains(&at));
    if !dashes_stand {
        return None;
    }
    let hex = text.replace('-', "").to_ascii_lowercase();
    data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}
