//! `CREATE`, `ALTER` and `DROP DATABASE`.

use super::super::catalog::Catalog;
use super::super::collation;
use super::super::fault::Fault;
use super::super::principal::{On, server_permission};
use super::super::server::Database;
use super::super::store;
use super::Run;
use super::dynamic::no_database;
use crate::tsql::statement::{Access, DatabaseChange};

impl Run<'_> {
    fn alone(&self, statement: &str) -> Result<(), Fault> {
        if self.session.nesting > 0 {
            return Err(
                Fault::new(226, format!("{statement} statement not allowed within multi-statement transaction.")).state(6)
            );
        }
        Ok(())
    }

    pub(super) fn create_database(&mut self, name: &str, collation_name: Option<&str>) -> Result<(), Fault> {
        self.alone("CREATE DATABASE")?;
        let context = self.session.context()?;
        if !server_permission(&context.account, "CREATE ANY DATABASE") {
            return Err(Fault::new(262, "CREATE DATABASE permission denied in database 'master'.").class(14));
        }
        let collation = match collation_name {
            None => collation::SERVER.to_owned(),
            Some(wanted) => {
                collation::known(wanted).ok_or_else(|| Fault::new(448, format!("Invalid collation '{wanted}'.")).state(3))?
            }
        };
        let engine = std::sync::Arc::clone(&self.session.engine);
        let created = engine.change_server(|server| {
            if server.database(name).is_some() {
                return Err(
                    Fault::new(1801, format!("Database '{name}' already exists. Choose a different database name.")).state(3)
                );
            }
            let id = server.add_database(name, &collation, &context.account.name, context.now);
            server.database_by_id(id).cloned().ok_or_else(|| no_database(name))
        })?;
        engine.store(&created)?;
        self.done();
        Ok(())
    }

    /// Who owns a database, or may alter any.
    fn may_alter(&mut self, database: &Database) -> Result<bool, Fault> {
        let context = self.session.context()?;
        if server_permission(&context.account, "ALTER ANY DATABASE") {
            return Ok(true);
        }
        let access = context.user_in(database)?;
        Ok(access.is_some_and(|(catalog, who)| who.may(&catalog, "ALTER", On::Database)))
    }

    pub(super) fn drop_databases(&mut self, names: &[String], if_exists: bool) -> Result<(), Fault> {
        self.alone("DROP DATABASE")?;
        for name in names {
            let server = self.session.engine.server();
            let missing = || {
                Fault::new(
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
            if database.system() {
                return Err(Fault::new(3708, format!("Cannot drop the database '{name}' because it is a system database.")));
            }
            if !self.may_alter(&database)? {
                return Err(missing());
            }
            if self.session.database == database.id || self.session.engine.in_use(database.id, self.session.facts.id) {
                return Err(Fault::new(3702, format!("Cannot drop database \"{name}\" because it is currently in use.")).state(4));
            }
            self.session.unlink(database.id);
            self.session.engine.change_server(|server| {
                server.databases.retain(|one| one.id != database.id);
                Ok(())
            })?;
            self.session.engine.discard(&database);
        }
        self.done();
        Ok(())
    }

    pub(super) fn alter_database(&mut self, name: Option<&str>, change: &DatabaseChange) -> Result<(), Fault> {
        self.alone("ALTER DATABASE")?;
        let server = self.session.engine.server();
        let current = self.session.database_name.clone();
        let name = name.unwrap_or(&current);
        let refused = || {
            Fault::new(5011, format!("User does not have permission to alter database '{name}', the database does not exist, or the database is not in a state that allows access checks.")).class(14).state(9)
        };
        let database = server.database(name).cloned().ok_or_else(refused)?;
        if !self.may_alter(&database)? {
            return Err(refused());
        }
        let others = self.session.engine.in_use(database.id, self.session.facts.id);
        let needs_alone = !matches!(
            change,
            DatabaseChange::Access(Access::Multi | Access::Restricted)
                | DatabaseChange::AutoClose(_)
                | DatabaseChange::Recovery(_)
                | DatabaseChange::AllowSnapshot(_)
                | DatabaseChange::Compatibility(_)
        );
        if others && database.user_access() == Access::Single && !needs_alone {
            return Err(Fault::new(
                5064,
                format!(
                    "Changes to the state or options of database '{name}' cannot be made at this time. The database is in single-user mode, and a user is currently connected to it."
                ),
            ));
        }
        if others && needs_alone {
            return Err(Fault::new(
                5070,
                format!("Database state cannot be changed while other users are using the database '{name}'"),
            )
            .state(2));
        }
        if database.system() && !matches!(change, DatabaseChange::Recovery(_)) {
            return Err(Fault::new(5058, format!("Option cannot be set in database '{name}'.")));
        }
        if let DatabaseChange::Collate(wanted) = change {
            return self.collate(&database, wanted);
        }
        if matches!(change, DatabaseChange::Online(false)) && self.session.database == database.id {
            return Err(Fault::unsupported("Taking the current database offline"));
        }
        let renamed = self.session.engine.change_server(|server| {
            if let DatabaseChange::Rename(new) = change
                && server.database(new).is_some_and(|other| other.id != database.id)
            {
                return Err(
                    Fault::new(1801, format!("Database '{new}' already exists. Choose a different database name.")).state(3)
                );
            }
            let entry = server.database_mut(name).ok_or_else(refused)?;
            apply(entry, change)?;
            Ok(entry.name.clone())
        })?;
        if self.session.database == database.id && self.session.database_name != renamed {
            self.session.database_name = renamed;
        }
        self.done();
        Ok(())
    }

    /// Columns keep the collation that they have, and objects' names may clash under the new one; so only a database
    /// without tables is served.
    fn collate(&mut self, database: &Database, wanted: &str) -> Result<(), Fault> {
        let collation =
            collation::known(wanted).ok_or_else(|| Fault::new(448, format!("Invalid collation '{wanted}'.")).state(3))?;
        let link = self.session.link(database)?;
        let mut catalog = Catalog::clone(&*link.store.catalog(&link.connection)?);
        if !catalog.tables.is_empty() {
            return Err(Fault::unsupported("ALTER DATABASE … COLLATE of a database with tables"));
        }
        catalog.collation.clone_from(&collation);
        store::save(&link.connection, &catalog)?;
        self.session.engine.change_server(|server| {
            if let Some(entry) = server.database_mut(&database.name) {
                entry.collation.clone_from(&collation);
            }
            Ok(())
        })?;
        self.done();
        Ok(())
    }

    /// Changes the current database's catalogue in one write.
    pub(super) fn change_catalog(&mut self, change: impl FnOnce(&mut Catalog) -> Result<(), Fault>) -> Result<(), Fault> {
        let context = self.session.context()?;
        self.session.writing(&context, |session| {
            let mut catalog = Catalog::clone(&context.catalog);
            change(&mut catalog)?;
            store::save(session.connection(&context)?, &catalog)
        })
    }
}

fn apply(database: &mut Database, change: &DatabaseChange) -> Result<(), Fault> {
    match change {
        DatabaseChange::ReadOnly(on) => database.read_only = *on,
        DatabaseChange::Access(access) => {
            database.access = match access {
                Access::Multi => 0,
                Access::Single => 1,
                Access::Restricted => 2,
            };
        }
        DatabaseChange::Online(on) => database.offline = !on,
        DatabaseChange::ReadCommittedSnapshot(on) => database.read_committed_snapshot = *on,
        DatabaseChange::AllowSnapshot(on) => database.snapshot = *on,
        DatabaseChange::AutoClose(on) => database.auto_close = *on,
        DatabaseChange::Compatibility(level) => {
            if ![100, 110, 120, 130, 140, 150, 160].contains(level) {
                return Err(Fault::new(
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
