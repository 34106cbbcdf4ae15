//! The survey: one batch on a session, and the facts in its reply; and a look from `master` where the database does not open.

mod read;

use std::time::Duration;

use super::batch::{self, Reply};
use super::connect::{Connection, FactsReport, IfUnopened, Session, connect};
use super::content::{self, CONTENT};
use super::limits;
use crate::model::facts::{Content, DatabaseSeen, Fact, ServerFacts, ServerLogin, SqlTrouble, Trouble};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;

const SURVEY: &str = include_str!("../sql/survey/survey.sql");
const FROM_MASTER: &str = include_str!("../sql/survey/from_master.sql");

/// Sends the survey's batch on a connection to the database, and completes the connection's facts.
///
/// # Errors
/// If the session is broken; it must be thrown away then.
pub async fn survey(connection: &mut Connection) -> Result<(), Trouble> {
    let reply = batch::send(&mut connection.session, &survey_batch(), &[], limits::READ).await?;
    read_common(&reply, &mut connection.facts);
    connection.facts.database = match read::database(&reply) {
        Ok(Some(state)) => Fact::Seen(DatabaseSeen::Open(state)),
        // The session is in it, so it exists, whatever the catalogue shows.
        Ok(None) => Fact::Missing(Trouble::Unasked),
        Err(trouble) => Fact::Missing(trouble),
    };
    connection.facts.content = content::read(&reply).into();
    Ok(())
}

fn survey_batch() -> String {
    batch::fill(SURVEY, &[("content", CONTENT)])
}

/// Reads what both batches tell.
fn read_common(reply: &Reply, facts: &mut ServerFacts) {
    let took = facts.login.seen().map_or(Duration::ZERO, |login| login.took);
    // The session proves the login; only its name may be missing.
    if let Ok(login) = read::logged_in(reply, took) {
        facts.login = Fact::Seen(login);
    }
    facts.version = read::version(reply).into();
    let (ahead, round_trip) = read::clock(reply);
    facts.clock_ahead_ms = ahead.into();
    facts.round_trip = round_trip.map(|measured| shorter(measured, took)).into();
    facts.rights = read::rights(reply).into();
    facts.collation = read::collation(reply).into();
}

/// Returns the shorter of two upper limits of a round trip: of the batch, which a server parses whole before it reads its clock, and
/// of the login, which took at least one. A busy machine lengthens either, seldom both. Zero means not measured.
fn shorter(batch: Duration, login: Duration) -> Duration {
    if login.is_zero() { batch } else { batch.min(login) }
}

/// Tells from `master`, after the server refused to open the database, whether that is absent or closed to the login.
///
/// The refusal comes after the password was accepted ([`database_refusal`](super::connect::database_refusal)), so the login is good.
///
/// Returns the connection to `master`, since the next request is likely to create the database. `default_session` is the session
/// in the login's default database, if the server gave one: if that is `master`, this takes one round trip and no second login.
pub async fn look_from_master(
    target: &Target,
    first: ServerFacts,
    refusal: SqlTrouble,
    default_session: Option<Session>,
    report: &mut FactsReport<'_>,
) -> Option<Connection> {
    // A login that got its default database is known already, with its time.
    let login = first.login.seen().cloned().unwrap_or_else(unnamed_login);
    let mut facts = ServerFacts { login: Fact::Seen(login), ..first };
    report(&facts);
    let looked = match look_in_default_session(target, &facts, default_session).await {
        Some(looked) => Ok(looked),
        None => look_on_new_connection(target).await,
    };
    let kept = match looked {
        Ok((reply, connection)) => {
            facts.login = connection.facts.login.clone();
            read_common(&reply, &mut facts);
            if let Fact::Seen(login) = &mut facts.login {
                // The user in master says nothing about the database.
                login.user = Untrusted::default();
            }
            facts.database = Fact::Seen(absent_or_closed(&reply, refusal));
            facts.content = match facts.database.seen() {
                Some(DatabaseSeen::Absent) => Fact::Seen(Content::Empty),
                _ => Fact::Missing(Trouble::Unasked),
            };
            Some(connection)
        }
        Err(trouble) => {
            // Only a server that answers leaves it unclear; a broken connection must be reported, and fixed.
            facts.database = match trouble {
                Trouble::Sql(_) => Fact::Seen(DatabaseSeen::Unclear { said: refusal }),
                _ => Fact::Missing(trouble.clone()),
            };
            mark_missing(&mut facts, &trouble);
            None
        }
    };
    report(&facts);
    kept
}

