//! Measures the pace of a migration, and estimates the time left.

use std::collections::VecDeque;
use std::time::Duration;

use crate::migration::model::Figures;

/// The cost of a file beside its bytes (opening, creating, renaming), in bytes. Over a network that is most of a small file's time,
/// and an estimate by bytes alone would promise a minute for an hour.
const A_FILE: u64 = 64 << 10;

/// The span that the pace is measured over: short enough to follow a share that slows down, long enough not to jump.
const WINDOW: Duration = Duration::from_secs(15);

/// The shortest span that tells a pace.
const FIRST: Duration = Duration::from_secs(1);

/// Returns files and bytes as one number, for bars and estimates.
pub const fn units(figures: Figures) -> u64 {
    figures.bytes.saturating_add(figures.files.saturating_mul(A_FILE))
}

/// The pace of the last seconds.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    seen: VecDeque<(Duration, Figures)>,
}

impl Pace {
    /// Adds a sample: what is done so long after the beginning.
    pub fn note(&mut self, at: Duration, done: Figures) {
        // A hundred samples in the window are enough.
        if self.seen.back().is_some_and(|(last, _)| at.saturating_sub(*last) < WINDOW / 100) {
            return;
        }
        self.seen.push_back((at, done));
        while self.seen.len() > 2 && self.seen.get(1).is_some_and(|(second, _)| at.saturating_sub(*second) >= WINDOW) {
            self.seen.pop_front();
        }
    }

    fn span(&self) -> Option<(f64, Figures)> {
        let ((from, before), (to, after)) = (self.seen.front()?, self.seen.back()?);
        let took = to.saturating_sub(*from);
        let done = Figures { files: after.files.saturating_sub(before.files), bytes: after.bytes.saturating_sub(before.bytes) };
        (took >= FIRST).then_some((took.as_secs_f64(), done))
    }

    /// Bytes per second.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
    pub fn bytes(&self) -> Option<u64> {
        self.span().map(|(seconds, done)| (done.bytes as f64 / seconds) as u64)
    }

    /// Files per second.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
    pub fn files(&self) -> Option<u64> {
        self.span().map(|(seconds, done)| (done.files as f64 / seconds) as u64)
    }

    /// Returns the time left; `None` while it is unknown, and if nothing moves.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub fn left(&self, all: Figures) -> Option<Duration> {
        let (seconds, done) = self.span()?;
        let (_, so_far) = self.seen.back()?;
        let left = units(all).saturating_sub(units(*so_far)) as f64;
        let pace = units(done) as f64 / seconds;
        // Decades are not an estimate.
        (pace > 0.0).then(|| left / pace).filter(|left| *left < 1e9).map(Duration::from_secs_f64)
    }
}

/// Formats bytes for people: `512 B`, `3.4 KiB`, `1.2 GiB`.
pub fn amount(bytes: u64) -> String {
    let mut unit = 1u64;
    for name in ["B", "KiB", "MiB", "GiB"] {
        // 1,000 and not 1,024, so that no number has four digits before the point.
        if bytes < unit * 1_000 {
            return tenths(bytes, unit, name);
        }
        unit <<= 10;
    }
    tenths(bytes, unit, "TiB")
}

fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    if unit == 1 { format!("{bytes} {name}") } else { format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit) }
}

/// Estimates the time over a share that takes 100 MB and 500 files per second, for a dry run, which measures nothing.
pub const fn assumed(figures: Figures) -> Duration {
    Duration::from_millis(figures.bytes / 100_000 + figures.files * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn figures(files: u64, bytes: u64) -> Figures {
        Figures { files, bytes }
    }

    #[test]
    fn an_even_pace_is_told_and_what_is_left_follows_from_it() {
        let mut pace = Pace::default();
        assert_eq!(pace.left(figures(10, 10)), None);
        for second in 0..=10u64 {
            pace.note(Duration::from_secs(second), figures(second * 10, second * 1_000_000));
        }
        assert_eq!((pace.bytes(), pace.files()), (Some(1_000_000), Some(10)));
        assert_eq!(pace.left(figures(200, 20_000_000)).map(|left| left.as_secs()), Some(10));
    }

    #[test]
    fn the_pace_is_that_of_the_last_seconds_only() {
        let mut pace = Pace::default();
        for second in 0..=60u64 {
            let done = if second < 30 { second * 1_000 } else { 30_000 + (second - 30) * 10 };
            pace.note(Duration::from_secs(second), figures(0, done));
        }
        assert_eq!(pace.bytes(), Some(10));
        assert!(pace.seen.len() <= 20);
    }

    #[test]
    fn small_files_are_not_promised_by_their_bytes() {
        let mut pace = Pace::default();
        // Two large files in two seconds, and ten thousand small ones ahead.
        for second in 0..=2u64 {
            pace.note(Duration::from_secs(second), figures(second, second * 100_000_000));
        }
        let left = pace.left(figures(10_002, 200_000_000)).unwrap();
        assert!(left >= Duration::from_secs(6), "{left:?}");
    }

    #[test]
    fn amounts_are_short() {
        for (bytes, told) in
            [(0, "0 B"), (999, "999 B"), (1_000, "0.9 KiB"), (1_536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3.0 TiB")]
        {
            assert_eq!(amount(bytes), told);
        }
    }

    #[test]
    fn what_stands_still_has_no_end() {
        let mut pace = Pace::default();
        for second in 0..40u64 {
            pace.note(Duration::from_secs(second), figures(1, 1));
        }
        assert_eq!(pace.left(figures(2, 2)), None);
        assert_eq!(assumed(figures(500, 100_000_000)), Duration::from_secs(2));
    }
}
