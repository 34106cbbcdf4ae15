//! Dates and times as ticks (100 nanoseconds since 0001-01-01), and as text.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Ticks in a second.
pub(crate) const SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub(crate) const DAY: i64 = 86_400 * SECOND;
/// 1900-01-01, from which `datetime` counts.
pub(crate) const YEAR_1900: i64 = 693_595 * DAY;
/// 1753-01-01, the first that `datetime` takes.
pub(crate) const YEAR_1753: i64 = 639_905 * DAY;
/// The end of the year 9999, which no type reaches.
const END_OF_YEAR_9999: i64 = 3_652_059 * DAY;

fn year_one() -> PrimitiveDateTime {
    PrimitiveDateTime::new(Date::from_calendar_date(1, Month::January, 1).unwrap_or(Date::MIN), Time::MIDNIGHT)
}

pub(crate) fn to_ticks(at: PrimitiveDateTime) -> i64 {
    i64::try_from((at - year_one()).whole_nanoseconds() / 100).unwrap_or(0)
}

/// Converts ticks; `None` outside the years 1 to 9999.
pub(crate) fn from_ticks(ticks: i64) -> Option<PrimitiveDateTime> {
    if !(0..END_OF_YEAR_9999).contains(&ticks) {
        return None;
    }
    let span = Duration::new(ticks / SECOND, i32::try_from(ticks % SECOND).ok()? * 100);
    year_one().checked_add(span)
}

/// Rounds to a number of digits of a second.
pub(crate) fn rounded(ticks: i64, scale: u8) -> i64 {
    let unit = 10_i64.pow(u32::from(7_u8.saturating_sub(scale)));
    (ticks + unit / 2) / unit * unit
}

/// Rounds to `datetime`'s three hundredths of a second.
pub(crate) fn rounded_datetime(ticks: i64) -> i64 {
    let day = ticks / DAY * DAY;
    let units = ((ticks - day) * 300 + SECOND / 2) / SECOND;
    day + (units * SECOND + 150) / 300
}

/// Formats a time with an offset for storage: the UTC ticks, by which it sorts, followed by the offset.
pub(crate) fn offset_text(utc: i64, minutes: i64) -> String {
    format!("{utc:019}{minutes:+05}")
}

/// Parses the result of [`offset_text`]: UTC ticks and the offset in minutes.
pub(crate) fn offset_parts(text: &str) -> Option<(i64, i64)> {
    let utc = text.get(..19)?.parse().ok()?;
    let minutes = text.get(19..)?.parse().ok()?;
    Some((utc, minutes))
}

pub(crate) fn offset_value(text: &str) -> Option<OffsetDateTime> {
    let (utc, minutes) = offset_parts(text)?;
    let offset = UtcOffset::from_whole_seconds(i32::try_from(minutes * 60).ok()?).ok()?;
    Some(from_ticks(utc)?.assume_utc().to_offset(offset))
}

/// Formats as `2026-01-02 03:04:05.123`, with `scale` digits.
pub(crate) fn iso_text(ticks: i64, scale: u8, separator: char) -> String {
    let Some(at) = from_ticks(ticks) else {
        return String::new();
    };
    let (date, time) = (at.date(), at.time());
    let mut text = format!(
        "{:04}-{:02}-{:02}{separator}{:02}:{:02}:{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    if scale > 0 {
        let fraction = format!("{:07}", ticks % SECOND);
        text.push('.');
        text.push_str(&fraction[..usize::from(scale.min(7))]);
    }
    text
}

/// Formats an offset as `+02:00`.
pub(crate) fn offset_suffix(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// Parses a date, a time or both, as SQL Server does for the unambiguous forms: `2026-01-02`, `20260102`, `2026-01-02
/// 03:04[:05[.1234567]]`, with `T`, and with `Z` or an offset. Returns local ticks and the offset in minutes.
pub(crate) fn parse(text: &str) -> Option<(i64, Option<i64>)> {
    let text = text.trim();
    if text.is_empty() {
        // SQL Server reads the empty string as 1900-01-01.
        return Some((
            to_ticks(PrimitiveDateTime::new(Date::from_calendar_date(1900, Month::January, 1).ok()?, Time::MIDNIGHT)),
            None,
        ));
    }
    let (date_text, rest) = match text.find(['T', 't', ' ']) {
        Some(place) => (&text[..place], text[place + 1..].trim()),
        None if text.contains(':') => ("1900-01-01", text),
        None => (text, ""),
    };
    let date = parse_date(date_text)?;
    let (time_text, offset) = split_offset(rest)?;
    let time = parse_time(time_text)?;
    Some((to_ticks(PrimitiveDateTime::new(date, Time::MIDNIGHT)) + time, offset))
}

fn parse_date(text: &str) -> Option<Date> {
    let (year, month, day) = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        (&text[..4], &text[4..6], &text[6..])
    } else {
        let mut parts = text.splitn(3, ['-', '/', '.']);
        (parts.next()?, parts.next()?, parts.next()?)
    };
    if year.len() != 4 {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok().filter(|date| (1..=9999).contains(&date.year()))
}

fn split_offset(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(bare) = text.strip_suffix(['Z', 'z']) {
        return Some((bare.trim(), Some(0)));
    }
    let Some(place) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let (hours, minutes) = text[place + 1..].split_once(':')?;
    let total: i64 = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    let signed = if text[place..].starts_with('-') { -total } else { total };
    (total <= 14 * 60).then_some((text[..place].trim(), Some(signed)))
}

fn parse_time(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.splitn(3, ':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: i64 = parts.next().map_or(Some(0), |second| second.parse().ok())?;
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 || hour < 0 || minute < 0 || second < 0 {
        return None;
    }
    let fraction = if fraction.is_empty() { 0 } else { format!("{fraction:0<7}").get(..7)?.parse::<i64>().ok()? };
    Some((hour * 3600 + minute * 60 + second) * SECOND + fraction)
}

/// Returns the machine's clock with the personality's offset, as UTC ticks.
pub(crate) fn now(ahead: i64) -> i64 {
    let utc = time::OffsetDateTime::now_utc();
    let ticks = to_ticks(time::PrimitiveDateTime::new(utc.date(), utc.time()));
    ticks + ahead * SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let (ticks, offset) = parse("2026-02-03T04:05:06.1234567+02:00").unwrap();
        assert_eq!(iso_text(ticks, 7, ' '), "2026-02-03 04:05:06.1234567");
        assert_eq!(offset, Some(120));
        assert_eq!(iso_text(rounded(ticks, 3), 3, 'T'), "2026-02-03T04:05:06.123");
        assert_eq!(offset_parts(&offset_text(ticks, -90)), Some((ticks, -90)));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["2026-13-01", "2026-02-30", "yesterday", "26-01-01", "2026-01-01 25:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn datetime_has_three_hundredths() {
        let (ticks, _) = parse("2026-01-01 00:00:00.005").unwrap();
        assert_eq!(iso_text(rounded_datetime(ticks), 3, ' '), "2026-01-01 00:00:00.006");
    }
}
