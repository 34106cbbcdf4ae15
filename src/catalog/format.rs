//! Formats values for people: durations, sizes, dates, lists and certificate fingerprints.

use std::fmt::Write as _;
use std::time::Duration;

use time::Date;
use time::OffsetDateTime;
use time::UtcOffset;

use crate::model::untrusted::Untrusted;

/// A text from elsewhere as a sentence: with a full stop where it ends without a mark.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// A duration, short: `0.3 ms`, `120 ms`, `1.4 s`, `15 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.0995 {
        format!("{:.1} ms", seconds * 1_000.0)
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1_000.0)
    } else if seconds < 9.95 && duration.subsec_millis() != 0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// A span of seconds in the largest unit that fits: `41 s`, `7 min`, `2 h`, `3 d`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A size in bytes: `512 MiB`, `40.0 GiB`.
pub fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    if bytes >= GIB { format!("{}.{} GiB", bytes / GIB, bytes % GIB * 10 / GIB) } else { format!("{} MiB", bytes / MIB) }
}

/// A day, `2027-03-01`, in UTC.
pub fn day(at: OffsetDateTime) -> String {
    date(at.to_offset(UtcOffset::UTC).date())
}

/// A day, `2027-03-01`.
pub fn date(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

/// A certificate's SHA-256 as DBAs' tools print it: `9C:4E:…`, all 32 bytes.
pub fn sha256(bytes: &[u8; 32]) -> String {
    let mut text = String::with_capacity(95);
    for (place, byte) in bytes.iter().enumerate() {
        let colon = if place == 0 { "" } else { ":" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{colon}{byte:02X}");
    }
    text
}

/// The beginning of a SHA-256, for a row of the live list.
pub fn sha256_short(bytes: &[u8; 32]) -> String {
    format!("{:02X}:{:02X}…", bytes[0], bytes[1])
}

/// Names as a list, and how many more there are of them: `a, b and 3 more`.
pub fn list(names: &[Untrusted], count: u64) -> String {
    const MOST: usize = 5;
    let shown = &names[..names.len().min(MOST)];
    let more = count.max(names.len() as u64) - shown.len() as u64;
    let all: Vec<&str> = shown.iter().map(Untrusted::as_str).collect();
    match (all.split_last(), more) {
        (None, 0) => "none".to_owned(),
        (None, more) => more.to_string(),
        (Some((last, [])), 0) => (*last).to_owned(),
        (Some((last, first)), 0) => format!("{} and {last}", first.join(", ")),
        (Some(_), more) => format!("{} and {more} more", all.join(", ")),
    }
}

/// A number with its noun: `1 node`, `2 nodes`.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A label within a sentence: without its capital, unless it begins with an abbreviation, `CA file`.
pub fn within(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => label.to_owned(),
    }
}

/// Names an account of Unix by its number, as a part of a sentence.
pub fn account(number: u32) -> String {
    if number == 0 { "another account (root)".to_owned() } else { format!("another account (user number {number})") }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn durations_are_short() {
        for (micros, said) in [
            (0, "0.0 ms"),
            (1_234, "1.2 ms"),
            (99_400, "99.4 ms"),
            (120_400, "120 ms"),
            (999_900, "1.0 s"),
            (1_000_000, "1 s"),
            (1_440_000, "1.4 s"),
            (15_000_000, "15 s"),
        ] {
            assert_eq!(duration(Duration::from_micros(micros)), said);
        }
    }

    #[test]
    fn spans_and_sizes_take_the_unit_that_fits() {
        for (seconds, said) in [(0, "0 s"), (41, "41 s"), (119, "119 s"), (420, "7 min"), (7_200, "2 h"), (259_200, "3 d")] {
            assert_eq!(span(seconds), said);
        }
        for (bytes, said) in [(0, "0 MiB"), (512 << 20, "512 MiB"), (40 << 30, "40.0 GiB"), ((1 << 30) + (1 << 29), "1.5 GiB")] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn a_day_is_in_utc() {
        assert_eq!(day(datetime!(2027-03-01 01:00 +2)), "2027-02-28");
    }

    #[test]
    fn fingerprints_are_printed_whole_and_short() {
        assert_eq!(sha256(&[0x9c; 32]).len(), 95);
        assert!(sha256(&[0x0a; 32]).starts_with("0A:0A:"));
        assert_eq!(sha256_short(&[0x9c; 32]), "9C:9C…");
    }

    #[test]
    fn lists_say_how_many_more_there_are() {
        let names = |many: usize| vec![Untrusted::from("x"); many];
        for (many, count, said) in [
            (0, 0, "none"),
            (0, 4, "4"),
            (1, 1, "x"),
            (2, 2, "x and x"),
            (3, 3, "x, x and x"),
            (2, 9, "x, x and 7 more"),
            (7, 7, "x, x, x, x, x and 2 more"),
            (2, 0, "x and x"),
        ] {
            assert_eq!(list(&names(many), count), said);
        }
        assert_eq!((count(1, "node"), count(0, "node")), ("1 node".into(), "0 nodes".into()));
    }

    #[test]
    fn a_sentence_gets_one_full_stop() {
        for (text, said) in [("x", "x."), ("x. ", "x."), ("x!", "x!"), ("", "")] {
            assert_eq!(sentence(text), said);
        }
    }
}
