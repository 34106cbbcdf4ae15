//! The state that all connections of one server share.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tds_wire::prelogin::Version;
use tokio::sync::Semaphore;

use super::engine::Engine;
use super::options::{Limits, TlsPolicy, WireFault};
use crate::certificate::ServerTls;
use crate::link::Meter;

/// The first spid that SQL Server gives to users.
const FIRST_SPID: u16 = 51;

/// The state that all connections of one server share.
#[derive(Debug)]
pub struct SharedState {
    /// The T-SQL engine.
    pub engine: Arc<Engine>,
    /// The server's name, which errors carry.
    pub name: Arc<str>,
    /// The version in PRELOGIN and LOGINACK.
    pub version: Version,
    /// The TLS configurations.
    pub tls: ServerTls,
    /// How TLS inside TDS is negotiated.
    pub tls_policy: TlsPolicy,
    /// Whether TDS 8.0 is accepted.
    pub allow_strict: bool,
    /// Whether a login fails if its database cannot be opened.
    pub insists_on_database: bool,
    /// The limits on clients.
    pub limits: Limits,
    /// The places of requests that run at the same time; the others wait for their turn, so that a burst of requests does not take
    /// memory for all of them at once.
    pub places: Arc<Semaphore>,
    /// The simulated round-trip time.
    pub round_trip: Duration,
    /// The current fault on the wire.
    pub fault: Mutex<Option<WireFault>>,
    /// What all clients cost on the way.
    pub meter: Arc<Meter>,
    /// The number of accepted connections.
    pub connections: AtomicU64,
    /// The number of attempted logins.
    pub logins: AtomicU64,
    /// The number of connections so far, for their spids.
    pub spid: AtomicU16,
}

impl SharedState {
    /// Returns the current fault on the wire.
    pub fn wire_fault(&self) -> Option<WireFault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number for a new connection's packets.
    pub fn next_spid(&self) -> u16 {
        let spid = self.spid.fetch_add(1, Ordering::Relaxed);
        // After the largest number, counting continues above the server's own sessions.
        FIRST_SPID + spid % (i16::MAX.unsigned_abs() - FIRST_SPID)
    }
}
