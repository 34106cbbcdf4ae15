//! Values as text: what `CAST` and `CONVERT` to a character type give.

use rusqlite::types::Value as Stored;

use super::fault::Fault;
use super::instant;
use super::types::{self, name};
use crate::value::SqlType;

/// 1250 and 2 as `12.50`.
pub(crate) fn decimal_text(number: i64, scale: u8) -> String {
    if scale == 0 {
        return number.to_string();
    }
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    format!("{}{whole}.{fraction}", if number < 0 { "-" } else { "" })
}

/// A value's text, before it is cut to a length.
pub(super) fn to_text(value: Stored, from: SqlType, to: SqlType, style: i64) -> Result<String, Fault> {
    let limit = match to {
        SqlType::NVarChar(length) | SqlType::VarChar(length) => length.map_or(usize::MAX, usize::from),
        _ => usize::MAX,
    };
    let numeric = |text: String| {
        if text.len() <= limit {
            return Ok(text);
        }
        // A number that does not fit is a star where SQL Server says so, and an error elsewhere.
        if matches!(from, SqlType::Int | SqlType::SmallInt | SqlType::TinyInt) && matches!(to, SqlType::VarChar(_)) {
            Ok("*".to_owned())
        } else {
            Err(Fault::new(
                8115,
                format!(
                    "Arithmetic overflow error converting {} to data type {}.",
                    if types::integer(from) { "expression" } else { name(from) },
                    name(to)
                ),
            )
            .state(2)
            .terminated())
        }
    };
    match (value, from) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => numeric(decimal_text(number, scale)),
        (Stored::Integer(ticks), from) if types::temporal(from) => moment_text(ticks, None, from, style),
        (Stored::Integer(number), _) => numeric(number.to_string()),
        (Stored::Real(number), _) => Ok(float_text(number)),
        (Stored::Text(text), SqlType::DateTimeOffset(_)) => match instant::offset_parts(&text) {
            Some((utc, minutes)) => moment_text(utc + minutes * 60 * instant::SECOND, Some(minutes), from, style),
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
    // Style 0 of a float has six significant digits.
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

fn moment_text(local: i64, offset: Option<i64>, from: SqlType, style: i64) -> Result<String, Fault> {
    let scale = match from {
        SqlType::DateTime2(scale) | SqlType::DateTimeOffset(scale) => scale,
        SqlType::DateTime => 3,
        _ => 0,
    };
    let suffix = offset.map(instant::offset_suffix);
    let spaced = suffix.as_ref().map(|suffix| format!(" {suffix}")).unwrap_or_default();
    let date = from == SqlType::Date;
    let full = |scale: u8, separator: char| instant::iso(local, scale, separator);
    Ok(match style {
        23 => full(0, ' ')[..10].to_owned(),
        112 => full(0, ' ')[..10].replace('-', ""),
        20 | 120 if !date => format!("{}{spaced}", full(0, ' ')),
        21 | 25 | 121 if !date => format!("{}{spaced}", full(scale, ' ')),
        126 | 127 if !date => {
            // `T` forms drop a fraction of nought for datetime; datetime2 keeps its digits.
            let whole = from == SqlType::DateTime && local % instant::SECOND == 0;
            let text = full(if whole { 0 } else { scale }, 'T');
            match (style, suffix) {
                (126, Some(suffix)) => format!("{text}{suffix}"),
                (127, Some(_)) => format!("{}Z", instant::iso(local - offset.unwrap_or(0) * 60 * instant::SECOND, scale, 'T')),
                _ => text,
            }
        }
        0 | 20 | 21 | 25 | 120 | 121 | 126 | 127 if date => full(0, ' ')[..10].to_owned(),
        0 if from != SqlType::DateTime => format!("{}{spaced}", full(scale, ' ')),
        108 | 8 => full(0, ' ')[11..].to_owned(),
        0 => english(local),
        _ => return Err(Fault::unsupported(format!("The style {style} of CONVERT"))),
    })
}

/// `Jan  2 2026  3:04AM`, the default of `datetime`.
fn english(local: i64) -> String {
    let Some(at) = instant::at(local) else {
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
