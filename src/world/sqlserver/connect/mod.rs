//! Makes a connection: from a target to a session.
//!
//! 1. `dial` finds addresses and port, while the `tls::TrustAnchors` are loaded, and opens TCP.
//! 2. `login_stream` does PRELOGIN and `tls`, in the order that the kind of encryption asks for.
//! 3. tiberius logs in on that stream.
//!
//! Redirects of the server are followed. In round trips: TCP 1, PRELOGIN 2, TLS 1.2 3 and 4, login 5; strict saves one, TLS 1.3
//! takes a single one.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use login_stream::encrypt;
use secrecy::ExposeSecret;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel};
use time::OffsetDateTime;
use tls::TrustAnchors;
use tokio::sync::OwnedMutexGuard;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use crate::model::facts::{Fact, ResolvedServer, ServerFacts, ServerLogin, SqlTrouble, TcpConnection, Trouble, Waiting};
use crate::model::target::{Encryption, ServerAddress, SignIn, Target};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::connect::login_stream::LoginStream;
use crate::world::sqlserver::connect::login_stream::ServerStream;
use crate::world::sqlserver::{errors, limits};

mod dial;
mod login_stream;
mod tls;

/// Receives the facts each time that one more becomes known.
pub type FactsReport<'a> = dyn FnMut(&ServerFacts) + Send + 'a;

/// A session, and the facts that were learnt while connecting.
pub struct Connection {
    pub session: Session,
    /// Name, TCP, encryption, certificate and login.
    pub facts: ServerFacts,
    /// Set if the session is in the login's default database, since the one that was asked for could not be opened: the server's
    /// error.
    pub database_error: Option<SqlTrouble>,
    /// While this is held, others wait for the kept session.
    pub turn: Option<Turn>,
}

/// The right to work with the kept session.
pub type Turn = OwnedMutexGuard<()>;

/// Connects and logs in to `database`, and waits a while for a server that says that it will let us in soon.
///
/// # Errors
/// The facts up to and with the one that is missing.
pub async fn connect(
    target: &Target,
    (database, if_unopened): (&str, IfUnopened),
    report: &mut FactsReport<'_>,
) -> Result<Connection, Box<ServerFacts>> {
    let begun = Instant::now();
    let mut tries = 0;
    loop {
        let connected = Box::pin(connect_once(target, (database, if_unopened), report)).await;
        let (refusal, facts) = match &connected {
            Ok(connection) => (connection.database_error.as_ref(), &connection.facts),
            Err(facts) => (sql_error(facts), &**facts),
        };
        let wait = refusal.and_then(|refusal| wait_before_login(refusal, if_unopened, tries));
        let (Some(refusal), Some(wait)) = (refusal, wait.filter(|wait| begun.elapsed() + *wait < limits::PASSING)) else {
            // Everything before the login was reported when it was known.
            if let Err(facts) = &connected
                && facts.login.trouble().is_some()
                && database_refusal(facts).is_none()
            {
                report(facts);
            }
            return connected;
        };
        let waiting = Waiting { trouble: Trouble::Sql(refusal.clone()), limit: limits::PASSING };
        report(&ServerFacts { login: Fact::Unknown, waiting: Some(waiting), ..facts.clone() });
        drop(connected);
        tokio::time::sleep(wait).await;
        tries += 1;
    }
}

/// Returns how long to wait before the next login, if this error passes by itself.
fn wait_before_login(refusal: &SqlTrouble, if_unopened: IfUnopened, tries: u32) -> Option<Duration> {
    let coming = if_unopened == IfUnopened::Await && errors::is_about_the_database(refusal.number);
    if coming { Some(errors::doubled(tries)) } else { errors::wait_before_login(refusal.number, tries) }
}

