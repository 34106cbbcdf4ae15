//! A database's file and connections to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::catalog::{Catalog, Table};
use super::error::SqlError;
use crate::private;

/// A database's file, shared by all sessions.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// One connection stays open, so that the write-ahead log is not merged whenever a session ends.
    #[expect(dead_code, reason = "held, not used")]
    keeper: Mutex<Connection>,
    latest: Mutex<Option<(i64, Arc<Catalog>)>>,
    /// The last identity of each table, by its id and time of creation. A rollback does not give identities back.
    identities: Mutex<HashMap<(i64, i64), i64>>,
}

/// The version of catalogs; within one process two different contents never have the same.
static VERSION: AtomicI64 = AtomicI64::new(0);

impl Store {
    /// Opens the file; if it is new, creates a database with this collation.
    pub(crate) fn open(path: &Path, collation: &str, now: i64) -> Result<Self, SqlError> {
        // The files beside it get its permissions.
        if private::open_or_create(path).is_err() {
            return Err(SqlError::new(5123, "The practice server cannot create a file in its data folder."));
        }
        let connection = connect(path)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS catalog (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER, text TEXT);
             CREATE TABLE IF NOT EXISTS identity (\"table\" INTEGER PRIMARY KEY, last INTEGER);",
        )?;
        let known: i64 = connection.query_row("SELECT count(*) FROM catalog", [], |row| row.get(0))?;
        if known == 0 {
            save(&connection, &Catalog::new(collation, now))?;
        }
        let version: i64 = connection.query_row("SELECT version FROM catalog", [], |row| row.get(0))?;
        VERSION.fetch_max(version, Ordering::SeqCst);
        Ok(Self { path: path.to_owned(), keeper: Mutex::new(connection), latest: Mutex::new(None), identities: Mutex::default() })
    }

    /// Opens a connection for a session, without functions and collations.
    pub(crate) fn connect(&self) -> Result<Connection, SqlError> {
        connect(&self.path)
    }

    /// Returns the catalog as a connection sees it, including its own uncommitted changes.
    pub(crate) fn catalog(&self, connection: &Connection) -> Result<Arc<Catalog>, SqlError> {
        let version: i64 = connection.prepare("SELECT version FROM catalog")?.query_row([], |row| row.get(0))?;
        {
            let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((known, catalog)) = latest.as_ref()
                && *known == version
            {
                return Ok(Arc::clone(catalog));
            }
        }
        let (version, text): (i64, String) =
            connection.query_row("SELECT version, text FROM catalog", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let catalog: Catalog = toml::from_str(&text)
            .map_err(|_| SqlError::new(823, "A file in the practice server's data folder is damaged.").class(24))?;
        let catalog = Arc::new(catalog);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = Some((version, Arc::clone(&catalog)));
        Ok(catalog)
    }

    /// Returns the catalog as last committed.
    pub(crate) fn committed(&self) -> Result<Arc<Catalog>, SqlError> {
        let connection = connect(&self.path)?;
        self.catalog(&connection)
    }

    /// Returns the last identity given to a table, if one was given since the server has started.
    pub(crate) fn last_identity(&self, table: &Table) -> Option<i64> {
        self.identities.lock().unwrap_or_else(PoisonError::into_inner).get(&(table.id, table.created)).copied()
    }

    /// Remembers the last identity of a table; `None` begins anew.
    pub(crate) fn set_last_identity(&self, table: &Table, last: Option<i64>) {
        let mut identities = self.identities.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some(last) => identities.insert((table.id, table.created), last),
            None => identities.remove(&(table.id, table.created)),
        };
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes the catalog within the open transaction, if there is one.
pub(crate) fn save(connection: &Connection, catalog: &Catalog) -> Result<(), SqlError> {
    let text = toml::to_string(catalog).map_err(|_| SqlError::unsupported("This definition"))?;
    let version = VERSION.fetch_add(1, Ordering::SeqCst) + 1;
    connection.execute(
        "INSERT INTO catalog (one, version, text) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET version = ?1, text = ?2",
        (version, text),
    )?;
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, SqlError> {
    let connection = Connection::open(path)?;
    // The engine's own locks serialize writers; this covers only short conflicts such as checkpoints.
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    // In KiB. The operating system caches the small files; 128 sessions with SQLite's 2 MiB each would be a burden.
    connection.pragma_update(None, "cache_size", -64)?;
    Ok(connection)
}
