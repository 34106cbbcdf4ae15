//! Converts dates and times between `time`'s types and TDS' days and ticks. Source: [MS-TDS] 2.2.5.5.1.8.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use super::reader::{ByteReader, DecodeError};

const MALFORMED_DATE: DecodeError = DecodeError::Malformed("date");
const NANOS_PER_DAY: u64 = 86_400_000_000_000;
/// `datetime` counts three-hundredths of a second.
const TICKS_PER_DAY: u64 = 25_920_000;
/// The Julian days of 0001-01-01 and 1900-01-01, from which the types count.
const YEAR_ONE: i32 = 1_721_426;
const YEAR_1900: i32 = 2_415_021;

/// Returns the bytes of a time of day with `scale` digits after the second.
pub fn time_length(scale: u8) -> usize {
    match scale {
        0..=2 => 3,
        3..=4 => 4,
        _ => 5,
    }
}

/// Returns the nanoseconds in one unit of `scale`.
fn nanoseconds_per_unit(scale: u8) -> u64 {
    10u64.pow(9 - u32::from(scale.min(7)))
}

/// Writes the days since 0001-01-01 as three bytes; `None` if the date is earlier.
pub fn put_date(out: &mut Vec<u8>, date: Date) -> Option<()> {
    let days = u32::try_from(date.to_julian_day() - YEAR_ONE).ok()?;
    out.extend_from_slice(&days.to_le_bytes()[..3]);
    Some(())
}

/// Writes the time of day, truncated to `scale` digits.
fn put_time(out: &mut Vec<u8>, time: Time, scale: u8) {
    let ticks = nanos(time) / nanoseconds_per_unit(scale);
    out.extend_from_slice(&ticks.to_le_bytes()[..time_length(scale)]);
}

/// Writes `datetime2(scale)`.
pub fn put_datetime2(out: &mut Vec<u8>, value: PrimitiveDateTime, scale: u8) -> Option<()> {
    put_time(out, value.time(), scale);
    put_date(out, value.date())
}

/// Writes `datetimeoffset(scale)`: universal time, and the offset in minutes.
pub fn put_offset(out: &mut Vec<u8>, value: OffsetDateTime, scale: u8) -> Option<()> {
    let universal = value.checked_to_offset(UtcOffset::UTC)?;
    put_time(out, universal.time(), scale);
    put_date(out, universal.date())?;
    out.extend_from_slice(&value.offset().whole_minutes().to_le_bytes());
    Some(())
}

/// Writes `datetime`: days since 1900 and three-hundredths of a second, rounded as SQL Server does.
pub fn put_datetime(out: &mut Vec<u8>, value: PrimitiveDateTime) -> Option<()> {
    let mut days = value.date().to_julian_day() - YEAR_1900;
    // The type starts in 1753.
    if value.year() < 1753 {
        return None;
    }
    let mut ticks = (nanos(value.time()) * 3 + 5_000_000) / 10_000_000;
    if ticks >= TICKS_PER_DAY {
        ticks = 0;
        days += 1;
    }
    out.extend_from_slice(&days.to_le_bytes());
    out.extend_from_slice(&u32::try_from(ticks).ok()?.to_le_bytes());
    Some(())
}

fn nanos(time: Time) -> u64 {
    let (hour, minute, second, nano) = time.as_hms_nano();
    (u64::from(hour) * 3600 + u64::from(minute) * 60 + u64::from(second)) * 1_000_000_000 + u64::from(nano)
}

/// Reads three bytes of days since 0001-01-01.
pub fn date(reader: &mut ByteReader<'_>) -> Result<Date, DecodeError> {
    let [a, b, c] = reader.array()?;
    let days = i32::from_le_bytes([a, b, c, 0]);
    let date = Date::from_julian_day(days + YEAR_ONE).map_err(|_| MALFORMED_DATE)?;
    if date.year() > 9999 { Err(MALFORMED_DATE) } else { Ok(date) }
}

/// Reads a time of day of `length` bytes in units of `scale`.
pub fn time(reader: &mut ByteReader<'_>, length: usize, scale: u8) -> Result<Time, DecodeError> {
    let mut raw = [0; 8];
    raw.get_mut(..length).ok_or(MALFORMED_DATE)?.copy_from_slice(reader.take(length)?);
    let nanos = u64::from_le_bytes(raw)
        .checked_mul(nanoseconds_per_unit(scale))
        .filter(|nanos| *nanos < NANOS_PER_DAY)
        .ok_or(MALFORMED_DATE)?;
    Ok(Time::MIDNIGHT + Duration::nanoseconds(i64::try_from(nanos).map_err(|_| MALFORMED_DATE)?))
}

