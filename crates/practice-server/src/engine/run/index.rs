//! Indexes, in the catalog and in the file.

use crate::engine::bind::Binder;
use crate::engine::catalog::{Catalog, Table, TableIndex};
use crate::engine::context::Context;
use crate::engine::error::SqlError;
use crate::engine::run::execution::Execution;
use crate::engine::run::rows::check_sql;
use crate::engine::session::{EMPTY, Session};
use crate::engine::{collation, store, types};
use crate::tsql::Name;
use crate::tsql::statement::IndexDefinition;
use crate::value::SqlType;

/// Replaces `NULL` in unique indexes: SQL Server allows one, `SQLite` any number.
const NULL: &str = "x'9a6e0f5c4b1d4e2f8a3c7d5e6f708192'";

fn stored_name(table: &Table, index: &TableIndex) -> String {
    format!("\"i{}_{}\"", table.id, index.id)
}

impl Session {
    /// Creates the index in the file; error 1505 if existing rows violate it.
    pub(super) fn build_index(
        &self,
        context: &Context,
        catalog: &Catalog,
        table: &Table,
        index: &TableIndex,
    ) -> Result<(), SqlError> {
        let mut parts = Vec::new();
        for (id, descending) in &index.columns {
            let Some(column) = table.column_by_id(*id) else {
                continue;
            };
            let mut part = column.stored();
            if matches!(column.kind(), SqlType::DateTimeOffset(_)) {
                part = format!("substr({part}, 1, 19)");
            }
            if index.unique && column.nullable {
                part = format!("ifnull({part}, {NULL})");
            }
            if types::is_text(column.kind()) {
                let name = column.collation.as_deref().unwrap_or(&catalog.collation);
                part = format!("{part} COLLATE {}", collation::comparison_class(name));
            }
            parts.push(if *descending { format!("{part} DESC") } else { part });
        }
        let filter = match &index.filter {
            None => String::new(),
            Some(text) => {
                let condition = check_sql(context, table, text)?.replace("t.\"", "\"");
                format!(" WHERE {condition}")
            }
        };
        let unique = if index.unique { "UNIQUE " } else { "" };
        let sql =
            format!("CREATE {unique}INDEX {} ON {} ({}){filter}", stored_name(table, index), table.stored(), parts.join(", "));
        match self.connection(context)?.execute_batch(&sql) {
            Ok(()) => Ok(()),
            Err(rusqlite::Error::SqliteFailure(code, _)) if code.code == rusqlite::ErrorCode::ConstraintViolation => Err(SqlError::new(
                1505,
                format!(
                    "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '{}' and \
                     the index name '{}'.",
                    catalog.full_name(table),
                    index.name
                ),
            )
            .terminated()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn remove_index(&self, context: &Context, table: &Table, index: &TableIndex) -> Result<(), SqlError> {
        self.connection(context)?.execute_batch(&format!("DROP INDEX {}", stored_name(table, index)))?;
        Ok(())
    }
}

/// Returns the next index number of a table.
pub(super) fn next_id(table: &Table) -> i64 {
    table.indexes.iter().map(|index| index.id).max().unwrap_or(0) + 1
}

impl Execution<'_> {
    pub(super) fn create_index(&mut self, index: &IndexDefinition) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let mut table = Binder::new(&context, &EMPTY).table(&index.table, "ALTER")?;
        let find = |name: &String| {
            table
                .column(&context.catalog, name)
                .map(|column| column.id)
                .ok_or_else(|| SqlError::new(1911, format!("Column name '{name}' does not exist in the target table or view.")))
        };
        let columns = index.columns.iter().map(|(name, down)| find(name).map(|id| (id, *down))).collect::<Result<Vec<_>, _>>()?;
        let include = index.include.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        if table.indexes.iter().any(|other| context.catalog.same(&other.name, &index.name)) {
            return Err(SqlError::new(
                1913,
                format!(
                    "The operation failed because an index or statistics with name '{}' already exists on table '{}'.",
                    index.name, index.table
                ),
            ));
        }
        let entry = TableIndex {
            object: 0,
            id: next_id(&table).max(2),
            name: index.name.clone(),
            unique: index.unique,
            primary: false,
            columns,
            include,
            filter: index.filter.clone(),
        };
        table.indexes.push(entry.clone());
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            session.build_index(&context, &catalog, &table, &entry)?;
            if let Some(place) = catalog.table_mut(table.id) {
                *place = table.clone();
            }
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.finish();
        Ok(())
    }

    pub(super) fn drop_index(&mut self, name: &str, table: &Name, if_exists: bool) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let found = Binder::new(&context, &EMPTY).table(table, "ALTER");
        let missing = || {
            SqlError::new(
                3701,
                format!("Cannot drop the index '{table}.{name}', because it does not exist or you do not have permission."),
            )
            .class(11)
            .state(7)
        };
        let table = match found {
            Ok(table) => table,
            Err(_) if if_exists => return Ok(()),
            Err(_) => return Err(missing()),
        };
        let Some(index) = table.indexes.iter().find(|index| context.catalog.same(&index.name, name)) else {
            return if if_exists { Ok(()) } else { Err(missing()) };
        };
        if index.object != 0 {
            let kind = if index.primary { "PRIMARY KEY" } else { "UNIQUE KEY" };
            return Err(SqlError::new(
                3723,
                format!(
                    "An explicit DROP INDEX is not allowed on index '{}.{name}'. It is being used for {kind} constraint enforcement.",
                    table.name
                ),
            ));
        }
        self.session.writing(&context, |session| {
            session.remove_index(&context, &table, index)?;
            let mut catalog = Catalog::clone(&context.catalog);
            if let Some(place) = catalog.table_mut(table.id) {
                place.indexes.retain(|one| one.id != index.id);
            }
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.finish();
        Ok(())
    }
}
