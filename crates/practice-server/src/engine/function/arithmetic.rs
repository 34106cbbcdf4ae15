//! `+ - * / %` with SQL Server's types, overflow and division by zero.

use rusqlite::types::Value as Stored;

use super::super::convert::{convert, overflow, rescale};
use super::super::error::SqlError;
use super::super::{instant, types};
use crate::value::SqlType;

/// Calculates. Arguments: operator, both values, the codes of both types and of the result.
pub(super) fn arithmetic(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let [Stored::Text(operator), left, right, Stored::Integer(left_code), Stored::Integer(right_code), Stored::Integer(code)] =
        arguments
    else {
        return Ok(Stored::Null);
    };
    if *left == Stored::Null || *right == Stored::Null {
        return Ok(Stored::Null);
    }
    let (left_type, right_type, result) = (types::decode(*left_code), types::decode(*right_code), types::decode(*code));
    match result {
        SqlType::Decimal { scale, .. } => decimal(operator, (left, left_type), (right, right_type), result, scale),
        SqlType::DateTime => {
            let days = if operator == "-" { -1 } else { 1 };
            let sum = days_since_1900(left, left_type)? + days * days_since_1900(right, right_type)?;
            let ticks = i64::try_from(sum + i128::from(instant::YEAR_1900)).ok().filter(|ticks| *ticks >= instant::YEAR_1753);
            match ticks.map(instant::rounded_datetime).filter(|ticks| instant::from_ticks(*ticks).is_some()) {
                Some(ticks) => Ok(Stored::Integer(ticks)),
                None => Err(SqlError::new(517, "Adding a value to a 'datetime' column caused an overflow.")),
            }
        }
        SqlType::Float | SqlType::Real => {
            let left = convert(left.clone(), left_type, SqlType::Float, 0)?;
            let right = convert(right.clone(), right_type, SqlType::Float, 0)?;
            float(operator, &left, &right, result)
        }
        _ => {
            // A text is converted to the other operand's type, with that type's errors.
            let wide = |kind| {
                if types::is_text(kind) { result } else { SqlType::BigInt }
            };
            let left = convert(left.clone(), left_type, wide(left_type), 0)?;
            let right = convert(right.clone(), right_type, wide(right_type), 0)?;
            let (Stored::Integer(left), Stored::Integer(right)) = (left, right) else {
                return Ok(Stored::Null);
            };
            let value = whole(operator, i128::from(left), i128::from(right))?;
            let value = i64::try_from(value).map_err(|_| overflow(result))?;
            convert(Stored::Integer(value), SqlType::BigInt, result, 0)
                .map_err(|error| if error.number == 220 { overflow(result) } else { error })
        }
    }
}

/// Returns an operand of `datetime`'s arithmetic in ticks since 1900-01-01; a number is one of days.
fn days_since_1900(value: &Stored, kind: SqlType) -> Result<i128, SqlError> {
    if types::is_text(kind) || types::is_temporal(kind) {
        return Ok(match convert(value.clone(), kind, SqlType::DateTime, 0)? {
            Stored::Integer(ticks) => i128::from(ticks) - i128::from(instant::YEAR_1900),
            _ => 0,
        });
    }
    match convert(value.clone(), kind, SqlType::Float, 0)? {
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "rounded to 3.3 milliseconds anyway")]
        Stored::Real(days) => Ok((days * instant::DAY as f64).round() as i128),
        _ => Ok(0),
    }
}

fn divide_by_zero() -> SqlError {
    SqlError::new(8134, "Divide by zero error encountered.").terminated()
}

fn whole(operator: &str, left: i128, right: i128) -> Result<i128, SqlError> {
    Ok(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" | "%" if right == 0 => return Err(divide_by_zero()),
        "/" => left / right,
        _ => left % right,
    })
}

fn float(operator: &str, left: &Stored, right: &Stored, result: SqlType) -> Result<Stored, SqlError> {
    let (Stored::Real(left), Stored::Real(right)) = (left, right) else {
        return Ok(Stored::Null);
    };
    let value = match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" if *right == 0.0 => return Err(divide_by_zero()),
        "/" => left / right,
        _ => {
            return Err(SqlError::new(402, "The data types float and float are incompatible in the modulo operator."));
        }
    };
    if value.is_finite() { Ok(Stored::Real(value)) } else { Err(overflow(result)) }
}

fn scaled(value: &Stored, kind: SqlType) -> Result<(i128, u8), SqlError> {
    match (value, kind) {
        (Stored::Integer(number), SqlType::Decimal { scale, .. }) => Ok((i128::from(*number), scale)),
        (Stored::Integer(number), kind) if types::is_integer(kind) => Ok((i128::from(*number), 0)),
        (value, kind) => {
            let wide = SqlType::Decimal { precision: 18, scale: 6 };
            match convert(value.clone(), kind, wide, 0)? {
                Stored::Integer(number) => Ok((i128::from(number), 6)),
                _ => Ok((0, 0)),
            }
        }
    }
}

fn decimal(
    operator: &str,
    left: (&Stored, SqlType),
    right: (&Stored, SqlType),
    result: SqlType,
    scale: u8,
) -> Result<Stored, SqlError> {
    let (left, left_scale) = scaled(left.0, left.1)?;
    let (right, right_scale) = scaled(right.0, right.1)?;
    let wide = left_scale.max(right_scale);
    let value = match operator {
        "*" => rescale(left * right, left_scale + right_scale, scale),
        "/" => {
            if right == 0 {
                return Err(divide_by_zero());
            }
            let numerator = rescale(left, 0, (scale + right_scale).saturating_sub(left_scale));
            numerator / right
        }
        _ => {
            let exact = whole(operator, rescale(left, left_scale, wide), rescale(right, right_scale, wide))?;
            rescale(exact, wide, scale)
        }
    };
    let SqlType::Decimal { precision, .. } = result else {
        return Ok(Stored::Null);
    };
    if value.unsigned_abs() >= 10_u128.pow(u32::from(precision)) {
        return Err(overflow(result));
    }
    i64::try_from(value).map(Stored::Integer).map_err(|_| overflow(result))
}
