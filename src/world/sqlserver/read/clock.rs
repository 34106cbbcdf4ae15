//! The server's clock against ours, and the round trip.

use std::time::Duration;

use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::model::facts::Trouble;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::answer::Answer;

/// Style 126 of `CONVERT`: ISO 8601 with as many decimals as the type has.
const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]");

/// How far the server's clock is ahead, in milliseconds, and how long a round trip takes.
///
/// The batch reads the clock as it begins and as it ends. What the server spent in between is not round trip, and the
/// first reading happened half a round trip after we sent the batch.
pub fn read(answer: &Answer) -> (Result<i64, Trouble>, Result<Duration, Trouble>) {
    let begun = instant(answer, "clock");
    let ended = instant(answer, "clock_end");
    let spent = match (&begun, &ended) {
        (Ok(begun), Ok(ended)) => Duration::try_from(*ended - *begun).unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let round_trip = answer.took.saturating_sub(spent);
    let ahead = begun.map(|server| {
        let ours = answer.sent + round_trip / 2;
        i64::try_from((server.assume_utc() - ours).whole_milliseconds()).unwrap_or(i64::MAX)
    });
    (ahead, ended.map(|_| round_trip))
}

fn instant(answer: &Answer, part: &str) -> Result<PrimitiveDateTime, Trouble> {
    let row = answer.row(part)?;
    let text = row.raw("utc").unwrap_or_default();
    let unread = |_| Trouble::Io(Untrusted::new(&format!("the server's clock reads {text:?}")));
    PrimitiveDateTime::parse(text.trim_end_matches('Z'), ISO).map_err(unread)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::world::sqlserver::answer::tests::row;

    fn answer(begun: &str, ended: &str, took: u64) -> Answer {
        let rows = vec![row(&[("part", "clock"), ("utc", begun)]), row(&[("part", "clock_end"), ("utc", ended)])];
        Answer::of(rows, None, datetime!(2026-11-18 12:00 UTC), Duration::from_millis(took))
    }

    #[test]
    fn the_servers_own_time_is_no_round_trip_and_the_middle_counts() {
        let answer = answer("2026-11-18T12:00:05.0500000", "2026-11-18T12:00:05.2500000", 300);
        assert_eq!(read(&answer), (Ok(5_000), Ok(Duration::from_millis(100))));
    }

    #[test]
    fn a_clock_may_be_behind_and_without_decimals() {
        assert_eq!(read(&answer("2026-11-18T11:59:00", "2026-11-18T11:59:00", 0)).0, Ok(-60_000));
    }

    #[test]
    fn a_clock_that_cannot_be_read_is_missing() {
        let (ahead, round_trip) = read(&answer("soon", "later", 10));
        assert!(ahead.is_err() && round_trip.is_err());
    }
}
