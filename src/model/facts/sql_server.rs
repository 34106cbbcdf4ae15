//! SQL Server: the connection, its certificate and login, the server's version, the database, its rights and its content.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Fact, SqlTrouble, Trouble};
use crate::model::cluster::ClusterId;
use crate::model::master_key::Fingerprint;
use crate::model::untrusted::Untrusted;

/// A server whose round trips take longer is not in the same data centre. Octopus makes many thousands of them.
pub const FAR_ROUND_TRIP: Duration = Duration::from_millis(10);

/// Everything that the survey of the database screen finds, in the order in which it becomes known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ServerFacts {
    /// The name's addresses.
    pub resolved: Fact<ResolvedServer>,
    /// The TCP connection.
    pub connected: Fact<TcpConnection>,
    /// TLS, with the certificate that was checked and is used.
    pub encrypted: Fact<TlsSession>,
    /// The certificate that the server showed, also if it was not trusted.
    pub certificate: Option<ServerCertificate>,
    /// SHA-256 over its DER encoding, also if it cannot be read.
    #[serde(default)]
    pub certificate_sha256: Option<[u8; 32]>,
    pub login: Fact<ServerLogin>,
    /// What the survey waits for at the moment.
    #[serde(default)]
    pub waiting: Option<Waiting>,
    /// The server's version and edition.
    pub version: Fact<ServerVersion>,
    /// The server's clock minus this machine's, in milliseconds, at the middle of the round trip.
    pub clock_ahead_ms: Fact<i64>,
    /// The shortest round trip of the session.
    pub round_trip: Fact<Duration>,
    /// Whether the database is there.
    pub database: Fact<DatabaseSeen>,
    /// The login's rights.
    pub rights: Fact<DatabaseRights>,
    /// Collations of the database and its columns, or of the server if the database is yet to be created.
    pub collation: Fact<Collation>,
    pub content: Fact<Content>,
    /// The server's availability groups; asked only where the database does not open.
    #[serde(default)]
    pub groups: Fact<ServerGroups>,
}

impl ServerFacts {
    /// Returns the fingerprint of the certificate that the server showed. Older recordings have it in the certificate only.
    pub fn shown_certificate(&self) -> Option<[u8; 32]> {
        self.certificate_sha256.or_else(|| self.certificate.as_ref().map(|certificate| certificate.sha256))
    }

    /// Returns the first trouble before a working login, if there is one: everything after it is unknown because of it.
    pub fn way_blocked(&self) -> Option<&Trouble> {
        self.resolved
            .trouble()
            .or_else(|| self.connected.trouble())
            .or_else(|| self.encrypted.trouble())
            .or_else(|| self.login.trouble())
    }
}

/// A trouble that may pass, and is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub trouble: Trouble,
    /// When waiting ends, counted from its begin.
    pub limit: Duration,
}

/// The addresses of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedServer {
    /// In the resolver's order, without duplicates.
    pub addresses: Vec<IpAddr>,
    /// The TCP port: as written, as the browser answered for an instance, or 1433.
    pub port: u16,
    /// How long it took.
    pub took: Duration,
}

/// The TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpConnection {
    /// The address that answered first.
    pub address: IpAddr,
    pub port: u16,
    /// How long the handshake took.
    pub took: Duration,
    /// Where the server redirected to, if it did (an availability group's read-only routing, Azure SQL).
    pub routed_to: Option<Untrusted>,
}

/// TLS, or its absence where the answers allow that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSession {
    pub protocol: Protocol,
    pub trusted: TrustSource,
    /// How long the handshake took.
    pub took: Duration,
}

/// What protects the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// Nothing: the server offers no TLS, and `optional` allows that.
    Plain,
    /// TLS 1.2 inside PRELOGIN packets.
    Tls12,
    /// TLS 1.3 inside PRELOGIN packets; rare.
    Tls13,
    /// Strict: TLS first, then TDS 8.0.
    Strict,
}

/// What the certificate was checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrustSource {
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
pub struct ServerCertificate {
    /// The subject's common name, or the whole subject where it has none.
    pub subject: Untrusted,
    /// The issuer's common name, or the whole issuer.
    pub issuer: Untrusted,
    /// DNS names and addresses that it is for.
    pub names: Vec<Untrusted>,
    /// Start of its validity.
    #[serde(with = "crate::model::day::moment")]
    pub not_before: OffsetDateTime,
    /// End of its validity.
    #[serde(with = "crate::model::day::moment")]
    pub not_after: OffsetDateTime,
    /// Days until then, negative if over. Counted by the survey, since checks have no clock.
    pub days_left: i64,
    /// SHA-256 over the DER encoding.
    pub sha256: [u8; 32],
    /// Whether subject and issuer are the same.
    pub self_signed: bool,
}

