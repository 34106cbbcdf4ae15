//! `CREATE`, `ALTER` and `DROP DATABASE`; schemas.

use crate::engine::catalog::{Catalog, Schema};
use crate::engine::error::{self, SqlError};
use crate::engine::principal::{PermissionScope, has_server_permission};
use crate::engine::run::execution::Execution;
use crate::engine::server::Database;
use crate::engine::{collation, store};
use crate::tsql::statement::{DatabaseChange, UserAccess};

impl Execution<'_> {
    fn refuse_in_transaction(&self, statement: &str) -> Result<(), SqlError> {
        if self.session.nesting > 0 {
            return Err(
                SqlError::new(226, format!("{statement} statement not allowed within multi-statement transaction.")).state(6)
            );
        }
        Ok(())
    }

    pub(super) fn create_database(&mut self, name: &str, collation_name: Option<&str>) -> Result<(), SqlError> {
        self.refuse_in_transaction("CREATE DATABASE")?;
        let context = self.session.context()?;
        if !has_server_permission(&context.account, "CREATE ANY DATABASE") {
            return Err(SqlError::new(262, "CREATE DATABASE permission denied in database 'master'.").class(14));
        }
        let collation = match collation_name {
            None => collation::SERVER_DEFAULT.to_owned(),
            Some(wanted) => collation::canonical_name(wanted)
                .ok_or_else(|| SqlError::new(448, format!("Invalid collation '{wanted}'.")).state(3))?,
        };
        let engine = std::sync::Arc::clone(&self.session.engine);
        let created = engine.change_server(|server| {
            if server.database(name).is_some() {
                return Err(
                    SqlError::new(1801, format!("Database '{name}' already exists. Choose a different database name.")).state(3)
                );
            }
            let id = server.add_database(name, &collation, &context.account.name, context.now);
            server.database_by_id(id).cloned().ok_or_else(|| error::no_database(name))
        })?;
        engine.store(&created)?;
        self.finish();
        Ok(())
    }

    /// Returns whether the user owns a database or may alter any.
    fn may_alter(&mut self, database: &Database) -> Result<bool, SqlError> {
        let context = self.session.context()?;
        if has_server_permission(&context.account, "ALTER ANY DATABASE") {
            return Ok(true);
        }
        let access = context.user_in(database)?;
        Ok(access.is_some_and(|(catalog, user)| user.is_permitted(&catalog, "ALTER", PermissionScope::Database)))
    }

    pub(super) fn drop_databases(&mut self, names: &[String], if_exists: bool) -> Result<(), SqlError> {
        self.refuse_in_transaction("DROP DATABASE")?;
        for name in names {
            let server = self.session.engine.server();
            let missing = || {
                SqlError::new(
                    3701,
                    format!("Cannot drop the database '{name}', because it does not exist or you do not have permission."),
                )
                .class(11)
            };
            let Some(database) = server.database(name).cloned() else {
                if if_exists {
                    continue;
                }
                return Err(missing());
            };
            if database.is_system() {
                return Err(SqlError::new(3708, format!("Cannot drop the database '{name}' because it is a system database.")));
            }
            if !self.may_alter(&database)? {
                return Err(missing());
            }
            if self.session.database == database.id || self.session.engine.in_use(database.id, self.session.info.id) {
                return Err(
                    SqlError::new(3702, format!("Cannot drop database \"{name}\" because it is currently in use.")).state(4)
                );
            }
            self.session.unlink(database.id);
            self.session.engine.change_server(|server| {
                server.databases.retain(|one| one.id != database.id);
                Ok(())
            })?;
            self.session.engine.discard(&database);
        }
        self.finish();
        Ok(())
    }

    pub(super) fn alter_database(&mut self, name: Option<&str>, change: &DatabaseChange, rollback: bool) -> Result<(), SqlError> {
        self.refuse_in_transaction("ALTER DATABASE")?;
        let server = self.session.engine.server();
        let current = self.session.database_name.clone();
        let name = name.unwrap_or(&current);
        let refused = || {
            SqlError::new(5011, format!("User does not have permission to alter database '{name}', the database does not exist, or the database is not in a state that allows access checks.")).class(14).state(9)
        };
        let database = server.database(name).cloned().ok_or_else(refused)?;
        if !self.may_alter(&database)? {
            return Err(refused());
        }
        let engine = std::sync::Arc::clone(&self.session.engine);
        let id = self.session.info.id;
        let others = if rollback {
            // The others may need it to end.
            self.session.info.stop.give_up_place();
            !engine.end_sessions(database.id, id)
        } else {
            engine.in_use(database.id, id)
        };
        let needs_alone = !matches!(
            change,
            DatabaseChange::Access(UserAccess::Multi | UserAccess::Restricted)
                | DatabaseChange::AutoClose(_)
                | DatabaseChange::Recovery(_)
                | DatabaseChange::AllowSnapshot(_)
                | DatabaseChange::Compatibility(_)
        );
        if others && database.user_access() == UserAccess::Single && !needs_alone {
            return Err(SqlError::new(
                5064,
                format!(
                    "Changes to the state or options of database '{name}' cannot be made at this time. The database is in single-user mode, and a user is currently connected to it."
                ),
            ));
        }
        if others && needs_alone {
            return Err(SqlError::new(
                5070,
                format!("Database state cannot be changed while other users are using the database '{name}'"),
            )
            .state(2));
        }
        if database.is_system() && !matches!(change, DatabaseChange::Recovery(_)) {
            return Err(SqlError::new(5058, format!("Option cannot be set in database '{name}'.")));
        }
        if let DatabaseChange::Collate(wanted) = change {
            return self.collate(&database, wanted);
        }
        if matches!(change, DatabaseChange::Online(false)) && self.session.database == database.id {
            return Err(SqlError::unsupported("Taking the current database offline"));
        }
        let renamed = self.session.engine.change_server(|server| {
            if let DatabaseChange::Rename(new) = change
                && server.database(new).is_some_and(|other| other.id != database.id)
            {
                return Err(
                    SqlError::new(1801, format!("Database '{new}' already exists. Choose a different database name.")).state(3)
                );
            }
            let entry = server.database_mut(name).ok_or_else(refused)?;
            apply(entry, change)?;
            Ok(entry.name.clone())
        })?;
        if self.session.database == database.id && self.session.database_name != renamed {
            self.session.database_name = renamed;
        }
        self.finish();
        Ok(())
    }

    /// Changes a database's collation. Columns keep their collation, and objects' names may clash under the new one; so only
    /// a database without tables is supported.
    fn collate(&mut self, database: &Database, wanted: &str) -> Result<(), SqlError> {
        let collation = collation::canonical_name(wanted)
            .ok_or_else(|| SqlError::new(448, format!("Invalid collation '{wanted}'.")).state(3))?;
        let link = self.session.link(database)?;
        let mut catalog = Catalog::clone(&*link.store.catalog(&link.connection)?);
        if !catalog.tables.is_empty() {
            return Err(SqlError::unsupported("ALTER DATABASE … COLLATE of a database with tables"));
        }
        catalog.collation.clone_from(&collation);
        store::save(&link.connection, &catalog)?;
        self.session.engine.change_server(|server| {
            if let Some(entry) = server.database_mut(&database.name) {
                entry.collation.clone_from(&collation);
            }
            Ok(())
        })?;
        self.finish();
        Ok(())
    }

    /// Changes the current database's catalog in one write.
    pub(super) fn change_catalog(&mut self, change: impl FnOnce(&mut Catalog) -> Result<(), SqlError>) -> Result<(), SqlError> {
        let context = self.session.context()?;
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            change(&mut catalog)?;
            store::save(session.connection(&context)?, &catalog)
        })
    }
}

