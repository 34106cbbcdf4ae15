//! Octopus Server itself: its config file, the hand-over to its own commands, and its versions.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::secret::SecretString;
use serde::{Deserialize, Serialize};

use super::answers::Raw;
use super::choice::{Choice, choices};
use super::connection_string::SignInKind;
use super::field::FieldId;
use super::target::{Encryption, TrustKind};
use super::untrusted::Untrusted;

/// The settings of one instance of Octopus Server (facts/octopus.md section 2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OctopusConfig {
    pub path: Untrusted,
    /// What it says, as answers. A setting that is not in the file is not here: Octopus then takes its own default.
    pub said: Vec<(FieldId, Raw)>,
    /// Whether it has a connection string that could be read.
    pub has_connection: bool,
    /// Who Octopus Server signs in to its database as.
    #[serde(default)]
    pub sign_in: SignInKind,
    /// Whether `Octopus.Storage.MasterKey` is there. It is protected by the machine and is not opened.
    pub has_master_key: bool,
    /// What could not be used, as sentences.
    pub unused: Vec<Untrusted>,
}

impl OctopusConfig {
    pub fn get(&self, field: FieldId) -> Option<&Raw> {
        self.said.iter().find(|(other, _)| *other == field).map(|(_, raw)| raw)
    }

    /// Returns the trust in the server's certificate where the connection string does not say it: Octopus Server adds
    /// `TrustServerCertificate=True` then (OctopusDeploy/Issues#6899). Strict encryption checks the certificate in any case.
    pub fn default_trust(&self) -> Option<TrustKind> {
        let encryption = self.text(FieldId::Encryption).and_then(Encryption::from_spelling);
        let is_said = !self.has_connection || self.get(FieldId::Trust).is_some();
        (!is_said && encryption != Some(Encryption::Strict)).then_some(TrustKind::Nothing)
    }

    /// Returns the text of a setting; `None` for a secret.
    pub fn text(&self, field: FieldId) -> Option<&str> {
        match self.get(field)? {
            Raw::Text(text) => Some(text.trim()),
            Raw::Secret(_) => None,
        }
    }
}

/// The Octopus Server whose commands a plan's last steps run.
#[derive(Debug, Clone)]
pub struct HandOver {
    pub program: PathBuf,
    /// The licence's XML, if one was given (first node only).
    pub licence: Option<SecretString>,
}

choices! {
    /// Whether Octopus Server's own commands are run.
    pub enum HandOverMode {
        /// If the program is found; otherwise its script is shown.
        WhenFound = "when-found",
        /// Yes; nothing is begun without the program.
        Always = "always",
        /// No; its script is shown.
        Script = "script",
    }
}

/// How a command failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandFailure {
    /// With this exit status.
    Status(i32),
    Signal(i32),
    /// It was killed after this time.
    TimedOut(Duration),
    /// It could not be started.
    NotStarted,
}

/// Compares versions number by number, and ignores suffixes.
pub fn compare_versions(one: &str, other: &str) -> Ordering {
    if one == other {
        // The usual case, for each of many nodes.
        return Ordering::Equal;
    }
    let numbers = |text: &'_ str| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let mut parts = [0_u64; 6];
        for (part, number) in parts.iter_mut().zip(text[..end].split('.')) {
            *part = number.parse().unwrap_or(0);
        }
        parts
    };
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        for (one, other, order) in [
            ("2026.4.1", "2026.4.1", Ordering::Equal),
            ("2026.4.10", "2026.4.9", Ordering::Greater),
            ("2025.4.10", "2026.1.9", Ordering::Less),
            ("2026.4", "2026.4.0", Ordering::Equal),
            ("2026.4.1-hotfix.2", "2026.4.1", Ordering::Equal),
            ("rubbish", "", Ordering::Equal),
            ("99999999999999999999999.1", "2026", Ordering::Less),
            ("1.2.3.4.5.6.7.8", "1.2.3.4.5.6.9.9", Ordering::Equal),
            ("ü.1", "0.1", Ordering::Less),
        ] {
            assert_eq!(super::compare_versions(one, other), order, "{one} {other}");
        }
    }
}
