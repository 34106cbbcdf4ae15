//! What a line means: an answer, or one of the few words that are about the questions themselves.

use crate::model::choice::spelled;
use crate::model::field::Kind;

/// What a line means, whatever was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// Nothing was typed.
    Empty,
    /// `?`: help.
    Help,
    /// `<`: one question back.
    Back,
    /// `.`: empty the field.
    Clear,
    /// `!` or `quit`: end.
    Quit,
    /// `connection`: a connection string follows.
    Connection,
    /// An answer, with its escape taken off.
    Text(&'a str),
}

/// Goes one question back.
pub const BACK: &str = "<";
/// Ends the program.
pub const QUIT: &str = "quit";
/// Announces a connection string.
pub const CONNECTION: &str = "connection";

/// The words that are not answers.
const WORDS: [(&str, Entry<'static>); 6] = [
    ("?", Entry::Help),
    (BACK, Entry::Back),
    (".", Entry::Clear),
    ("!", Entry::Quit),
    (QUIT, Entry::Quit),
    (CONNECTION, Entry::Connection),
];

/// What is told of them, once at the start and with each help.
pub const KEYS: &str = "At every question: ? tells more, < goes back, ! or quit ends, and a single . empties a field. Where one of \
these is itself the answer, put a backslash before it: \\? is a question mark.";

/// Reads a line. Only a line that is nothing but such a word, perhaps behind backslashes, is anything else than what it
/// says: a path that begins with two backslashes, or a password with one in it, stays as it is typed.
///
/// Blanks around a word do not count, but of a secret each blank may be part.
pub fn read(line: &str, secret: bool) -> Entry<'_> {
    let plain = if secret { line } else { line.trim() };
    if plain.is_empty() {
        return Entry::Empty;
    }
    let word = |text: &str| WORDS.iter().find(|(word, _)| *word == text).map(|(_, entry)| *entry);
    if let Some(entry) = word(plain) {
        return entry;
    }
    match plain.strip_prefix('\\') {
        Some(rest) if word(rest.trim_start_matches('\\')).is_some() => Entry::Text(rest),
        _ => Entry::Text(plain),
    }
}

/// Yes or no; `None` for anything else.
pub fn yes_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" => Some(true),
        "no" | "n" | "false" => Some(false),
        _ => None,
    }
}

/// The place of what was chosen among so many, by its number from 1.
pub fn number(text: &str, count: usize) -> Option<usize> {
    // Not "+1" and not "01": a choice is typed as it is shown.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let number: usize = if digits { text.parse().ok()? } else { return None };
    (number <= count).then(|| number - 1)
}

/// The text of a field's answer, as answer files have it; the error says what to type.
pub fn answer(kind: Kind, text: &str) -> Result<String, String> {
    match kind {
        Kind::Toggle => match yes_no(text) {
            Some(yes) => Ok(spelled(yes).to_owned()),
            None => Err("Type yes or no.".to_owned()),
        },
        Kind::Choice(values) => {
            let chosen = number(text, values.len()).and_then(|place| values.get(place));
            match chosen.or_else(|| values.iter().find(|value| value.eq_ignore_ascii_case(text))) {
                Some(value) => Ok((*value).to_owned()),
                None => Err(format!("Type a number from 1 to {}, or one of {}.", values.len(), values.join(", "))),
            }
        }
        Kind::Text | Kind::Path | Kind::Number | Kind::Secret => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_stands_alone_is_no_answer() {
        for (line, entry) in [
            ("", Entry::Empty),
            ("   ", Entry::Empty),
            ("?", Entry::Help),
            (" ? ", Entry::Help),
            ("<", Entry::Back),
            (".", Entry::Clear),
            ("!", Entry::Quit),
            ("quit", Entry::Quit),
            ("connection", Entry::Connection),
            ("quitter", Entry::Text("quitter")),
            ("what?", Entry::Text("what?")),
            ("..", Entry::Text("..")),
            (" sql01 ", Entry::Text("sql01")),
        ] {
            assert_eq!(read(line, false), entry, "{line:?}");
        }
    }

    #[test]
    fn a_backslash_makes_a_word_an_answer_and_is_else_one_itself() {
        for (line, text) in [
            (r"\?", "?"),
            (r"\<", "<"),
            (r"\quit", "quit"),
            (r"\connection", "connection"),
            (r"\\?", r"\?"),
            (r"\\\.", r"\\."),
            (r"\\server\share", r"\\server\share"),
            (r"\x", r"\x"),
            (r"\", r"\"),
        ] {
            assert_eq!(read(line, false), Entry::Text(text), "{line:?}");
            assert_eq!(read(line, true), Entry::Text(text), "{line:?}");
        }
    }

    #[test]
    fn of_a_secret_blanks_count() {
        assert_eq!(read(" pass word ", true), Entry::Text(" pass word "));
        assert_eq!(read(" ? ", true), Entry::Text(" ? "));
        assert_eq!(read(" ", true), Entry::Text(" "));
        assert_eq!(read("?", true), Entry::Help);
    }

    #[test]
    fn yes_and_no_and_nothing_between() {
        for yes in ["yes", "Y", "true", " YES "] {
            assert_eq!(yes_no(yes), Some(true), "{yes:?}");
        }
        for no in ["no", "N", "false"] {
            assert_eq!(yes_no(no), Some(false), "{no:?}");
        }
        for neither in ["", "ye", "1", "0", "yes please", "ja"] {
            assert_eq!(yes_no(neither), None, "{neither:?}");
        }
    }

    #[test]
    fn a_number_is_one_of_those_that_were_shown() {
        assert_eq!((number("1", 3), number("3", 3)), (Some(0), Some(2)));
        for wrong in ["0", "4", "-1", "+1", "01", "1.0", "one", "", "99999999999999999999999", "１"] {
            assert_eq!(number(wrong, 3), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_is_what_answer_files_say_or_is_refused() {
        let trust = Kind::Choice(&["system", "ca-file"]);
        assert_eq!(answer(trust, "2").as_deref(), Ok("ca-file"));
        assert_eq!(answer(trust, "CA-file").as_deref(), Ok("ca-file"));
        assert_eq!(answer(trust, "3"), Err("Type a number from 1 to 2, or one of system, ca-file.".to_owned()));
        assert_eq!(answer(Kind::Toggle, "y").as_deref(), Ok("true"));
        assert!(answer(Kind::Toggle, "maybe").is_err());
        assert_eq!(answer(Kind::Text, "1").as_deref(), Ok("1"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_answer_is_it_can_be_typed(text in r"\\{0,3}(\?|<|\.|!|quit|connection|[a-z]{0,3})") {
            proptest::prop_assume!(!text.is_empty());
            let typed = format!("\\{text}");
            let reached = [text.as_str(), typed.as_str()].into_iter().any(|line| read(line, true) == Entry::Text(&text));
            proptest::prop_assert!(reached);
        }
    }
}
