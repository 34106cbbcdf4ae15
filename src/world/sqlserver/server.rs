//! [`SqlServer`]: what the rest of the program talks to, with the one session that it keeps.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::connect::{Connection, IfUnopened, Turn, connect, connect_once, database_refusal};
use super::errors::WorkError;
use super::survey::{look_from_master, survey};
use super::{batch, errors, limits};
use crate::model::facts::{DatabaseSeen, Evidence, FAR_ROUND_TRIP, Identity, ServerFacts, Trouble, Waiting};
use crate::model::quote::{sql_literal, sql_name};
use crate::model::target::Target;

const USE_DATABASE: &str = include_str!("sql/use_database.sql");

/// Access to SQL Servers. Clones share one kept session.
#[derive(Clone, Default)]
pub struct SqlServer {
    kept: Arc<Mutex<Option<KeptConnection>>>,
    known_evidence: Arc<Mutex<Option<KnownEvidence>>>,
    /// Surveys that begin at the same time take turns on the one session: another login is five round trips and one more try of a
    /// password, waiting is one round trip.
    turns: Arc<tokio::sync::Mutex<()>>,
    /// The target whose database was just made, until somebody has been in it.
    just_made: Arc<Mutex<Option<Target>>>,
    /// What work waits for.
    waiting: watch::Sender<Option<Waiting>>,
    patience: Patience,
}

/// How long work waits for a server that says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the answer to a survey's batch, which is sent twice, and to a question whether the server is still there.
    pub read: Duration,
    /// For a database in the making, before that question is asked.
    pub making: Duration,
    /// A round trip that took longer is measured again.
    pub far: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { read: limits::READ, making: limits::MAKING, far: FAR_ROUND_TRIP }
    }
}

/// The kind of evidence that a cluster has for a master key. Asking means to fetch it, up to some hundred kilobytes of encrypted
/// values, and a cluster that is shown live is asked every few seconds. The verdict itself never comes from here.
#[derive(Clone)]
pub(super) struct KnownEvidence {
    pub target: Target,
    /// The cluster that it belongs to.
    pub identity: Identity,
    /// Its kind.
    pub evidence: Evidence,
}

/// A live session, and what it was opened for. Work takes it out, so that a future that is dropped half-way drops the session too:
/// nobody can then read the rest of its reply.
struct KeptConnection {
    target: Target,
    database: SessionDatabase,
    connection: Connection,
}

/// Which database a session is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionDatabase {
    /// The target's own.
    Own,
    /// `master`, since the target's own could not be opened.
    Master,
}

impl fmt::Debug for SqlServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqlServer").finish_non_exhaustive()
    }
}

