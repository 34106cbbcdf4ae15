//! A session: its database, its settings, its connections to the files, its transaction.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, InterruptHandle};

use super::bind::Variables;
use super::collation;
use super::context::Context;
use super::fault::{self, Fault, Reach};
use super::function::{self, World};
use super::lock::{Granted, Mode, Resource, Until};
use super::principal::Who;
use super::server::{Account, Database};
use super::state::{Engine, Facts};
use super::store::Store;
use crate::reply::Reply;
use crate::tsql::statement::Isolation;

/// Where the engine puts its replies. It returns `false` when nobody listens any more.
pub type Sink<'a> = &'a mut dyn FnMut(Reply) -> bool;

/// No variables, for what is read outside any batch.
pub(super) static EMPTY: Variables = Variables::new();

/// A connection to a database's file.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) store: Arc<Store>,
    /// A transaction is open in the file.
    pub(super) began: bool,
}

/// What `SET` changes.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "as many switches as SQL Server has")]
pub(super) struct Settings {
    pub(super) no_count: bool,
    pub(super) xact_abort: bool,
    pub(super) quoted: bool,
    pub(super) implicit: bool,
    pub(super) lock_timeout: i64,
    pub(super) text_size: i64,
    pub(super) isolation: Isolation,
    pub(super) identity_insert: Option<i64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            no_count: false,
            xact_abort: false,
            quoted: true,
            implicit: false,
            lock_timeout: -1,
            text_size: -1,
            isolation: Isolation::ReadCommitted,
            identity_insert: None,
        }
    }
}

struct Stop {
    flag: AtomicBool,
    handles: Mutex<Vec<InterruptHandle>>,
}

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stop").field("flag", &self.flag).finish_non_exhaustive()
    }
}

/// One connection's state: current database, transaction, settings, application locks. Blocking; dropped when
/// the connection ends, which rolls back its transaction and frees its locks.
#[derive(Debug)]
pub struct Session {
    pub(super) engine: Arc<Engine>,
    pub(super) facts: Facts,
    pub(super) account: Account,
    /// Where it began, for RESETCONNECTION.
    home: i64,
    pub(super) database: i64,
    pub(super) database_name: String,
    pub(super) links: HashMap<i64, Link>,
    world: World,
    stop: Arc<Stop>,
    pub(super) settings: Settings,
    /// `@@TRANCOUNT`
    pub(super) nesting: i64,
    pub(super) doomed: bool,
    pub(super) descriptor: Option<u64>,
    pub(super) savepoints: Vec<String>,
    /// The name that the outermost transaction was given.
    pub(super) outer_name: Option<String>,
    pub(super) row_count: i64,
    pub(super) error: i32,
    pub(super) scope_identity: Option<i64>,
    pub(super) last_identity: Option<i64>,
    pub(super) caught: Option<Arc<Fault>>,
}

/// Stops whatever a session is running, from another thread (an Attention, or the connection's end).
#[derive(Debug, Clone)]
pub struct Interrupt {
    engine: Arc<Engine>,
    stop: Arc<Stop>,
}

impl Interrupt {
    /// Makes the running statement end as soon as it can. Harmless while nothing runs.
    pub fn stop(&self) {
        self.stop.flag.store(true, Ordering::SeqCst);
        for handle in self.stop.handles.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            handle.interrupt();
        }
        self.engine.locks.wake();
    }
}

impl Session {
    pub(super) fn begin_session(
        engine: &Arc<Engine>,
        mut facts: Facts,
        account: Account,
        database: &Database,
    ) -> Result<Self, Fault> {
        {
            let mut sessions = engine.sessions_mut();
            // The numbers below belong to the server itself.
            facts.id = (51..i16::MAX).find(|id| !sessions.contains_key(id)).ok_or_else(|| {
                Fault::new(17809, "Could not connect because the maximum number of user connections has already been reached.")
                    .class(20)
            })?;
            sessions.insert(facts.id, (facts.clone(), database.id));
        }
        Ok(Self {
            engine: Arc::clone(engine),
            facts,
            account,
            home: database.id,
            database: database.id,
            database_name: database.name.clone(),
            links: HashMap::new(),
            world: World::default(),
            stop: Arc::new(Stop { flag: AtomicBool::new(false), handles: Mutex::new(Vec::new()) }),
            settings: Settings::default(),
            nesting: 0,
            doomed: false,
            descriptor: None,
            savepoints: Vec::new(),
            outer_name: None,
            row_count: 0,
            error: 0,
            scope_identity: None,
            last_identity: None,
            caught: None,
        })
    }

