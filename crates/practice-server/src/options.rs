//! What a practice server is started with.

use std::path::PathBuf;
use std::time::Duration;

use super::engine::{Login, Personality};

/// How the server stands to TLS inside TDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsPolicy {
    /// As the client likes: everything, the login only, or nothing.
    #[default]
    Offered,
    /// "Force Encryption" is set.
    Forced,
    /// There is no certificate: PRELOGIN says that encryption is not supported.
    Missing,
}

/// Which certificate the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificate {
    /// A good one, from the CA whose file is exported.
    #[default]
    Good,
    /// One that expired yesterday.
    Expired,
    /// One for `other.example`.
    OtherName,
    /// One from a CA that nobody has.
    UnknownIssuer,
    /// One that signs itself, as SQL Server makes it when it has no other.
    SelfSigned,
}

/// What goes wrong on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireFault {
    /// Accepts, and never says a word.
    SilentAtStart,
    /// Is not a SQL Server: answers in another protocol and closes.
    NotSqlServer,
    /// Lets a client log in, and never answers a request.
    SilentAfterLogin,
    /// Closes in the middle of each reply to a request.
    DropMidReply,
    /// Tells each client at login to go elsewhere.
    RouteTo {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
}

/// What goes wrong, by name. The default is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// The certificate.
    pub certificate: Certificate,
    /// The wire.
    pub wire: Option<WireFault>,
    /// A round trip's time, for figures: waited for once per turn, and once for the TCP connection.
    pub round_trip: Duration,
}

/// What keeps one client from using up the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; further ones are closed at once.
    pub connections: usize,
    /// From the connection to the end of the login.
    pub login: Duration,
    /// The largest request, in bytes.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 256, login: Duration::from_secs(15), message: 64 << 20 }
    }
}

/// What a practice server is started with.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Its data folder; created if it is missing.
    pub data: PathBuf,
    /// Its port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// What it pretends to be.
    pub personality: Personality,
    /// Logins beside `octopus` and `sa`.
    pub logins: Vec<Login>,
    /// How it stands to TLS inside TDS.
    pub tls: TlsPolicy,
    /// Whether TDS 8.0 (TLS first) is served too.
    pub allow_strict: bool,
    /// Whether a login fails whenever its database cannot be opened, also where the client would take the login's own
    /// instead. Some gateways and other makers' servers are like that.
    pub insists_on_database: bool,
    /// What goes wrong.
    pub faults: Faults,
    /// How much it bears.
    pub limits: Limits,
}

impl ServerOptions {
    /// A healthy server over this data folder, on a free port.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            port: 0,
            personality: Personality {
                product_version: "16.0.4135.4".to_owned(),
                edition: "octopus-setup practice server (not SQL Server)".to_owned(),
                server_name: host_name(),
                clock_ahead: 0,
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
