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
/// The server's answer to PRELOGIN. A busy server has taken eight seconds.
pub const NEGOTIATE: Duration = Duration::from_secs(10);
/// The TLS handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// The login's answer.
pub const LOGIN: Duration = Duration::from_secs(15);
/// How long errors at login that pass by themselves are waited for: a database that fails over or is woken.
pub const PASSING: Duration = Duration::from_secs(25);
/// The bytes of one reply. A hundred thousand nodes are some thirty megabytes.
pub const REPLY_BYTES: usize = 64 << 20;
/// How long nothing is sent before the operating system asks whether the other side is still there; Microsoft's drivers do the same.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
/// How soon it asks again.
pub const KEEPALIVE_AGAIN: Duration = Duration::from_secs(5);
/// How long a database may be in the making before another connection asks whether the server is still there.
pub const MAKING: Duration = Duration::from_secs(20);
/// The survey's batch, which is sent once more in silence, and other reads.
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
