//! Scripts in bash.

use std::fmt;

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
    let comment = |line: String| Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") });
    let names = |secrets: &[Secret]| Safe(secrets.iter().map(|secret| secret.variable()).collect::<Vec<_>>().join(" "));
    let script = Script {
        head: head::lines(setup, Shell::Bash, needed, secrets).into_iter().map(comment).collect(),
        secrets: names(&Secret::ALL),
        needed: names(needed),
        awaits: commands.iter().any(|command| command.awaits.is_some()),
        commands: shown::all(commands, secrets, refers),
    };
    let mut text = Zeroizing::new(String::with_capacity(32 * 1024));
    script.render_into(&mut *text).map_err(|_| Unwritable)?;
    Ok(text)
}

/// A secret of the environment as part of a word.
pub(super) fn refers(secret: Secret, form: Form) -> String {
    let name = secret.variable();
    match form {
        Form::Plain => format!("\"${name}\""),
        // The quote is in a variable, since versions of bash disagree on how one is written within this.
        Form::Doubled => format!("\"${{{name}//$quote/$quote$quote}}\""),
    }
}
