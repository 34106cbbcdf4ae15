//! The difference of two texts, as a reader wants it: what changed, with a little around it.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::model::facts::{DiffLine, DiffSign};

/// Lines around a change.
const AROUND: usize = 2;
/// The most lines of one difference; a config has fifty.
const MOST: usize = 400;
/// The most time for one; similar then falls back to a coarser one. Only files that are no configs take it.
const BUDGET: Duration = Duration::from_millis(50);

/// What differs from the older lines to the present ones; empty where nothing does.
pub(super) fn of(older: &[String], present: &[String]) -> Vec<DiffLine> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (older.iter().map(String::as_str).collect(), present.iter().map(String::as_str).collect());
    let diff = TextDiff::configure().timeout(BUDGET).diff_slices(&old, &new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(AROUND) {
        if !lines.is_empty() {
            lines.push(note("…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if lines.len() >= MOST {
                lines.push(note("… and more."));
                return lines;
            }
            let sign = match change.tag() {
                ChangeTag::Equal => DiffSign::Same,
                ChangeTag::Delete => DiffSign::Old,
                ChangeTag::Insert => DiffSign::New,
            };
            lines.push(DiffLine { sign, text: change.value().into() });
        }
    }
    lines
}

/// A line that is in neither text.
pub(super) fn note(words: &str) -> DiffLine {
    DiffLine { sign: DiffSign::Same, text: words.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_texts(older: &str, present: &str) -> Vec<String> {
        let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let sign = |line: DiffLine| match line.sign {
            DiffSign::Same => line.text.to_string(),
            DiffSign::Old => format!("-{}", line.text),
            DiffSign::New => format!("+{}", line.text),
        };
        of(&lines(older), &lines(present)).into_iter().map(sign).collect()
    }

    #[test]
    fn changes_come_with_two_lines_around_and_a_gap_between() {
        assert_eq!(of_texts("a b c", "a b c"), [""; 0]);
        assert_eq!(
            of_texts("a b c d e f g h i j k l", "a b c D e f g h i j K l"),
            ["b", "c", "-d", "+D", "e", "f", "…", "i", "j", "-k", "+K", "l"]
        );
    }

    #[test]
    fn a_difference_has_an_end() {
        let many: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
        let lines = of_texts(&many.join(" "), "");
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (MOST + 1, Some("… and more.")));
    }
}
