//! The clock. Nothing else in this program reads the time.

use std::time::SystemTime;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime};

/// Returns the present time, UTC.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Formats a time for journals: RFC 3339, UTC, whole seconds.
pub fn rfc3339(time: OffsetDateTime) -> String {
    let whole = UtcDateTime::from(time).replace_nanosecond(0).unwrap_or(UtcDateTime::UNIX_EPOCH);
    // Formatting fails only for years beyond 9999.
    whole.format(&Rfc3339).unwrap_or_default()
}

/// Formats a time for logs: RFC 3339, UTC, with milliseconds.
pub fn rfc3339_millis(time: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    UtcDateTime::from(time).format(form).unwrap_or_default()
}

/// Formats a time for names of backups: `20261121T120405Z`, without a colon, which Windows forbids in file names.
pub fn stamp(time: OffsetDateTime) -> String {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    UtcDateTime::from(time).format(form).unwrap_or_default()
}

/// Formats a journal's time for people: `2026-11-21 12:04`. Returns any other text as it is.
pub fn to_minute(rfc3339: &str) -> String {
    match OffsetDateTime::parse(rfc3339, &Rfc3339) {
        Ok(time) => {
            UtcDateTime::from(time).format(format_description!("[year]-[month]-[day] [hour]:[minute]")).unwrap_or_default()
        }
        Err(_) => rfc3339.to_owned(),
    }
}

/// Formats a backup's time for people: `2026-11-21 12:04`; `None` for what [`stamp`] would not write.
pub fn stamp_to_minute(stamp: &str) -> Option<String> {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = PrimitiveDateTime::parse(stamp, form).ok()?;
    time.format(format_description!("[year]-[month]-[day] [hour]:[minute]")).ok()
}

/// Formats the day of a file's time, UTC: `2026-11-18`.
pub fn day(time: SystemTime) -> String {
    UtcDateTime::from(OffsetDateTime::from(time)).format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_written_in_utc_and_whole_seconds() {
        let noon = datetime!(2026-11-21 13:04:05.678 +1);
        assert_eq!(rfc3339(noon), "2026-11-21T12:04:05Z");
        assert_eq!(rfc3339_millis(noon), "2026-11-21T12:04:05.678Z");
        assert_eq!(stamp(noon), "20261121T120405Z");
        assert_eq!(to_minute(&rfc3339(noon)), "2026-11-21 12:04");
        assert_eq!(to_minute("yesterday"), "yesterday");
        assert_eq!(stamp_to_minute("20261121T120405Z").as_deref(), Some("2026-11-21 12:04"));
        assert_eq!(stamp_to_minute("20261321T120405Z"), None);
        assert_eq!(day(noon.into()), "2026-11-21");
    }
}
