//! Durations as people read them: short.

use std::time::Duration;

/// How long something took: `0.4 ms`, `12 ms`, `1.4 s`, `2 min 05 s`.
pub fn took(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        _ => so_far(duration),
    }
}

/// How long something has been going on, in whole seconds: `3 s`, `2 min 05 s`. It changes once a second, and so does
/// the screen.
pub fn so_far(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

/// How long a step took, in tenths of seconds so that a column of them is aligned: `0.3 s`.
pub fn step(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    if tenths < 600 { format!("{}.{} s", tenths / 10, tenths % 10) } else { so_far(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(took(Duration::from_micros(1_234)), "1.2 ms");
        assert_eq!(took(Duration::from_micros(52_900)), "52 ms");
        assert_eq!(took(Duration::from_millis(1_449)), "1.4 s");
        assert_eq!(took(Duration::from_secs(125)), "2 min 05 s");
        assert_eq!(so_far(Duration::from_millis(3_999)), "3 s");
        assert_eq!(step(Duration::from_millis(40)), "0.0 s");
        assert_eq!(step(Duration::from_secs(61)), "1 min 01 s");
    }
}
