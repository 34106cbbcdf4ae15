//! Commands of Octopus Server's own, for the shell of the platform. They are copied and run as they stand: a name in them
//! must not act, and what is missing in them must not pass for a value.

use std::fmt::Write as _;

use crate::catalog::checks::Case;
use crate::model::field::FieldId;
use crate::model::quote::Shell;

/// `Octopus.Server configure --instance '…' --webListenPrefixes '…'`.
pub fn command(case: &Case<'_>, verb: &str, options: &[(&str, &str)]) -> String {
    let shell = case.shell();
    let instance = shell.quoted(case.answers.trimmed(FieldId::Instance));
    let mut line = format!("Octopus.Server {verb} --instance {instance}");
    for (option, value) in options {
        // Writing to a string cannot fail.
        let _ = write!(line, " --{option} {}", shell.quoted(value));
    }
    line
}

/// The same with one option whose value has a secret between these two texts. The secret is in no command: a Unix shell
/// takes it from this variable and refuses to go on without it, `PowerShell` asks for it.
pub fn with_secret(case: &Case<'_>, verb: &str, option: &str, around: (&str, &str), variable: &str) -> String {
    format!("{} --{option} {}", command(case, verb, &[]), secret(around, variable, case.shell()))
}

fn secret((before, after): (&str, &str), variable: &str, shell: Shell) -> String {
    let text = |text: &str| if text.is_empty() { String::new() } else { shell.quoted(text) };
    if shell == Shell::PowerShell {
        let parts = [text(before), format!("(Read-Host '{variable}')"), text(after)];
        format!("({})", parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" + "))
    } else {
        format!("{}\"${{{variable}:?}}\"{}", text(before), text(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_from_a_variable_or_asked_for_and_never_a_placeholder() {
        assert_eq!(secret(("", ""), "KEY", Shell::Bash), "\"${KEY:?}\"");
        assert_eq!(secret(("", ""), "KEY", Shell::PowerShell), "((Read-Host 'KEY'))");
        assert_eq!(secret(("a;b=", ";c"), "PW", Shell::Bash), "'a;b='\"${PW:?}\"';c'");
        assert_eq!(secret(("a;b=", ";c"), "PW", Shell::PowerShell), "('a;b=' + (Read-Host 'PW') + ';c')");
    }
}
