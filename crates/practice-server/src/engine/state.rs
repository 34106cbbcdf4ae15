//! The state that all sessions share: databases, logins, files, locks.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::fault::Fault;
use super::instant;
use super::lock::Locks;
use super::server::{Database, Login, OpenError, Server};
use super::store::Store;

/// What the server pretends to be, beyond what its data says.
#[derive(Debug, Clone)]
pub struct Personality {
    /// `SERVERPROPERTY('ProductVersion')`, for instance `16.0.4135.4`.
    pub product_version: String,
    /// `SERVERPROPERTY('Edition')`; says that this is the practice server.
    pub edition: String,
    /// The server's name, `@@SERVERNAME`.
    pub server_name: String,
    /// How far the server's clock is ahead of the machine's, in seconds; negative when behind.
    pub clock_ahead: i64,
}

/// Facts of a session that queries can ask for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) id: i16,
    pub(crate) login: String,
    pub(crate) host: String,
    pub(crate) application: String,
    pub(crate) address: String,
    pub(crate) encrypted: bool,
    /// Ticks.
    pub(crate) since: i64,
}

/// A session's facts and its current database, by the session's number.
pub(crate) type Sessions = BTreeMap<i16, (Facts, i64)>;

/// The server's data and rules, shared by all sessions.
#[derive(Debug)]
pub struct Engine {
    personality: Personality,
    server: RwLock<Arc<Server>>,
    stores: Mutex<HashMap<i64, Arc<Store>>>,
    pub(crate) locks: Locks,
    sessions: Mutex<Sessions>,
    transactions: AtomicU64,
}

/// What a test or a training scene says of a database, beyond what T-SQL can make it.
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
    /// Opens the data folder, creating it with `master` and the logins at first.
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
            engine.store(&master).map_err(|fault| OpenError::Data(fault.text))?;
        }
        Ok(Arc::new(engine))
    }

    /// Marks a database, or takes the mark away. `false` when there is no such database.
    pub fn mark(&self, database: &str, mark: Mark, set: bool) -> bool {
        self.change_server(|server| {
            let database = server.database_mut(database).ok_or_else(|| Fault::new(911, ""))?;
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

    /// Changes the server's state and keeps it; one change at a time.
    pub(crate) fn change_server<T>(&self, change: impl FnOnce(&mut Server) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut current = self.server.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Server::clone(&current);
        let result = change(&mut next)?;
        next.save().map_err(|error| Fault::new(50000, format!("The practice server could not keep its state: {error}.")))?;
        *current = Arc::new(next);
        Ok(result)
    }

    /// A database's file, opened and made when it is not there yet.
    pub(crate) fn store(&self, database: &Database) -> Result<Arc<Store>, Fault> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(&database.id) {
            return Ok(Arc::clone(store));
        }
        let path = self.server().folder().join(&database.file);
        let store = Arc::new(Store::open(&path, &database.collation, database.created)?);
        stores.insert(database.id, Arc::clone(&store));
        Ok(store)
    }

    /// Forgets a database's file and deletes it.
    pub(crate) fn discard(&self, database: &Database) {
        let store = self.stores.lock().unwrap_or_else(PoisonError::into_inner).remove(&database.id);
        if let Some(store) = store {
            let path = store.path().to_owned();
            drop(store);
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(suffix);
                // A file that stays behind is never opened again: numbers are not used twice.
                let _ = std::fs::remove_file(name);
            }
        }
    }

    pub(crate) fn sessions_mut(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sessions(&self) -> Vec<(Facts, i64)> {
        self.sessions_mut().values().cloned().collect()
    }

    /// Whether another session is in a database.
    pub(crate) fn in_use(&self, database: i64, but: i16) -> bool {
        self.sessions_mut().iter().any(|(id, (_, current))| *id != but && *current == database)
    }

    pub(crate) fn new_transaction(&self) -> u64 {
        self.transactions.fetch_add(1, Ordering::SeqCst) + 1
    }
}
