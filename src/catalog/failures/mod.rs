//! Words for what went wrong: of troubles on the way to the server, for the checks; and of failed steps, for the
//! install screen. Both say what happened, to what, and what to do.

mod octopus;
mod sql;
mod step;
mod tls;
mod trouble;

use crate::model::check::CheckId;
use crate::model::facts::{ServerCertificate, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Remedy, Severity};
use crate::model::platform::Platform;

pub use sql::TAKE_BACK;
pub use step::{explain, explain_at};

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, to what: one or more sentences.
    pub says: String,
    /// What to do: a sentence or more; never empty.
    pub fix: String,
    /// The SQL or command that mends it, where there is one.
    pub remedy: Option<Remedy>,
    /// The field that it is about, where that is not the check's usual one.
    pub about: Option<FieldId>,
}

impl Explanation {
    /// Words without a remedy.
    pub fn new(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { says: says.into(), fix: fix.into(), remedy: None, about: None }
    }

    /// The same, with SQL that mends it.
    #[must_use]
    pub fn sql(mut self, sql: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Sql(sql.into()));
        self
    }

    /// The same, with a command that mends it or shows more.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.remedy = Some(Remedy::Command(command.into()));
        self
    }

    /// The same, about this field.
    #[must_use]
    pub fn about(mut self, field: FieldId) -> Self {
        self.about = Some(field);
        self
    }

    /// As a check's finding.
    pub fn found(self, check: CheckId, severity: Severity) -> Finding {
        let Self { says, fix, remedy, about } = self;
        Finding { check, severity, about, says, fix, remedy }
    }
}

/// What is known of the place where a trouble came about; the words name it.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The server, as it was written.
    pub server: &'a str,
    /// The host in it; empty where it is not known.
    pub host: &'a str,
    /// The SQL login; empty where it is not known.
    pub login: &'a str,
    /// The database; empty where it is not known.
    pub database: &'a str,
    /// The certificate that the server showed.
    pub certificate: Option<&'a ServerCertificate>,
    /// The fingerprint that is trusted.
    pub pinned: Option<[u8; 32]>,
    /// The platform of this machine, for commands.
    pub platform: Platform,
}

impl Around<'_> {
    /// Nothing is known but that there is a server.
    pub const NOTHING: Around<'static> = Around {
        server: "the server",
        host: "",
        login: "",
        database: "",
        certificate: None,
        pinned: None,
        // Read only for commands that name the host, of which there are none here.
        platform: Platform::Linux,
    };
}

/// Words for a trouble.
pub fn of_trouble(trouble: &Trouble, around: &Around<'_>) -> Explanation {
    trouble::explain(trouble, around)
}
