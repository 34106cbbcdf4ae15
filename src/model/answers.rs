//! The answers: the raw text of each field with its origin, and the answers given before the wizard starts, by answer files,
//! environment variables and flags, each with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::ExposeSecret;

use crate::model::secret::SecretString;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::check::CheckId;
use super::choice::{self, Choice};
use super::field::{FieldId, Kind};
use super::finding::Severity;
use super::platform::Platform;
use super::untrusted::Untrusted;

/// Where an answer came from. A later origin wins over an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Origin {
    /// The field's own default, or one made from the machine.
    Default,
    /// An answer file, an existing node config or a journal.
    File,
    Environment,
    /// The command line, or the practice server's own address and login.
    Flag,
    /// A person typed it.
    Typed,
}

/// Raw text of one field.
#[derive(Clone)]
pub enum Raw {
    /// Of a field that may be shown.
    Text(String),
    /// Of a secret field.
    Secret(SecretString),
}

impl Raw {
    /// Returns raw text for this field, secret if the field is.
    pub fn of(field: FieldId, text: impl Into<String>) -> Self {
        if field.is_secret() { Self::Secret(SecretString::from(text.into())) } else { Self::Text(text.into()) }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Secret(secret) => secret.expose_secret().is_empty(),
        }
    }
}

/// Equal text; secrets are compared in constant time.
impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one == two,
            (Self::Secret(one), Self::Secret(two)) => same_secret(one, two),
            _ => false,
        }
    }
}

impl Eq for Raw {}

/// Compares two secrets in a time that reveals only their lengths.
pub fn same_secret(one: &SecretString, two: &SecretString) -> bool {
    one.expose_secret().as_bytes().ct_eq(two.expose_secret().as_bytes()).into()
}

impl fmt::Debug for Raw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => fmt::Debug::fmt(text, formatter),
            Self::Secret(_) => formatter.write_str("«secret»"),
        }
    }
}

/// One field's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As it was written.
    pub raw: Raw,
    pub origin: Origin,
}

/// All answers, one for each field, and the platform of the machine that they are for: paths are judged by its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    platform: Platform,
    by_field: Vec<Answer>,
}

impl Answers {
    /// Returns the defaults of every field, for a machine of this platform.
    pub fn new(platform: Platform) -> Self {
        let by_field = FieldId::ALL
            .into_iter()
            .map(|field| Answer { raw: Raw::of(field, field.default()), origin: Origin::Default })
            .collect();
        Self { platform, by_field }
    }

    /// Returns the platform of the machine that they are for.
    pub const fn platform(&self) -> Platform {
        self.platform
    }

    pub fn get(&self, field: FieldId) -> &Answer {
        &self.by_field[place(field)]
    }

    /// Returns one field's text; empty for a secret, which only [`Self::secret`] gives.
    pub fn text(&self, field: FieldId) -> &str {
        match &self.get(field).raw {
            Raw::Text(text) => text,
            Raw::Secret(_) => "",
        }
    }

    /// Returns one field's text without blanks at its ends.
    pub fn trimmed(&self, field: FieldId) -> &str {
        self.text(field).trim()
    }

    /// Returns a secret field's secret; `None` for the others.
    pub fn secret(&self, field: FieldId) -> Option<&SecretString> {
        match &self.get(field).raw {
            Raw::Secret(secret) => Some(secret),
            Raw::Text(_) => None,
        }
    }

    /// Returns whether a toggle is on.
    pub fn is_on(&self, field: FieldId) -> bool {
        self.toggled(field) == Some(true)
    }

    /// Returns what a toggle says; `None` where its text is neither of the two.
    pub fn toggled(&self, field: FieldId) -> Option<bool> {
        choice::toggled(self.trimmed(field))
    }

    /// Returns which value of a choice is chosen; `None` where its text is none of them.
    pub fn chosen<T: Choice>(&self, field: FieldId) -> Option<T> {
        T::from_spelling(self.trimmed(field))
    }

    /// Returns which value of a choice is chosen, as its place among the field's values; the first where the text is none of
    /// them.
    pub fn choice(&self, field: FieldId) -> usize {
        match field.kind() {
            Kind::Choice(values) => values.iter().position(|value| *value == self.trimmed(field)).unwrap_or(0),
            _ => 0,
        }
    }

    /// Sets one field. A kind mismatch (text for a secret field) is corrected rather than stored.
    pub fn set(&mut self, field: FieldId, raw: Raw, origin: Origin) {
        let raw = match (field.is_secret(), raw) {
            (true, Raw::Text(text)) => Raw::Secret(SecretString::from(text)),
            (false, Raw::Secret(_)) => return,
            (_, raw) => raw,
        };
        self.by_field[place(field)] = Answer { raw, origin };
    }

    /// Sets one field unless something with a later origin is there already.
    pub fn offer(&mut self, field: FieldId, text: &str, origin: Origin) {
        if self.get(field).origin <= origin {
            self.set(field, Raw::of(field, text), origin);
        }
    }
}

/// Returns a field's place in [`FieldId::ALL`], which lists the variants in the order of their declaration.
fn place(field: FieldId) -> usize {
    field as usize
}

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
    /// Returns a problem that refuses the answers.
    pub fn stop(place: Option<AnswerPlace>, field: Option<FieldId>, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Stop, place, field, says: says.into(), fix: fix.into() }
    }

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
    /// Fields whose answers a command printed, which was run for that.
    pub commands: Vec<FieldId>,
    /// Checks whose warnings are accepted.
    pub accept: Vec<CheckId>,
    pub problems: Vec<Problem>,
}

impl LoadedAnswers {
    /// Returns answers none of which was given yet.
    pub const fn new(answers: Answers) -> Self {
        Self {
            answers,
            places: BTreeMap::new(),
            open: Vec::new(),
            commands: Vec::new(),
            accept: Vec::new(),
            problems: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_agree_with_the_list() {
        for (index, field) in FieldId::ALL.into_iter().enumerate() {
            assert_eq!(place(field), index);
        }
    }

    #[test]
    fn a_secret_shows_nowhere() {
        let mut answers = Answers::new(Platform::Linux);
        answers.set(FieldId::Password, Raw::Text("hunter2".into()), Origin::Typed);
        assert!(!format!("{answers:?}").contains("hunter2"));
        assert_eq!(answers.text(FieldId::Password), "");
        assert!(answers.secret(FieldId::Password).is_some_and(|s| s.expose_secret() == "hunter2"));
    }

    #[test]
    fn a_default_does_not_overwrite_what_was_typed() {
        let mut answers = Answers::new(Platform::Linux);
        answers.set(FieldId::Server, Raw::Text("sql01".into()), Origin::Typed);
        answers.offer(FieldId::Server, "other", Origin::Default);
        assert_eq!(answers.text(FieldId::Server), "sql01");
    }
}