fn unnamed_login() -> ServerLogin {
    ServerLogin { login: Untrusted::default(), user: Untrusted::default(), took: Duration::ZERO }
}

fn mark_missing(facts: &mut ServerFacts, trouble: &Trouble) {
    facts.version = Fact::Missing(trouble.clone());
    facts.clock_ahead_ms = Fact::Missing(trouble.clone());
    facts.round_trip = Fact::Missing(trouble.clone());
    facts.rights = Fact::Missing(trouble.clone());
    facts.collation = Fact::Missing(trouble.clone());
    facts.content = Fact::Missing(Trouble::Unasked);
}

/// Looks on the session that the login gave, if that is in `master`. The login's default database may be another: the collation
/// would be that database's, and a lock in it would keep nobody out.
async fn look_in_default_session(
    target: &Target,
    facts: &ServerFacts,
    default_session: Option<Session>,
) -> Option<(Reply, Connection)> {
    let mut session = default_session?;
    let reply = send_from_master(&mut session, target).await.ok()?;
    let in_master = reply.row("identity").ok()?.raw("place")?.eq_ignore_ascii_case("master");
    in_master.then(|| (reply, Connection { session, facts: facts.clone(), database_error: None, turn: None }))
}

async fn look_on_new_connection(target: &Target) -> Result<(Reply, Connection), Trouble> {
    let mut silent = |_: &ServerFacts| {};
    match connect(target, ("master", IfUnopened::Refuse), &mut silent).await {
        Ok(mut connection) => send_from_master(&mut connection.session, target).await.map(|reply| (reply, connection)),
        Err(blocked) => Err(blocked.way_blocked().cloned().unwrap_or(Trouble::Unasked)),
    }
}

async fn send_from_master(session: &mut Session, target: &Target) -> Result<Reply, Trouble> {
    batch::send(session, FROM_MASTER, &[&target.database.as_str()], limits::READ).await
}

fn absent_or_closed(reply: &Reply, refusal: SqlTrouble) -> DatabaseSeen {
    match read::database(reply) {
        Ok(Some(state)) => DatabaseSeen::Closed { state: Some(state), said: refusal },
        Ok(None) if read::sees_every_database(reply) => DatabaseSeen::Absent,
        Ok(None) | Err(_) => DatabaseSeen::Unclear { said: refusal },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::batch::tests::reply;

    fn said(number: u32) -> SqlTrouble {
        SqlTrouble { number, state: 1, class: 11, text: Untrusted::new("Cannot open database.") }
    }

    #[test]
    fn absent_closed_and_unclear_are_told_apart() {
        let rights = |sees| [("part", "rights"), ("create_database", "#0"), ("view_databases", sees)];
        assert_eq!(absent_or_closed(&reply(&[&rights("#1")]), said(4060)), DatabaseSeen::Absent);
        assert_eq!(absent_or_closed(&reply(&[&rights("#0")]), said(4060)), DatabaseSeen::Unclear { said: said(4060) });
        let row = [("part", "database"), ("name", "Octopus"), ("state", "RESTORING"), ("exact", "#1")];
        let DatabaseSeen::Closed { state: Some(state), .. } = absent_or_closed(&reply(&[&row]), said(927)) else {
            panic!("closed")
        };
        assert_eq!(state.state.as_str(), "RESTORING");
    }

    #[test]
    fn the_shorter_of_two_measures_is_the_round_trip() {
        let shorter = |batch, login| super::shorter(Duration::from_millis(batch), Duration::from_millis(login)).as_millis();
        assert_eq!((shorter(17, 3), shorter(3, 17), shorter(17, 0), shorter(0, 3)), (3, 3, 17, 0));
    }

    #[test]
    fn the_survey_fits_into_a_young_connections_window() {
        // 14 segments of 1,448 bytes: the usual initial window of ten, and one more for each of four acknowledged
        // messages before it. Two bytes for each character, and what the packets and TLS add.
        let batch = batch::without_comments(&survey_batch());
        let lines = batch.lines();
        let bytes = 2 * lines.map(|line| line.len() + 1).sum::<usize>();
        assert!(bytes + bytes / 50 < 14 * 1448, "{bytes}");
    }
}
