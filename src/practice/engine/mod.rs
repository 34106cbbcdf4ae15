//! T-SQL, executed: an interpreter over `SQLite`, one file per database.

use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;

use super::reply::{Reply, SqlMessage};
use super::value::Parameter;

/// What the server pretends to be, beyond what its data says.
#[derive(Debug, Clone)]
pub struct Personality {
    /// `SERVERPROPERTY('ProductVersion')`, for instance `16.0.4135.4`.
    pub product_version: String,
    /// `SERVERPROPERTY('Edition')`; says that this is the practice server.
    pub edition: String,
    /// The server's name, `@@SERVERNAME`.
    pub server_name: String,
    /// How far the server's clock is ahead of the machine's, in seconds; negative when behind.
    pub clock_ahead: i64,
}

/// A login that the server knows, as it is created at the first start; afterwards the data folder tells.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name, compared without case.
    pub name: String,
    /// Its password.
    pub password: SecretString,
    /// Member of `sysadmin`.
    pub sysadmin: bool,
    /// Member of `dbcreator`.
    pub dbcreator: bool,
    /// `ALTER LOGIN … DISABLE`.
    pub disabled: bool,
}

/// The server's data and rules, shared by all sessions.
#[derive(Debug)]
pub struct Engine {}

/// Why the data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file could not be read or written.
    #[error("the practice server's data folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// `SQLite` refused.
    #[error("the practice server's data cannot be opened: {0}")]
    Data(String),
}

/// What a client says of itself at login.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The login name.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// The database asked for; empty means the login's default, `master`.
    pub database: String,
    /// The client's host name.
    pub host: String,
    /// The client's application name.
    pub application: String,
}

/// One connection's state: current database, transaction, settings, application locks. Blocking; dropped when
/// the connection ends, which rolls back its transaction and frees its locks.
#[derive(Debug)]
pub struct Session {}

/// Stops whatever a session is running, from another thread (an Attention, or the connection's end).
#[derive(Debug, Clone)]
pub struct Interrupt {}

/// Where the engine puts its replies. It returns `false` when nobody listens any more.
pub type Sink<'a> = &'a mut dyn FnMut(Reply) -> bool;

impl Engine {
    /// Opens the data folder, creating it with `master` and the logins at first.
    pub fn open(_data: &Path, _personality: Personality, _logins: &[Login]) -> Result<Arc<Self>, OpenError> {
        Ok(Arc::new(Self {}))
    }

    /// Checks a login. `Err` holds the error messages in the order in which SQL Server sends them
    /// (4060 and then 18456 when only the database cannot be opened).
    pub fn login(self: &Arc<Self>, _request: &LoginRequest) -> Result<Session, Vec<SqlMessage>> {
        Ok(Session {})
    }
}

impl Session {
    /// The current database's name.
    pub fn database(&self) -> &str {
        "master"
    }

    /// Runs a batch of T-SQL.
    pub fn batch(&mut self, _text: &str, _sink: Sink<'_>) {}

    /// Runs a remote procedure call: `sp_executesql`, `sp_getapplock`, …; 2812 for an unknown one.
    pub fn call(&mut self, _procedure: &str, _parameters: &[Parameter], _sink: Sink<'_>) {}

    /// Transaction-manager request: begin. Returns the new transaction's descriptor.
    pub fn begin(&mut self, _sink: Sink<'_>) -> Option<u64> {
        None
    }

    /// Transaction-manager request: commit (`true`) or roll back. Returns the ended transaction's descriptor.
    pub fn end(&mut self, _commit: bool, _sink: Sink<'_>) -> Option<u64> {
        None
    }

    /// The descriptor of the transaction that is open, for ENVCHANGE 8, 9 and 10 after a batch.
    pub fn transaction(&self) -> Option<u64> {
        None
    }

    /// RESETCONNECTION: as freshly logged in.
    pub fn reset(&mut self) {}

    /// A handle that stops this session from another thread.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt {}
    }
}

impl Interrupt {
    /// Makes the running statement end as soon as it can.
    pub fn stop(&self) {}
}
