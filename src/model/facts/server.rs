//! The server: how it was reached, what certificate it showed, who we are there, what it is.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Content, Database, DatabaseRights, Fact, Trouble};
use crate::model::untrusted::Untrusted;

/// Everything that the survey of the database screen learns, in the order in which it becomes known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServerFacts {
    /// The name's addresses.
    pub resolved: Fact<Resolved>,
    /// The TCP connection.
    pub connected: Fact<Connected>,
    /// TLS, with the certificate that was checked and is used.
    pub encrypted: Fact<Encrypted>,
    /// The certificate that the server showed, also when it was then not trusted.
    pub certificate: Option<Certificate>,
    /// The login.
    pub login: Fact<LoggedIn>,
    /// What the server is.
    pub version: Fact<Version>,
    /// The server's clock minus ours, in milliseconds, at the middle of the round trip.
    pub clock_ahead_ms: Fact<i64>,
    /// One round trip after login.
    pub round_trip: Fact<Duration>,
    /// Whether the database is there.
    pub database: Fact<Database>,
    /// What the login may do.
    pub rights: Fact<DatabaseRights>,
    /// Collations of the database and its columns, or of the server where the database is yet to be created.
    pub collation: Fact<Collation>,
    /// What the database holds.
    pub content: Fact<Content>,
}

impl ServerFacts {
    /// The first trouble on the way to a working login, if there is one: everything behind it is unknown because of it.
    pub fn way_blocked(&self) -> Option<&Trouble> {
        self.resolved
            .trouble()
            .or_else(|| self.connected.trouble())
            .or_else(|| self.encrypted.trouble())
            .or_else(|| self.login.trouble())
    }
}

/// The addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// In the resolver's order, without duplicates.
    pub addresses: Vec<IpAddr>,
    /// The TCP port: given, the browser's answer for an instance, or 1433.
    pub port: u16,
    /// How long it took.
    pub took: Duration,
}

/// The TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connected {
    /// The address that answered first.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// How long the handshake took.
    pub took: Duration,
    /// Where the server sent us on to, if it did (an availability group's read-only routing, Azure SQL).
    pub routed_to: Option<Untrusted>,
}

/// TLS as it came about, or its absence where the answers allow that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encrypted {
    /// What protects the connection.
    pub protocol: Protocol,
    /// Against what the certificate was checked.
    pub trusted: Trusted,
    /// How long the handshake took.
    pub took: Duration,
}

/// What protects the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Nothing at all: the server offers no TLS, and `optional` lets that pass.
    Plain,
    /// TLS 1.2 inside PRELOGIN packets.
    Tls12,
    /// TLS 1.3 inside PRELOGIN packets; rare.
    Tls13,
    /// Strict: TLS first, then TDS 8.0.
    Strict,
}

/// Against what the certificate was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trusted {
    /// The machine's own roots.
    SystemRoots,
    /// The CA file in the answers.
    CaFile,
    /// The fingerprint in the answers.
    Fingerprint,
    /// Nothing: the operator asked for that, or there is no TLS.
    Nothing,
}

/// A certificate that the server showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The subject's common name, or the whole subject where it has none.
    pub subject: Untrusted,
    /// The issuer's common name, or the whole issuer.
    pub issuer: Untrusted,
    /// DNS names and addresses that it is for.
    pub names: Vec<Untrusted>,
    /// Begin of its time.
    #[serde(with = "crate::model::day::moment")]
    pub not_before: OffsetDateTime,
    /// End of its time.
    #[serde(with = "crate::model::day::moment")]
    pub not_after: OffsetDateTime,
    /// Days from now to its end, negative when over; counted by the survey because checks have no clock.
    pub days_left: i64,
    /// SHA-256 over the DER encoding.
    pub sha256: [u8; 32],
    /// Whether subject and issuer are the same.
    pub self_signed: bool,
}

/// Who we are on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// `SUSER_SNAME()`; empty until the survey's answer is there.
    pub login: Untrusted,
    /// `USER_NAME()` in the database.
    pub user: Untrusted,
    /// How long PRELOGIN to login answer took, without TCP.
    pub took: Duration,
}

/// What the server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Major version: 13 is 2016, 14 is 2017, 15 is 2019, 16 is 2022, 17 is 2025.
    pub major: u32,
    /// As printed, for instance `16.0.4135.4`.
    pub number: Untrusted,
    /// `SERVERPROPERTY('Edition')`.
    pub edition: Untrusted,
    /// `SERVERPROPERTY('EngineEdition')`: 5 is Azure SQL Database, 8 Managed Instance; its major number is then not to be judged.
    pub engine_edition: i32,
    /// `@@SERVERNAME`.
    pub server_name: Untrusted,
}

/// Collations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// The database's, or the server's where the database is yet to be created.
    pub name: Untrusted,
    /// Whether `N'a' = N'A'` holds under it.
    pub case_insensitive: bool,
    /// The server's own.
    pub server: Untrusted,
    /// Columns whose collation is not the database's, as `schema.table.column (collation)`; the first few.
    pub odd_columns: Vec<Untrusted>,
    /// How many such columns there are.
    pub odd_count: u64,
}
