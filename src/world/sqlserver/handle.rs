//! The handle that the rest of the house holds, and the one session that it keeps.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::answer::run;
use super::attempts::Hitch;
use super::connect::{Link, Turn, connect};
use super::limits;
use super::login::IfClosed;
use super::survey::{closed_database, second_look, survey};
use crate::model::facts::{Database, ServerFacts, Trouble};
use crate::model::identifier::{literal, quoted};
use crate::model::target::Target;

/// The way to SQL Server. Clones share one kept session.
#[derive(Clone, Default)]
pub struct SqlServer {
    kept: Arc<Mutex<Option<Kept>>>,
    /// Two surveys that begin at once ask one after the other on the one session: another login is five turns and one more
    /// try of a password, waiting is one turn.
    turns: Arc<tokio::sync::Mutex<()>>,
}

/// A live session, and what it was made for. Whoever works with it takes it out, so that a future that is dropped
/// half-way takes the session along: nobody can then read what is left of its answer.
struct Kept {
    target: Target,
    place: Place,
    link: Link,
}

/// Which database a session is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The target's own.
    Database,
    /// `master`, since the target's own could not be opened.
    Master,
}

impl fmt::Debug for SqlServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqlServer").finish_non_exhaustive()
    }
}

impl SqlServer {
    /// A handle without a session.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gathers the facts of a target, and reports a whole new snapshot each time that something more is known; the
    /// last one has everything. Drop the future to cancel it.
    ///
    /// The session stays open for the same target: asking again then costs one round trip. A session that died in the
    /// meantime is replaced without a word.
    pub async fn survey(&self, target: &Target, mut report: impl FnMut(ServerFacts) + Send) {
        let _turn = self.turn().await;
        if let Some(mut link) = self.take(target, Place::Database) {
            report(reached(&link.facts));
            if survey(&mut link).await.is_ok() {
                report(link.facts.clone());
                self.keep_unless_in_the_way(target, link);
                return;
            }
        }
        let mut told = |facts: &ServerFacts| report(facts.clone());
        let own = (target.database.as_str(), IfClosed::Elsewhere);
        let (facts, said, landed) = match connect(target, own, &mut told).await {
            Ok(Link { session, facts, elsewhere: Some(said), .. }) => (facts, said, Some(session)),
            Ok(mut link) => {
                return match survey(&mut link).await {
                    Ok(()) => {
                        told(&link.facts);
                        self.keep_unless_in_the_way(target, link);
                    }
                    Err(trouble) => told(&lost(&link.facts, &trouble)),
                };
            }
            Err(facts) => match closed_database(&facts) {
                Some(said) => (*facts, said, None),
                None => return,
            },
        };
        let master = Box::pin(second_look(target, facts, said, landed, &mut told)).await;
        if let Some(link) = master {
            self.keep(target, Place::Master, link);
        }
    }

    /// Closes the kept session, if there is one.
    pub fn forget(&self) {
        drop(self.slot().take());
    }

    /// The kept session in this place of this target, or a new one. From `master`, where a database was just made, it is
    /// one turn into that; a login would be five.
    /// Whoever works with it just now is waited for.
    pub(super) async fn link(&self, target: &Target, place: Place) -> Result<Link, Hitch> {
        let turn = self.turn().await;
        let kept = self.slot().take().filter(|kept| kept.target == *target);
        if let Some(Kept { mut link, place: at, .. }) = kept
            && (at == place || (at == Place::Master && go_into(&mut link, target).await))
        {
            return Ok(Link { turn, ..link });
        }
        Ok(Link { turn, ..fresh(target, place).await? })
    }

    /// Puts a session back that is in order: nothing unread, no transaction, no lock.
    pub(super) fn keep(&self, target: &Target, place: Place, mut link: Link) {
        let turn = link.turn.take();
        *self.slot() = Some(Kept { target: target.clone(), place, link });
        drop(turn);
    }

    /// The right to work with the kept session; `None` where somebody holds it for too long.
    async fn turn(&self) -> Option<Turn> {
        tokio::time::timeout(limits::TURN, Arc::clone(&self.turns).lock_owned()).await.ok()
    }

    /// Keeps the survey's session, unless it would stand in the way of the DBA who mends what the survey found: a database
    /// is made writable, opened to many and given another collation only while nobody is in it.
    pub(super) fn keep_unless_in_the_way(&self, target: &Target, link: Link) {
        let open = match link.facts.database.seen() {
            Some(Database::Open(state)) => !state.read_only && !state.single_user,
            _ => true,
        };
        if open && link.facts.collation.seen().is_none_or(|collation| collation.case_insensitive) {
            self.keep(target, Place::Database, link);
        }
    }

    /// A session of another target or place is closed: its answers are not asked for any more.
    fn take(&self, target: &Target, place: Place) -> Option<Link> {
        let kept = self.slot().take()?;
        (kept.place == place && kept.target == *target).then_some(kept.link)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the session is in the target's database now. Azure SQL never lets it, and says so; the answer counts here
/// and not the error, since what comes next would otherwise be done in `master`.
async fn go_into(link: &mut Link, target: &Target) -> bool {
    let (name, text) = (quoted(target.database.as_str()), literal(target.database.as_str()));
    let here = "SELECT N'place' AS part, CASE WHEN DB_ID() = DB_ID(";
    let batch = format!("USE {name};\n{here}{text}) THEN 1 ELSE 0 END AS here");
    let answer = run(&mut link.session, &batch, &[], limits::READ).await;
    answer.is_ok_and(|answer| answer.row("place").is_ok_and(|row| row.flag("here")))
}

/// A session of its own.
pub(super) async fn fresh(target: &Target, place: Place) -> Result<Link, Hitch> {
    let database = match place {
        Place::Database => target.database.as_str(),
        Place::Master => "master",
    };
    let mut silent = |_: &ServerFacts| {};
    let connected = connect(target, (database, IfClosed::Refuse), &mut silent).await;
    connected.map_err(|facts| Hitch::Way(facts.way_blocked().cloned().unwrap_or(Trouble::Unasked)))
}

/// What is known without asking again: how the kept session came about.
fn reached(facts: &ServerFacts) -> ServerFacts {
    ServerFacts {
        resolved: facts.resolved.clone(),
        connected: facts.connected.clone(),
        encrypted: facts.encrypted.clone(),
        certificate: facts.certificate.clone(),
        login: facts.login.clone(),
        ..ServerFacts::default()
    }
}

/// The way stands, and everything behind it is missing for one reason.
fn lost(facts: &ServerFacts, trouble: &Trouble) -> ServerFacts {
    use crate::model::facts::Fact::Missing;
    ServerFacts {
        version: Missing(trouble.clone()),
        clock_ahead_ms: Missing(trouble.clone()),
        round_trip: Missing(trouble.clone()),
        database: Missing(trouble.clone()),
        rights: Missing(trouble.clone()),
        collation: Missing(trouble.clone()),
        content: Missing(trouble.clone()),
        ..reached(facts)
    }
}
