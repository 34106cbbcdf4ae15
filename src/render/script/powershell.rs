//! Scripts in PowerShell.

use std::fmt::{self, Write as _};

use askama::Template;
use askama::filters::{Escaper, Safe};
use zeroize::Zeroizing;

use super::super::octopus::{Command, Form};
use super::super::{Secret, Secrets, Setup, Unwritable};
use super::shown::{self, Shard, Shown};
use super::{Language, head};

/// The escaper of `.ps1` templates: a value comes out as one expression, a string in single quotes, within which only the
/// quote itself means something.
///
/// Whatever is not printable ASCII is written by its number: Windows PowerShell takes a file without a byte order mark for
/// the system's own code page, and it takes ‘ ’ ‚ ‛ for single quotes too. So the script means the same whatever has
/// happened to its encoding on its way.
#[derive(Debug, Clone, Copy)]
pub struct PowerShellWord;

impl Escaper for PowerShellWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.contains('\0') {
            return Err(fmt::Error);
        }
        let plain = text.bytes().all(is_plain);
        // A string goes first: what is added to it becomes part of it, while a character would be added up as a number.
        dest.write_str(if plain { "'" } else { "('" })?;
        let mut open = true;
        for character in text.chars() {
            if character.is_ascii() && is_plain(character as u8) {
                if !open {
                    dest.write_str(" + '")?;
                    open = true;
                }
                if character == '\'' {
                    dest.write_char('\'')?;
                }
                dest.write_char(character)?;
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                dest.write_str(if open { "' + " } else { " + " })?;
                open = false;
                write!(dest, "[char]0x{unit:04x}")?;
            }
        }
        dest.write_str(match (open, plain) {
            (true, true) => "'",
            (true, false) => "')",
            (false, _) => ")",
        })
    }
}

/// Whether a byte may stand between the quotes as it is.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

#[derive(Template)]
#[template(path = "node.ps1", config = "assets/askama.toml")]
struct Script {
    head: Vec<Safe<String>>,
    /// The names of all variables that hold secrets, which Octopus Server has no need of.
    secrets: Safe<String>,
    needed: Safe<String>,
    /// Whether the node is started, and asked until it is in.
    awaits: bool,
    commands: Vec<Shown>,
}

pub(super) fn write(
    setup: &Setup<'_>,
    commands: &[Command],
    needed: &[Secret],
    secrets: Secrets<'_>,
) -> Result<Zeroizing<String>, Unwritable> {
    let script = Script {
        head: head::lines(setup, Language::PowerShell, needed, secrets).into_iter().map(|line| comment(&line)).collect(),
        secrets: names(&Secret::ALL),
        needed: names(needed),
        awaits: commands.iter().any(|command| command.awaits.is_some()),
        commands: shown::all(commands, secrets, refers),
    };
    let mut text = Zeroizing::new(String::with_capacity(32 * 1024));
    script.render_into(&mut *text).map_err(|_| Unwritable)?;
    Ok(text)
}

/// A line of a comment, in ASCII for the reason that is told above.
fn comment(line: &str) -> Safe<String> {
    let line: String = line.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect();
    Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") })
}

/// The names of their variables, as the elements of an array.
fn names(secrets: &[Secret]) -> Safe<String> {
    let mut names = String::new();
    for (place, secret) in secrets.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(names, "{comma}'{}'", secret.variable());
    }
    Safe(names)
}

/// A secret of the environment as part of an expression.
pub(super) fn refers(secret: Secret, form: Form) -> String {
    let name = secret.variable();
    match form {
        Form::Plain => format!("$env:{name}"),
        Form::Doubled => format!("$env:{name}.Replace('\"', '\"\"')"),
    }
}
