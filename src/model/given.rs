//! What was answered beforehand: by answer files, environment variables and flags, each with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use super::answers::{Answers, Origin};
use super::check::CheckId;
use super::field::FieldId;
use super::finding::Severity;
use super::untrusted::Untrusted;

/// Where something was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In an answer file as a whole: it cannot be read at all.
    File(Untrusted),
    /// At a place of an answer file.
    Line {
        /// The file, as it was named on the command line.
        file: Untrusted,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// In an environment variable of this name.
    Variable(String),
    /// By this flag of the command line, with its hyphens: `--node-name`, `--set`.
    Flag(String),
}

impl Place {
    /// The origin of an answer that was given here.
    pub const fn origin(&self) -> Origin {
        match self {
            Self::File(_) | Self::Line { .. } => Origin::File,
            Self::Variable(_) => Origin::Environment,
            Self::Flag(_) => Origin::Flag,
        }
    }
}

/// As a person finds it: `first.toml, line 3, column 8`.
impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(formatter, "{file}"),
            Self::Line { file, line, column } => write!(formatter, "{file}, line {line}, column {column}"),
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::Flag(flag) => formatter.write_str(flag),
        }
    }
}

/// Where an answer's text comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// It stands there.
    Text(String),
    /// It stands there, and is a secret all the same.
    Clear(SecretString),
    /// From this environment variable.
    Env(String),
    /// The content of this file, without the line break at its end.
    File(PathBuf),
    /// What this program (the first word) with these arguments prints, without the line break at its end.
    Command(Vec<String>),
    /// The next line of standard input.
    Stdin,
    /// Typed by a person, where there is a terminal.
    Prompt,
}

/// One field's answer, given beforehand.
#[derive(Debug, Clone)]
pub struct Given {
    /// The field.
    pub field: FieldId,
    /// Its text, or where that is to be had.
    pub source: Source,
    /// Where this was said.
    pub place: Place,
}

/// Something that is wrong with what was given: what is wrong, where, and what to do. [`Severity::Stop`] refuses the
/// answers as a whole; the others are told and do not stand in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How much it weighs.
    pub severity: Severity,
    /// Where; `None` where something is missing altogether.
    pub place: Option<Place>,
    /// The field that it is about.
    pub field: Option<FieldId>,
    /// What is wrong: one or two sentences. Text from outside in it is cleaned.
    pub says: String,
    /// What to do: a sentence; empty where nothing is to be done.
    pub fix: String,
}

impl Problem {
    /// One that refuses the answers.
    pub fn stop(place: Option<Place>, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Stop, place, field, says: says.into(), fix: fix.into() }
    }

    /// One that does not stand in the way.
    pub fn warn(place: Option<Place>, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Warn, place, field, says: says.into(), fix: fix.into() }
    }
}

/// Everything that was given beforehand, put together: a flag goes before the environment, that before a file, and that
/// before a default.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The answers, each with its origin.
    pub answers: Answers,
    /// Where each one that was given was given.
    pub places: BTreeMap<FieldId, Place>,
    /// Fields whose answers only the run itself can have: a person's, a line of standard input.
    pub open: Vec<FieldId>,
    /// Checks whose warnings are accepted.
    pub accept: Vec<CheckId>,
    /// What was wrong on the way.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// These answers, of which nothing was given yet.
    pub const fn new(answers: Answers) -> Self {
        Self { answers, places: BTreeMap::new(), open: Vec::new(), accept: Vec::new(), problems: Vec::new() }
    }
}