/// The login on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerLogin {
    /// `SUSER_SNAME()`; empty until the survey's reply is read.
    pub login: Untrusted,
    /// `USER_NAME()` in the database.
    pub user: Untrusted,
    /// How long the login took.
    pub took: Duration,
}

/// The server's version and edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVersion {
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
    /// The product; `None` if the server did not say.
    #[serde(default)]
    pub product: Option<Product>,
    /// Whether it is Amazon RDS, whose database `rdsadmin` is on each of its servers; `None` if the login may not see it.
    #[serde(default)]
    pub amazon_rds: Option<bool>,
}

/// A product that speaks TDS, as the server names itself in `EngineEdition` and `@@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Product {
    /// Microsoft SQL Server, on a machine or in RDS.
    SqlServer,
    AzureSqlDatabase,
    /// Azure SQL Managed Instance.
    ManagedInstance,
    AzureSqlEdge,
    /// Azure Synapse, or the SQL endpoint of Microsoft Fabric: analytics.
    Synapse,
    /// SQL database in Microsoft Fabric.
    FabricSqlDatabase,
    /// Babelfish for PostgreSQL.
    Babelfish,
    /// Another one, in its own words.
    Other(Untrusted),
}

impl Product {
    /// Recognises a product by `SERVERPROPERTY('EngineEdition')` and `@@VERSION`.
    ///
    /// Only the services of Microsoft have an edition of their own; any other server repeats the edition of the SQL Server that it
    /// imitates, and tells what it is in the first words of its version. `None` if it tells nothing.
    pub fn recognise(engine_edition: i32, version: &Untrusted) -> Option<Self> {
        let name = version.as_str().lines().next().unwrap_or_default();
        let name = name.split(" - ").next().unwrap_or_default().trim();
        let starts_with = |start: &str| name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        match engine_edition {
            _ if starts_with("Babelfish") => Some(Self::Babelfish),
            5 => Some(Self::AzureSqlDatabase),
            6 | 11 => Some(Self::Synapse),
            8 => Some(Self::ManagedInstance),
            9 => Some(Self::AzureSqlEdge),
            12 => Some(Self::FabricSqlDatabase),
            _ if name.is_empty() => None,
            _ if starts_with("Microsoft SQL Server") => Some(Self::SqlServer),
            _ => Some(Self::Other(Untrusted::new(name))),
        }
    }
}

/// Collations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collation {
    /// The database's, or the server's if the database is yet to be created.
    pub name: Untrusted,
    /// Whether `N'a' = N'A'` holds under it.
    pub case_insensitive: bool,
    /// The server's own.
    pub server: Untrusted,
    /// Columns whose collation is not the database's, as `schema.table.column (collation)`; the first few.
    pub odd_columns: Vec<Untrusted>,
    /// How many such columns there are; `None` if they could not be read, or the login may not see all of them.
    #[serde(default)]
    pub odd_count: Option<u64>,
}

/// Whether the requested database exists, as far as the login sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DatabaseSeen {
    /// It is open: the session is in it.
    Open(DatabaseState),
    /// The server has no database of that name.
    Absent,
    /// It exists, but the login cannot open it: no user in it, or a state that prevents it.
    Closed {
        /// Its state, as far as `master` tells it.
        state: Option<DatabaseState>,
        /// The server's error (4060, 916, 924, 927, 978, …).
        said: SqlTrouble,
    },
    /// The login could not open it, and `master` does not tell whether it is absent or closed.
    Unclear {
        /// The server's error.
        said: SqlTrouble,
    },
}

/// A row of `sys.databases`, and what other catalogue views add. What the server did not say is `None`, or empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DatabaseState {
    /// Its name as the server spells it.
    pub name: Untrusted,
    /// `state_desc`: `ONLINE`, `RESTORING`, …
    pub state: Untrusted,
    /// `is_read_only`, or `DATABASEPROPERTYEX(…, 'Updateability')` = `READ_ONLY`.
    #[serde(default)]
    pub read_only: Option<bool>,
    /// `user_access_desc` is `SINGLE_USER`.
    #[serde(default)]
    pub single_user: Option<bool>,
    /// `user_access_desc` is `RESTRICTED_USER`.
    #[serde(default)]
    pub restricted_user: Option<bool>,
    /// `compatibility_level`; 0 if the server did not say.
    pub compatibility: i32,
    /// `is_read_committed_snapshot_on`.
    #[serde(default)]
    pub read_committed_snapshot: Option<bool>,
    /// `is_auto_close_on`.
    #[serde(default)]
    pub auto_close: Option<bool>,
    /// How the database is replicated.
    pub replication: Fact<Replication>,
}

