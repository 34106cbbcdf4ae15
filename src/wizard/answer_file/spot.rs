//! Places in the text of an answer file.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::answers::AnswerPlace;
use crate::model::untrusted::Untrusted;

/// An answer file's name and text, to tell lines and columns by.
#[derive(Debug)]
pub(super) struct Text<'a> {
    /// The file, as it was named.
    pub file: &'a Untrusted,
    /// What it holds.
    pub whole: &'a str,
    /// Where each line begins: a megabyte of nonsense has an error in every line, and none may look for its line from the top.
    starts: Vec<usize>,
}

impl<'a> Text<'a> {
    /// Looks where the lines are.
    pub fn new(file: &'a Untrusted, text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, whole: text, starts }
    }

    /// The place of a byte; past the end it is the end.
    pub fn place(&self, at: usize) -> AnswerPlace {
        let line = self.line(at);
        let mut at = at.min(self.whole.len());
        while !self.whole.is_char_boundary(at) {
            at -= 1;
        }
        let column = self.part(self.starts[line - 1]..at).chars().count() + 1;
        AnswerPlace::Line { file: self.file.clone(), line, column }
    }

    /// The line of a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).max(1)
    }

    /// The word in front of the first `=` of a line, which may be a key.
    pub fn key_of_line(&self, line: usize) -> Option<&str> {
        let start = *self.starts.get(line.checked_sub(1)?)?;
        let (key, _) = self.whole.get(start..)?.lines().next()?.split_once('=')?;
        Some(key.trim().trim_matches(['"', '\'']))
    }

    /// The text with blanks for these lines; every byte that is left stays at its place.
    pub fn without(&self, lines: &BTreeSet<usize>) -> String {
        let mut text = String::with_capacity(self.whole.len());
        for (before, line) in self.whole.split_inclusive('\n').enumerate() {
            if lines.contains(&(before + 1)) {
                text.extend(line.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
            } else {
                text.push_str(line);
            }
        }
        text
    }

    /// A part of the text; nothing where there is no such part.
    pub fn part(&self, span: Range<usize>) -> &str {
        self.whole.get(span).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let file = Untrusted::new("a.toml");
        let text = Text::new(&file, "a = 1\nä = 2\n");
        let told = |at| text.place(at).to_string();
        assert_eq!(told(0), "a.toml, line 1, column 1");
        assert_eq!(told(6), "a.toml, line 2, column 1");
        assert_eq!(told(7), "a.toml, line 2, column 1", "within a character");
        assert_eq!(told(9), "a.toml, line 2, column 3");
        assert_eq!(told(999), "a.toml, line 3, column 1");
        assert_eq!(text.key_of_line(2), Some("ä"));
        assert_eq!(text.key_of_line(0), None);
        assert_eq!(text.without(&BTreeSet::from([2])), "a = 1\n      \n");
    }
}
