//! The target of a connection: the parsed answers of the database screen.

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use secrecy::SecretString;

use super::answers::same_secret;
use super::choice::choices;
use super::names::DatabaseName;
use super::server_address::ServerAddress;

choices! {
    /// How the connection is encrypted.
    pub enum Encryption {
        /// TLS inside PRELOGIN, or no connection.
        Mandatory = "mandatory",
        /// TLS before anything else (TDS 8.0), SQL Server 2022 and later.
        Strict = "strict",
        /// TLS if the server offers it.
        Optional = "optional",
    }
}

choices! {
    /// The kind of a trust, without its file or fingerprint.
    pub enum TrustKind {
        /// This machine's root certificates.
        System = "system",
        /// A CA file.
        CaFile = "ca-file",
        /// One certificate.
        Fingerprint = "fingerprint",
        /// Nothing.
        Nothing = "none",
    }
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

/// What the server's certificate is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// This machine's root certificates.
    SystemRoots,
    /// The certificates in this PEM or DER file.
    CaFile(PathBuf),
    /// This one certificate, by SHA-256 over its DER encoding; its names and dates do not matter then.
    Fingerprint([u8; 32]),
    /// Nothing. The certificate is shown and not checked.
    Nothing,
}

impl Trust {
    /// Its kind.
    pub const fn kind(&self) -> TrustKind {
        match self {
            Self::SystemRoots => TrustKind::System,
            Self::CaFile(_) => TrustKind::CaFile,
            Self::Fingerprint(_) => TrustKind::Fingerprint,
            Self::Nothing => TrustKind::Nothing,
        }
    }

    /// Returns the CA file, if there is one.
    pub fn ca_file(&self) -> Option<String> {
        if let Self::CaFile(path) = self { Some(path.to_string_lossy().into_owned()) } else { None }
    }

    /// Returns the certificate's fingerprint in lower-case hexadecimal digits, if there is one.
    pub fn fingerprint(&self) -> Option<String> {
        if let Self::Fingerprint(digest) = self { Some(HEXLOWER.encode(digest)) } else { None }
    }
}

/// How we sign in to the server.
#[derive(Debug, Clone)]
pub enum SignIn {
    /// A SQL Server login.
    SqlLogin {
        /// Its name.
        user: String,
        password: SecretString,
    },
}

impl SignIn {
    /// By a SQL Server login.
    pub fn sql_login(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::SqlLogin { user: user.into(), password: password.into() }
    }
}

/// Compares everything, and passwords in constant time.
impl PartialEq for SignIn {
    fn eq(&self, other: &Self) -> bool {
        let Self::SqlLogin { user, password } = self;
        let Self::SqlLogin { user: other_user, password: other_password } = other;
        user == other_user && same_secret(password, other_password)
    }
}

impl Eq for SignIn {}

/// A server, a database on it, and how to get there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The server.
    pub address: ServerAddress,
    pub database: DatabaseName,
    /// Who connects.
    pub sign_in: SignIn,
    pub encryption: Encryption,
    pub trust: Trust,
    /// Try all addresses at once instead of one after the other.
    pub multi_subnet: bool,
}
