//! A session: its database, its settings, its connections to the files, its transaction.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use rusqlite::Connection;

use super::bind::Variables;
use super::collation;
use super::context::Context;
use super::error::{self, ErrorScope, SqlError};
use super::function::{self, SharedContext};
use super::lock::{LockDuration, LockMode, LockOutcome, Resource, StopSignal};
use super::principal::DatabaseUser;
use super::server::{Account, Database};
use super::state::{Engine, SessionInfo};
use super::store::Store;
use crate::reply::Reply;
use crate::tsql::statement::Isolation;

/// Receives the engine's replies. Returns `false` if nobody wants any more.
pub type Sink<'a> = &'a mut dyn FnMut(Reply) -> bool;

/// No variables, for expressions outside any batch.
pub(super) static EMPTY: Variables = Variables::new();

/// A connection to a database's file.
#[derive(Debug)]
pub(super) struct DatabaseConnection {
    pub(super) connection: Connection,
    pub(super) store: Arc<Store>,
    /// Whether a transaction is open in the file.
    pub(super) in_transaction: bool,
}

/// The settings that `SET` changes.
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

/// One connection's state: current database, transaction, settings, application locks. Its calls block. Dropping it, when
/// the connection ends, rolls back its transaction and releases its locks.
#[derive(Debug)]
pub struct Session {
    pub(super) engine: Arc<Engine>,
    pub(super) info: SessionInfo,
    pub(super) account: Account,
    /// The database after the login, for RESETCONNECTION.
    login_database: i64,
    pub(super) database: i64,
    pub(super) database_name: String,
    pub(super) links: HashMap<i64, DatabaseConnection>,
    shared_context: SharedContext,
    stop: Arc<StopSignal>,
    pub(super) settings: Settings,
    /// `@@TRANCOUNT`
    pub(super) nesting: i64,
    pub(super) doomed: bool,
    pub(super) descriptor: Option<u64>,
    pub(super) savepoints: Vec<String>,
    /// The name of the outermost transaction.
    pub(super) outer_name: Option<String>,
    pub(super) row_count: i64,
    pub(super) error: i32,
    pub(super) scope_identity: Option<i64>,
    pub(super) last_identity: Option<i64>,
    pub(super) caught: Option<Arc<SqlError>>,
}

/// Stops whatever a session runs, from another thread (an Attention, or the end of the connection).
#[derive(Debug, Clone)]
pub struct Interrupt {
    engine: Arc<Engine>,
    stop: Arc<StopSignal>,
}

impl Interrupt {
    /// Makes the running statement end as soon as possible. Harmless if nothing runs.
    pub fn stop(&self) {
        self.stop.set();
        self.engine.locks.wake();
    }

    /// Keeps a place among the running requests until the session's request waits (for a lock, for a time, for its client).
    pub fn hold_place(&self, place: impl Send + 'static) {
        self.stop.hold_place(Box::new(place));
    }

    /// Gives the place up, because the request waits or has ended.
    pub fn give_up_place(&self) {
        self.stop.give_up_place();
    }

    /// Calls `wake` when another session ends this one, as `WITH ROLLBACK IMMEDIATE` does.
    pub fn on_kill(&self, wake: impl Fn() + Send + Sync + 'static) {
        self.stop.on_kill(Box::new(wake));
    }

    /// Returns whether another session has ended this one: it must be dropped, and its connection closed.
    pub fn is_killed(&self) -> bool {
        self.stop.is_killed()
    }
}

impl Session {
    /// Returns [`Personality::quirks`](super::Personality::quirks).
    pub(super) fn quirks(&self) -> bool {
        self.engine.personality().quirks
    }

