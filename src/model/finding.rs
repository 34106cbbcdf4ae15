//! Findings: what a check says.

use super::check::CheckId;
use super::field::FieldId;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Note,
    /// It was not looked at or could not be read, and nothing hangs on it.
    Unknown,
    /// It could not be read, and somebody's data or the whole run hangs on it: has to be accepted before going on.
    Unproven,
    /// Has to be accepted before going on.
    Warn,
    /// Prevents going on.
    Stop,
}

impl Severity {
    /// Returns whether the operator has to accept it before going on.
    pub const fn needs_consent(self) -> bool {
        matches!(self, Self::Unproven | Self::Warn)
    }

    /// Returns whether it says that something is not known.
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::Unproven)
    }
}

/// The fix, as something to run or type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// T-SQL, for a DBA or for oneself; complete, with names quoted.
    Sql(String),
    /// A command for this machine's shell.
    Command(String),
}

impl Remedy {
    pub fn text(&self) -> &str {
        match self {
            Self::Sql(text) | Self::Command(text) => text,
        }
    }
}

/// What a check says: what happened, to what, and what to do. The wizard's checks have a [`CheckId`]; a feature of its own,
/// such as the migration, has a closed set of ids of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<Id = CheckId> {
    /// The check that says it.
    pub check: Id,
    /// How much it weighs.
    pub severity: Severity,
    /// The field that it is about; where a check names none, its own one is put here once it has judged.
    pub about: Option<FieldId>,
    /// What happened, to what: one or two sentences.
    pub says: String,
    /// What to do: a sentence; empty where nothing is to be done.
    pub fix: String,
    /// The SQL or command that fixes it.
    pub remedy: Option<Remedy>,
}

impl Finding {
    /// Returns a finding about the check's own field, without a remedy.
    pub fn new(check: CheckId, severity: Severity, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, severity, about: None, says: says.into(), fix: fix.into(), remedy: None }
    }

    pub fn stop(check: CheckId, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(check, Severity::Stop, says, fix)
    }

    pub fn warn(check: CheckId, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(check, Severity::Warn, says, fix)
    }

    pub fn note(check: CheckId, says: impl Into<String>) -> Self {
        Self::new(check, Severity::Note, says, "")
    }

    pub fn unknown(check: CheckId, says: impl Into<String>) -> Self {
        Self::new(check, Severity::Unknown, says, "")
    }

    pub fn unproven(check: CheckId, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(check, Severity::Unproven, says, fix)
    }
}

impl<Id> Finding<Id> {
    /// Names another field that it is about.
    #[must_use]
    pub fn about(mut self, field: FieldId) -> Self {
        self.about = Some(field);
        self
    }

    /// Adds SQL that fixes it.
    #[must_use]
    pub fn sql(mut self, sql: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Sql(sql.into()));
        self
    }

    /// Adds a command that fixes it.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Command(command.into()));
        self
    }
}

/// Where one check stands: a row of the live list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Not begun: something before it is not there yet.
    NotYet,
    /// Its facts are on their way.
    Running,
    /// There is nothing to judge here, for instance because nothing is shared. No face lists it.
    DoesNotApply,
    /// Looked at, and no problems found; the text is the evidence, for instance `SQL Server 2022 (16.0.4135), Enterprise`.
    Good(String),
    /// Not looked at, or it cannot be read, and nothing hangs on it; the text says what is not known, or why.
    Unknown(String),
    /// Findings, the weightiest first; never empty.
    Found(Vec<Finding>),
}

impl Verdict {
    /// Returns the weightiest finding's severity.
    pub fn severity(&self) -> Option<Severity> {
        match self {
            Self::Found(findings) => findings.iter().map(|finding| finding.severity).max(),
            Self::Unknown(_) => Some(Severity::Unknown),
            _ => None,
        }
    }

    /// Returns whether the operator has to accept it before going on.
    pub fn needs_consent(&self) -> bool {
        self.severity().is_some_and(Severity::needs_consent)
    }

    /// Returns whether all of it was looked at and nothing but notes was found.
    pub fn is_proven(&self) -> bool {
        matches!(self, Self::Good(_)) || self.severity() == Some(Severity::Note)
    }

    /// Returns whether the check has not been judged.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::NotYet | Self::Running)
    }
}
