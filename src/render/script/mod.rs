//! Scripts that run Octopus Server's own command line, in the languages that its machines have.

mod bash;
mod head;
mod powershell;
mod shown;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::octopus::{Command, commands};
use super::{Clear, Secret, Secrets, Setup, Unwritable};

pub use bash::BashWord;
pub use powershell::PowerShellWord;

/// A language of scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// PowerShell, Windows PowerShell 5.1 or later, for `Octopus.Server.exe`.
    PowerShell,
    /// bash, for `Octopus.Server` on Linux.
    Bash,
}

impl Language {
    /// Every one of them.
    pub const ALL: [Self; 2] = [Self::PowerShell, Self::Bash];

    /// That of the shell which the system that this program runs on has.
    pub const fn of_this_system() -> Self {
        if cfg!(windows) { Self::PowerShell } else { Self::Bash }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PowerShell => "PowerShell",
            Self::Bash => "bash",
        }
    }

    /// What sets an environment variable in it, for people.
    pub const fn sets_a_variable(self) -> &'static str {
        match self {
            Self::PowerShell => "$env:NAME = Read-Host",
            Self::Bash => "read -rs NAME; export NAME",
        }
    }
}

/// The script of a node, its secrets as references to the environment.
pub fn by_reference(setup: &Setup<'_>, language: Language) -> Result<String, Unwritable> {
    write(setup, language, Secrets::ByReference).map(|text| text.to_string())
}

/// The script of a node with its secrets in it. One that is not there stays a reference.
pub fn in_clear(setup: &Setup<'_>, language: Language, clear: &Clear) -> Result<SecretString, Unwritable> {
    write(setup, language, Secrets::InClear(clear)).map(|text| SecretString::from(text.as_str()))
}

fn write(setup: &Setup<'_>, language: Language, secrets: Secrets<'_>) -> Result<Zeroizing<String>, Unwritable> {
    let commands = commands(setup)?;
    let needed = needed(&commands, secrets);
    match language {
        Language::PowerShell => powershell::write(setup, &commands, &needed, secrets),
        Language::Bash => bash::write(setup, &commands, &needed, secrets),
    }
}

/// The secrets that have to be in the environment when the script runs.
fn needed(commands: &[Command], secrets: Secrets<'_>) -> Vec<Secret> {
    let mut needed: Vec<Secret> = commands.iter().flat_map(Command::secrets).collect();
    needed.sort_unstable();
    needed.dedup();
    needed.retain(|secret| secrets.text(*secret).is_none());
    needed
}
