//! The checks of the way to the server, and of the server itself.

pub mod clock;
pub mod connect;
pub mod latency;
pub mod login;
pub mod name;
pub mod tls;
pub mod version;

use crate::catalog::failures::{self, ServerContext};
use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

use super::{Case, Check, one, unknown};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::SqlName,
        screen: ScreenId::Database,
        field: Some(FieldId::Server),
        surveys: &[SurveyId::Server],
        judge: name::judge,
    },
    Check {
        id: CheckId::SqlConnect,
        screen: ScreenId::Database,
        field: Some(FieldId::Server),
        surveys: &[SurveyId::Server],
        judge: connect::judge,
    },
    Check {
        id: CheckId::SqlTls,
        screen: ScreenId::Database,
        field: Some(FieldId::Trust),
        surveys: &[SurveyId::Server],
        judge: tls::judge,
    },
    Check {
        id: CheckId::SqlLogin,
        screen: ScreenId::Database,
        field: Some(FieldId::Password),
        surveys: &[SurveyId::Server],
        judge: login::judge,
    },
    Check {
        id: CheckId::SqlVersion,
        screen: ScreenId::Database,
        field: Some(FieldId::Server),
        surveys: &[SurveyId::Server],
        judge: version::judge,
    },
    Check {
        id: CheckId::SqlClock,
        screen: ScreenId::Database,
        field: Some(FieldId::Server),
        surveys: &[SurveyId::Server],
        judge: clock::judge,
    },
    Check {
        id: CheckId::SqlLatency,
        screen: ScreenId::Database,
        field: Some(FieldId::Server),
        surveys: &[SurveyId::Server],
        judge: latency::judge,
    },
];

/// The names that words and SQL are about.
#[derive(Debug)]
pub struct Names {
    /// The server, in its canonical form.
    pub server: String,
    /// The host in it.
    pub host: String,
    /// The login, as the server calls it once it is known.
    pub login: String,
    /// The database that was asked for.
    pub database: String,
}

impl Names {
    /// Of a case's answers and facts.
    pub fn of(case: &Case<'_>) -> Self {
        let address = read::server(case.answers).ok();
        let host = address.as_ref().map(|address| address.host.clone()).unwrap_or_default();
        let server = address.map_or_else(|| ServerContext::UNKNOWN.server.to_owned(), |address| address.to_string());
        let seen = case.facts.server.login.seen().map(|login| login.login.as_str()).filter(|login| !login.is_empty());
        let login = seen.unwrap_or_else(|| case.answers.trimmed(FieldId::User)).to_owned();
        Self { server, host, login, database: case.answers.trimmed(FieldId::Database).to_owned() }
    }

    /// As the place of a trouble.
    pub fn context<'a>(&'a self, case: &Case<'a>) -> ServerContext<'a> {
        ServerContext {
            server: &self.server,
            host: &self.host,
            login: &self.login,
            database: &self.database,
            certificate: case.facts.server.certificate.as_ref(),
            pinned: read::fingerprint(case.answers).ok(),
            platform: case.answers.platform(),
        }
    }
}

/// A station of the way: what was seen there, or the verdict while it was not. A station's own trouble is a stop; one
/// behind a blocked station is not yet judged.
fn station<'a, T>(check: CheckId, fact: &'a Fact<T>, before: Option<&Trouble>, case: &Case<'_>) -> Result<&'a T, Verdict> {
    match fact {
        Fact::Seen(seen) => Ok(seen),
        Fact::Missing(trouble) => {
            let names = Names::of(case);
            let words = failures::explain_server_trouble(trouble, &names.context(case));
            Err(one(words.into_finding(check, Severity::Stop)))
        }
        Fact::Unknown if before.is_some() => Err(Verdict::NotYet),
        Fact::Unknown => Err(case.pending()),
    }
}

/// A fact that is learnt after login and that Octopus could live without.
fn optional<'a, T>(fact: &'a Fact<T>, case: &Case<'_>) -> Result<&'a T, Verdict> {
    match fact {
        _ if case.facts.server.way_blocked().is_some() => Err(Verdict::NotYet),
        Fact::Seen(seen) => Ok(seen),
        // Not a view that this server lacks: the way broke, everything is missing, and `db-exists` says why.
        Fact::Missing(_) if case.facts.server.database.trouble().is_some() => Err(Verdict::NotYet),
        Fact::Missing(trouble) => Err(unknown(trouble)),
        Fact::Unknown => Err(case.pending()),
    }
}