    /// Tells what the wire knows of the connection, for `sys.dm_exec_connections` and `CONNECTIONPROPERTY`.
    pub fn describe(&mut self, encrypted: bool, client_address: &str) {
        self.facts.encrypted = encrypted;
        client_address.clone_into(&mut self.facts.address);
        self.register();
    }

    /// The session's number, `@@SPID`.
    pub fn id(&self) -> i16 {
        self.facts.id
    }

    /// The current database's name.
    pub fn database(&self) -> &str {
        &self.database_name
    }

    /// Begins a transaction for a transaction-manager request.
    pub fn begin(&mut self) {
        self.begin_transaction();
    }

    /// Commits (`true`) or rolls back for a transaction-manager request.
    pub fn end(&mut self, commit: bool, sink: Sink<'_>) {
        let result = if commit { self.commit() } else { self.rollback_named(None) };
        if let Err(fault) = result {
            sink(Reply::Message(fault.message()));
        }
    }

    /// The descriptor of the transaction that is open, for ENVCHANGE 8, 9 and 10 after a batch.
    pub fn transaction(&self) -> Option<u64> {
        self.descriptor
    }

    /// RESETCONNECTION: as freshly logged in.
    pub fn reset(&mut self) {
        self.rollback_all();
        self.engine.locks.release(self.facts.id, true);
        self.settings = Settings::default();
        self.row_count = 0;
        self.error = 0;
        self.scope_identity = None;
        self.last_identity = None;
        let server = self.engine.server();
        let home = server.database_by_id(self.home).or(server.databases.first());
        if let Some(home) = home {
            self.database = home.id;
            self.database_name.clone_from(&home.name);
        }
        self.register();
    }

