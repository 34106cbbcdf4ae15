//! Time limits of each part of a connection. tiberius has none for DNS and TCP, and one for everything else that would also end
//! a long `CREATE DATABASE`; so each part has its own limit here.

use std::time::Duration;

/// Resolving the name.
pub const RESOLVE: Duration = Duration::from_secs(5);
/// One question to the SQL Server Browser. UDP may lose it, so it is sent [`BROWSER_TRIES`] times.
pub const BROWSER: Duration = Duration::from_secs(1);
/// How often the question is sent.
pub const BROWSER_TRIES: u32 = 2;
/// Reading the CA file, which may be on a share.
pub const CA_FILE: Duration = Duration::from_secs(5);
/// TCP to one address.
pub const DIAL_ONE: Duration = Duration::from_secs(5);
/// TCP to all addresses together.
pub const DIAL_ALL: Duration = Duration::from_secs(15);
/// How long to wait for an address before the next one is tried beside it (the delay that RFC 8305 recommends).
pub const STAGGER: Duration = Duration::from_millis(250);
/// The server's answer to PRELOGIN.
pub const NEGOTIATE: Duration = Duration::from_secs(5);
/// The TLS handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// The login's answer.
pub const LOGIN: Duration = Duration::from_secs(15);
/// The survey's batch, and other reads.
pub const READ: Duration = Duration::from_secs(10);
/// The survey of the cluster: a hundred thousand nodes are some thirty megabytes, perhaps over a slow line.
pub const CLUSTER: Duration = Duration::from_secs(60);
/// A batch that writes the registry. It waits for the application lock, for which the server has a limit of 15 seconds, and for
/// a slow disk.
pub const WRITE: Duration = Duration::from_secs(60);
/// Waiting for the kept session while it is in use. After that, a new connection is the lesser evil.
pub const TURN: Duration = Duration::from_secs(5);
/// `CREATE DATABASE` and `DROP DATABASE`, and the lock before them (a minute): files are written and zeroed.
pub const DATABASE: Duration = Duration::from_secs(300);
/// How often a server may redirect to another one.
pub const MAX_REDIRECTS: u32 = 2;
