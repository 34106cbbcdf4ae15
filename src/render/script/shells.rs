//! The templates of the shells.

use std::fmt::{self, Write as _};

use askama::Template;
use askama::filters::{Escaper, Safe};
use zeroize::Zeroizing;

use super::super::octopus::{Command, Form};
use super::super::{Secret, Secrets, Setup, Unwritable};
use super::shown::{self, Shard, Shown};
use super::{Shell, head};
use crate::model::quote;

/// The escaper of `.sh` templates: a value comes out as one quoted word.
#[derive(Debug, Clone, Copy)]
pub struct BashWord;

impl Escaper for BashWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.contains('\0') {
            return Err(fmt::Error);
        }
        quote::write_bash(&mut dest, text)
    }
}

#[derive(Template)]
#[template(path = "node.sh", config = "assets/askama.toml")]
struct BashScript {
    head: Vec<Safe<String>>,
    /// The names of all variables that hold secrets, which Octopus Server has no need of.
    secrets: Safe<String>,
    needed: Safe<String>,
    /// Whether the node is started, and asked until it is in.
    awaits: bool,
    commands: Vec<Shown>,
}

pub(super) fn bash(
    setup: &Setup<'_>,
    commands: &[Command],
    needed: &[Secret],
    secrets: Secrets<'_>,
) -> Result<Zeroizing<String>, Unwritable> {
    let comment = |line: String| Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") });
    let names = |secrets: &[Secret]| Safe(secrets.iter().map(|secret| secret.variable()).collect::<Vec<_>>().join(" "));
    let script = BashScript {
        head: head::lines(setup, Shell::Bash, needed, secrets).into_iter().map(comment).collect(),
        secrets: names(&Secret::ALL),
        needed: names(needed),
        awaits: commands.iter().any(|command| command.awaits.is_some()),
        commands: shown::all(commands, secrets, bash_reference),
    };
    let mut text = Zeroizing::new(String::with_capacity(32 * 1024));
    script.render_into(&mut *text).map_err(|_| Unwritable)?;
    Ok(text)
}

/// A secret of the environment as part of a word.
pub(super) fn bash_reference(secret: Secret, form: Form) -> String {
    let name = secret.variable();
    match form {
        Form::Plain => format!("\"${name}\""),
        // The quote is in a variable, since versions of bash disagree on how one is written within this.
        Form::Doubled => format!("\"${{{name}//$quote/$quote$quote}}\""),
    }
}

/// The escaper of `.ps1` templates: a value comes out as one expression in ASCII.
#[derive(Debug, Clone, Copy)]
pub struct PowerShellWord;

impl Escaper for PowerShellWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.contains('\0') {
            return Err(fmt::Error);
        }
        quote::write_powershell_ascii(&mut dest, text)
    }
}

#[derive(Template)]
#[template(path = "node.ps1", config = "assets/askama.toml")]
struct PowerShellScript {
    head: Vec<Safe<String>>,
    /// The names of all variables that hold secrets, which Octopus Server has no need of.
    secrets: Safe<String>,
    needed: Safe<String>,
    /// Whether the node is started, and asked until it is in.
    awaits: bool,
    commands: Vec<Shown>,
}

pub(super) fn powershell(
    setup: &Setup<'_>,
    commands: &[Command],
    needed: &[Secret],
    secrets: Secrets<'_>,
) -> Result<Zeroizing<String>, Unwritable> {
    let script = PowerShellScript {
        head: head::lines(setup, Shell::PowerShell, needed, secrets).into_iter().map(|line| comment(&line)).collect(),
        secrets: names(&Secret::ALL),
        needed: names(needed),
        awaits: commands.iter().any(|command| command.awaits.is_some()),
        commands: shown::all(commands, secrets, powershell_reference),
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
pub(super) fn powershell_reference(secret: Secret, form: Form) -> String {
    let name = secret.variable();
    match form {
        Form::Plain => format!("$env:{name}"),
        Form::Doubled => format!("$env:{name}.Replace('\"', '\"\"')"),
    }
}
