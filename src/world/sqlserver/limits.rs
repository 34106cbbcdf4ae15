//! How long each part of a connection may take. tiberius has no limit on DNS and TCP, and one for everything else that
//! would also end a long `CREATE DATABASE`; so each part has its own here.

use std::time::Duration;

/// The resolver.
pub const RESOLVE: Duration = Duration::from_secs(5);
/// One question to the SQL Server Browser; UDP may lose it, so it is asked [`BROWSER_TRIES`] times.
pub const BROWSER: Duration = Duration::from_secs(1);
/// How often the browser is asked.
pub const BROWSER_TRIES: u32 = 2;
/// Reading the CA file, which may be on a share.
pub const CA_FILE: Duration = Duration::from_secs(5);
/// TCP to one address.
pub const DIAL_ONE: Duration = Duration::from_secs(5);
/// TCP to all addresses together.
pub const DIAL_ALL: Duration = Duration::from_secs(15);
/// How long an address has for itself before the next one is tried beside it (RFC 8305's recommended delay).
pub const STAGGER: Duration = Duration::from_millis(250);
/// The server's answer to PRELOGIN.
pub const NEGOTIATE: Duration = Duration::from_secs(5);
/// The TLS handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// The login's answer.
pub const LOGIN: Duration = Duration::from_secs(15);
/// The survey's batch, and any other reading.
pub const READ: Duration = Duration::from_secs(10);
/// The survey of the cluster: a hundred thousand nodes are some thirty megabytes, and may come over a slow line.
pub const NODES: Duration = Duration::from_secs(60);
/// A statement inside the initialising transaction. It waits for the application lock, which the server bounds
/// with 15 seconds, and for a slow disk.
pub const WRITE: Duration = Duration::from_secs(60);
/// Waiting for the kept session while something else asks on it. Past that a connection of its own is the lesser evil.
pub const TURN: Duration = Duration::from_secs(5);
/// `CREATE DATABASE` and `DROP DATABASE`, and the lock before them (a minute): files are written and zeroed.
pub const DATABASE: Duration = Duration::from_secs(300);
/// How often a server may send us on to another one.
pub const MOST_ROUTES: u32 = 2;
