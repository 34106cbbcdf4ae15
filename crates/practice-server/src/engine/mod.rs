//! T-SQL, executed: an interpreter over `SQLite`, one file per database.
//!
//! Queries are bound (names, types, collations, permissions) and become `SQLite`'s SQL over stored tables; rows are
//! changed by the engine itself, one at a time, so that constraints, defaults, identities and their errors are SQL
//! Server's. What is not understood is refused with error 40510; nothing succeeds without having been done.
//!
//! Known differences, by design: writers lock a whole database, readers always see the last committed state (as
//! with `READ_COMMITTED_SNAPSHOT`), decimals have at most 18 digits, identities are rolled back with their
//! transaction, and a transaction over several databases is not atomic across them.

mod bind;
mod catalog;
mod code;
mod collation;
mod context;
mod convert;
mod fault;
mod function;
mod instant;
mod lock;
mod login;
mod principal;
mod run;
mod server;
mod session;
mod store;
mod stored;
mod text;
mod types;
mod view;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use secrecy::SecretString;

use self::fault::Fault;
use self::lock::Locks;
use self::server::{Database, Server};
use self::store::Store;
use super::reply::Reply;

pub use self::session::{Interrupt, Session};

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

/// A login that the server knows, as it is created at the first start; afterwards the data folder tells.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name, compared without case.
    pub name: String,
    /// Its password.
    pub password: SecretString,
    /// Member of `sysadmin`.
    pub sysadmin: bool,
    /// Member of `dbcreator`.
    pub dbcreator: bool,
    /// `ALTER LOGIN … DISABLE`.
    pub disabled: bool,
}

/// A session's facts and its current database, by the session's number.
type Sessions = BTreeMap<i16, (context::Facts, i64)>;

/// The server's data and rules, shared by all sessions.
#[derive(Debug)]
pub struct Engine {
    personality: Personality,
    server: RwLock<Arc<Server>>,
    stores: Mutex<HashMap<i64, Arc<Store>>>,
    locks: Locks,
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

/// Why the data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file could not be read or written.
    #[error("the practice server's data folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// `SQLite` refused.
    #[error("the practice server's data cannot be opened: {0}")]
    Data(String),
}

/// What a client says of itself at login.
#[derive(Debug, Clone)]
pub struct LoginRequest {
    /// The login name.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// The database asked for; empty means the login's default, `master`.
    pub database: String,
    /// Whether the login fails where that one cannot be opened; else it ends in the login's default.
    pub insists_on_database: bool,
    /// The client's host name.
    pub host: String,
    /// The client's application name.
    pub application: String,
}

/// Where the engine puts its replies. It returns `false` when nobody listens any more.
pub type Sink<'a> = &'a mut dyn FnMut(Reply) -> bool;

impl Engine {
    /// Opens the data folder, creating it with `master` and the logins at first.
    pub fn open(data: &Path, personality: Personality, logins: &[Login]) -> Result<Arc<Self>, OpenError> {
        let server = Server::open(data, logins, context::now(personality.clock_ahead))?;
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
        context::now(self.personality.clock_ahead)
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

    fn sessions_mut(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sessions(&self) -> Vec<(context::Facts, i64)> {
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