impl SqlServer {
    /// Makes one without a session.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes one that waits as long as it is told.
    pub fn with_patience(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// Gathers the facts of a target, and reports a new snapshot each time that one more is known; the last one is complete. Drop
    /// the future to cancel it.
    ///
    /// The session stays open for the same target, so that the next survey takes one round trip. A session that died in the
    /// meantime is replaced silently.
    pub async fn survey(&self, target: &Target, mut report: impl FnMut(ServerFacts) + Send) {
        let _turn = self.turn().await;
        if let Some(mut connection) = self.take(target, SessionDatabase::Own) {
            report(connection_facts(&connection.facts));
            if let Ok(whole) = survey(&mut connection, self.patience).await {
                report(connection.facts.clone());
                if whole {
                    self.keep_unless_blocking(target, connection);
                }
                return;
            }
        }
        let mut report = |facts: &ServerFacts| report(facts.clone());
        let own = (target.database.as_str(), IfUnopened::UseDefault);
        let mut silent = false;
        let (facts, refusal, default_session) = loop {
            match connect(target, own, &mut report).await {
                Ok(Connection { session, facts, database_error: Some(refusal), .. }) => break (facts, refusal, Some(session)),
                Ok(mut connection) => match survey(&mut connection, self.patience).await {
                    Ok(whole) => {
                        report(&connection.facts);
                        if whole {
                            self.keep_unless_blocking(target, connection);
                        }
                        return;
                    }
                    // A database that is just being opened, or a server that is just being woken.
                    Err(trouble @ Trouble::Silent { .. }) if !silent => {
                        silent = true;
                        let waiting = Some(Waiting { trouble, limit: self.patience.read * 2 });
                        report(&ServerFacts { waiting, ..connection_facts(&connection.facts) });
                    }
                    Err(trouble) => return report(&facts_after_loss(&connection.facts, &trouble)),
                },
                Err(facts) => match database_refusal(&facts) {
                    Some(refusal) => break (*facts, refusal, None),
                    None => return,
                },
            }
        };
        let master = Box::pin(look_from_master(target, facts, refusal, default_session, (self.patience, &mut report))).await;
        match master {
            Some((SessionDatabase::Master, connection)) => self.keep(target, SessionDatabase::Master, connection),
            Some((SessionDatabase::Own, connection)) => self.keep_unless_blocking(target, connection),
            None => {}
        }
    }

    /// Closes the kept session, if there is one, and forgets the known evidence.
    pub fn forget(&self) {
        drop(self.kept().take());
        *self.known_evidence() = None;
    }

    /// Locks the known evidence.
    pub(super) fn known_evidence(&self) -> MutexGuard<'_, Option<KnownEvidence>> {
        self.known_evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the kept session in this database of this target, or a new one, after waiting for others that work with it. From
    /// `master`, where the database was just created, one round trip leads into the database; a login would be five.
    pub(super) async fn connection(&self, target: &Target, database: SessionDatabase) -> Result<Connection, WorkError> {
        let turn = self.turn().await;
        let kept = self.kept().take().filter(|kept| kept.target == *target);
        if let Some(KeptConnection { mut connection, database: current, .. }) = kept
            && (current == database || (current == SessionDatabase::Master && use_database(&mut connection, target).await))
        {
            return Ok(Connection { turn, ..connection });
        }
        let is_new = database == SessionDatabase::Own && self.just_made().as_ref() == Some(target);
        let if_unopened = if is_new { IfUnopened::Await } else { IfUnopened::Refuse };
        let connection = self.connect_anew(target, (database, if_unopened)).await?;
        if is_new {
            *self.just_made() = None;
        }
        Ok(Connection { turn, ..connection })
    }

    /// Opens a new connection.
    pub(super) async fn connect_anew(
        &self,
        target: &Target,
        (database, if_unopened): (SessionDatabase, IfUnopened),
    ) -> Result<Connection, WorkError> {
        let name = match database {
            SessionDatabase::Own => target.database.as_str(),
            SessionDatabase::Master => "master",
        };
        let mut report = |facts: &ServerFacts| self.tell(facts.waiting.clone());
        let connected = connect(target, (name, if_unopened), &mut report).await;
        self.tell(None);
        connected.map_err(|facts| WorkError::Connecting(facts.way_blocked().cloned().unwrap_or(Trouble::Unasked)))
    }

    /// Does work that can be repeated, and repeats it after transient errors; see [`errors::retry`].
    pub(super) async fn retry<T, F>(&self, work: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, WorkError>>,
    {
        self.retry_also(|_| false, work).await
    }

    /// The same, also after errors that are transient for this work only.
    pub(super) async fn retry_also<T, F>(&self, also: impl Fn(u32) -> bool, work: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, WorkError>>,
    {
        errors::retry(also, |waiting| self.tell(waiting), work).await
    }

    /// Returns what work waits for, from now on.
    pub fn waiting(&self) -> watch::Receiver<Option<Waiting>> {
        self.waiting.subscribe()
    }

    fn tell(&self, waiting: Option<Waiting>) {
        self.waiting.send_if_modified(|told| {
            let is_new = *told != waiting;
            *told = waiting;
            is_new
        });
    }

    /// Does work on a database that may take minutes, and asks on another connection from time to time whether the server is still
    /// there.
    pub(super) async fn while_answering<T>(
        &self,
        target: &Target,
        work: impl Future<Output = Result<T, WorkError>> + Send,
    ) -> Result<T, WorkError> {
        let begun = Instant::now();
        let watch = async {
            let mut lost = 0;
            while lost < LOST_PROBES {
                tokio::time::sleep(self.patience.making).await;
                lost = match self.probe(target).await {
                    Pulse::Alive => 0,
                    // The work has a limit of its own.
                    Pulse::Refused => std::future::pending().await,
                    Pulse::Silent => lost + 1,
                };
            }
            Trouble::Silent { waited: begun.elapsed() }
        };
        tokio::select! {
            biased;
            done = work => done,
            silent = watch => Err(WorkError::Working(silent)),
        }
    }

    /// Asks once, on a new connection, whether the server is still there. Any error of the server's is an answer.
    async fn probe(&self, target: &Target) -> Pulse {
        let mut unreported = |_: &ServerFacts| {};
        let asked = connect_once(target, ("master", IfUnopened::Refuse), &mut unreported);
        let facts = match tokio::time::timeout(self.patience.read, asked).await {
            Ok(Ok(_)) => return Pulse::Alive,
            Ok(Err(facts)) => facts,
            Err(_) => return Pulse::Silent,
        };
        match (facts.login.trouble(), facts.way_blocked()) {
            (Some(Trouble::Sql(said)), _) if errors::wait_before_login(said.number, 0).is_none() => Pulse::Refused,
            (_, Some(trouble)) if is_answer(trouble) => Pulse::Alive,
            _ => Pulse::Silent,
        }
    }

    /// Locks the target whose database was just made.
    pub(super) fn just_made(&self) -> MutexGuard<'_, Option<Target>> {
        self.just_made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts back a session that is in order: nothing unread, no transaction, no lock.
    pub(super) fn keep(&self, target: &Target, database: SessionDatabase, mut connection: Connection) {
        let turn = connection.turn.take();
        *self.kept() = Some(KeptConnection { target: target.clone(), database, connection });
        drop(turn);
    }

    /// Waits for the right to work with the kept session; `None` if somebody holds it for too long.
    async fn turn(&self) -> Option<Turn> {
        tokio::time::timeout(limits::TURN, Arc::clone(&self.turns).lock_owned()).await.ok()
    }

    /// Keeps the survey's session, unless it would block the DBA who fixes what the survey found: a database is made writable, opened
    /// to many and given another collation only while nobody is in it.
    pub(super) fn keep_unless_blocking(&self, target: &Target, connection: Connection) {
        let open = match connection.facts.database.seen() {
            Some(DatabaseSeen::Open(state)) => state.read_only != Some(true) && state.single_user != Some(true),
            _ => true,
        };
        if open && connection.facts.collation.seen().is_none_or(|collation| collation.case_insensitive) {
            self.keep(target, SessionDatabase::Own, connection);
        }
    }

    /// Takes the kept session. Closes one of another target or database: nobody will ask on it any more.
    fn take(&self, target: &Target, database: SessionDatabase) -> Option<Connection> {
        let kept = self.kept().take()?;
        (kept.database == database && kept.target == *target).then_some(kept.connection)
    }

    fn kept(&self) -> MutexGuard<'_, Option<KeptConnection>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many questions in a row whether the server is still there may stay without an answer.
const LOST_PROBES: u32 = 2;

/// Whether a server is still there.
enum Pulse {
    Alive,
    /// It refused the login for good, as after a new password: asking again could lock the account.
    Refused,
    Silent,
}

/// Returns whether the server itself said this, also one that a redirect led to.
fn is_answer(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Sql(_) => true,
        Trouble::Redirected { trouble, .. } => is_answer(trouble),
        _ => false,
    }
}

/// Moves a session in `master` into the target's database, and returns whether it is there now.
async fn use_database(connection: &mut Connection, target: &Target) -> bool {
    let (quoted, literal) = (sql_name(target.database.as_str()), sql_literal(target.database.as_str()));
    let sql = batch::fill(USE_DATABASE, &[("database", &quoted), ("name", &literal)]);
    let reply = batch::run(&mut connection.session, &sql, &[], limits::READ).await;
    reply.is_ok_and(|reply| reply.row("place").is_ok_and(|row| row.flag("here")))
}

/// Returns the facts about the connection only, which are known without asking again.
fn connection_facts(facts: &ServerFacts) -> ServerFacts {
    ServerFacts {
        resolved: facts.resolved.clone(),
        connected: facts.connected.clone(),
        encrypted: facts.encrypted.clone(),
        certificate: facts.certificate.clone(),
        certificate_sha256: facts.certificate_sha256,
        login: facts.login.clone(),
        ..ServerFacts::default()
    }
}

/// Returns the facts about the connection, and everything else as missing for one reason.
fn facts_after_loss(facts: &ServerFacts, trouble: &Trouble) -> ServerFacts {
    use crate::model::facts::Fact::Missing;
    ServerFacts {
        version: Missing(trouble.clone()),
        clock_ahead_ms: Missing(trouble.clone()),
        round_trip: Missing(trouble.clone()),
        database: Missing(trouble.clone()),
        rights: Missing(trouble.clone()),
        collation: Missing(trouble.clone()),
        content: Missing(trouble.clone()),
        ..connection_facts(facts)
    }
}