/// Replication, mirroring, log shipping and availability group of a database. What could not be read is `None`, never absent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replication {
    /// Published, merge-published, subscribed or a distributor: unsupported by Octopus.
    #[serde(default)]
    pub replicated: Option<bool>,
    /// Mirrored: unsupported by Octopus.
    #[serde(default)]
    pub mirrored: Option<bool>,
    /// Primary of log shipping.
    #[serde(default)]
    pub log_shipping: Option<bool>,
    /// The availability group's name, when it is in one.
    pub availability_group: Option<Untrusted>,
    /// The listeners of that group, as DNS names.
    #[serde(default)]
    pub listeners: Option<Vec<Untrusted>>,
    /// Whether the database is in an availability group, by `sys.databases.replica_id`, which every login sees; `None` if the server
    /// did not say. The group's name and listeners need VIEW ANY DEFINITION.
    #[serde(default)]
    pub in_availability_group: Option<bool>,
}

/// A server's availability groups, as far as a new database depends on them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServerGroups {
    /// `SERVERPROPERTY('IsHadrEnabled')`; `None` if the server did not say.
    pub enabled: Option<bool>,
    /// The listeners that the login sees, as DNS names.
    pub listeners: Vec<Untrusted>,
    /// Whether the login sees all of them.
    pub sees_listeners: bool,
}

/// The login's rights. Effective permissions decide; roles only explain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one answer of the server, not a state")]
pub struct DatabaseRights {
    /// `HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE')`; `None` if the server did not say.
    #[serde(default)]
    pub create_database: Option<bool>,
    /// `CREATE TABLE` in the database; false where it is absent.
    pub create_table: bool,
    /// `CREATE SCHEMA` in the database.
    pub create_schema: bool,
    /// `ALTER` on the database.
    pub alter: bool,
    /// `CONTROL` on the database: what `db_owner` has.
    pub control: bool,
    /// `IS_ROLEMEMBER('db_owner')`; 0 even for the owner on some servers.
    pub db_owner: bool,
    /// The default schema of the database user; Octopus wants `dbo`.
    pub default_schema: Untrusted,
    /// `VIEW DEFINITION` on the database: without it `sys.tables` may hide tables. `None` if the server did not say.
    #[serde(default)]
    pub view_definition: Option<bool>,
    /// `CREATE DATABASE` in `master`; asked only where the database does not open.
    #[serde(default)]
    pub create_in_master: Option<bool>,
    /// Membership of `dbmanager` in `master`, a role of Azure SQL Database; asked only where the database does not open.
    #[serde(default)]
    pub dbmanager: Option<bool>,
    /// `VIEW ANY DATABASE` on the server: without it, a database that is not listed may exist. Asked only where the database does
    /// not open.
    #[serde(default)]
    pub view_any_database: Option<bool>,
}

/// What the database holds. It decides which flow may go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// No tables, or no database yet.
    Empty,
    /// A cluster that this wizard made.
    Cluster(ClusterSeen),
    /// A registry of ours without a cluster row: an earlier run was undone or stopped before its transaction ended.
    RegistryOnly,
    /// A registry of a newer format than this program understands.
    NewerRegistry { version: i32 },
    /// A database made by Octopus itself.
    Octopus {
        /// The newest version in `OctopusServerInstallationHistory`, where it can be read.
        version: Option<Untrusted>,
        /// Names in `OctopusServerNode`, the first few.
        nodes: Vec<Untrusted>,
    },
    /// Somebody else's tables.
    Foreign {
        /// `schema.table`, the first few by name.
        tables: Vec<Untrusted>,
        /// How many there are.
        count: u64,
    },
}

/// A cluster of ours, as its registry tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSeen {
    pub id: ClusterId,
    /// When it was initialised, as the server printed it: `2026-11-18 12:04:05Z`.
    pub created: Untrusted,
    /// The node that initialised it, and the account that did, as the history tells: `web01`.
    pub created_by: Untrusted,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its nodes' names, the first few.
    pub nodes: Vec<Untrusted>,
    /// How many nodes it has.
    pub node_count: u64,
}
