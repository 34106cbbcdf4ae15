//! The state that all connections of one server share.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tds_wire::prelogin::Version;

use super::cert::ServerTls;
use super::engine::Engine;
use super::options::{Limits, TlsPolicy, WireFault};

/// The first spid that SQL Server gives to users.
const FIRST_SPID: u16 = 51;

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// The data and its rules.
    pub engine: Arc<Engine>,
    /// The server's name, which errors carry.
    pub name: Arc<str>,
    /// The version that PRELOGIN and LOGINACK tell.
    pub version: Version,
    /// The certificate.
    pub tls: ServerTls,
    /// How the server stands to TLS inside TDS.
    pub policy: TlsPolicy,
    /// Whether TDS 8.0 is served.
    pub allow_strict: bool,
    /// Whether a login fails whenever its database cannot be opened.
    pub insists_on_database: bool,
    /// How much the server bears.
    pub limits: Limits,
    /// A round trip's time.
    pub round_trip: Duration,
    /// What goes wrong on the wire.
    pub fault: Mutex<Option<WireFault>>,
    /// All clients' turns.
    pub turns: Arc<AtomicU64>,
    /// All connections that were accepted.
    pub connections: AtomicU64,
    /// All logins that were tried.
    pub logins: AtomicU64,
    /// The next connection's spid.
    pub spid: AtomicU16,
}

impl Shared {
    /// What goes wrong on the wire now.
    pub fn wire(&self) -> Option<WireFault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number for a new connection's packets.
    pub fn next_spid(&self) -> u16 {
        let spid = self.spid.fetch_add(1, Ordering::Relaxed);
        // After the largest number it starts again above the server's own sessions.
        FIRST_SPID + spid % (i16::MAX.unsigned_abs() - FIRST_SPID)
    }
}
