//! The options of a practice server.

use std::path::PathBuf;
use std::time::Duration;

use super::engine::{Login, Personality};

/// How the server negotiates TLS inside TDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsPolicy {
    /// As the client asks: for everything, for the login only, or not at all.
    #[default]
    Offered,
    /// Always; SQL Server's "Force Encryption".
    Forced,
    /// Never: there is no certificate, and PRELOGIN says that encryption is not supported.
    Missing,
}

/// Which certificate the server presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificate {
    /// A valid one, issued by the CA in [`crate::RunningServer::ca_file`].
    #[default]
    Good,
    /// One that expired yesterday.
    Expired,
    /// One for the host name `other.example`.
    OtherName,
    /// One issued by a CA that no client has.
    UnknownIssuer,
    /// A self-signed one, as SQL Server generates if it has no other.
    SelfSigned,
}

/// A fault on the wire, for tests of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireFault {
    /// Accepts connections and never sends a byte.
    SilentAtStart,
    /// Answers in another protocol and closes.
    NotSqlServer,
    /// Accepts logins and never answers a request.
    SilentAfterLogin,
    /// Closes the connection in the middle of each reply to a request.
    DropMidReply,
    /// Routes each client to another server at login.
    RouteTo {
        /// The host name of the other server.
        host: String,
        /// The TCP port of the other server.
        port: u16,
    },
}

/// The faults of a server, for tests of clients. The default is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// The certificate that is presented.
    pub certificate: Certificate,
    /// The fault on the wire.
    pub wire: Option<WireFault>,
    /// The simulated round-trip time: added to each turn, and once to the TCP connection.
    pub round_trip: Duration,
}

/// Limits that keep one client from exhausting the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Simultaneous connections; further ones get error 17809.
    pub connections: usize,
    /// Time from the TCP connection to the end of the login.
    pub login: Duration,
    /// The largest request in bytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, login: Duration::from_secs(15), message: 64 << 20 }
    }
}

/// How a practice server is started.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The data folder; created if missing.
    pub data: PathBuf,
    /// The TCP port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Version, edition, name and clock that the server reports.
    pub personality: Personality,
    /// Logins in addition to `octopus` and `sa`.
    pub logins: Vec<Login>,
    /// How TLS inside TDS is negotiated.
    pub tls: TlsPolicy,
    /// Whether TDS 8.0 (TLS first) is accepted too.
    pub allow_strict: bool,
    /// Whether a login fails if its database cannot be opened, even if the client would accept the login's default database
    /// instead. Some gateways and compatible servers behave like that.
    pub insists_on_database: bool,
    /// The faults to simulate.
    pub faults: Faults,
    /// The limits on clients.
    pub limits: Limits,
}

impl ServerOptions {
    /// Creates the options of a server without faults on a free port.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            port: 0,
            personality: Personality {
                product_version: "16.0.4135.4".to_owned(),
                edition: "octopus-setup practice server (not SQL Server)".to_owned(),
                server_name: host_name(),
                clock_ahead: 0,
                quirks: false,
            },
            logins: Vec::new(),
            tls: TlsPolicy::default(),
            allow_strict: true,
            insists_on_database: false,
            faults: Faults::default(),
            limits: Limits::default(),
        }
    }
}

/// Returns this machine's name as certificates and `@@SERVERNAME` have it: lower case, or `localhost` if the name cannot
/// stand in a certificate.
pub(crate) fn host_name() -> String {
    let name = gethostname::gethostname().to_string_lossy().to_lowercase();
    let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    if valid { name } else { "localhost".to_owned() }
}
