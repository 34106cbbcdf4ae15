//! Answers given before the wizard starts, by answer files, environment variables and flags, each with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use super::answers::{Answers, Origin};
use super::check::CheckId;
use super::field::FieldId;
use super::finding::Severity;
use super::untrusted::Untrusted;

/// Where an answer was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPlace {
    /// An answer file as a whole, which cannot be read.
    File(Untrusted),
    /// A line of an answer file.
    Line {
        /// As it was named on the command line.
        file: Untrusted,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag of the command line with its hyphens: `--node-name`, `--set`.
    Flag(String),
}

impl AnswerPlace {
    /// Returns the origin of an answer given here.
    pub const fn origin(&self) -> Origin {
        match self {
            Self::File(_) | Self::Line { .. } => Origin::File,
            Self::Variable(_) => Origin::Environment,
            Self::Flag(_) => Origin::Flag,
        }
    }
}

/// For people: `first.toml, line 3, column 8`.
impl fmt::Display for AnswerPlace {
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
pub enum AnswerSource {
    /// Written in place.
    Text(String),
    /// Written in place, and a secret all the same.
    Clear(SecretString),
    /// An environment variable.
    Env(String),
    /// The content of a file, without the line break at its end.
    File(PathBuf),
    /// The output of a program (the first word) with arguments, without the line break at its end.
    Command(Vec<String>),
    /// The next line of standard input.
    Stdin,
    /// Typed by a person, where there is a terminal.
    Prompt,
}

/// One field's answer.
#[derive(Debug, Clone)]
pub struct GivenAnswer {
    pub field: FieldId,
    /// Its text, or where that comes from.
    pub source: AnswerSource,
    pub place: AnswerPlace,
}

/// A problem with the given answers: what is wrong, where, and what to do. [`Severity::Stop`] refuses the answers as a whole;
/// the others are warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// `None` where an answer is missing.
    pub place: Option<AnswerPlace>,
    pub field: Option<FieldId>,
    /// What is wrong, in one or two sentences. Text from outside is cleaned.
    pub says: String,
    /// What to do, as a sentence; may be empty.
    pub fix: String,
}

impl Problem {
    /// A problem that refuses the answers.
    pub fn stop(place: Option<AnswerPlace>, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Stop, place, field, says: says.into(), fix: fix.into() }
    }

    /// A warning.
    pub fn warn(place: Option<AnswerPlace>, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Warn, place, field, says: says.into(), fix: fix.into() }
    }
}

/// All given answers, merged: a flag takes precedence over the environment, the environment over a file, a file over a default.
#[derive(Debug, Clone)]
pub struct LoadedAnswers {
    pub answers: Answers,
    /// Where each answer was given.
    pub places: BTreeMap<FieldId, AnswerPlace>,
    /// Fields whose answers only a run can get: from a person, or a line of standard input.
    pub open: Vec<FieldId>,
    /// Checks whose warnings are accepted.
    pub accept: Vec<CheckId>,
    pub problems: Vec<Problem>,
}

impl LoadedAnswers {
    /// Returns answers of which none was given yet.
    pub const fn new(answers: Answers) -> Self {
        Self { answers, places: BTreeMap::new(), open: Vec::new(), accept: Vec::new(), problems: Vec::new() }
    }
}