fn apply(database: &mut Database, change: &DatabaseChange) -> Result<(), SqlError> {
    match change {
        DatabaseChange::ReadOnly(on) => database.read_only = *on,
        DatabaseChange::Access(access) => {
            database.access = match access {
                UserAccess::Multi => 0,
                UserAccess::Single => 1,
                UserAccess::Restricted => 2,
            };
        }
        DatabaseChange::Online(on) => database.offline = !on,
        DatabaseChange::ReadCommittedSnapshot(on) => database.read_committed_snapshot = *on,
        DatabaseChange::AllowSnapshot(on) => database.snapshot = *on,
        DatabaseChange::AutoClose(on) => database.auto_close = *on,
        DatabaseChange::Compatibility(level) => {
            if ![100, 110, 120, 130, 140, 150, 160].contains(level) {
                return Err(SqlError::new(
                    15048,
                    "Valid values of the database compatibility level are 100, 110, 120, 130, 140, 150, or 160.",
                ));
            }
            database.compatibility = *level;
        }
        DatabaseChange::Recovery(model) => database.recovery.clone_from(model),
        DatabaseChange::Rename(name) => database.name.clone_from(name),
        DatabaseChange::Collate(_) => {}
    }
    Ok(())
}

impl Execution<'_> {
    pub(super) fn create_schema(&mut self, name: &str, owner: Option<&str>) -> Result<(), SqlError> {
        let context = self.session.context()?;
        if !context.user.is_permitted(&context.catalog, "CREATE SCHEMA", PermissionScope::Database) {
            let text = format!("CREATE SCHEMA permission denied in database '{}'.", context.database.name);
            return Err(SqlError::new(262, text).class(14));
        }
        if context.catalog.schema(name).is_some() {
            return Err(error::name_taken(name));
        }
        let owner = match owner {
            None => context.user.id,
            Some(owner) => {
                context.catalog.principal(owner).map(|one| one.id).ok_or_else(|| error::cannot_find("find", "user", owner))?
            }
        };
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            let id = catalog.new_schema();
            catalog.schemas.push(Schema { id, name: name.to_owned(), owner });
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.finish();
        Ok(())
    }

    pub(super) fn drop_schema(&mut self, name: &str, if_exists: bool) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let schema = context
            .catalog
            .schema(name)
            .filter(|schema| context.user.is_permitted(&context.catalog, "CONTROL", PermissionScope::Schema(schema.id)));
        let Some(schema) = schema.cloned() else {
            return if if_exists { Ok(()) } else { Err(error::cannot_find("drop", "schema", name)) };
        };
        if schema.id <= 4 {
            return Err(SqlError::new(15150, format!("Cannot drop the schema '{name}'.")));
        }
        if let Some(table) = context.catalog.tables.iter().find(|table| table.schema == schema.id) {
            return Err(SqlError::new(
                3729,
                format!("Cannot drop schema '{name}' because it is being referenced by object '{}'.", table.name),
            ));
        }
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            catalog.schemas.retain(|one| one.id != schema.id);
            catalog.permissions.retain(|one| one.class != 3 || one.major != schema.id);
            store::save(session.connection(&context)?, &catalog)
        })?;
        self.finish();
        Ok(())
    }
}