/// Reads a `datetimeoffset`, whose time is universal time.
pub fn offset(reader: &mut ByteReader<'_>, length: usize, scale: u8) -> Result<OffsetDateTime, DecodeError> {
    let time = time(reader, length, scale)?;
    let date = date(reader)?;
    let minutes = i16::from_le_bytes(reader.array()?);
    let offset = UtcOffset::from_whole_seconds(i32::from(minutes) * 60).map_err(|_| MALFORMED_DATE)?;
    PrimitiveDateTime::new(date, time).assume_utc().checked_to_offset(offset).ok_or(MALFORMED_DATE)
}

/// Reads a `datetime`.
pub fn datetime(reader: &mut ByteReader<'_>) -> Result<PrimitiveDateTime, DecodeError> {
    let days = reader.i32()?;
    let ticks = u64::from(reader.u32()?);
    if ticks >= TICKS_PER_DAY {
        return Err(MALFORMED_DATE);
    }
    let day = days.checked_add(YEAR_1900).ok_or(MALFORMED_DATE)?;
    let date = Date::from_julian_day(day).map_err(|_| MALFORMED_DATE)?;
    // A tick is 10/3 ms; the type is displayed in whole milliseconds.
    let millis = i64::try_from((ticks * 10 + 1) / 3).map_err(|_| MALFORMED_DATE)?;
    Ok(PrimitiveDateTime::new(date, Time::MIDNIGHT + Duration::milliseconds(millis)))
}

/// Reads a `smalldatetime`: days since 1900 and minutes.
pub fn small_datetime(reader: &mut ByteReader<'_>) -> Result<PrimitiveDateTime, DecodeError> {
    let days = Duration::days(reader.u16()?.into());
    let minutes = reader.u16()?;
    if minutes >= 1440 {
        return Err(MALFORMED_DATE);
    }
    let start = Date::from_calendar_date(1900, Month::January, 1).map_err(|_| MALFORMED_DATE)?;
    let date = start.checked_add(days).ok_or(MALFORMED_DATE)?;
    Ok(PrimitiveDateTime::new(date, Time::MIDNIGHT + Duration::minutes(minutes.into())))
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn days_count_from_the_types_own_beginnings() {
        let mut out = Vec::new();
        put_date(&mut out, date!(0001 - 01 - 01)).unwrap();
        assert_eq!(out, [0, 0, 0]);
        out.clear();
        put_datetime(&mut out, datetime!(1900-01-02 00:00:01)).unwrap();
        assert_eq!(out, [1, 0, 0, 0, 0x2C, 1, 0, 0]);
    }

    #[test]
    fn times_survive_at_full_scale() {
        let moment = datetime!(2026-11-21 13:14:15.123_456_700);
        let mut out = Vec::new();
        put_datetime2(&mut out, moment, 7).unwrap();
        let mut reader = ByteReader::new(&out);
        assert_eq!(time(&mut reader, 5, 7).unwrap(), moment.time());
        assert_eq!(super::date(&mut reader).unwrap(), moment.date());
    }

    #[test]
    fn an_offset_keeps_its_minutes() {
        let moment = datetime!(2026-11-21 00:14:15.5 +5:45);
        let mut out = Vec::new();
        put_offset(&mut out, moment, 3).unwrap();
        let read = offset(&mut ByteReader::new(&out), 4, 3).unwrap();
        assert_eq!((read, read.offset()), (moment, moment.offset()));
    }

    #[test]
    fn datetime_rounds_to_its_ticks_and_over_midnight() {
        let mut out = Vec::new();
        put_datetime(&mut out, datetime!(2026-11-21 23:59:59.999)).unwrap();
        let read = super::datetime(&mut ByteReader::new(&out)).unwrap();
        assert_eq!(read, datetime!(2026-11-22 00:00:00));
        out.clear();
        put_datetime(&mut out, datetime!(2026-11-21 10:00:00.004)).unwrap();
        let read = super::datetime(&mut ByteReader::new(&out)).unwrap();
        assert_eq!(read, datetime!(2026-11-21 10:00:00.003));
    }

    #[test]
    fn what_no_clock_shows_is_refused() {
        assert!(time(&mut ByteReader::new(&[0xFF; 5]), 5, 7).is_err());
        assert!(super::date(&mut ByteReader::new(&[0xFF; 3])).is_err());
        assert!(put_datetime(&mut Vec::new(), datetime!(1700-01-01 0:00)).is_none());
    }
}