/// Connects and logs in, and follows redirects. Does not report why a login failed.
///
/// # Errors
/// As [`connect`].
pub async fn connect_once(
    target: &Target,
    (database, if_unopened): (&str, IfUnopened),
    report: &mut FactsReport<'_>,
) -> Result<Connection, Box<ServerFacts>> {
    let mut hop = Hop { address: target.address.clone(), from: None };
    for _ in 0..=limits::MAX_REDIRECTS {
        let mut facts = ServerFacts::default();
        match connect_to(target, &hop, (database, if_unopened), &mut facts, report).await {
            Ok((session, database_error)) => return Ok(Connection { session, facts, database_error, turn: None }),
            Err(Some(next)) => {
                let from = Sender { name: Untrusted::new(&hop.address.to_string()), asked: facts.resolved };
                hop = Hop { address: next, from: Some(from) };
            }
            Err(None) => return Err(Box::new(facts)),
        }
    }
    let facts = ServerFacts { login: Fact::Missing(Trouble::RoutedTooOften), ..ServerFacts::default() };
    Err(Box::new(facts))
}

/// A server on the way.
struct Hop {
    address: ServerAddress,
    /// Who sent us there, if that was not the operator.
    from: Option<Sender>,
}

/// A server that sent us on.
struct Sender {
    name: Untrusted,
    /// What became of the name that the operator gave: that is what a survey reports.
    asked: Fact<ResolvedServer>,
}

impl Hop {
    /// Adds who sent us to where this happened.
    fn placed(&self, trouble: Trouble) -> Trouble {
        let Some(from) = &self.from else { return trouble };
        Trouble::Redirected {
            from: from.name.clone(),
            to: Untrusted::new(&self.address.to_string()),
            host: Untrusted::new(&self.address.host),
            port: self.address.port.unwrap_or(ServerAddress::DEFAULT_PORT),
            trouble: Box::new(trouble),
        }
    }
}

/// Connects to one server. `Err(Some(…))` is where it redirects to; `Err(None)` leaves the trouble in the facts.
async fn connect_to(
    target: &Target,
    hop: &Hop,
    (database, if_unopened): (&str, IfUnopened),
    facts: &mut ServerFacts,
    report: &mut FactsReport<'_>,
) -> Result<(Session, Option<SqlTrouble>), Option<ServerAddress>> {
    let address = &hop.address;
    // Reading a few hundred roots takes as long as resolving a name: side by side they cost nothing.
    let (resolved, anchors) = tokio::join!(dial::resolve(address), TrustAnchors::load(&target.trust));
    let resolved = resolved.map_err(|trouble| hop.placed(trouble));
    let resolved: ResolvedServer = match resolved {
        Ok(resolved) => resolved,
        Err(trouble) => return missing(trouble, facts, report, |facts| &mut facts.resolved),
    };
    let asked = hop.from.as_ref().map_or_else(|| Fact::Seen(resolved.clone()), |from| from.asked.clone());
    facts.resolved = asked;
    report(facts);
    let dialled = dial::dial(&resolved, target.multi_subnet).await;
    let (stream, connected) = match dialled {
        Ok(found) => {
            let routed_to = hop.from.is_some().then(|| Untrusted::new(&address.to_string()));
            let connected = TcpConnection { address: found.address, port: resolved.port, took: found.took, routed_to };
            (found.stream, connected)
        }
        Err(trouble) => return missing(hop.placed(trouble), facts, report, |facts| &mut facts.connected),
    };
    learnt(Ok(connected), facts, report, |facts| &mut facts.connected)?;
    let anchors = match anchors {
        Ok(anchors) => anchors,
        Err(trouble) => return missing(Trouble::Tls(trouble), facts, report, |facts| &mut facts.encrypted),
    };
    // A redirect names another host, and the certificate must be for that one.
    let result = encrypt(stream, &address.host, target.encryption, anchors).await;
    facts.certificate_sha256 = result.certificate.as_deref().map(tls::sha256);
    facts.certificate = result.certificate.and_then(|der| tls::read(&der, OffsetDateTime::now_utc()));
    let (stream, encrypted) = match result.outcome {
        Ok(encrypted) => encrypted,
        Err(trouble) => return missing(hop.placed(trouble), facts, report, |facts| &mut facts.encrypted),
    };
    learnt(Ok(encrypted), facts, report, |facts| &mut facts.encrypted)?;
    match login(stream, target, &address.host, (database, if_unopened)).await {
        Ok(AcceptedLogin { session, took, database_error }) => {
            let logged_in = ServerLogin { login: Untrusted::default(), user: Untrusted::default(), took };
            learnt(Ok(logged_in), facts, report, |facts| &mut facts.login)?;
            Ok((session, database_error))
        }
        Err(LoginError::Redirected { host, port }) => Err(Some(redirected(&host, port))),
        Err(LoginError::Failed(trouble)) => {
            // What the server says of the login needs no place: it is about the login.
            let placed = if matches!(trouble, Trouble::Sql(_)) { trouble } else { hop.placed(trouble) };
            facts.login = Fact::Missing(placed);
            Err(None)
        }
    }
}

