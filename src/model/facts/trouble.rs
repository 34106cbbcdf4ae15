//! Why something could not be found out or done, as closed sets. Checks turn these into findings with words and remedies.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::model::untrusted::Untrusted;

/// Why a fact is missing or a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The name does not resolve.
    NameUnknown,
    /// The name server did not answer, or answered with a failure that may pass.
    NameServerSilent,
    /// `host\instance`: the SQL Server Browser (UDP 1434) did not answer.
    BrowserSilent {
        /// How long the wizard waited.
        waited: Duration,
    },
    /// The SQL Server Browser does not know that instance.
    InstanceUnknown,
    /// The SQL Server Browser knows the instance, and it has no TCP port.
    InstanceWithoutTcp,
    /// Every address refused the connection: nothing listens there.
    Refused,
    /// No address answered in time: filtered, or the host is down.
    TimedOut {
        /// How long the wizard waited.
        waited: Duration,
    },
    /// No route to the host or network.
    Unreachable,
    /// Something answers, but it does not speak TDS.
    NotSqlServer,
    /// The connection was taken, and ended at the very first message.
    HungUp {
        /// Whether it answers to strict encryption (TDS 8.0), which the wizard then tried without logging in.
        takes_strict: bool,
    },
    /// The connection was taken, and not one byte came back.
    Unanswered {
        /// How long the wizard waited.
        waited: Duration,
    },
    /// An established connection ended.
    ConnectionLost,
    /// The server stopped answering on an established connection.
    Silent {
        /// How long the wizard waited.
        waited: Duration,
    },
    /// TLS could not be established.
    Tls(TlsTrouble),
    /// The server answered with an error.
    Sql(SqlTrouble),
    /// The server sent something that this program does not understand; the driver's words.
    NotUnderstood(Untrusted),
    /// The server let the login in and sent it on to another one, where this happened.
    Redirected {
        /// Who sent it on.
        from: Untrusted,
        /// Where to: host and port.
        to: Untrusted,
        /// The other one's host alone.
        host: Untrusted,
        port: u16,
        trouble: Box<Trouble>,
    },
    /// The server redirects more often than is followed (twice).
    RoutedTooOften,
    /// An error of this machine's operating system.
    Io(Untrusted),
    /// A node config that cannot be read.
    Config(ConfigTrouble),
    /// A sealed secret that does not open.
    Seal(SealTrouble),
    /// The login may not see the definitions in the database, so that one which looks empty may hold anything.
    DefinitionsHidden,
    /// The fact depends on another one that is missing, or it was not requested.
    Unasked,
}

/// Why a config file cannot be read. The file is never overwritten then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigTrouble {
    /// There is no such file.
    Absent { path: Untrusted },
    /// The operating system refused, or it is not a file, too large, or not text.
    Unreadable { path: Untrusted, said: Untrusted },
    /// It belongs to another program.
    OtherKind {
        path: Untrusted,
        /// What it is: a sentence without a full stop.
        what: Untrusted,
    },
    /// A key is unknown, missing or of the wrong type, or the text breaks off.
    Malformed {
        path: Untrusted,
        /// The line, from 1.
        line: usize,
        said: Untrusted,
    },
    /// It has a format that this program does not know.
    OtherFormat {
        path: Untrusted,
        /// Its format.
        found: u32,
        /// The one that this program knows.
        known: u32,
    },
}

/// Why a sealed secret does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealTrouble {
    /// It was sealed on another machine, or this machine's key was replaced.
    OtherMachine,
    /// It is not what was sealed.
    Damaged,
    /// It was sealed for another server, login, encryption or trust than those beside it, or is damaged.
    OtherDestination,
    /// There is none.
    Absent,
}

/// Why TLS could not be established.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsTrouble {
    /// The server offers none, and the answers ask for it.
    NotOffered,
    /// Strict encryption (TDS 8.0) was asked for, and the server does not speak it.
    StrictNotOffered,
    /// No authority that this machine trusts signed the certificate.
    UnknownIssuer,
    /// It is self-signed, for instance SQL Server's own fallback certificate.
    SelfSigned,
    /// It has expired.
    Expired,
    /// It is not yet valid; often a wrong clock.
    NotYetValid,
    /// It is for other names than the server's.
    WrongName,
    /// It has no subject alternative name; the server's name stands in its subject only.
    NameInSubjectOnly,
    /// The server's address stands in it as a DNS name and not as an address.
    AddressAsName,
    /// It, or one above it, is signed with a hash that nobody trusts any more.
    WeakSignature { subject: Untrusted, hash: WeakHash },
    /// Its RSA key is too short to be checked.
    ShortKey { bits: u32 },
    /// One between it and its root has expired.
    IntermediateExpired {
        subject: Untrusted,
        #[serde(with = "crate::model::day::moment")]
        end: OffsetDateTime,
    },
    /// One between it and its root is not yet valid.
    IntermediateNotYetValid {
        subject: Untrusted,
        #[serde(with = "crate::model::day::moment")]
        begin: OffsetDateTime,
    },
    /// The CA file does not hold its issuer.
    IssuerNotInCaFile {
        /// Who signed it, or the last certificate of the chain that the server sent.
        issuer: Untrusted,
        /// The subjects of the file's certificates, the first few.
        held: Vec<Untrusted>,
        /// Whether the server sent no certificate between it and the root.
        alone: bool,
    },
    /// This machine does not know its issuer, and the server sent no certificate of it.
    IssuerMissing { issuer: Untrusted },
    /// The server's name cannot stand in a certificate, and so no certificate can be for it.
    ImpossibleName,
    /// It is not the certificate whose fingerprint is trusted.
    OtherFingerprint,
    /// The CA file cannot be read, or holds no certificate; the text says which.
    CaFile(Untrusted),
    /// The CA file is something else.
    CaFileKind { path: Untrusted, kind: CaFileKind },
    /// This machine has no trusted roots at all.
    NoRoots,
    /// Anything else in the handshake, in rustls' words.
    Handshake(Untrusted),
}

/// A hash that certificates are no longer signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeakHash {
    Sha1,
    Md5,
}

/// What is often given for a CA file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaFileKind {
    /// A PKCS#7 bundle (`.p7b`) in PEM.
    Pkcs7Pem,
    /// The same in DER.
    Pkcs7Der,
    /// OpenSSL's certificate with notes on its use.
    TrustedCertificate,
    /// A request for a certificate (`.csr`).
    Request,
    PrivateKey,
    /// A PKCS#12 store (`.pfx`).
    Pfx,
}

/// An error message of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlTrouble {
    /// Its number, for instance 18456.
    pub number: u32,
    pub state: u8,
    /// Its severity class.
    pub class: u8,
    /// The server's own text.
    pub text: Untrusted,
}

impl SqlTrouble {
    /// Babelfish's number for every error that it cannot map.
    pub const UNMAPPED: u32 = 33_557_097;

    /// Returns whether the login may have no user in the database that it asked for; its own error is 916.
    pub const fn may_lack_user(&self) -> bool {
        matches!(self.number, 911 | 916 | 4060 | 4063 | 18456 | Self::UNMAPPED)
    }
}
