//! What a statement can know: the session, the server, the catalogue, the time. One snapshot per statement.

use std::sync::Arc;

use super::catalog::{Catalog, Table};
use super::fault::Fault;
use super::principal::Who;
use super::server::{Account, Database, Server};
use super::state::{Engine, Facts};
use crate::tsql::names::Name;

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) engine: Arc<Engine>,
    pub(crate) server: Arc<Server>,
    pub(crate) facts: Facts,
    pub(crate) account: Account,
    /// The current database.
    pub(crate) database: Database,
    /// The database that names are looked up in: another one for `other.dbo.T`.
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) target: Database,
    pub(crate) who: Who,
    /// UTC ticks of the statement's begin, with the clock's offset.
    pub(crate) now: i64,
    pub(crate) row_count: i64,
    pub(crate) error: i32,
    pub(crate) nesting: i64,
    pub(crate) state: i64,
    pub(crate) scope_identity: Option<i64>,
    pub(crate) last_identity: Option<i64>,
    pub(crate) caught: Option<Arc<Fault>>,
    pub(crate) lock_timeout: i64,
    pub(crate) text_size: i64,
}

impl Context {
    /// The user's default schema.
    pub(crate) fn default_schema(&self) -> String {
        self.catalog.principal_by_id(self.who.user).and_then(|user| user.schema.clone()).unwrap_or_else(|| "dbo".to_owned())
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
            .filter(|table| self.who.sees(catalog, table))
    }

    pub(crate) fn user_name(&self) -> String {
        self.catalog.principal_by_id(self.who.user).map_or_else(String::new, |user| user.name.clone())
    }

    /// `SYSUTCDATETIME()`
    pub(crate) fn utc(&self) -> i64 {
        self.now
    }

    /// The user that a login would be in another database; `None` when it has no access.
    pub(crate) fn user_in(&self, database: &Database) -> Result<Option<(Arc<Catalog>, Who)>, Fault> {
        let catalog =
            if database.id == self.target.id { Arc::clone(&self.catalog) } else { self.engine.store(database)?.committed()? };
        let who = Who::find(&catalog, database, &self.account);
        Ok(who.map(|who| (catalog, who)))
    }
}
