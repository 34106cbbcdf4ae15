//! Commands of Octopus Server's own, for the shell of this system. They are copied and run as they stand: a name in them
//! must not act, and what is missing in them must not pass for a value.

use std::fmt::Write as _;

use crate::catalog::checks::Case;
use crate::model::field::FieldId;

/// `Octopus.Server configure --instance '…' --webListenPrefixes '…'`.
pub fn command(case: &Case<'_>, verb: &str, options: &[(&str, &str)]) -> String {
    let mut line = format!("Octopus.Server {verb} --instance {}", quoted(case.answers.trimmed(FieldId::Instance), cfg!(windows)));
    for (option, value) in options {
        // Writing to a string cannot fail.
        let _ = write!(line, " --{option} {}", quoted(value, cfg!(windows)));
    }
    line
}

/// The same with one option whose value has a secret between these two texts. The secret is in no command: a Unix shell
/// takes it from this variable and refuses to go on without it, `PowerShell` asks for it.
pub fn with_secret(case: &Case<'_>, verb: &str, option: &str, around: (&str, &str), variable: &str) -> String {
    format!("{} --{option} {}", command(case, verb, &[]), secret(around, variable, cfg!(windows)))
}

fn secret((before, after): (&str, &str), variable: &str, windows: bool) -> String {
    let text = |text: &str| if text.is_empty() { String::new() } else { quoted(text, windows) };
    if windows {
        let parts = [text(before), format!("(Read-Host '{variable}')"), text(after)];
        format!("({})", parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" + "))
    } else {
        format!("{}\"${{{variable}:?}}\"{}", text(before), text(after))
    }
}

/// In single quotes nothing acts, neither in a Unix shell nor in `PowerShell`; they write a quote in it each in their way,
/// and to `PowerShell` the quotes of typography are quotes too.
fn quoted(value: &str, windows: bool) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for c in value.chars() {
        match c {
            '\'' if !windows => text.push_str("'\\''"),
            '\'' | '\u{2018}'..='\u{201b}' if windows => text.extend([c, c]),
            _ => text.push(c),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_acts_in_either_shell() {
        for (value, unix, windows) in [
            ("plain", "'plain'", "'plain'"),
            ("a b; rm -rf $HOME `x` \"", "'a b; rm -rf $HOME `x` \"'", "'a b; rm -rf $HOME `x` \"'"),
            ("it's", "'it'\\''s'", "'it''s'"),
            ("it\u{2019}s", "'it\u{2019}s'", "'it\u{2019}\u{2019}s'"),
            ("", "''", "''"),
        ] {
            assert_eq!((quoted(value, false).as_str(), quoted(value, true).as_str()), (unix, windows), "{value}");
        }
    }

    #[test]
    fn a_secret_is_taken_from_a_variable_or_asked_for_and_never_a_placeholder() {
        assert_eq!(secret(("", ""), "KEY", false), "\"${KEY:?}\"");
        assert_eq!(secret(("", ""), "KEY", true), "((Read-Host 'KEY'))");
        assert_eq!(secret(("a;b=", ";c"), "PW", false), "'a;b='\"${PW:?}\"';c'");
        assert_eq!(secret(("a;b=", ";c"), "PW", true), "('a;b=' + (Read-Host 'PW') + ';c')");
    }
}