    pub(super) fn begin_session(
        engine: &Arc<Engine>,
        mut info: SessionInfo,
        account: Account,
        database: &Database,
    ) -> Result<Self, SqlError> {
        let stop = Arc::clone(&info.stop);
        {
            let mut sessions = engine.sessions_mut();
            // Lower numbers belong to the server's own sessions.
            info.id = (51..i16::MAX).find(|id| !sessions.contains_key(id)).ok_or_else(|| {
                SqlError::new(17809, "Could not connect because the maximum number of user connections has already been reached.")
                    .class(20)
            })?;
            sessions.insert(info.id, (info.clone(), database.id));
        }
        Ok(Self {
            engine: Arc::clone(engine),
            info,
            account,
            login_database: database.id,
            database: database.id,
            database_name: database.name.clone(),
            links: HashMap::new(),
            shared_context: SharedContext::default(),
            stop,
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

    /// Sets what the wire knows of the connection, for `sys.dm_exec_connections` and `CONNECTIONPROPERTY`.
    pub fn describe(&mut self, encrypted: bool, client_address: &str) {
        self.info.encrypted = encrypted;
        client_address.clone_into(&mut self.info.address);
        self.register();
    }

    /// Returns the session's number, `@@SPID`.
    pub fn id(&self) -> i16 {
        self.info.id
    }

    /// Returns the current database's name.
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
        if let Err(error) = result {
            sink(Reply::Message(error.message()));
        }
    }

    /// Returns the descriptor of the open transaction, for ENVCHANGE 8, 9 and 10 after a batch.
    pub fn transaction(&self) -> Option<u64> {
        self.descriptor
    }

    /// Resets the session to its state after the login (RESETCONNECTION).
    pub fn reset(&mut self) {
        self.rollback_all();
        self.engine.locks.release(self.info.id, true);
        self.settings = Settings::default();
        self.row_count = 0;
        self.error = 0;
        self.scope_identity = None;
        self.last_identity = None;
        let server = self.engine.server();
        let home = server.database_by_id(self.login_database).or(server.databases.first());
        if let Some(home) = home {
            self.database = home.id;
            self.database_name.clone_from(&home.name);
        }
        self.register();
    }

    /// Returns a handle that stops this session from another thread.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt { engine: Arc::clone(&self.engine), stop: Arc::clone(&self.stop) }
    }

    pub(super) fn register(&self) {
        self.engine.sessions_mut().insert(self.info.id, (self.info.clone(), self.database));
    }

    /// Forgets an earlier stop, before the next request runs.
    pub(super) fn clear_stop(&self) {
        self.stop.clear();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.flag().load(Ordering::SeqCst)
    }

    /// Returns the current database as the server knows it.
    pub(super) fn current(&self) -> Result<Database, SqlError> {
        self.engine.server().database_by_id(self.database).cloned().ok_or_else(|| error::no_database(&self.database_name))
    }

    /// Returns the connection to a database's file; opens it if necessary.
    pub(super) fn link(&mut self, database: &Database) -> Result<&mut DatabaseConnection, SqlError> {
        if !self.links.contains_key(&database.id) {
            let store = self.engine.store(database)?;
            let connection = store.connect()?;
            collation::register(&connection)?;
            function::register(&connection, &self.shared_context)?;
            self.stop.add(connection.get_interrupt_handle());
            self.links.insert(database.id, DatabaseConnection { connection, store, in_transaction: false });
        }
        self.links.get_mut(&database.id).ok_or_else(Self::no_link)
    }

    /// Returns the connection to the context's target database.
    pub(super) fn connection(&self, context: &Context) -> Result<&Connection, SqlError> {
        self.links.get(&context.target.id).map(|link| &link.connection).ok_or_else(Self::no_link)
    }

    /// Returns the file of the context's target database.
    pub(super) fn store(&self, context: &Context) -> Result<&Store, SqlError> {
        self.links.get(&context.target.id).map(|link| &*link.store).ok_or_else(Self::no_link)
    }

    fn no_link() -> SqlError {
        SqlError::new(50000, "The practice server lost a connection to its own file.")
    }

    /// Returns a snapshot for the next statement, on the current database.
    pub(super) fn context(&mut self) -> Result<Arc<Context>, SqlError> {
        let current = self.current()?;
        self.context_for_database(&current)
    }

    /// Returns a snapshot for the next statement, with names looked up in another database.
    pub(super) fn context_for_database(&mut self, target: &Database) -> Result<Arc<Context>, SqlError> {
        let server = self.engine.server();
        let database = self.current()?;
        if let Some(account) = server.account(&self.account.name) {
            self.account = account.clone();
        }
        let link = self.link(target)?;
        let catalog = link.store.catalog(&link.connection)?;
        let user = DatabaseUser::find(&catalog, target, &self.account).ok_or_else(|| {
            SqlError::new(
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
            info: self.info.clone(),
            account: self.account.clone(),
            database,
            catalog,
            target: target.clone(),
            user,
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
        *self.shared_context.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&context));
        Ok(context)
    }

    /// Waits for an exclusive lock; everything but a grant is an error.
    pub(super) fn lock_exclusively(&self, resource: &Resource) -> Result<(), SqlError> {
        match self.take_lock(resource, LockMode::Exclusive, LockDuration::Transaction, self.settings.lock_timeout) {
            LockOutcome::AtOnce | LockOutcome::AfterWaiting => Ok(()),
            LockOutcome::TimedOut => Err(error::lock_timeout()),
            LockOutcome::Deadlock => Err(error::deadlock(self.info.id)),
            LockOutcome::Interrupted => {
                Err(SqlError::new(error::INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch))
            }
        }
    }

    pub(super) fn take_lock(&self, resource: &Resource, mode: LockMode, until: LockDuration, limit: i64) -> LockOutcome {
        self.engine.locks.take(self.info.id, resource, mode, until, limit, &self.stop)
    }

    /// Waits (`WAITFOR DELAY`); returns `false` if it was stopped.
    pub(super) fn pause(&self, span: std::time::Duration) -> bool {
        self.engine.locks.pause(span, &self.stop)
    }

    /// Gives back the memory in which the connections cache pages; an idle session needs none.
    pub(super) fn release_memory(&self) {
        for link in self.links.values().filter(|link| !link.in_transaction) {
            // If it fails, the pages stay cached.
            let _ = link.connection.execute_batch("PRAGMA shrink_memory");
        }
    }

    /// Closes the connection to a database that is dropped.
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

    pub(super) fn commit(&mut self) -> Result<(), SqlError> {
        if self.nesting == 0 {
            return Err(SqlError::new(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."));
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
        self.engine.locks.release(self.info.id, false);
    }

    fn finish_files(&mut self, word: &str) -> Result<(), SqlError> {
        let mut result = Ok(());
        for link in self.links.values_mut().filter(|link| link.in_transaction) {
            link.in_transaction = false;
            if let Err(error) = link.connection.execute_batch(word) {
                // If a file cannot commit, its transaction must not stay open.
                let _ = link.connection.execute_batch("ROLLBACK");
                result = Err(error.into());
            }
        }
        result
    }

    /// Rolls back the transaction, if one is open.
    pub(super) fn rollback_all(&mut self) {
        // After an error nothing is open, because SQLite has already rolled back.
        let _ = self.finish_files("ROLLBACK");
        self.clear();
    }

    pub(super) fn rollback_named(&mut self, name: Option<&str>) -> Result<(), SqlError> {
        if self.nesting == 0 {
            return Err(SqlError::new(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."));
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
                for link in self.links.values_mut().filter(|link| link.in_transaction) {
                    link.connection.execute_batch(&format!("ROLLBACK TO user{at}"))?;
                }
                Ok(())
            }
            // The name of the outermost transaction rolls back everything; other names are unknown.
            None if self.outer_name.as_deref().is_some_and(|outer| outer.eq_ignore_ascii_case(name)) => {
                self.rollback_all();
                Ok(())
            }
            None => {
                Err(SqlError::new(6401, format!("Cannot roll back {name}. No transaction or savepoint of that name was found.")))
            }
        }
    }

    pub(super) fn save(&mut self, name: &str, context: &Context) -> Result<(), SqlError> {
        if self.nesting == 0 {
            return Err(SqlError::new(628, "Cannot issue SAVE TRANSACTION when there is no active transaction."));
        }
        self.start_writing(context)?;
        let at = self.savepoints.len();
        for link in self.links.values_mut().filter(|link| link.in_transaction) {
            link.connection.execute_batch(&format!("SAVEPOINT user{at}"))?;
        }
        self.savepoints.push(name.to_owned());
        Ok(())
    }

    /// Becomes the writer of the context's database, waiting for at most `LOCK_TIMEOUT`.
    pub(super) fn start_writing(&mut self, context: &Context) -> Result<(), SqlError> {
        if self.doomed {
            return Err(doomed(
                "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
            ));
        }
        let database = &context.target;
        let resource = Resource::Write(database.id);
        if self.engine.locks.holds(self.info.id, &resource).is_none() {
            self.lock_exclusively(&resource)?;
        }
        let savepoints = self.savepoints.len();
        let link = self.link(database)?;
        if !link.in_transaction {
            link.connection.execute_batch("BEGIN IMMEDIATE")?;
            link.in_transaction = true;
            for at in 0..savepoints {
                link.connection.execute_batch(&format!("SAVEPOINT user{at}"))?;
            }
        }
        Ok(())
    }

    /// Runs a write: completely or not at all, and committed at once unless a transaction is open.
    pub(super) fn writing<T>(
        &mut self,
        context: &Context,
        work: impl FnOnce(&mut Self) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if context.target.read_only {
            return Err(SqlError::new(
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
            self.engine.locks.release(self.info.id, false);
            if result.is_ok() {
                finished?;
            }
        }
        result
    }
}

fn doomed(text: &str) -> SqlError {
    let number = if text.contains("savepoint") { 3931 } else { 3930 };
    SqlError::new(number, text).scope(ErrorScope::Batch)
}

impl Drop for Session {
    fn drop(&mut self) {
        self.rollback_all();
        self.engine.locks.release(self.info.id, true);
        self.engine.sessions_mut().remove(&self.info.id);
    }
}
