//! From a target to a session: name, TCP, PRELOGIN, TLS, login, and on to where the server sends us.
//!
//! In turns with the server: TCP 1, PRELOGIN 2, TLS 1.2 3 and 4, login 5; strict saves one, TLS 1.3 has a single turn.

use tokio::sync::OwnedMutexGuard;

use super::login::{Entered, IfClosed, Refused, Session, login};
use super::secure::secure;
use super::survey::closed_database;
use super::tls::Basis;
use super::{dial, limits, resolve};
use crate::model::facts::{Connected, Fact, LoggedIn, Resolved, ServerFacts, SqlTrouble, Trouble};
use crate::model::server_address::ServerAddress;
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;

/// Hears of each fact as it becomes known.
pub type Told<'a> = dyn FnMut(&ServerFacts) + Send + 'a;

/// A session, and the facts that were learnt on the way to it.
pub struct Link {
    /// The session.
    pub session: Session,
    /// Resolved, connected, encrypted, certificate, login.
    pub facts: ServerFacts,
    /// The session is in the login's default database, since the one that was asked for could not be opened; what the
    /// server said.
    pub elsewhere: Option<SqlTrouble>,
    /// While this is held, whoever else wants the kept session waits for it.
    pub turn: Option<Turn>,
}

/// The right to work with the kept session.
pub type Turn = OwnedMutexGuard<()>;

/// Connects and logs in to `database`.
///
/// # Errors
/// The facts up to and with the one that is missing.
pub async fn connect(
    target: &Target,
    (database, if_closed): (&str, IfClosed),
    told: &mut Told<'_>,
) -> Result<Link, Box<ServerFacts>> {
    let mut place = target.address.clone();
    let mut routed_to = None;
    for _ in 0..=limits::MOST_ROUTES {
        let mut facts = ServerFacts::default();
        match arrive(target, &place, (database, if_closed), routed_to.take(), &mut facts, told).await {
            Ok((session, elsewhere)) => return Ok(Link { session, facts, elsewhere, turn: None }),
            Err(Some(next)) => {
                routed_to = Some(Untrusted::new(&next.to_string()));
                place = next;
            }
            Err(None) => return Err(Box::new(facts)),
        }
    }
    let facts = ServerFacts { login: Fact::Missing(Trouble::RoutedTooOften), ..ServerFacts::default() };
    told(&facts);
    Err(Box::new(facts))
}

/// One server. `Err(Some(…))` is where it sends us; `Err(None)` leaves the trouble in the facts.
async fn arrive(
    target: &Target,
    place: &ServerAddress,
    (database, if_closed): (&str, IfClosed),
    routed_to: Option<Untrusted>,
    facts: &mut ServerFacts,
    told: &mut Told<'_>,
) -> Result<(Session, Option<SqlTrouble>), Option<ServerAddress>> {
    // Reading a few hundred roots takes as long as a name's answer: side by side they cost nothing.
    let (resolved, basis) = tokio::join!(resolve::resolve(place), Basis::load(&target.trust));
    let resolved: Resolved = known(resolved, facts, told, |facts| &mut facts.resolved)?;
    let dialled = dial::dial(&resolved, target.multi_subnet).await;
    let (stream, connected) = match dialled {
        Ok(found) => {
            let connected = Connected { address: found.address, port: resolved.port, took: found.took, routed_to };
            (found.stream, connected)
        }
        Err(trouble) => return missing(trouble, facts, told, |facts| &mut facts.connected),
    };
    known(Ok(connected), facts, told, |facts| &mut facts.connected)?;
    let basis = match basis {
        Ok(basis) => basis,
        Err(trouble) => return missing(Trouble::Tls(trouble), facts, told, |facts| &mut facts.encrypted),
    };
    // A route names a new host, and the certificate must be for that one.
    let secured = secure(stream, &place.host, target.encryption, basis).await;
    facts.certificate = secured.certificate;
    let (wire, encrypted) = match secured.outcome {
        Ok(secured) => secured,
        Err(trouble) => return missing(trouble, facts, told, |facts| &mut facts.encrypted),
    };
    known(Ok(encrypted), facts, told, |facts| &mut facts.encrypted)?;
    match login(wire, target, &place.host, (database, if_closed)).await {
        Ok(Entered { session, took, elsewhere }) => {
            let logged_in = LoggedIn { login: Untrusted::default(), user: Untrusted::default(), took };
            known(Ok(logged_in), facts, told, |facts| &mut facts.login)?;
            Ok((session, elsewhere))
        }
        Err(Refused::Routed { host, port }) => Err(Some(routed(&host, port))),
        Err(Refused::Trouble(trouble)) => {
            facts.login = Fact::Missing(trouble);
            // A database that cannot be opened is no bad login: the second look will tell, and nothing is told before.
            if closed_database(facts).is_none() {
                told(facts);
            }
            Err(None)
        }
    }
}

/// Where a route leads. Some servers name an instance behind the host; the port says all that it would.
fn routed(host: &str, port: u16) -> ServerAddress {
    let host = host.split_once('\\').map_or(host, |(host, _)| host);
    ServerAddress { host: host.to_owned(), instance: None, port: Some(port) }
}

fn known<T: Clone>(
    outcome: Result<T, Trouble>,
    facts: &mut ServerFacts,
    told: &mut Told<'_>,
    place: impl FnOnce(&mut ServerFacts) -> &mut Fact<T>,
) -> Result<T, Option<ServerAddress>> {
    match outcome {
        Ok(value) => {
            *place(facts) = Fact::Seen(value.clone());
            told(facts);
            Ok(value)
        }
        Err(trouble) => missing(trouble, facts, told, place),
    }
}

fn missing<T, V>(
    trouble: Trouble,
    facts: &mut ServerFacts,
    told: &mut Told<'_>,
    place: impl FnOnce(&mut ServerFacts) -> &mut Fact<T>,
) -> Result<V, Option<ServerAddress>> {
    *place(facts) = Fact::Missing(trouble);
    told(facts);
    Err(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_to_an_instance_leads_to_its_host() {
        for name in ["sql02.corp.example", "sql02.corp.example\\OCTOPUS"] {
            let address = routed(name, 11_433);
            assert_eq!((address.host.as_str(), address.port), ("sql02.corp.example", Some(11_433)), "{name}");
        }
    }
}
