//! A database's file and connections to it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::catalog::Catalog;
use super::error::SqlError;

/// A database's file, shared by all sessions.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// One connection stays open, so that the write-ahead log is not merged whenever a session ends.
    #[expect(dead_code, reason = "held, not used")]
    keeper: Mutex<Connection>,
    latest: Mutex<Option<(i64, Arc<Catalog>)>>,
}

/// The version of catalogs; within one process two different contents never have the same.
static VERSION: AtomicI64 = AtomicI64::new(0);

impl Store {
    /// Opens the file; if it is new, creates a database with this collation.
    pub(crate) fn open(path: &Path, collation: &str, now: i64) -> Result<Self, SqlError> {
        let connection = connect(path)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS catalog (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER, text TEXT);
             CREATE TABLE IF NOT EXISTS identity (\"table\" INTEGER PRIMARY KEY, last INTEGER);",
        )?;
        let known: i64 = connection.query_row("SELECT count(*) FROM catalog", [], |row| row.get(0))?;
        if known == 0 {
            save(&connection, &Catalog::new_alias(collation, now))?;
        }
        let version: i64 = connection.query_row("SELECT version FROM catalog", [], |row| row.get(0))?;
        VERSION.fetch_max(version, Ordering::SeqCst);
        Ok(Self { path: path.to_owned(), keeper: Mutex::new(connection), latest: Mutex::new(None) })
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
            .map_err(|error| SqlError::new(50000, format!("The practice server's catalogue is damaged: {error}.")))?;
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

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes the catalog within the open transaction, if there is one.
pub(crate) fn save(connection: &Connection, catalog: &Catalog) -> Result<(), SqlError> {
    let text = toml::to_string(catalog)
        .map_err(|error| SqlError::new(50000, format!("The practice server could not keep its catalogue: {error}.")))?;
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
    Ok(connection)
}
