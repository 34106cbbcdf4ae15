//! The survey: one batch on a session, and the facts in its answer.

use std::time::Duration;

use super::answer::{Answer, ask};
use super::connect::{Link, Told, connect};
use super::login::{IfClosed, Session};
use super::read::{self, fact};
use super::{limits, numbers};
use crate::model::facts::{Database, Fact, LoggedIn, ServerFacts, SqlTrouble, Trouble};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;

const SURVEY: &str = concat!(include_str!("sql/survey.sql"), include_str!("sql/content.sql"), include_str!("sql/survey_end.sql"));
const MASTER: &str = include_str!("sql/master.sql");

/// Asks everything about the database that the session is in, and completes its facts.
///
/// # Errors
/// When the session is broken; it must be thrown away then.
pub async fn survey(link: &mut Link) -> Result<(), Trouble> {
    let answer = ask(&mut link.session, SURVEY, &[], limits::READ).await?;
    common(&answer, &mut link.facts);
    link.facts.database = match read::database::state(&answer) {
        Ok(Some(state)) => Fact::Seen(Database::Open(state)),
        // We are in it, so it is there, whatever the catalogue shows.
        Ok(None) => Fact::Missing(Trouble::Unasked),
        Err(trouble) => Fact::Missing(trouble),
    };
    link.facts.content = fact(read::content::read(&answer));
    Ok(())
}

/// What both batches tell.
fn common(answer: &Answer, facts: &mut ServerFacts) {
    let took = facts.login.seen().map_or(Duration::ZERO, |login| login.took);
    // The login itself is proven by the session; only its name may be missing.
    if let Ok(login) = read::identity::logged_in(answer, took) {
        facts.login = Fact::Seen(login);
    }
    facts.version = fact(read::identity::version(answer));
    let (ahead, round_trip) = read::clock::read(answer);
    facts.clock_ahead_ms = fact(ahead);
    facts.round_trip = fact(round_trip.map(|measured| shorter(measured, took)));
    facts.rights = fact(read::rights::read(answer));
    facts.collation = fact(read::collation::read(answer));
}

/// The round trip is at most the shorter of two measures: of the batch, which a server parses whole before it reads its clock,
/// and of the login, which took one at least. A machine that is busy lengthens either, seldom both. Zero: nobody measured it.
fn shorter(batch: Duration, login: Duration) -> Duration {
    if login.is_zero() { batch } else { batch.min(login) }
}

/// Whether the login was right and only the database could not be opened; what the server said.
pub fn closed_database(facts: &ServerFacts) -> Option<SqlTrouble> {
    match facts.login.trouble() {
        Some(Trouble::Sql(said)) if numbers::is_about_the_database(said.number) => Some(said.clone()),
        _ => None,
    }
}

/// The second look, through `master`, after the server would not open the database: is it absent, or closed to us?
///
/// All errors of [`numbers::is_about_the_database`] come after the password was accepted, so the login is good.
///
/// The session in `master` is handed back, since the next thing asked is likely to be that the database be made. A
/// login that ended there by itself (`landed`) is that session: then the look costs one turn and no second login.
pub async fn second_look(
    target: &Target,
    first: ServerFacts,
    said: SqlTrouble,
    landed: Option<Session>,
    told: &mut Told<'_>,
) -> Option<Link> {
    // A login that landed in master is known already, with its time.
    let login = first.login.seen().cloned().unwrap_or_else(unnamed);
    let mut facts = ServerFacts { login: Fact::Seen(login), ..first };
    told(&facts);
    let looked = match landed_in_master(target, &facts, landed).await {
        Some(looked) => Ok(looked),
        None => anew_in_master(target).await,
    };
    let kept = match looked {
        Ok((answer, link)) => {
            facts.login = link.facts.login.clone();
            common(&answer, &mut facts);
            if let Fact::Seen(login) = &mut facts.login {
                // Who we are in master says nothing of the database.
                login.user = Untrusted::default();
            }
            facts.database = Fact::Seen(judge(&answer, said));
            facts.content = match facts.database.seen() {
                Some(Database::Absent) => Fact::Seen(crate::model::facts::Content::Empty),
                _ => Fact::Missing(Trouble::Unasked),
            };
            Some(link)
        }
        Err(trouble) => {
            // Only a server that answers leaves it unclear; a way that breaks is what has to be told, and mended.
            facts.database = match trouble {
                Trouble::Sql(_) => Fact::Seen(Database::Unclear { said }),
                _ => Fact::Missing(trouble.clone()),
            };
            forget(&mut facts, &trouble);
            None
        }
    };
    told(&facts);
    kept
}

