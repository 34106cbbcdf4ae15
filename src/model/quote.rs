//! Quoting: how a text becomes one word of a command line, one value of a connection string, or one name or literal of T-SQL, and
//! nothing else.
//!
//! Every command, script and statement that is shown, saved or printed takes its words from here. No shell can carry a NUL; the
//! renderers of whole scripts refuse it, and the functions here leave that to them.

use std::fmt::{self, Write};

use super::platform::Platform;

/// A shell that commands and scripts are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// PowerShell, Windows PowerShell 5.1 or later.
    PowerShell,
    Bash,
}

impl Shell {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::PowerShell, Self::Bash];

    /// Returns the shell that a platform has.
    pub const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Windows => Self::PowerShell,
            Platform::Linux => Self::Bash,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::PowerShell => "PowerShell",
            Self::Bash => "bash",
        }
    }

    /// Returns what sets an environment variable in it, for people.
    pub const fn sets_a_variable(self) -> &'static str {
        match self {
            Self::PowerShell => "$env:NAME = Read-Host",
            Self::Bash => "read -rs NAME; export NAME",
        }
    }

    /// Returns a text as one word, always in quotes.
    pub fn quoted(self, text: &str) -> String {
        match self {
            Self::PowerShell => powershell(text),
            Self::Bash => bash(text),
        }
    }

    /// Returns a text as one word, in quotes only where the shell would find something in it: for commands that people read.
    pub fn word(self, text: &str) -> String {
        if self.is_plain(text) { text.to_owned() } else { self.quoted(text) }
    }

    /// Returns a program that is to be run, as the first word of a command. PowerShell takes one in quotes for a text, unless it
    /// is told to call it (`about_Operators`, "Call operator").
    pub fn program(self, path: &str) -> String {
        let call = if self == Self::PowerShell && !self.is_plain(path) { "& " } else { "" };
        format!("{call}{}", self.word(path))
    }

    /// Returns whether the shell takes a word for itself without quotes.
    pub fn is_plain(self, text: &str) -> bool {
        let plain = |c: char| match c {
            // bash takes the backslash for its own, PowerShell the comma; the other one leaves it alone.
            '\\' => self == Self::PowerShell,
            ',' => self == Self::Bash,
            // At the beginning of a word it is PowerShell's splatting.
            '@' => self == Self::Bash || !text.starts_with('@'),
            c => c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '+' | '='),
        };
        !text.is_empty() && text.chars().all(plain)
    }
}

/// Returns a word of bash, in single quotes, which take every character but the quote literally (Bash Reference
/// Manual, 3.1.2.2 "Single Quotes"). A quote is written by leaving them: `'it'\''s'`.
pub fn bash(text: &str) -> String {
    written(text, write_bash)
}

/// See [`bash`].
pub fn write_bash(out: &mut dyn Write, text: &str) -> fmt::Result {
    out.write_char('\'')?;
    for (place, part) in text.split('\'').enumerate() {
        if place > 0 {
            out.write_str("'\\''")?;
        }
        out.write_str(part)?;
    }
    out.write_char('\'')
}

/// Returns whether PowerShell takes a character for a single quote: the typographic ones end a string as the straight one does (`about_Quoting_Rules`;
/// the tokenizer's `IsSingleQuote`: U+0027, U+2018 to U+201B).
const fn is_powershell_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

