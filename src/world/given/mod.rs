//! Answers that are given beforehand, gathered: answer files are read, and what stands elsewhere (an environment variable, a
//! file, the output of a command, standard input, a person at the terminal) is fetched.
//!
//! Only the answer that counts is fetched: one that a flag replaces, that the flow does not ask or that another answer hides
//! runs no command and opens no file. Everything from outside comes in as a value, so that tests need no process.

mod command;
mod gather;
mod paper;
mod source;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::answers::Answers;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::given::{Given, Loaded, Problem};

pub use command::{DEPTH_VARIABLE, LIMIT as COMMAND_LIMIT};
pub use gather::gather;

/// The exit status of whoever is interrupted by Ctrl-C, or leaves at a question.
pub(super) const INTERRUPTED: u8 = 130;

/// The name of an answer file that means standard input.
pub const STDIN: &str = "-";

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The flow; where nothing is said, the one that the files name.
    pub flow: Option<Flow>,
    /// The answer files, in order; [`STDIN`] is standard input.
    pub files: Vec<PathBuf>,
    /// The answers of flags, in order.
    pub flags: Vec<Given>,
    /// What was wrong with the flags.
    pub problems: Vec<Problem>,
    /// What is answered when nobody says anything.
    pub defaults: Answers,
}

impl Wanted {
    /// Nothing but these defaults.
    pub const fn new(defaults: Answers) -> Self {
        Self { flow: None, files: Vec::new(), flags: Vec::new(), problems: Vec::new(), defaults }
    }
}

/// The environment: variables by name; on Windows in capitals.
pub type Environment = BTreeMap<OsString, OsString>;

/// A variable that is set to something. An empty one counts as none, as everywhere in this program: compose files and
/// pipelines set variables that they have no value for.
pub fn variable<'a>(environment: &'a Environment, name: &str) -> Option<&'a OsString> {
    // Windows knows no case in names, and the keys are in capitals there.
    let name = if cfg!(windows) { Cow::from(name.to_uppercase()) } else { Cow::from(name) };
    environment.get(OsStr::new(name.as_ref())).filter(|value| !value.is_empty())
}

/// Standard input.
pub enum Stdin<'a> {
    /// Something is piped into it, and its lines are ours.
    Piped(&'a mut dyn BufRead),
    /// A terminal: a secret is asked for there instead, so that it is not shown.
    Terminal,
    /// It belongs to a face.
    Taken,
}

/// Asks a person for a secret.
pub trait Ask {
    /// Asks for a field's secret, without showing what is typed. `again` says why the last one was no good.
    fn ask(&mut self, field: FieldId, again: Option<&str>) -> io::Result<SecretString>;
}

/// What is done about answers that only a person can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The run goes on without screens: they are asked for now, where there is a terminal.
    Alone,
    /// A face asks for them later.
    WithFace,
    /// Nothing will be done with the answers: what only the run itself can have (standard input, a person) is left open.
    LookOnly,
}

/// The outside, as values.
pub struct Around<'a> {
    /// The environment.
    pub environment: &'a Environment,
    /// Standard input.
    pub stdin: Stdin<'a>,
    /// Somebody to ask, where there is a terminal.
    pub person: Option<&'a mut dyn Ask>,
    /// What is done about answers that only a person can give.
    pub manner: Manner,
    /// How long a command may take.
    pub command_limit: Duration,
}

impl fmt::Debug for Around<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Around").field("manner", &self.manner).finish_non_exhaustive()
    }
}

/// Everything that was given beforehand.
#[derive(Debug, Clone)]
pub struct Beforehand {
    /// The flow that it is for, where anybody says so.
    pub flow: Option<Flow>,
    /// The answers.
    pub loaded: Loaded,
    /// A person was asked and left, or a signal came while a command ran: the exit status that it asks for.
    pub left: Option<u8>,
}
