//! Everything that a statement can read: the session, the server, the catalog, the time. One snapshot per statement.

use std::sync::Arc;

use super::catalog::{Catalog, Table};
use super::error::SqlError;
use super::principal::DatabaseUser;
use super::server::{Account, Database, Server};
use super::state::{Engine, SessionInfo};
use crate::tsql::Name;

/// The snapshot for one statement.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) engine: Arc<Engine>,
    pub(crate) server: Arc<Server>,
    pub(crate) info: SessionInfo,
    pub(crate) account: Account,
    /// The current database.
    pub(crate) database: Database,
    /// The catalog of `target`.
    pub(crate) catalog: Arc<Catalog>,
    /// The database in which names are looked up: another one for `other.dbo.T`.
    pub(crate) target: Database,
    pub(crate) user: DatabaseUser,
    /// The start of the statement as UTC ticks, including the clock's offset.
    pub(crate) now: i64,
    pub(crate) row_count: i64,
    pub(crate) error: i32,
    pub(crate) nesting: i64,
    pub(crate) state: i64,
    pub(crate) scope_identity: Option<i64>,
    pub(crate) last_identity: Option<i64>,
    pub(crate) caught: Option<Arc<SqlError>>,
    pub(crate) lock_timeout: i64,
    pub(crate) text_size: i64,
}

impl Context {
    /// Returns the user's default schema.
    pub(crate) fn default_schema(&self) -> String {
        self.catalog.principal_by_id(self.user.id).and_then(|user| user.schema.clone()).unwrap_or_else(|| "dbo".to_owned())
    }

    /// Returns the table with this name if the user may see it.
    pub(crate) fn visible_table(&self, name: &Name) -> Option<&Table> {
        let catalog = &self.catalog;
        let candidates = match name.schema() {
            Some(schema) => vec![catalog.schema(schema)?.id],
            None => vec![catalog.schema(&self.default_schema())?.id, 1],
        };
        candidates
            .into_iter()
            .find_map(|schema| catalog.table(schema, name.object()))
            .filter(|table| self.user.can_see(catalog, table))
    }

    pub(crate) fn user_name(&self) -> String {
        self.catalog.principal_by_id(self.user.id).map_or_else(String::new, |user| user.name.clone())
    }

    /// Returns `SYSUTCDATETIME()`.
    pub(crate) fn utc(&self) -> i64 {
        self.now
    }

    /// Returns the user that the login has in another database; `None` if it has no access.
    pub(crate) fn user_in(&self, database: &Database) -> Result<Option<(Arc<Catalog>, DatabaseUser)>, SqlError> {
        let catalog =
            if database.id == self.target.id { Arc::clone(&self.catalog) } else { self.engine.store(database)?.committed()? };
        let user = DatabaseUser::find(&catalog, database, &self.account);
        Ok(user.map(|user| (catalog, user)))
    }
}