/// Returns a string of PowerShell in single quotes, within which nothing acts and a quote is written twice
/// (`about_Quoting_Rules`).
pub fn powershell(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for c in text.chars() {
        if is_powershell_quote(c) {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// Writes a string of PowerShell as one expression in printable ASCII, for script files: Windows PowerShell takes a file without a byte order
/// mark for the system's own code page. Whatever else is in the text is written by its number, so that the script means the
/// same whatever has happened to its encoding on its way.
pub fn write_powershell_ascii(out: &mut dyn Write, text: &str) -> fmt::Result {
    let is_plain = |c: char| matches!(c, ' '..='~');
    let plain = text.chars().all(is_plain);
    // A string goes first: what is added to it becomes part of it, while a character would be added up as a number.
    out.write_str(if plain { "'" } else { "('" })?;
    let mut open = true;
    for character in text.chars() {
        if is_plain(character) {
            if !open {
                out.write_str(" + '")?;
                open = true;
            }
            if character == '\'' {
                out.write_char('\'')?;
            }
            out.write_char(character)?;
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            out.write_str(if open { "' + " } else { " + " })?;
            open = false;
            write!(out, "[char]0x{unit:04x}")?;
        }
    }
    out.write_str(match (open, plain) {
        (true, true) => "'",
        (true, false) => "')",
        (false, _) => ")",
    })
}

/// Returns a word of `cmd`, in double quotes; `None` where it has none. Within them `cmd` still replaces `%NAME%` and cannot
/// write a quote or a line break ("How cmd parses a command line", Microsoft Learn: cmd, Remarks). Backslashes at the end are
/// doubled, since the program that is called takes one before the closing quote for an escape (C runtime: "Parsing C command-line
/// arguments").
pub fn cmd(text: &str) -> Option<String> {
    if text.chars().any(|c| matches!(c, '"' | '%') || c.is_control()) {
        return None;
    }
    let at_end = text.len() - text.trim_end_matches('\\').len();
    Some(format!("\"{text}{}\"", "\\".repeat(at_end)))
}

/// Returns a word for either shell of Windows, since it is unknown which one a command is pasted into: in double quotes where
/// nothing acts in both of them. What acts in one of them is written for PowerShell.
pub fn windows(text: &str) -> String {
    // PowerShell replaces variables in double quotes, has an escape of its own, and ends them by typographic quotes too.
    let acts = text.contains(|c| matches!(c, '$' | '`' | '\u{201c}'..='\u{201e}'));
    cmd(text).filter(|_| !acts).unwrap_or_else(|| powershell(text))
}

/// Appends a value of a .NET connection string, quoted where .NET would quote it
/// (`DbConnectionStringBuilder.AppendKeyValuePair`). Within quotes only the quote itself is written twice.
pub fn push_dotnet(text: &mut String, value: &str) {
    if !value.contains(|c: char| matches!(c, ';' | '\'' | '"' | '=') || c.is_whitespace() || c.is_control()) {
        text.push_str(value);
        return;
    }
    let quote = if value.contains('"') && !value.contains('\'') { '\'' } else { '"' };
    text.push(quote);
    push_doubled(text, value, quote);
    text.push(quote);
}

/// Appends a value between two quotes of a connection string: each quote in it is written twice.
pub fn push_doubled(text: &mut String, value: &str, quote: char) {
    for c in value.chars() {
        if c == quote {
            text.push(c);
        }
        text.push(c);
    }
}

fn written(text: &str, write: impl Fn(&mut dyn Write, &str) -> fmt::Result) -> String {
    let mut word = String::with_capacity(text.len() + 2);
    // Writing to a string cannot fail.
    let _ = write(&mut word, text);
    word
}

/// Quotes an identifier as `QUOTENAME` does: `a]b` becomes `[a]]b]`.
pub fn sql_name(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// Quotes a text as a Unicode literal: `it's` becomes `N'it''s'`.
pub fn sql_literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_has_quotes_only_where_the_shell_finds_something() {
        for (text, bash, powershell) in [
            ("web02.corp", "web02.corp", "web02.corp"),
            ("", "''", "''"),
            ("a b", "'a b'", "'a b'"),
            ("C:\\Octopus", "'C:\\Octopus'", "C:\\Octopus"),
            ("http://a,http://b", "http://a,http://b", "'http://a,http://b'"),
            ("me@corp", "me@corp", "me@corp"),
            ("@x", "@x", "'@x'"),
            ("it's", "'it'\\''s'", "'it''s'"),
            ("it\u{2019}s", "'it\u{2019}s'", "'it\u{2019}\u{2019}s'"),
            ("$HOME `x` \"", "'$HOME `x` \"'", "'$HOME `x` \"'"),
        ] {
            assert_eq!((Shell::Bash.word(text).as_str(), Shell::PowerShell.word(text).as_str()), (bash, powershell), "{text}");
        }
    }

    #[test]
    fn what_is_pasted_into_either_shell_of_windows_acts_in_neither() {
        for (text, word) in [
            ("C:\\My Files", "\"C:\\My Files\""),
            ("C:\\My Files\\", "\"C:\\My Files\\\\\""),
            ("CORP\\gmsa$", "'CORP\\gmsa$'"),
            ("50%", "'50%'"),
            ("it's", "\"it's\""),
            ("a \u{201d}b", "'a \u{201d}b'"),
        ] {
            assert_eq!(windows(text), word);
        }
        assert_eq!(cmd("%PATH%"), None);
    }

    /// Returns what PowerShell makes of a word: a string in single quotes up to its closing one, by the rules that are named
    /// above.
    fn read_powershell(word: &str) -> Option<String> {
        let mut rest = word.strip_prefix('\'')?.chars().peekable();
        let mut text = String::new();
        while let Some(c) = rest.next() {
            if is_powershell_quote(c) && rest.next_if(|next| is_powershell_quote(*next)).is_none() {
                return rest.next().is_none().then_some(text);
            }
            text.push(c);
        }
        None
    }

    /// Returns what PowerShell makes of a sum of strings and characters.
    fn read_expression(expression: &str) -> Option<String> {
        let sum = expression.strip_prefix('(').map_or(Some(expression), |sum| sum.strip_suffix(')'))?;
        let mut units: Vec<u16> = Vec::new();
        let mut rest = sum;
        loop {
            if let Some(character) = rest.strip_prefix("[char]0x") {
                units.push(u16::from_str_radix(character.get(..4)?, 16).ok()?);
                rest = &character[4..];
            } else {
                // To the closing quote: the first one that is not one of a pair.
                let inner = rest.strip_prefix('\'')?;
                let mut end = 0;
                loop {
                    end += inner[end..].find('\'')?;
                    if !inner[end + 1..].starts_with('\'') {
                        break;
                    }
                    end += 2;
                }
                units.extend(inner[..end].replace("''", "'").encode_utf16());
                rest = &inner[end + 1..];
            }
            match rest {
                "" => return String::from_utf16(&units).ok(),
                _ => rest = rest.strip_prefix(" + ")?,
            }
        }
    }

    proptest! {
        #[test]
        fn powershell_reads_back_what_was_quoted(text in "[^\\x00]{0,40}|['\u{2018}-\u{201b}$`\" ]{0,12}") {
            prop_assert_eq!(read_powershell(&powershell(&text)), Some(text.clone()));
            let mut expression = String::new();
            write_powershell_ascii(&mut expression, &text).unwrap();
            prop_assert!(expression.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", expression);
            prop_assert_eq!(read_expression(&expression), Some(text));
        }

        #[test]
        fn cmd_s_words_hold_nothing_that_acts(text in "[ -~]{0,20}") {
            if let Some(word) = cmd(&text) {
                let inner = &word[1..word.len() - 1];
                prop_assert!(!inner.contains(['"', '%']));
                prop_assert!((inner.len() - inner.trim_end_matches('\\').len()).is_multiple_of(2));
            }
        }

        #[test]
        fn bash_s_words_leave_their_quotes_for_quotes_only(text in "[^\\x00]{0,40}|['\\\\ \"$]{0,12}") {
            // tests/quoting.rs asks bash itself; this is the rule.
            let word = bash(&text);
            let inner = word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')).unwrap();
            prop_assert_eq!(inner.replace("'\\''", "'"), text);
        }
    }

    #[test]
    fn brackets_and_quotes_are_doubled() {
        assert_eq!(sql_name("a]; DROP DATABASE b"), "[a]]; DROP DATABASE b]");
        assert_eq!(sql_literal("it's"), "N'it''s'");
    }
}
