//! The login, by tiberius, on an encrypted stream.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::encrypt::ServerStream;
use super::login_stream::LoginStream;
use crate::model::facts::{SqlTrouble, Trouble};
use crate::model::target::{Encryption, SignIn, Target};
use crate::world::sqlserver::{errors, limits};

/// A connection that is logged in.
pub type Session = Client<Compat<LoginStream<ServerStream>>>;

/// What this program is called in `sys.dm_exec_sessions`.
const APPLICATION: &str = "octopus-setup";

/// Why a login gave no session.
#[derive(Debug, Clone, PartialEq)]
pub enum LoginError {
    /// The server redirects to another one.
    Redirected {
        /// The other server.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Anything else. Never tried again: a repeated wrong password locks the account.
    Failed(Trouble),
}

/// What the server does with a login whose database cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfUnopened {
    /// Refuses it.
    Refuse,
    /// Uses the login's default database, if the server supports that; refuses it otherwise.
    UseDefault,
}

/// A login that was accepted.
pub struct AcceptedLogin {
    /// The session.
    pub session: Session,
    /// How long it took.
    pub took: Duration,
    /// Set if the session is in another database; the server's error. Only with [`IfUnopened::UseDefault`].
    pub database_error: Option<SqlTrouble>,
}

/// Logs in to `database`, which need not be the target's own.
pub async fn login(
    stream: ServerStream,
    target: &Target,
    host: &str,
    (database, if_unopened): (&str, IfUnopened),
) -> Result<AcceptedLogin, LoginError> {
    let begun = Instant::now();
    let mut config = Config::new();
    config.host(host);
    config.database(database);
    config.application_name(APPLICATION);
    config.client_name(gethostname::gethostname().to_string_lossy());
    config.authentication(match &target.sign_in {
        SignIn::SqlLogin { user, password } => AuthMethod::sql_server(user, password.expose_secret()),
    });
    // TLS is established already, and the login stream says so in the server's place.
    config.encryption(EncryptionLevel::NotSupported);
    // `limits` has the time limits: tiberius' own would also end a long CREATE DATABASE.
    config.handshake_timeout(None);
    config.command_timeout(None);
    let database_error = Arc::new(OnceLock::new());
    let accepts_default = (if_unopened == IfUnopened::UseDefault).then(|| Arc::clone(&database_error));
    let stream = LoginStream::new(stream, target.encryption == Encryption::Strict, accepts_default).compat_write();
    let connecting = tokio::time::timeout(limits::LOGIN, Client::connect(config, stream));
    match connecting.await {
        Ok(Ok(session)) => Ok(AcceptedLogin { session, took: begun.elapsed(), database_error: database_error.get().cloned() }),
        Ok(Err(tiberius::error::Error::Routing { host, port })) => Err(LoginError::Redirected { host, port }),
        Ok(Err(error)) => Err(LoginError::Failed(errors::from_tiberius(&error))),
        Err(_) => Err(LoginError::Failed(Trouble::Silent { waited: limits::LOGIN })),
    }
}