fn unnamed() -> LoggedIn {
    LoggedIn { login: Untrusted::default(), user: Untrusted::default(), took: Duration::ZERO }
}

fn forget(facts: &mut ServerFacts, trouble: &Trouble) {
    facts.version = Fact::Missing(trouble.clone());
    facts.clock_ahead_ms = Fact::Missing(trouble.clone());
    facts.round_trip = Fact::Missing(trouble.clone());
    facts.rights = Fact::Missing(trouble.clone());
    facts.collation = Fact::Missing(trouble.clone());
    facts.content = Fact::Missing(Trouble::Unasked);
}

/// The look on the session that the login gave us, if that is in `master`. A login may have another default; there the
/// collation would be that database's, and a lock would keep nobody out.
async fn landed_in_master(target: &Target, facts: &ServerFacts, landed: Option<Session>) -> Option<(Answer, Link)> {
    let mut session = landed?;
    let answer = in_master(&mut session, target).await.ok()?;
    let here = answer.row("identity").ok()?.raw("place")?.eq_ignore_ascii_case("master");
    here.then(|| (answer, Link { session, facts: facts.clone(), elsewhere: None, turn: None }))
}

async fn anew_in_master(target: &Target) -> Result<(Answer, Link), Trouble> {
    let mut silent = |_: &ServerFacts| {};
    match connect(target, ("master", IfClosed::Refuse), &mut silent).await {
        Ok(mut link) => in_master(&mut link.session, target).await.map(|answer| (answer, link)),
        Err(blocked) => Err(blocked.way_blocked().cloned().unwrap_or(Trouble::Unasked)),
    }
}

async fn in_master(session: &mut Session, target: &Target) -> Result<Answer, Trouble> {
    ask(session, MASTER, &[&target.database.as_str()], limits::READ).await
}

fn judge(answer: &Answer, said: SqlTrouble) -> Database {
    match read::database::state(answer) {
        Ok(Some(state)) => Database::Closed { state: Some(state), said },
        Ok(None) if read::rights::sees_every_database(answer) => Database::Absent,
        Ok(None) | Err(_) => Database::Unclear { said },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::answer;

    fn said(number: u32) -> SqlTrouble {
        SqlTrouble { number, state: 1, class: 11, text: Untrusted::new("Cannot open database.") }
    }

    #[test]
    fn only_some_refusals_are_about_the_database() {
        let facts = |number| ServerFacts { login: Fact::Missing(Trouble::Sql(said(number))), ..Default::default() };
        assert_eq!(closed_database(&facts(4060)), Some(said(4060)));
        assert_eq!(closed_database(&facts(18456)), None);
        assert_eq!(closed_database(&ServerFacts::default()), None);
    }

    #[test]
    fn absent_closed_and_unclear_are_told_apart() {
        let rights = |sees| [("part", "rights"), ("create_database", "#0"), ("view_databases", sees)];
        assert_eq!(judge(&answer(&[&rights("#1")]), said(4060)), Database::Absent);
        assert_eq!(judge(&answer(&[&rights("#0")]), said(4060)), Database::Unclear { said: said(4060) });
        let row = [("part", "database"), ("name", "Octopus"), ("state", "RESTORING"), ("exact", "#1")];
        let Database::Closed { state: Some(state), .. } = judge(&answer(&[&row]), said(927)) else { panic!("closed") };
        assert_eq!(state.state.as_str(), "RESTORING");
    }

    #[test]
    fn the_shorter_of_two_measures_is_the_round_trip() {
        let of = |batch, login| shorter(Duration::from_millis(batch), Duration::from_millis(login)).as_millis();
        assert_eq!((of(17, 3), of(3, 17), of(17, 0), of(0, 3)), (3, 3, 17, 0));
    }

    #[test]
    fn the_survey_fits_into_a_young_connections_window() {
        // 14 segments of 1,448 bytes: the usual initial window of ten, and one more for each of four acknowledged
        // messages before it. Two bytes for each character, and what the packets and TLS add.
        let characters = SURVEY.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("--"));
        let bytes = 2 * characters.map(|line| line.len() + 1).sum::<usize>();
        assert!(bytes + bytes / 50 < 14 * 1448, "{bytes}");
    }
}
