//! Text by its width on the screen: cut, wrapped and measured in columns rather than characters.
//! Short durations, too.

use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A text's width in columns.
pub fn width(text: &str) -> u16 {
    let columns = if text.is_ascii() { text.len() } else { text.width() };
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Whether each byte is a character of one column: printable ASCII.
pub fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The longest end that is at most this wide; never half of a grapheme.
pub fn end(text: &str, columns: u16) -> &str {
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true).rev() {
        used += width(grapheme);
        if used > columns {
            return &text[start + grapheme.len()..];
        }
    }
    text
}

/// The longest beginning that is at most this wide; never half of a wide character, never half of a grapheme.
pub fn beginning(text: &str, columns: u16) -> &str {
    if width(text) <= columns {
        return text;
    }
    if is_plain(text) {
        return &text[..usize::from(columns)];
    }
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        used += width(grapheme);
        if used > columns {
            return &text[..start];
        }
    }
    text
}

/// The text itself where it fits; else its beginning with `…` behind it.
pub fn fit(text: &str, columns: u16) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    match columns {
        0 => String::new(),
        1 => "…".to_owned(),
        _ => format!("{}…", beginning(text, columns - 1).trim_end()),
    }
}

/// As many of the text's clauses, from its first one on, as fit: a row of evidence says the most telling first, and is
/// better short than cut in the middle of a word. The whole text where not even its first clause fits.
pub fn clauses(text: &str, columns: u16) -> &str {
    if width(text) <= columns {
        return text;
    }
    let ends = text.match_indices([',', ';', ':', '.', '(']).filter_map(|(place, mark)| {
        let (before, after) = (&text[..place], &text[place + mark.len()..]);
        let is_end = if mark == "(" { before.ends_with(' ') } else { after.starts_with(' ') };
        is_end.then(|| before.trim_end())
    });
    ends.rev().find(|clause| !clause.is_empty() && width(clause) <= columns).unwrap_or(text)
}

/// The text in lines of at most this width, broken at blanks where there are any. Line breaks stay.
pub fn wrap(text: &str, columns: u16) -> Vec<&str> {
    let mut lines = Vec::new();
    if columns == 0 {
        return lines;
    }
    for paragraph in text.trim_end().split('\n') {
        let mut rest = paragraph;
        loop {
            let line = beginning(rest, columns);
            if line.len() == rest.len() {
                lines.push(rest.trim_end());
                break;
            }
            // A blank right behind the line is a break too.
            let blank = if rest[line.len()..].starts_with(' ') { Some(line.len()) } else { line.rfind(' ') };
            let cut = match blank {
                Some(blank) if !rest[..blank].trim().is_empty() => blank,
                _ if line.is_empty() => rest.graphemes(true).next().map_or(rest.len(), str::len),
                _ => line.len(),
            };
            lines.push(rest[..cut].trim_end());
            rest = rest[cut..].trim_start_matches(' ');
            if rest.is_empty() {
                break;
            }
        }
    }
    lines
}

/// A number with commas between its thousands: `10,000`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The first sentence, with its full stop.
pub fn first_sentence(text: &str) -> &str {
    match text.find(". ") {
        Some(end) => &text[..=end],
        None => text,
    }
}

/// How long something has been going on, in whole seconds: `3 s`, `2 min 05 s`. It changes once a second, and so does
/// the screen.
pub fn format_elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

/// How long a step took, in tenths of seconds so that a column of them is aligned: `0.3 s`.
pub fn format_step_time(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    if tenths < 600 { format!("{}.{} s", tenths / 10, tenths % 10) } else { format_elapsed(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_shows_that_it_was_cut() {
        assert_eq!(fit("OctopusDeploy", 13), "OctopusDeploy");
        assert_eq!(fit("OctopusDeploy", 8), "Octopus…");
        assert_eq!(fit("a b c", 3), "a…");
        assert_eq!(fit("章魚部署", 5), "章魚…");
        assert_eq!(fit("章魚", 1), "…");
        assert_eq!(fit("x", 0), "");
    }

    #[test]
    fn clauses_are_kept_whole() {
        for (text, columns, kept) in [
            ("127.0.0.1 in 0.2 ms, port 35203", 24, "127.0.0.1 in 0.2 ms"),
            ("127.0.0.1 in 0.2 ms, port 35203", 31, "127.0.0.1 in 0.2 ms, port 35203"),
            ("a, b, c and d", 5, "a, b"),
            ("Practice server (16.0): for trying out.", 20, "Practice server"),
            ("absent; the install creates it", 24, "absent"),
            ("fe80::1,1433 in 1.2 ms, 2 addresses", 22, "fe80::1,1433 in 1.2 ms"),
            ("nothing that can be parted", 10, "nothing that can be parted"),
        ] {
            assert_eq!(clauses(text, columns), kept);
        }
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap("octopus needs db_owner", 13), ["octopus needs", "db_owner"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("one\n\ntwo", 9), ["one", "", "two"]);
        assert_eq!(wrap("章魚", 1), ["章", "魚"]);
    }

    #[test]
    fn thousands_have_commas() {
        for (number, words) in [(0, "0"), (999, "999"), (1_000, "1,000"), (100_000, "100,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), words);
        }
    }

    #[test]
    fn a_sentence_ends_with_its_stop() {
        assert_eq!(first_sentence("One. Two."), "One.");
        assert_eq!(first_sentence("Version 1.2 is good."), "Version 1.2 is good.");
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_wide_and_nothing_but_blanks_is_lost(text in "[a-z 章é.]{0,80}", columns in 2u16..30) {
            let lines = wrap(&text, columns);
            proptest::prop_assert!(lines.iter().all(|line| width(line) <= columns));
            let kept = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            proptest::prop_assert_eq!(kept(&lines.concat()), kept(&text));
        }

        #[test]
        fn a_cut_text_fits(text in ".{0,40}", columns in 0u16..30) {
            proptest::prop_assert!(width(&fit(&text, columns)) <= columns);
        }
    }

    #[test]
    fn durations_are_short() {
        assert_eq!(format_elapsed(Duration::from_millis(3_999)), "3 s");
        assert_eq!(format_step_time(Duration::from_millis(40)), "0.0 s");
        assert_eq!(format_step_time(Duration::from_secs(61)), "1 min 01 s");
    }
}
