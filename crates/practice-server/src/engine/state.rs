//! The state that all sessions share: databases, logins, files, locks.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::error::SqlError;
use super::instant;
use super::lock::{Locks, StopSignal};
use super::server::{Database, Login, OpenError, Server};
use super::store::Store;

/// What the server reports about itself, beyond its data.
#[derive(Debug, Clone)]
pub struct Personality {
    /// `SERVERPROPERTY('ProductVersion')`, for example `16.0.4135.4`.
    pub product_version: String,
    /// `SERVERPROPERTY('Edition')`; identifies the practice server as such.
    pub edition: String,
    /// The server's name, `@@SERVERNAME`.
    pub server_name: String,
    /// How far the server's clock is ahead of the machine's, in seconds; negative if behind.
    pub clock_ahead: i64,
    /// For tests: whether it behaves like a T-SQL server that others wrote (as Babelfish 4.3 was seen to): an unknown name inside
    /// `EXEC` ends the batch, whatever `TRY` says; rare views are missing; errors that have no number of SQL Server's come as
    /// 33557097; an untyped `NULL` is refused; style 126 has a blank for the `T`.
    pub quirks: bool,
}

/// The properties of a session that queries can read.
#[derive(Debug, Clone, Default)]
pub(crate) struct SessionInfo {
    pub(crate) id: i16,
    pub(crate) login: String,
    pub(crate) host: String,
    pub(crate) application: String,
    pub(crate) address: String,
    pub(crate) encrypted: bool,
    /// The time of the login in ticks, see `instant`.
    pub(crate) since: i64,
    pub(crate) stop: Arc<StopSignal>,
}

/// The sessions and their current databases, by session number.
pub(crate) type Sessions = BTreeMap<i16, (SessionInfo, i64)>;

/// The T-SQL engine: the server's data, shared by all sessions.
#[derive(Debug)]
pub struct Engine {
    personality: Personality,
    server: RwLock<Arc<Server>>,
    stores: Mutex<HashMap<i64, Arc<Store>>>,
    pub(crate) locks: Locks,
    sessions: Mutex<Sessions>,
    transactions: AtomicU64,
}

/// A property of a database that a test sets because no supported statement can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Published by transactional replication.
    Published,
    /// Subscribed to a publication.
    Subscribed,
    /// Published by merge replication.
    MergePublished,
    /// The principal of a database mirroring.
    Mirrored,
}

impl Engine {
    /// Opens the data folder; on first use creates it with the system databases and the logins.
    pub fn open(data: &Path, personality: Personality, logins: &[Login]) -> Result<Arc<Self>, OpenError> {
        let server = Server::open(data, logins, instant::now(personality.clock_ahead))?;
        let engine = Self {
            personality,
            server: RwLock::new(Arc::new(server)),
            stores: Mutex::new(HashMap::new()),
            locks: Locks::default(),
            sessions: Mutex::new(BTreeMap::new()),
            transactions: AtomicU64::new(0),
        };
        let master = engine.server().databases.first().cloned();
        if let Some(master) = master {
            engine.store(&master).map_err(|error| OpenError::Data(error.text))?;
        }
        Ok(Arc::new(engine))
    }

    /// Marks a database, or removes the mark. Returns `false` if there is no such database.
    pub fn mark(&self, database: &str, mark: Mark, set: bool) -> bool {
        self.change_server(|server| {
            let database = server.database_mut(database).ok_or_else(|| SqlError::new(911, ""))?;
            match mark {
                Mark::Published => database.published = set,
                Mark::Subscribed => database.subscribed = set,
                Mark::MergePublished => database.merge_published = set,
                Mark::Mirrored => database.mirrored = set,
            }
            Ok(())
        })
        .is_ok()
    }

    pub(crate) fn personality(&self) -> &Personality {
        &self.personality
    }

    pub(crate) fn now(&self) -> i64 {
        instant::now(self.personality.clock_ahead)
    }

    pub(crate) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes and saves the server's state; one change at a time.
    pub(crate) fn change_server<T>(&self, change: impl FnOnce(&mut Server) -> Result<T, SqlError>) -> Result<T, SqlError> {
        let mut current = self.server.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Server::clone(&current);
        let result = change(&mut next)?;
        next.save().map_err(|error| {
            tracing::warn!("the server's state could not be written: {error}");
            SqlError::new(823, "The practice server cannot write a file in its data folder.").class(24).state(2)
        })?;
        *current = Arc::new(next);
        Ok(result)
    }

    /// Returns a database's file, opened, and created if missing.
    pub(crate) fn store(&self, database: &Database) -> Result<Arc<Store>, SqlError> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(&database.id) {
            return Ok(Arc::clone(store));
        }
        let path = self.server().folder().join(&database.file);
        let store = Arc::new(Store::open(&path, &database.collation, database.created)?);
        stores.insert(database.id, Arc::clone(&store));
        Ok(store)
    }

    /// Closes and deletes a database's file.
    pub(crate) fn discard(&self, database: &Database) {
        let store = self.stores.lock().unwrap_or_else(PoisonError::into_inner).remove(&database.id);
        if let Some(store) = store {
            let path = store.path().to_owned();
            drop(store);
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(suffix);
                // A file that cannot be deleted is never opened again: ids are not reused.
                let _ = std::fs::remove_file(name);
            }
        }
    }

    pub(crate) fn sessions_mut(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sessions(&self) -> Vec<(SessionInfo, i64)> {
        self.sessions_mut().values().cloned().collect()
    }

    /// Returns whether another session than `but` uses a database.
    pub(crate) fn in_use(&self, database: i64, but: i16) -> bool {
        self.sessions_mut().iter().any(|(id, (_, current))| *id != but && *current == database)
    }

    /// Ends all sessions that use a database, except `but`, and waits until they have rolled back. Returns `false` if one is
    /// still there after thirty seconds.
    pub(crate) fn end_sessions(&self, database: i64, but: i16) -> bool {
        for _ in 0..3000 {
            let others: Vec<Arc<StopSignal>> = self
                .sessions_mut()
                .iter()
                .filter(|(id, (_, current))| **id != but && *current == database)
                .map(|(_, (info, _))| Arc::clone(&info.stop))
                .collect();
            if others.is_empty() {
                return true;
            }
            for stop in others {
                stop.kill();
            }
            self.locks.wake();
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub(crate) fn new_transaction(&self) -> u64 {
        self.transactions.fetch_add(1, Ordering::SeqCst) + 1
    }
}
