//! A node under review: what is in the files of this machine, its answer to its load balancer, and its log.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::answers::Raw;
use crate::model::choice::listed;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;

/// What the survey of a node config learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeFacts {
    /// The node config; missing for an instance that Octopus Server made by itself ([`Trouble::Unasked`](super::Trouble)).
    pub config: Fact<Box<NodeConfig>>,
    /// The database login's password, opened from its seal.
    pub password: Fact<Raw>,
    /// The service account's password, opened; `None` where it has none.
    pub service_password: Fact<Option<Raw>>,
    /// The sealed master key, opened, as base64.
    pub key: Fact<Raw>,
    /// `OctopusServer.config` of the same instance, where there is one.
    pub octopus: Fact<Option<Box<OctopusConfig>>>,
    /// The backups of the node config, the newest first.
    pub backups: Fact<Vec<Backup>>,
    /// Whether this machine's list of instances names this very file; `Some(other)` where it names another one for the
    /// same instance, `None` where it does not know the instance.
    pub listed: Fact<Option<Untrusted>>,
    /// Who else could have written the node config, as a part of a sentence.
    #[serde(default)]
    pub other_writer: Option<Untrusted>,
}

/// An older node config that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    pub path: Untrusted,
    /// When it was replaced, UTC, as `2026-11-21 12:04`.
    pub when: Untrusted,
    /// In what the present config differs from it, with a line or two around; empty where it says the same.
    pub lines: Vec<DiffLine>,
}

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Whether it is old or new.
    pub sign: DiffSign,
    /// The line. Of a sealed value only that it is one, and whether it is another one.
    pub text: Untrusted,
}

/// Whether a line is old or new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiffSign {
    /// In both.
    Same,
    /// In the backup only.
    Old,
    /// In the present config only.
    New,
}

/// What the survey of a running node learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HealthFacts {
    /// What `/api/octopusservernodes/ping` answers.
    pub ping: Fact<Ping>,
    /// The newest part of the server's log; `None` if there is none, because this Octopus Server never ran here.
    pub log: Fact<Option<LogSeen>>,
}

/// An answer of the ping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    pub url: Untrusted,
    /// The HTTP status: 200 in, 418 draining, anything else faulty (`facts/octopus.md`, section 5).
    pub status: u16,
    /// How long it took.
    pub took: Duration,
}

/// The newest part of a server's log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogSeen {
    pub file: Untrusted,
    /// Whether the last start of the server is in that part: then only what was written since counts.
    pub since_start: bool,
    /// How often the server was started within that part.
    pub starts: usize,
    /// The known troubles in it, the newest last; of each kind the newest line.
    pub troubles: Vec<LogTrouble>,
    /// The newest fatal error that is of no known kind.
    #[serde(default)]
    pub unknown_fatal: Option<Untrusted>,
    /// The newest other error that is of no known kind.
    #[serde(default)]
    pub unknown_error: Option<Untrusted>,
}

/// A line of the log that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTrouble {
    pub kind: KnownTrouble,
    pub line: Untrusted,
}

listed! {
    /// The known problems: those that the source documents name, and those in Octopus' public issues.
    #[derive(Serialize, Deserialize)]
    pub enum KnownTrouble {
        /// "Could not find a part of the path": a folder is not there for the service's account.
        PathNotFound,
        /// "Access to the path … is denied".
        PathDenied,
        /// No room is left on a disk.
        DiskFull,
        /// "Padding is invalid": another master key.
        WrongKey,
        /// The sealed master key in `OctopusServer.config` does not open: the file comes from another machine.
        ForeignConfig,
        /// The licence's limits are exceeded.
        LicenceExceeded,
        /// The database refused the login.
        LoginFailed,
        /// The database cannot be reached.
        DatabaseGone,
        /// The database server's certificate is not trusted.
        CertificateUntrusted,
        /// A port or a prefix is taken.
        PortTaken,
        /// A prefix may not be listened on by the service's account.
        ListenDenied,
        /// The schema is newer or older than this server.
        SchemaVersion,
        /// Columns of the database have another collation than the database itself.
        ColumnCollation,
        /// Redis for polling Tentacles is set up, and no shared root.
        NoClusterShared,
        /// Windows keeps the port for something else.
        PortReserved,
        /// A server's certificate was rejected, and it is not told whose.
        CertificateRejected,
        /// SQL Server does not trust the domain of the Windows account.
        UntrustedDomain,
        /// No connection of the pool came free in time.
        PoolExhausted,
        /// The database's files or its log have no room.
        DatabaseFull,
        /// The connection to a share is gone.
        ShareLost,
        /// The login may not do something in the database.
        RightMissing,
        /// The licence does not cover this version.
        LicenceVersion,
        /// The node could not write its heartbeat.
        HeartbeatLost,
        /// A transaction was ended in favour of another.
        Deadlock,
        /// The database can only be read.
        DatabaseReadOnly,
        /// The .NET that the program needs is not installed.
        RuntimeMissing,
    }
}

