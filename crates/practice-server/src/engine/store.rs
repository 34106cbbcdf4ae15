//! A database's file and the connections to it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::catalog::Catalog;
use super::fault::Fault;

/// A file, shared by all sessions.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// One connection stays open, so that the write-ahead log is not folded in whenever a session leaves.
    #[expect(dead_code, reason = "held, not used")]
    keeper: Mutex<Connection>,
    latest: Mutex<Option<(i64, Arc<Catalog>)>>,
}

/// Versions of catalogues, never the same for two contents in one process.
static VERSION: AtomicI64 = AtomicI64::new(0);

impl Store {
    /// Opens the file, and makes it a database with this collation when it is new.
    pub(crate) fn open(path: &Path, collation: &str, now: i64) -> Result<Self, Fault> {
        let connection = connect(path)?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS catalog (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER, text TEXT);
             CREATE TABLE IF NOT EXISTS identity (\"table\" INTEGER PRIMARY KEY, last INTEGER);",
        )?;
        let known: i64 = connection.query_row("SELECT count(*) FROM catalog", [], |row| row.get(0))?;
        if known == 0 {
            save(&connection, &Catalog::fresh(collation, now))?;
        }
        let version: i64 = connection.query_row("SELECT version FROM catalog", [], |row| row.get(0))?;
        VERSION.fetch_max(version, Ordering::SeqCst);
        Ok(Self { path: path.to_owned(), keeper: Mutex::new(connection), latest: Mutex::new(None) })
    }

    /// Opens a connection for a session, without functions and collations.
    pub(crate) fn connect(&self) -> Result<Connection, Fault> {
        connect(&self.path)
    }

    /// The catalogue as a connection sees it, its own uncommitted changes included.
    pub(crate) fn catalog(&self, connection: &Connection) -> Result<Arc<Catalog>, Fault> {
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
            .map_err(|error| Fault::new(50000, format!("The practice server's catalogue is damaged: {error}.")))?;
        let catalog = Arc::new(catalog);
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = Some((version, Arc::clone(&catalog)));
        Ok(catalog)
    }

    /// The catalogue as it was last committed.
    pub(crate) fn committed(&self) -> Result<Arc<Catalog>, Fault> {
        let connection = connect(&self.path)?;
        self.catalog(&connection)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes the catalogue, inside whatever transaction is open.
pub(crate) fn save(connection: &Connection, catalog: &Catalog) -> Result<(), Fault> {
    let text = toml::to_string(catalog)
        .map_err(|error| Fault::new(50000, format!("The practice server could not keep its catalogue: {error}.")))?;
    let version = VERSION.fetch_add(1, Ordering::SeqCst) + 1;
    connection.execute(
        "INSERT INTO catalog (one, version, text) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET version = ?1, text = ?2",
        (version, text),
    )?;
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let connection = Connection::open(path)?;
    // Writers take turns by the engine's own locks; this covers only moments such as checkpoints.
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    Ok(connection)
}
