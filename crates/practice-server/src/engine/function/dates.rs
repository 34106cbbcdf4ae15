//! Functions of dates. They take and return ticks; a value with an offset is split before.

use rusqlite::types::Value as Stored;
use time::{Date, Month};

use super::super::error::SqlError;
use super::super::instant::{self, DAY, SECOND};
use super::{number, text};

/// Calls the function if it is one of these.
pub(super) fn call(name: &str, arguments: &[Stored]) -> Option<Result<Stored, SqlError>> {
    match name {
        "dateadd" => Some(dateadd(arguments)),
        "datediff" => Some(datediff(arguments)),
        "datepart" => Some(Ok(datepart(arguments))),
        "local" => Some(Ok(text(arguments, 0)
            .and_then(instant::offset_parts)
            .map_or(Stored::Null, |(utc, minutes)| Stored::Integer(utc + minutes * 60 * SECOND)))),
        "utc" => {
            Some(Ok(text(arguments, 0).and_then(instant::offset_parts).map_or(Stored::Null, |(utc, _)| Stored::Integer(utc))))
        }
        "offset" => Some(Ok(text(arguments, 0)
            .and_then(instant::offset_parts)
            .map_or(Stored::Null, |(_, minutes)| Stored::Integer(minutes)))),
        "withoffset" => Some(Ok(match (number(arguments, 0), number(arguments, 1)) {
            (Some(utc), Some(minutes)) => Stored::Text(instant::offset_text(utc, minutes)),
            _ => Stored::Null,
        })),
        _ => None,
    }
}

/// Returns the full name of a date part, from any of its abbreviations.
pub(crate) fn part(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "year" | "yy" | "yyyy" => "year",
        "quarter" | "qq" | "q" => "quarter",
        "month" | "mm" | "m" => "month",
        "dayofyear" | "dy" | "y" => "dayofyear",
        "day" | "dd" | "d" => "day",
        "week" | "wk" | "ww" => "week",
        "weekday" | "dw" => "weekday",
        "hour" | "hh" => "hour",
        "minute" | "mi" | "n" => "minute",
        "second" | "ss" | "s" => "second",
        "millisecond" | "ms" => "millisecond",
        "microsecond" | "mcs" => "microsecond",
        "nanosecond" | "ns" => "nanosecond",
        _ => return None,
    })
}

fn date_unit(part: &str) -> Option<i64> {
    Some(match part {
        "day" | "dayofyear" | "weekday" => DAY,
        "week" => 7 * DAY,
        "hour" => 3600 * SECOND,
        "minute" => 60 * SECOND,
        "second" => SECOND,
        "millisecond" => SECOND / 1000,
        "microsecond" => 10,
        _ => return None,
    })
}

fn dateadd(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let (Some(part), Some(amount), Some(ticks)) = (text(arguments, 0), number(arguments, 1), number(arguments, 2)) else {
        return Ok(Stored::Null);
    };
    let too_far = || {
        SqlError::new(517, "Adding a value to a 'datetime2' column caused an overflow.")
            .scope(super::super::error::ErrorScope::Statement)
    };
    let added = match part {
        "nanosecond" => ticks.checked_add(amount / 100),
        "year" | "quarter" | "month" => {
            let months = match part {
                "year" => amount.checked_mul(12),
                "quarter" => amount.checked_mul(3),
                _ => Some(amount),
            };
            months.and_then(|months| add_months(ticks, months))
        }
        part => date_unit(part).and_then(|unit| amount.checked_mul(unit)).and_then(|span| ticks.checked_add(span)),
    };
    let added = added.filter(|added| instant::from_ticks(*added).is_some()).ok_or_else(too_far)?;
    Ok(Stored::Integer(added))
}

fn add_months(ticks: i64, months: i64) -> Option<i64> {
    let date = instant::from_ticks(ticks)?.date();
    let total = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + months;
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(total.rem_euclid(12) + 1).ok()?).ok()?;
    let day = date.day().min(month.length(year));
    let moved = Date::from_calendar_date(year, month, day).ok().filter(|date| (1..=9999).contains(&date.year()))?;
    Some(instant::to_ticks(moved.midnight()) + ticks.rem_euclid(DAY))
}

/// Counts the boundaries between two dates; the last argument is 1 for `DATEDIFF_BIG`.
fn datediff(arguments: &[Stored]) -> Result<Stored, SqlError> {
    let (Some(part), Some(from), Some(to)) = (text(arguments, 0), number(arguments, 1), number(arguments, 2)) else {
        return Ok(Stored::Null);
    };
    let months =
        |ticks: i64| instant::from_ticks(ticks).map_or(0, |at| i64::from(at.year()) * 12 + i64::from(u8::from(at.month())) - 1);
    let count = match part {
        "year" => months(to) / 12 - months(from) / 12,
        "quarter" => months(to) / 3 - months(from) / 3,
        "month" => months(to) - months(from),
        // Weeks start on Sunday, and 0001-01-01 was a Monday.
        "week" => (to + DAY).div_euclid(7 * DAY) - (from + DAY).div_euclid(7 * DAY),
        "nanosecond" => (to - from).saturating_mul(100),
        part => {
            let unit = date_unit(part).unwrap_or(DAY);
            to.div_euclid(unit) - from.div_euclid(unit)
        }
    };
    if number(arguments, 3) != Some(1) && i32::try_from(count).is_err() {
        return Err(SqlError::new(
            535,
            "The datediff function resulted in an overflow. The number of dateparts separating two date/time instances \
             is too large. Try to use datediff with a less precise datepart.",
        ));
    }
    Ok(Stored::Integer(count))
}

fn datepart(arguments: &[Stored]) -> Stored {
    let (Some(part), Some(ticks)) = (text(arguments, 0), number(arguments, 1)) else {
        return Stored::Null;
    };
    let Some(at) = instant::from_ticks(ticks) else {
        return Stored::Null;
    };
    Stored::Integer(match part {
        "year" => i64::from(at.year()),
        "quarter" => i64::from((u8::from(at.month()) - 1) / 3 + 1),
        "month" => i64::from(u8::from(at.month())),
        "dayofyear" => i64::from(at.ordinal()),
        "day" => i64::from(at.day()),
        "week" => {
            let first = Date::from_calendar_date(at.year(), Month::January, 1)
                .map_or(0, |day| i64::from(day.weekday().number_days_from_sunday()));
            (i64::from(at.ordinal()) - 1 + first) / 7 + 1
        }
        "weekday" => i64::from(at.date().weekday().number_from_sunday()),
        "hour" => i64::from(at.hour()),
        "minute" => i64::from(at.minute()),
        "second" => i64::from(at.second()),
        "millisecond" => i64::from(at.millisecond()),
        "microsecond" => ticks % SECOND / 10,
        _ => ticks % SECOND * 100,
    })
}
