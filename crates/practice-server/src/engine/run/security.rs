//! Logins, server roles and owners.

use super::super::fault::{self, Fault};
use super::super::principal::{On, server_permission};
use super::super::server::SERVER_ROLES;
use super::Run;
use crate::tsql::statement::{LoginChange, Security};

impl Run<'_> {
    pub(super) fn security(&mut self, security: &Security) -> Result<(), Fault> {
        match security {
            Security::CreateLogin { name, password, database } => self.create_login(name, password, database.as_deref())?,
            Security::AlterLogin { name, change } => self.alter_login(name, change)?,
            Security::DropLogin(name) => self.drop_login(name)?,
            Security::ServerRole { role, member, add } => self.server_role(role, member, *add)?,
            Security::CreateUser { name, login, without_login, schema } => {
                self.create_user(name, login.as_deref(), *without_login, schema.as_deref())?;
            }
            Security::UserSchema { name, schema } => self.user_schema(name, schema)?,
            Security::DropUser { name, if_exists } => self.drop_user(name, *if_exists)?,
            Security::CreateRole(name) => self.create_role(name)?,
            Security::DropRole { name, if_exists } => self.drop_role(name, *if_exists)?,
            Security::Role { role, member, add } => self.role(role, member, *add)?,
            Security::Permission { effect, permissions, on, to } => self.permission(*effect, permissions, on, to)?,
            Security::OwnDatabase { database, owner } => self.own_database(database, owner)?,
            Security::OwnSchema { schema, owner } => self.own_schema(schema, owner)?,
        }
        self.done();
        Ok(())
    }

    /// Logins live outside the databases' transactions here, so a transaction could not undo the change.
    pub(super) fn outside_transactions(&self, what: &str) -> Result<(), Fault> {
        if self.session.nesting > 0 {
            return Err(Fault::unsupported(format!("{what} within a transaction")));
        }
        Ok(())
    }

    pub(super) fn may_server(&mut self, permission: &str) -> Result<bool, Fault> {
        let context = self.session.context()?;
        Ok(server_permission(&context.account, permission))
    }

    fn create_login(&mut self, name: &str, password: &str, database: Option<&str>) -> Result<(), Fault> {
        self.outside_transactions("CREATE LOGIN")?;
        if !self.may_server("ALTER ANY LOGIN")? {
            return Err(fault::no_permission());
        }
        let now = self.session.engine.now();
        self.session.engine.change_server(|server| {
            if server.account(name).is_some() || SERVER_ROLES.iter().any(|(role, _)| role.eq_ignore_ascii_case(name)) {
                return Err(Fault::new(15025, format!("The server principal '{name}' already exists.")));
            }
            let home = match database {
                None => "master".to_owned(),
                Some(wanted) => {
                    let found = server.database(wanted).map(|database| database.name.clone());
                    found.ok_or_else(|| Fault::new(15010, format!("The database '{wanted}' does not exist. Supply a valid database name. To see available databases, use sys.databases.")))?
                }
            };
            server.add_account(name, password, now).database = home;
            Ok(())
        })
    }

    fn alter_login(&mut self, name: &str, change: &LoginChange) -> Result<(), Fault> {
        self.outside_transactions("ALTER LOGIN")?;
        if !self.may_server("ALTER ANY LOGIN")? {
            return Err(fault::cannot_find("alter", "login", name));
        }
        self.session.engine.change_server(|server| {
            if let LoginChange::DefaultDatabase(database) = change
                && server.database(database).is_none()
            {
                return Err(Fault::new(15010, format!("The database '{database}' does not exist. Supply a valid database name. To see available databases, use sys.databases.")));
            }
            if let LoginChange::Rename(new) = change
                && server.account(new).is_some()
            {
                return Err(Fault::new(15025, format!("The server principal '{new}' already exists.")));
            }
            let account = server.account_mut(name).ok_or_else(|| fault::cannot_find("alter", "login", name))?;
            match change {
                LoginChange::Enable(on) => account.disabled = !on,
                LoginChange::Password(password) => account.set_password(password),
                LoginChange::DefaultDatabase(database) => account.database.clone_from(database),
                LoginChange::Rename(new) => account.name.clone_from(new),
            }
            Ok(())
        })
    }

    fn drop_login(&mut self, name: &str) -> Result<(), Fault> {
        self.outside_transactions("DROP LOGIN")?;
        let may = self.may_server("ALTER ANY LOGIN")?;
        let busy = self.session.engine.sessions().iter().any(|(facts, _)| facts.login.eq_ignore_ascii_case(name));
        self.session.engine.change_server(|server| {
            let account = server.account(name).filter(|_| may).ok_or_else(|| fault::cannot_find("drop", "login", name))?.clone();
            if busy {
                return Err(Fault::new(15434, format!("Could not drop login '{name}' as the user is currently logged in.")));
            }
            if let Some(owned) = server.databases.iter().find(|database| database.owner.eq_ignore_ascii_case(&account.name)) {
                let _ = owned;
                return Err(Fault::new(15174, format!("Login '{name}' owns one or more database(s). Change the owner of the database(s) before dropping the login.")));
            }
            server.accounts.retain(|one| one.id != account.id);
            Ok(())
        })
    }

    fn server_role(&mut self, role: &str, member: &str, add: bool) -> Result<(), Fault> {
        self.outside_transactions("ALTER SERVER ROLE")?;
        let context = self.session.context()?;
        let known = SERVER_ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(role) && *name != "public");
        let may = context.account.sysadmin() || context.account.is(role);
        let (role, _) = known.filter(|_| may).ok_or_else(|| fault::cannot_find("alter", "server role", role))?;
        self.session.engine.change_server(|server| {
            let account = server
                .account_mut(member)
                .ok_or_else(|| fault::cannot_find(if add { "add" } else { "drop" }, "principal", member))?;
            account.roles.retain(|one| !one.eq_ignore_ascii_case(role));
            if add {
                account.roles.push((*role).to_owned());
            }
            Ok(())
        })
    }

    fn own_database(&mut self, name: &str, owner: &str) -> Result<(), Fault> {
        self.outside_transactions("ALTER AUTHORIZATION")?;
        let context = self.session.context()?;
        let missing = || fault::cannot_find("find", "database", name);
        let database = context.server.database(name).ok_or_else(missing)?;
        let access = context.user_in(database)?;
        let may = context.account.sysadmin()
            || access.is_some_and(|(catalog, who)| {
                who.may(&catalog, "TAKE OWNERSHIP", On::Database) && context.account.name.eq_ignore_ascii_case(owner)
            });
        if !may {
            return Err(missing());
        }
        let account = context.server.account(owner).ok_or_else(|| fault::cannot_find("find", "principal", owner))?;
        let catalog = context.engine.store(database)?.committed()?;
        if catalog.principals.iter().any(|user| user.sid.as_deref() == Some(account.sid.as_str())) {
            return Err(Fault::new(15110, "The proposed new database owner is already a user or aliased in the database."));
        }
        let new = account.name.clone();
        self.session.engine.change_server(|server| {
            server.database_mut(name).ok_or_else(missing)?.owner = new;
            Ok(())
        })
    }

    fn own_schema(&mut self, name: &str, owner: &str) -> Result<(), Fault> {
        let context = self.session.context()?;
        let missing = || fault::cannot_find("find", "schema", name);
        let schema = context.catalog.schema(name).map(|schema| schema.id).ok_or_else(missing)?;
        if !context.who.may(&context.catalog, "CONTROL", On::Schema(schema)) {
            return Err(missing());
        }
        let owner =
            context.catalog.principal(owner).map(|one| one.id).ok_or_else(|| fault::cannot_find("find", "principal", owner))?;
        self.change_catalog(|catalog| {
            if let Some(schema) = catalog.schemas.iter_mut().find(|one| one.id == schema) {
                schema.owner = owner;
            }
            Ok(())
        })
    }
}