/// Returns the address of a redirect. Some servers name an instance behind the host; the port makes that superfluous.
fn redirected(host: &str, port: u16) -> ServerAddress {
    let host = host.split_once('\\').map_or(host, |(host, _)| host);
    ServerAddress { host: host.to_owned(), instance: None, port: Some(port) }
}

/// Returns the server's error, if the login was accepted and only the database could not be opened; or if it may be so, since the
/// error has no number of its own: then `master` tells.
pub fn database_refusal(facts: &ServerFacts) -> Option<SqlTrouble> {
    let may_be = |number| errors::is_about_the_database(number) || number == errors::UNMAPPED;
    sql_error(facts).filter(|error| may_be(error.number)).cloned()
}

/// Returns the server's answer to the login, if that is an error.
fn sql_error(facts: &ServerFacts) -> Option<&SqlTrouble> {
    match facts.login.trouble() {
        Some(Trouble::Sql(error)) => Some(error),
        _ => None,
    }
}

fn learnt<T: Clone>(
    outcome: Result<T, Trouble>,
    facts: &mut ServerFacts,
    report: &mut FactsReport<'_>,
    field: impl FnOnce(&mut ServerFacts) -> &mut Fact<T>,
) -> Result<T, Option<ServerAddress>> {
    match outcome {
        Ok(value) => {
            *field(facts) = Fact::Seen(value.clone());
            report(facts);
            Ok(value)
        }
        Err(trouble) => missing(trouble, facts, report, field),
    }
}

fn missing<T, V>(
    trouble: Trouble,
    facts: &mut ServerFacts,
    report: &mut FactsReport<'_>,
    field: impl FnOnce(&mut ServerFacts) -> &mut Fact<T>,
) -> Result<V, Option<ServerAddress>> {
    *field(facts) = Fact::Missing(trouble);
    report(facts);
    Err(None)
}

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
    /// Refuses it, and the login is tried again for a while: the database was just made.
    Await,
}

/// A login that was accepted.
pub struct AcceptedLogin {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_refusals_are_about_the_database() {
        let error = |number| SqlTrouble { number, state: 1, class: 11, text: Untrusted::new("Cannot open database.") };
        let facts = |number| ServerFacts { login: Fact::Missing(Trouble::Sql(error(number))), ..Default::default() };
        assert_eq!(database_refusal(&facts(4060)), Some(error(4060)));
        assert_eq!(database_refusal(&facts(18456)), None);
        assert_eq!(database_refusal(&ServerFacts::default()), None);
    }

    #[test]
    fn a_redirect_to_an_instance_leads_to_its_host() {
        for name in ["sql02.corp.example", "sql02.corp.example\\OCTOPUS"] {
            let address = redirected(name, 11_433);
            assert_eq!((address.host.as_str(), address.port), ("sql02.corp.example", Some(11_433)), "{name}");
        }
    }
}
