//! Gathers the answers given before the wizard starts: reads answer files, and fetches what they only refer to (an environment
//! variable, a file, the output of a command, standard input, a person at the terminal).
//!
//! Fetches only answers that count: one that a flag replaces, that the flow does not ask or that another answer hides runs no
//! command and opens no file. The outside comes in as a value, so that tests need no process.

mod command;
mod decode;
mod fetch;
mod gather;
mod secret_file;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::answers::{Answers, GivenAnswer, LoadedAnswers, Problem};
use crate::model::field::FieldId;
use crate::model::flow::Flow;

pub use command::{DEPTH_VARIABLE, LIMIT as COMMAND_LIMIT};
pub use gather::gather;

/// The exit status after Ctrl-C, also at a question.
pub(super) const INTERRUPTED: u8 = 130;

/// The name of an answer file that means standard input.
pub const STDIN: &str = "-";

/// What the command line says about answers.
#[derive(Debug, Clone)]
pub struct CommandLine {
    /// The flow; `None` leaves it to the files.
    pub flow: Option<Flow>,
    /// The answer files, in order; [`STDIN`] is standard input.
    pub files: Vec<PathBuf>,
    /// The answers of flags, in order.
    pub flags: Vec<GivenAnswer>,
    /// Problems with the flags.
    pub problems: Vec<Problem>,
    pub defaults: Answers,
}

impl CommandLine {
    /// Returns a command line that says nothing beyond the defaults.
    pub const fn new(defaults: Answers) -> Self {
        Self { flow: None, files: Vec::new(), flags: Vec::new(), problems: Vec::new(), defaults }
    }
}

/// Environment variables by name; on Windows the names are in capitals.
pub type Environment = BTreeMap<OsString, OsString>;

/// Returns a variable's value. An empty one counts as not set, as everywhere in this program: compose files and pipelines set
/// variables that they have no value for.
pub fn variable<'a>(environment: &'a Environment, name: &str) -> Option<&'a OsString> {
    // Windows ignores case in names, and the keys are in capitals there.
    let name = if cfg!(windows) { Cow::from(name.to_uppercase()) } else { Cow::from(name) };
    environment.get(OsStr::new(name.as_ref())).filter(|value| !value.is_empty())
}

/// Standard input.
pub enum Stdin<'a> {
    /// Something is piped into it, for us to read.
    Piped(&'a mut dyn BufRead),
    /// A terminal. Secrets are asked for there, so that they are not shown.
    Terminal,
    /// A face reads it.
    Taken,
}

/// Asks a person for secrets.
pub trait SecretPrompt {
    /// Asks for a field's secret without showing what is typed. `again` says why the last one was refused.
    fn ask(&mut self, field: FieldId, again: Option<&str>) -> io::Result<SecretString>;
}

/// What to do about answers that only a person can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No screens follow: ask now, if there is a terminal.
    Headless,
    /// A face asks later.
    Interactive,
    /// The answers are checked only: leave open what only a run can get (standard input, a person).
    CheckOnly,
}

/// Where answers come from, as values.
pub struct Sources<'a> {
    pub environment: &'a Environment,
    pub stdin: Stdin<'a>,
    /// Asks at the terminal, if there is one.
    pub person: Option<&'a mut dyn SecretPrompt>,
    pub mode: Mode,
    /// How long a command may take.
    pub command_limit: Duration,
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sources").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// All answers, gathered.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The flow, if the command line or a file names one.
    pub flow: Option<Flow>,
    pub loaded: LoadedAnswers,
    /// The exit status to end with, where a person left at a question or a signal came while a command ran.
    pub left: Option<u8>,
}
