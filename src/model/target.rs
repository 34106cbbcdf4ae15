//! What a connection needs to know: the answers of the database screen, parsed.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::answers::same_secret;
use super::names::DatabaseName;
use super::server_address::ServerAddress;

/// How the connection is to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// TLS before anything else (TDS 8.0), SQL Server 2022 and later.
    Strict,
    /// TLS inside PRELOGIN, or no connection.
    Mandatory,
    /// TLS where the server offers it.
    Optional,
}

impl Encryption {
    /// Its id, as the answers and the node config spell it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Mandatory => "mandatory",
            Self::Optional => "optional",
        }
    }
}

/// Against what the server's certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// This machine's roots.
    SystemRoots,
    /// The certificates in this PEM or DER file.
    CaFile(PathBuf),
    /// This one certificate, by SHA-256 over its DER encoding; its names and dates do not matter then.
    Fingerprint([u8; 32]),
    /// Nothing. The certificate is shown and not checked.
    Nothing,
}

/// A server, a database on it, and how to get there.
#[derive(Debug, Clone)]
pub struct Target {
    /// The server.
    pub address: ServerAddress,
    /// The database.
    pub database: DatabaseName,
    /// The SQL login's name.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// Encryption.
    pub encryption: Encryption,
    /// Trust.
    pub trust: Trust,
    /// All addresses at once rather than one after the other with a stagger.
    pub multi_subnet: bool,
}

/// Equal in everything; the passwords are compared in constant time.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let Self { address, database, user, password, encryption, trust, multi_subnet } = self;
        *address == other.address
            && *database == other.database
            && *user == other.user
            && *encryption == other.encryption
            && *trust == other.trust
            && *multi_subnet == other.multi_subnet
            && same_secret(password, &other.password)
    }
}

impl Eq for Target {}
