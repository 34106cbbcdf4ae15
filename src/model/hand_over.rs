//! The hand-over to Octopus Server: its own commands, run step by step.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::choice::choices;

/// The Octopus Server whose commands a plan's last steps run.
#[derive(Debug, Clone)]
pub struct HandOver {
    pub program: PathBuf,
    /// The licence's XML, if one was given (first node only).
    pub licence: Option<SecretString>,
}

choices! {
    /// Whether Octopus Server's own commands are run.
    pub enum Handing {
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
pub enum CommandEnded {
    /// With this exit status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// It was killed after this time.
    TimedOut(Duration),
    /// It could not be started.
    NotStarted,
}