    /// A handle that stops this session from another thread.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt { engine: Arc::clone(&self.engine), stop: Arc::clone(&self.stop) }
    }

    pub(super) fn register(&self) {
        self.engine.sessions_mut().insert(self.facts.id, (self.facts.clone(), self.database));
    }

    /// Forgets an earlier stop, before the next request runs.
    pub(super) fn clear_stop(&self) {
        self.stop.flag.store(false, Ordering::SeqCst);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.flag.load(Ordering::SeqCst)
    }

    /// The current database as the server knows it.
    pub(super) fn current(&self) -> Result<Database, Fault> {
        self.engine.server().database_by_id(self.database).cloned().ok_or_else(|| {
            Fault::new(
                911,
                format!("Database '{}' does not exist. Make sure that the name is entered correctly.", self.database_name),
            )
        })
    }

    /// Makes sure that there is a connection to a database's file.
    pub(super) fn link(&mut self, database: &Database) -> Result<&mut Link, Fault> {
        if !self.links.contains_key(&database.id) {
            let store = self.engine.store(database)?;
            let connection = store.connect()?;
            collation::register(&connection)?;
            function::register(&connection, &self.world)?;
            self.stop.handles.lock().unwrap_or_else(PoisonError::into_inner).push(connection.get_interrupt_handle());
            self.links.insert(database.id, Link { connection, store, began: false });
        }
        self.links.get_mut(&database.id).ok_or_else(|| Fault::new(50000, "The practice server lost a connection."))
    }

    /// The connection to the database that a context is about.
    pub(super) fn connection(&self, context: &Context) -> Result<&Connection, Fault> {
        self.links
            .get(&context.target.id)
            .map(|link| &link.connection)
            .ok_or_else(|| Fault::new(50000, "The practice server lost a connection."))
    }

    /// A snapshot for the next statement, on the current database.
    pub(super) fn context(&mut self) -> Result<Arc<Context>, Fault> {
        let current = self.current()?;
        self.context_of(&current)
    }

    /// A snapshot for the next statement whose names are those of another database.
    pub(super) fn context_of(&mut self, target: &Database) -> Result<Arc<Context>, Fault> {
        let server = self.engine.server();
        let database = self.current()?;
        if let Some(account) = server.account(&self.account.name) {
            self.account = account.clone();
        }
        let link = self.link(target)?;
        let catalog = link.store.catalog(&link.connection)?;
        let who = Who::find(&catalog, target, &self.account).ok_or_else(|| {
            Fault::new(
                916,
                format!(
                    "The server principal \"{}\" is not able to access the database \"{}\" under the current security context.",
                    self.account.name, target.name
                ),
            )
            .class(14)
            .state(2)
        })?;
        let context = Arc::new(Context {
            engine: Arc::clone(&self.engine),
            server,
            facts: self.facts.clone(),
            account: self.account.clone(),
            database,
            catalog,
            target: target.clone(),
            who,
            now: self.engine.now(),
            row_count: self.row_count,
            error: self.error,
            nesting: self.nesting,
            state: if self.nesting == 0 {
                0
            } else if self.doomed {
                -1
            } else {
                1
            },
            scope_identity: self.scope_identity,
            last_identity: self.last_identity,
            caught: self.caught.clone(),
            lock_timeout: self.settings.lock_timeout,
            text_size: self.settings.text_size,
        });
        *self.world.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&context));
        Ok(context)
    }

    /// Waits for a lock; an error for everything but a grant.
    pub(super) fn wait(&self, resource: &Resource) -> Result<(), Fault> {
        match self.take(resource, Mode::Exclusive, Until::Transaction, self.settings.lock_timeout) {
            Granted::AtOnce | Granted::AfterWaiting => Ok(()),
            Granted::TimedOut => Err(fault::lock_timeout()),
            Granted::Deadlock => Err(fault::deadlock(self.facts.id)),
            Granted::Interrupted => Err(Fault::new(fault::INTERRUPTED, "The operation was cancelled.").reach(Reach::Batch)),
        }
    }

    pub(super) fn take(&self, resource: &Resource, mode: Mode, until: Until, limit: i64) -> Granted {
        self.engine.locks.take(self.facts.id, resource, mode, until, limit, &self.stop.flag)
    }

    /// `WAITFOR DELAY`
    pub(super) fn pause(&self, span: std::time::Duration) -> bool {
        self.engine.locks.pause(span, &self.stop.flag)
    }

    /// No variables, for defaults and checks.
    pub(super) fn no_variables() -> Variables {
        Variables::new()
    }

    /// Forgets the connection to a database that is dropped.
    pub(super) fn unlink(&mut self, database: i64) {
        self.links.remove(&database);
    }
}

impl Session {
    pub(super) fn begin_transaction(&mut self) {
        self.nesting += 1;
        if self.nesting == 1 {
            self.descriptor = Some(self.engine.new_transaction());
        }
    }