impl KnownTrouble {
    /// Returns sets of words in lower case. A line that holds all words of a set tells of the problem. They are .NET's, SQL
    /// Server's and Octopus' own, in English, which an Octopus Server prints in any locale.
    const fn marks(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::PathNotFound => {
                &[&["could not find a part of the path"], &["could not find file"], &["the network path was not found"]]
            }
            Self::PathDenied => &[&["access to the path", "is denied"]],
            Self::DiskFull => &[&["not enough space on the disk"], &["no space left on device"], &["disk quota exceeded"]],
            Self::WrongKey => &[&["padding is invalid and cannot be removed"]],
            Self::ForeignConfig => &[&["unable to parse configuration key", "masterkey"]],
            Self::LicenceExceeded => &[&["license limits have been exceeded"], &["license only allows"]],
            Self::LoginFailed => &[&["login failed for user"], &["cannot open database", "requested by the login"]],
            Self::DatabaseGone => &[
                &["error occurred while establishing a connection to sql server"],
                &["the server was not found or was not accessible"],
                &["a transport-level error has occurred"],
            ],
            Self::CertificateUntrusted => &[&["certificate chain was issued by an authority that is not trusted"]],
            Self::PortTaken => &[
                &["address already in use"],
                &["only one usage of each socket address"],
                &["conflicts with an existing registration on the machine"],
                &["httplistenerexception", "used by another process"],
            ],
            Self::ListenDenied => &[
                &["access denied error was received trying to start the httplistener"],
                &["httplistenerexception", "access is denied"],
                &["socketexception (13)"],
            ],
            Self::SchemaVersion => &[
                &["database schema", "newer"],
                &["database", "upgraded by a newer version"],
                &["database needs to be upgraded"],
                &["schema upgrade is required"],
            ],
            Self::ColumnCollation => &[&["columns in the database are not using the default collation"]],
            Self::NoClusterShared => &[&["no cluster shared directory has been configured"]],
            Self::PortReserved => &[&["socketexception (10013)"], &["in a way forbidden by its access permissions"]],
            Self::CertificateRejected => &[
                &["the remote certificate was rejected"],
                &["the remote certificate is invalid according to the validation procedure"],
            ],
            Self::UntrustedDomain => &[&["the login is from an untrusted domain"]],
            Self::PoolExhausted => &[&["obtaining a connection from the pool"]],
            Self::DatabaseFull => &[&["could not allocate", "filegroup"], &["the transaction log for database", "is full"]],
            Self::ShareLost => &[&["the specified network name is no longer available"], &["stale file handle"]],
            Self::RightMissing => &[&["permission was denied on"], &["permission denied in database"]],
            Self::LicenceVersion => &[&["license does not permit this version"]],
            Self::HeartbeatLost => &[&["failed to heartbeat"]],
            Self::Deadlock => &[&["deadlocked on lock"]],
            Self::DatabaseReadOnly => &[&["the database is read-only"]],
            Self::RuntimeMissing => &[&["you must install or update .net to run this application"]],
        }
    }

    /// Recognises a line of a log.
    pub fn in_line(line: &str) -> Option<Self> {
        let line = line.to_ascii_lowercase();
        let told = |kind: &Self| kind.marks().iter().any(|words| words.iter().all(|word| line.contains(word)));
        Self::ALL.into_iter().find(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_lines_are_known_by_their_words() {
        for (line, kind) in [
            (r"Could not find a part of the path 'Z:\Octopus\TaskLogs'", KnownTrouble::PathNotFound),
            (
                r"System.UnauthorizedAccessException: Access to the path 'Z:\Octopus\TaskLogs' is denied.",
                KnownTrouble::PathDenied,
            ),
            ("System.IO.IOException: No space left on device : '/mnt/o/TaskLogs/x'", KnownTrouble::DiskFull),
            ("CryptographicException: Padding is invalid and cannot be removed.", KnownTrouble::WrongKey),
            ("Unable to parse configuration key 'Octopus.Storage.MasterKey' as a 'Byte[]'.", KnownTrouble::ForeignConfig),
            (
                "Unfortunately your license limits have been exceeded, and you will no longer be able",
                KnownTrouble::LicenceExceeded,
            ),
            ("SqlException (0x80131904): Login failed for user 'octopus'.", KnownTrouble::LoginFailed),
            (
                "A network-related or instance-specific error occurred while establishing a connection to SQL Server.",
                KnownTrouble::DatabaseGone,
            ),
            ("The certificate chain was issued by an authority that is not trusted.", KnownTrouble::CertificateUntrusted),
            ("Failed to bind to address http://[::]:80: address already in use.", KnownTrouble::PortTaken),
            ("An Access Denied error was received trying to start the HttpListener.", KnownTrouble::ListenDenied),
            ("The database schema is newer than this version of Octopus Server", KnownTrouble::SchemaVersion),
            (
                "Database update prevented: One or more columns in the database are not using the default collation",
                KnownTrouble::ColumnCollation,
            ),
            (
                "Multi-node support is enabled, but no cluster shared directory has been configured.",
                KnownTrouble::NoClusterShared,
            ),
        ] {
            assert_eq!(KnownTrouble::in_line(line), Some(kind), "{line}");
        }
        for line in ["", "INFO  Listening on http://localhost:80/", "access to the path is granted", "logged in"] {
            assert_eq!(KnownTrouble::in_line(line), None, "{line}");
        }
    }
}
