//! The login, by tiberius, on a stream that is as protected as it will be.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::shim::Shim;
use super::wire::Wire;
use super::{limits, trouble};
use crate::model::facts::{SqlTrouble, Trouble};
use crate::model::target::{Encryption, SignIn, Target};

/// A connection that is logged in.
pub type Session = Client<Compat<Shim<Wire>>>;

/// What this program is called in `sys.dm_exec_sessions`.
const APPLICATION: &str = "octopus-setup";

/// Why there is no session.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// The server wants us elsewhere.
    Routed {
        /// The other server.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Something else. Never tried again: a repeated wrong password locks the account.
    Trouble(Trouble),
}

/// What becomes of a login whose database cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfClosed {
    /// It fails.
    Refuse,
    /// It ends in the login's default database, on a server that knows how; on others it fails all the same.
    Elsewhere,
}

/// A login that was accepted.
pub struct Entered {
    /// The session.
    pub session: Session,
    /// How long it took.
    pub took: Duration,
    /// The session is not in the database that was asked for; what the server said. Only with [`IfClosed::Elsewhere`].
    pub elsewhere: Option<SqlTrouble>,
}

/// Logs in to `database`, which may be another than the target's own.
pub async fn login(wire: Wire, target: &Target, host: &str, (database, if_closed): (&str, IfClosed)) -> Result<Entered, Refused> {
    let begun = Instant::now();
    let mut config = Config::new();
    config.host(host);
    config.database(database);
    config.application_name(APPLICATION);
    config.client_name(gethostname::gethostname().to_string_lossy());
    config.authentication(match &target.sign_in {
        SignIn::SqlLogin { user, password } => AuthMethod::sql_server(user, password.expose_secret()),
    });
    // TLS stands already, and the shim says so in the server's stead.
    config.encryption(EncryptionLevel::NotSupported);
    // The limits are ours: tiberius' own would also end a long CREATE DATABASE.
    config.handshake_timeout(None);
    config.command_timeout(None);
    let said = Arc::new(OnceLock::new());
    let lenient = (if_closed == IfClosed::Elsewhere).then(|| Arc::clone(&said));
    let stream = Shim::new(wire, target.encryption == Encryption::Strict, lenient).compat_write();
    let connecting = tokio::time::timeout(limits::LOGIN, Client::connect(config, stream));
    match connecting.await {
        Ok(Ok(session)) => Ok(Entered { session, took: begun.elapsed(), elsewhere: said.get().cloned() }),
        Ok(Err(tiberius::error::Error::Routing { host, port })) => Err(Refused::Routed { host, port }),
        Ok(Err(error)) => Err(Refused::Trouble(trouble::of_tiberius(&error))),
        Err(_) => Err(Refused::Trouble(Trouble::Silent { waited: limits::LOGIN })),
    }
}
