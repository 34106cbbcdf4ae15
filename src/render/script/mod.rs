//! Scripts that run Octopus Server's own command line, in the languages that its machines have.

mod head;
mod shells;
mod shown;

use std::path::Path;

use askama::filters::Escaper;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::octopus::{Command, Form, Piece, commands};
use super::{Clear, Secret, Secrets, Setup, Shell, Unwritable};

pub use shells::{BashWord, PowerShellWord};

/// The script of a node, its secrets as references to the environment.
pub fn by_reference(setup: &Setup<'_>, shell: Shell) -> Result<String, Unwritable> {
    write(setup, shell, Secrets::ByReference).map(|text| text.to_string())
}

/// The script of a node with its secrets in it. One that is not there stays a reference.
pub fn in_clear(setup: &Setup<'_>, shell: Shell, clear: &Clear) -> Result<SecretString, Unwritable> {
    write(setup, shell, Secrets::InClear(clear)).map(|text| SecretString::from(text.as_str()))
}

/// One command in one line for a shell, its secrets as references to the environment.
pub fn by_hand(command: &Command, program: &Path, shell: Shell) -> Result<String, Unwritable> {
    let mut words = Vec::new();
    let refers = match shell {
        Shell::Bash => shells::bash_reference,
        Shell::PowerShell => shells::powershell_reference,
    };
    let escape = |text: &str| -> Result<String, Unwritable> {
        let mut word = String::new();
        match shell {
            Shell::Bash => BashWord.write_escaped_str(&mut word, text),
            Shell::PowerShell => PowerShellWord.write_escaped_str(&mut word, text),
        }
        .map_err(|_| Unwritable)?;
        Ok(word)
    };
    // bash has the quote that is doubled in a variable; see there.
    let mut pieces = command.options.iter().filter_map(|option| option.value.as_ref()).flat_map(|word| &word.0);
    let doubles = pieces.any(|piece| matches!(piece, Piece::Secret(_, Form::Doubled)));
    let environment = command.environment.map(|(name, secret)| (name, refers(secret, Form::Plain)));
    match shell {
        Shell::Bash => {
            words.extend(doubles.then(|| "quote='\"';".to_owned()));
            words.extend(environment.map(|(name, value)| format!("{name}={value}")));
        }
        Shell::PowerShell => {
            words.extend(environment.map(|(name, value)| format!("$env:{name} = {value};")));
            words.push("&".to_owned());
        }
    }
    words.push(escape(&program.to_string_lossy())?);
    words.push(command.verb.id().to_owned());
    for option in &command.options {
        words.push(option.flag.id().to_owned());
        let Some(word) = &option.value else { continue };
        let pieces = word.0.iter().map(|piece| match piece {
            Piece::Text(text) => escape(text),
            Piece::Secret(secret, form) => Ok(refers(*secret, *form)),
        });
        let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
        words.push(match shell {
            Shell::PowerShell if pieces.len() > 1 => format!("({})", pieces.join(" + ")),
            Shell::Bash | Shell::PowerShell => pieces.concat(),
        });
    }
    Ok(words.join(" "))
}

fn write(setup: &Setup<'_>, shell: Shell, secrets: Secrets<'_>) -> Result<Zeroizing<String>, Unwritable> {
    let commands = commands(setup)?;
    let needed = needed(&commands, secrets);
    match shell {
        Shell::PowerShell => shells::powershell(setup, &commands, &needed, secrets),
        Shell::Bash => shells::bash(setup, &commands, &needed, secrets),
    }
}

/// The secrets that have to be in the environment when the script runs.
fn needed(commands: &[Command], secrets: Secrets<'_>) -> Vec<Secret> {
    let mut needed: Vec<Secret> = commands.iter().flat_map(Command::secrets).collect();
    needed.sort_by_key(|secret| *secret);
    needed.dedup();
    needed.retain(|secret| secrets.text(*secret).is_none());
    needed
}
