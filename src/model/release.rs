//! Versions of programs, as far as one is newer than another.

use std::cmp::Ordering;

/// Compares versions number by number, and ignores suffixes.
pub fn order(one: &str, other: &str) -> Ordering {
    if one == other {
        // The usual case, for each of many nodes.
        return Ordering::Equal;
    }
    let numbers = |text: &'_ str| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let mut parts = [0_u64; 6];
        for (part, number) in parts.iter_mut().zip(text[..end].split('.')) {
            *part = number.parse().unwrap_or(0);
        }
        parts
    };
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        for (one, other, order) in [
            ("2026.4.1", "2026.4.1", Ordering::Equal),
            ("2026.4.10", "2026.4.9", Ordering::Greater),
            ("2025.4.10", "2026.1.9", Ordering::Less),
            ("2026.4", "2026.4.0", Ordering::Equal),
            ("2026.4.1-hotfix.2", "2026.4.1", Ordering::Equal),
            ("rubbish", "", Ordering::Equal),
            ("99999999999999999999999.1", "2026", Ordering::Less),
            ("1.2.3.4.5.6.7.8", "1.2.3.4.5.6.9.9", Ordering::Equal),
            ("ü.1", "0.1", Ordering::Less),
        ] {
            assert_eq!(super::order(one, other), order, "{one} {other}");
        }
    }
}