    pub(super) fn commit(&mut self) -> Result<(), Fault> {
        if self.nesting == 0 {
            return Err(Fault::new(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."));
        }
        if self.doomed {
            return Err(doomed(
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        if self.nesting > 1 {
            self.nesting -= 1;
            return Ok(());
        }
        let result = self.finish_files("COMMIT");
        self.clear();
        result
    }

    fn clear(&mut self) {
        self.nesting = 0;
        self.doomed = false;
        self.descriptor = None;
        self.savepoints.clear();
        self.engine.locks.release(self.facts.id, false);
    }

    fn finish_files(&mut self, word: &str) -> Result<(), Fault> {
        let mut result = Ok(());
        for link in self.links.values_mut().filter(|link| link.began) {
            link.began = false;
            if let Err(error) = link.connection.execute_batch(word) {
                // A file that cannot commit must not stay half open.
                let _ = link.connection.execute_batch("ROLLBACK");
                result = Err(error.into());
            }
        }
        result
    }

    /// Rolls everything back, if there is anything.
    pub(super) fn rollback_all(&mut self) {
        // An error here leaves nothing open: SQLite has rolled back by itself then.
        let _ = self.finish_files("ROLLBACK");
        self.clear();
    }

    pub(super) fn rollback_named(&mut self, name: Option<&str>) -> Result<(), Fault> {
        if self.nesting == 0 {
            return Err(Fault::new(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."));
        }
        let Some(name) = name else {
            self.rollback_all();
            return Ok(());
        };
        let found = self.savepoints.iter().rposition(|one| one.eq_ignore_ascii_case(name));
        match found {
            Some(_) if self.doomed => Err(doomed(
                "The current transaction cannot be committed and cannot be rolled back to a savepoint. Roll back the entire transaction.",
            )),
            Some(at) => {
                self.savepoints.truncate(at + 1);
                for link in self.links.values_mut().filter(|link| link.began) {
                    link.connection.execute_batch(&format!("ROLLBACK TO user{at}"))?;
                }
                Ok(())
            }
            // The outermost transaction's own name rolls all of it back; others are unknown.
            None if self.outer_name.as_deref().is_some_and(|outer| outer.eq_ignore_ascii_case(name)) => {
                self.rollback_all();
                Ok(())
            }
            None => {
                Err(Fault::new(6401, format!("Cannot roll back {name}. No transaction or savepoint of that name was found.")))
            }
        }
    }

    pub(super) fn save(&mut self, name: &str, context: &Context) -> Result<(), Fault> {
        if self.nesting == 0 {
            return Err(Fault::new(628, "Cannot issue SAVE TRANSACTION when there is no active transaction."));
        }
        self.start_writing(context)?;
        let at = self.savepoints.len();
        for link in self.links.values_mut().filter(|link| link.began) {
            link.connection.execute_batch(&format!("SAVEPOINT user{at}"))?;
        }
        self.savepoints.push(name.to_owned());
        Ok(())
    }

    /// Becomes the writer of the context's database, waiting for it as long as `LOCK_TIMEOUT` says.
    pub(super) fn start_writing(&mut self, context: &Context) -> Result<(), Fault> {
        if self.doomed {
            return Err(doomed(
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        let database = &context.target;
        let resource = Resource::Write(database.id);
        if self.engine.locks.holds(self.facts.id, &resource).is_none() {
            self.wait(&resource)?;
        }
        let savepoints = self.savepoints.len();
        let link = self.link(database)?;
        if !link.began {
            link.connection.execute_batch("BEGIN IMMEDIATE")?;
            link.began = true;
            for at in 0..savepoints {
                link.connection.execute_batch(&format!("SAVEPOINT user{at}"))?;
            }
        }
        Ok(())
    }

    /// Runs something that writes: all of it or nothing, and at once unless a transaction is open.
    pub(super) fn writing<T>(&mut self, context: &Context, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if context.target.read_only {
            return Err(Fault::new(
                3906,
                format!("Failed to update database \"{}\" because the database is read-only.", context.target.name),
            ));
        }
        let begun = self.start_writing(context).and_then(|()| {
            self.link(&context.target)?.connection.execute_batch("SAVEPOINT statement")?;
            Ok(())
        });
        let result = begun.and_then(|()| {
            let result = work(self);
            let link = self.link(&context.target)?;
            // An interrupt may have rolled the whole transaction back already.
            if !link.connection.is_autocommit() {
                let end = if result.is_ok() { "RELEASE statement" } else { "ROLLBACK TO statement; RELEASE statement" };
                link.connection.execute_batch(end)?;
            }
            result
        });
        if self.nesting == 0 {
            let finished = self.finish_files(if result.is_ok() { "COMMIT" } else { "ROLLBACK" });
            self.engine.locks.release(self.facts.id, false);
            if result.is_ok() {
                finished?;
            }
        }
        result
    }
}

fn doomed(text: &str) -> Fault {
    let number = if text.contains("savepoint") { 3931 } else { 3930 };
    Fault::new(number, text).reach(Reach::Batch)
}

impl Drop for Session {
    fn drop(&mut self) {
        self.rollback_all();
        self.engine.locks.release(self.facts.id, true);
        self.engine.sessions_mut().remove(&self.facts.id);
    }
}
