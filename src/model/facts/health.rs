//! How a node fares: what its load balancer is told, and what its log says.

use std::time::Duration;

use super::Fact;
use crate::model::untrusted::Untrusted;

/// What the survey of a running node learns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HealthFacts {
    /// What `/api/octopusservernodes/ping` answers.
    pub ping: Fact<Ping>,
    /// Known troubles in the newest part of the server's log, the newest last.
    pub troubles: Fact<Vec<LogTrouble>>,
}

/// An answer of the ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// Where it was asked.
    pub url: Untrusted,
    /// The HTTP status: 200 in, 418 draining, anything else faulty (`facts/octopus.md`, section 5).
    pub status: u16,
    /// How long it took.
    pub took: Duration,
}

/// A line of the log that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTrouble {
    /// What it means.
    pub kind: KnownTrouble,
    /// The line.
    pub line: Untrusted,
}

/// The troubles that the source documents name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KnownTrouble {
    /// "Could not find a part of the path": a folder is not there for the service's account.
    PathNotFound,
    /// "Access to the path … is denied".
    PathDenied,
    /// "Padding is invalid": another master key.
    WrongKey,
    /// The licence's limits are exceeded.
    LicenceExceeded,
    /// The database refused the login.
    LoginFailed,
    /// The database cannot be reached.
    DatabaseGone,
    /// A port or a prefix is taken, or may not be listened on.
    NotListening,
    /// The schema is newer or older than this server.
    SchemaVersion,
}
