//! Logins, server roles and owners; users and roles of a database; `GRANT`, `DENY` and `REVOKE`.

use crate::engine::catalog::{PermissionEntry, Principal};
use crate::engine::context::Context;
use crate::engine::error::{self, SqlError};
use crate::engine::principal::{PermissionScope, has_server_permission, is_database_permission, is_server_permission};
use crate::engine::run::execution::Execution;
use crate::engine::server::SERVER_ROLES;
use crate::tsql::statement::{GrantEffect, LoginChange, PermissionName, Securable, Security};

impl Execution<'_> {
    pub(super) fn security(&mut self, security: &Security) -> Result<(), SqlError> {
        match security {
            Security::CreateLogin { name, password, database } => self.create_login(name, password, database.as_deref())?,
            Security::AlterLogin { name, change } => self.alter_login(name, change)?,
            Security::DropLogin(name) => self.drop_login(name)?,
            Security::ServerRole { role, member, add } => self.server_role(role, member, *add)?,
            Security::CreateUser { name, login, without_login, schema } => {
                self.create_user(name, login.as_deref(), *without_login, schema.as_deref())?;
            }
            Security::UserSchema { name, schema } => self.user_schema(name, schema)?,
            Security::UserLogin { name, login } => self.user_login(name, login)?,
            Security::DropUser { name, if_exists } => self.drop_user(name, *if_exists)?,
            Security::CreateRole(name) => self.create_role(name)?,
            Security::DropRole { name, if_exists } => self.drop_role(name, *if_exists)?,
            Security::Role { role, member, add } => self.role(role, member, *add)?,
            Security::Permission { effect, permissions, on, to } => self.permission(*effect, permissions, on, to)?,
            Security::OwnDatabase { database, owner } => self.own_database(database, owner)?,
            Security::OwnSchema { schema, owner } => self.own_schema(schema, owner)?,
        }
        self.finish();
        Ok(())
    }

    /// Refuses a change of logins within a transaction: logins are outside the databases' transactions here, so it could not
    /// be rolled back.
    pub(super) fn outside_transactions(&self, what: &str) -> Result<(), SqlError> {
        if self.session.nesting > 0 {
            return Err(SqlError::unsupported(format!("{what} within a transaction")));
        }
        Ok(())
    }

    pub(super) fn may_server(&mut self, permission: &str) -> Result<bool, SqlError> {
        let context = self.session.context()?;
        Ok(has_server_permission(&context.account, permission))
    }

    fn create_login(&mut self, name: &str, password: &str, database: Option<&str>) -> Result<(), SqlError> {
        self.outside_transactions("CREATE LOGIN")?;
        if !self.may_server("ALTER ANY LOGIN")? {
            return Err(error::no_permission());
        }
        let now = self.session.engine.now();
        self.session.engine.change_server(|server| {
            if server.account(name).is_some() || SERVER_ROLES.iter().any(|(role, _)| role.eq_ignore_ascii_case(name)) {
                return Err(SqlError::new(15025, format!("The server principal '{name}' already exists.")));
            }
            let home = match database {
                None => "master".to_owned(),
                Some(wanted) => {
                    let found = server.database(wanted).map(|database| database.name.clone());
                    found.ok_or_else(|| SqlError::new(15010, format!("The database '{wanted}' does not exist. Supply a valid database name. To see available databases, use sys.databases.")))?
                }
            };
            server.add_account(name, password, now).database = home;
            Ok(())
        })
    }

    fn alter_login(&mut self, name: &str, change: &LoginChange) -> Result<(), SqlError> {
        self.outside_transactions("ALTER LOGIN")?;
        if !self.may_server("ALTER ANY LOGIN")? {
            return Err(error::cannot_find("alter", "login", name));
        }
        self.session.engine.change_server(|server| {
            if let LoginChange::DefaultDatabase(database) = change
                && server.database(database).is_none()
            {
                return Err(SqlError::new(15010, format!("The database '{database}' does not exist. Supply a valid database name. To see available databases, use sys.databases.")));
            }
            if let LoginChange::Rename(new) = change
                && server.account(new).is_some()
            {
                return Err(SqlError::new(15025, format!("The server principal '{new}' already exists.")));
            }
            let account = server.account_mut(name).ok_or_else(|| error::cannot_find("alter", "login", name))?;
            match change {
                LoginChange::Enable(on) => account.disabled = !on,
                LoginChange::Password(password) => account.set_password(password),
                LoginChange::DefaultDatabase(database) => account.database.clone_from(database),
                LoginChange::Rename(new) => account.name.clone_from(new),
            }
            Ok(())
        })
    }

    fn drop_login(&mut self, name: &str) -> Result<(), SqlError> {
        self.outside_transactions("DROP LOGIN")?;
        let may = self.may_server("ALTER ANY LOGIN")?;
        let busy = self.session.engine.sessions().iter().any(|(info, _)| info.login.eq_ignore_ascii_case(name));
        self.session.engine.change_server(|server| {
            let account = server.account(name).filter(|_| may).ok_or_else(|| error::cannot_find("drop", "login", name))?.clone();
            if busy {
                return Err(SqlError::new(15434, format!("Could not drop login '{name}' as the user is currently logged in.")));
            }
            if let Some(owned) = server.databases.iter().find(|database| database.owner.eq_ignore_ascii_case(&account.name)) {
                let _ = owned;
                return Err(SqlError::new(15174, format!("Login '{name}' owns one or more database(s). Change the owner of the database(s) before dropping the login.")));
            }
            server.accounts.retain(|one| one.id != account.id);
            Ok(())
        })
    }

    fn server_role(&mut self, role: &str, member: &str, add: bool) -> Result<(), SqlError> {
        self.outside_transactions("ALTER SERVER ROLE")?;
        let context = self.session.context()?;
        let known = SERVER_ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(role) && *name != "public");
        let may = context.account.is_sysadmin() || context.account.has_role(role);
        let (role, _) = known.filter(|_| may).ok_or_else(|| error::cannot_find("alter", "server role", role))?;
        self.session.engine.change_server(|server| {
            let account = server
                .account_mut(member)
                .ok_or_else(|| error::cannot_find(if add { "add" } else { "drop" }, "principal", member))?;
            account.roles.retain(|one| !one.eq_ignore_ascii_case(role));
            if add {
                account.roles.push((*role).to_owned());
            }
            Ok(())
        })
    }

    fn own_database(&mut self, name: &str, owner: &str) -> Result<(), SqlError> {
        self.outside_transactions("ALTER AUTHORIZATION")?;
        let context = self.session.context()?;
        let missing = || error::cannot_find("find", "database", name);
        let database = context.server.database(name).ok_or_else(missing)?;
        let access = context.user_in(database)?;
        let may = context.account.is_sysadmin()
            || access.is_some_and(|(catalog, user)| {
                user.is_permitted(&catalog, "TAKE OWNERSHIP", PermissionScope::Database)
                    && context.account.name.eq_ignore_ascii_case(owner)
            });
        if !may {
            return Err(missing());
        }
        let account = context.server.account(owner).ok_or_else(|| error::cannot_find("find", "principal", owner))?;
        let catalog = context.engine.store(database)?.committed()?;
        if catalog.principals.iter().any(|user| user.sid.as_deref() == Some(account.sid.as_str())) {
            return Err(SqlError::new(15110, "The proposed new database owner is already a user or aliased in the database."));
        }
        let new = account.name.clone();
        self.session.engine.change_server(|server| {
            server.database_mut(name).ok_or_else(missing)?.owner = new;
            Ok(())
        })
    }

    fn own_schema(&mut self, name: &str, owner: &str) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let missing = || error::cannot_find("find", "schema", name);
        let schema = context.catalog.schema(name).map(|schema| schema.id).ok_or_else(missing)?;
        if !context.user.is_permitted(&context.catalog, "CONTROL", PermissionScope::Schema(schema)) {
            return Err(missing());
        }
        let owner =
            context.catalog.principal(owner).map(|one| one.id).ok_or_else(|| error::cannot_find("find", "principal", owner))?;
        self.change_catalog(|catalog| {
            if let Some(schema) = catalog.schemas.iter_mut().find(|one| one.id == schema) {
                schema.owner = owner;
            }
            Ok(())
        })
    }
}

impl Execution<'_> {
    fn may_database(&mut self, permission: &str) -> Result<bool, SqlError> {
        let context = self.session.context()?;
        Ok(context.user.is_permitted(&context.catalog, permission, PermissionScope::Database))
    }

    pub(super) fn create_user(
        &mut self,
        name: &str,
        login: Option<&str>,
        without: bool,
        schema: Option<&str>,
    ) -> Result<(), SqlError> {
        if !self.may_database("ALTER ANY USER")? {
            return Err(error::no_permission());
        }
        let context = self.session.context()?;
        if context.catalog.principal(name).is_some() {
            return Err(SqlError::new(15023, format!("User, group, or role '{name}' already exists in the current database.")));
        }
        let sid = if without {
            crate::engine::server::hex(&crate::engine::server::random_bytes())
        } else {
            let wanted = login.unwrap_or(name);
            free_sid(&context, wanted, None)?
        };
        let now = context.now;
        self.change_catalog(|catalog| {
            let id = catalog.new_principal();
            catalog.principals.push(Principal {
                id,
                name: name.to_owned(),
                role: false,
                fixed: false,
                sid: Some(sid),
                schema: Some(schema.unwrap_or("dbo").to_owned()),
                members: Vec::new(),
                created: now,
            });
            Ok(())
        })
    }

    /// Runs `ALTER USER … WITH LOGIN`, which maps a user to another login, or one that lost its login to a new one.
    pub(super) fn user_login(&mut self, name: &str, login: &str) -> Result<(), SqlError> {
        let may = self.may_database("ALTER ANY USER")?;
        let context = self.session.context()?;
        let found = context.catalog.principal(name).filter(|one| !one.role && may).cloned();
        let Some(user) = found else {
            return Err(error::cannot_find("alter", "user", name));
        };
        let sid = free_sid(&context, login, Some(user.id))?;
        self.change_catalog(|catalog| {
            for one in catalog.principals.iter_mut().filter(|one| one.id == user.id) {
                one.sid = Some(sid.clone());
            }
            Ok(())
        })
    }

    /// Runs `ALTER USER … WITH DEFAULT_SCHEMA`. The schema need not exist, as in SQL Server.
    pub(super) fn user_schema(&mut self, name: &str, schema: &str) -> Result<(), SqlError> {
        let may = self.may_database("ALTER ANY USER")?;
        let context = self.session.context()?;
        let found = context.catalog.principal(name).filter(|one| !one.role && may).cloned();
        let Some(user) = found else {
            return Err(error::cannot_find("alter", "user", name));
        };
        self.change_catalog(|catalog| {
            for one in catalog.principals.iter_mut().filter(|one| one.id == user.id) {
                one.schema = Some(schema.to_owned());
            }
            Ok(())
        })
    }

    pub(super) fn drop_user(&mut self, name: &str, if_exists: bool) -> Result<(), SqlError> {
        let may = self.may_database("ALTER ANY USER")?;
        self.drop_principal("user", name, if_exists, may, false)
    }

    pub(super) fn drop_role(&mut self, name: &str, if_exists: bool) -> Result<(), SqlError> {
        let may = self.may_database("ALTER ANY ROLE")?;
        self.drop_principal("role", name, if_exists, may, true)
    }

    fn drop_principal(&mut self, class: &str, name: &str, if_exists: bool, may: bool, role: bool) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let found = context.catalog.principal(name).filter(|one| one.role == role && may).cloned();
        let Some(principal) = found else {
            return if if_exists { Ok(()) } else { Err(error::cannot_find("drop", class, name)) };
        };
        if principal.fixed {
            return Err(SqlError::new(15150, format!("Cannot drop the {class} '{name}'.")));
        }
        if context.catalog.schemas.iter().any(|schema| schema.owner == principal.id) {
            return Err(SqlError::new(15138, "The database principal owns a schema in the database, and cannot be dropped."));
        }
        if !principal.members.is_empty() {
            return Err(SqlError::new(15144, "The role has members. It must be empty before it can be dropped."));
        }
        self.change_catalog(|catalog| {
            catalog.principals.retain(|one| one.id != principal.id);
            for role in &mut catalog.principals {
                role.members.retain(|member| *member != principal.id);
            }
            catalog.permissions.retain(|one| one.grantee != principal.id);
            Ok(())
        })
    }

    pub(super) fn create_role(&mut self, name: &str) -> Result<(), SqlError> {
        if !self.may_database("CREATE ROLE")? {
            return Err(error::no_permission());
        }
        let context = self.session.context()?;
        if context.catalog.principal(name).is_some() {
            return Err(SqlError::new(15023, format!("User, group, or role '{name}' already exists in the current database.")));
        }
        let now = context.now;
        self.change_catalog(|catalog| {
            let id = catalog.new_principal();
            catalog.principals.push(Principal {
                id,
                name: name.to_owned(),
                role: true,
                fixed: false,
                sid: None,
                schema: None,
                members: Vec::new(),
                created: now,
            });
            Ok(())
        })
    }

    pub(super) fn role(&mut self, role: &str, member: &str, add: bool) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let catalog = &context.catalog;
        let found = catalog.principal(role).filter(|one| one.role && one.id != 0);
        // Only db_owner changes the members of fixed roles.
        let may = match found {
            Some(role) if role.fixed => context.user.is_dbo() || context.user.is_member(catalog, "db_owner") == Some(true),
            _ => context.user.is_permitted(catalog, "ALTER ANY ROLE", PermissionScope::Database),
        };
        let role = found.filter(|_| may).ok_or_else(|| error::cannot_find("alter", "role", role))?.id;
        let verb = if add { "add" } else { "drop" };
        let member = catalog
            .principal(member)
            .filter(|one| one.id != role)
            .ok_or_else(|| error::cannot_find(verb, "principal", member))?;
        if member.id == 1 {
            return Err(SqlError::new(15405, format!("Cannot use the special principal '{}'.", member.name)));
        }
        let member = member.id;
        self.change_catalog(|catalog| {
            if let Some(role) = catalog.principal_mut(role) {
                role.members.retain(|one| *one != member);
                if add {
                    role.members.push(member);
                }
            }
            Ok(())
        })
    }
}

impl Execution<'_> {
    pub(super) fn permission(
        &mut self,
        effect: GrantEffect,
        permissions: &[PermissionName],
        on: &Securable,
        to: &[String],
    ) -> Result<(), SqlError> {
        let server = *on == Securable::Current && permissions.iter().all(|one| is_server_permission(&one.name));
        if server {
            return self.server_grant(effect, permissions, to);
        }
        let context = self.session.context()?;
        let (class, major) = securable(&context, on)?;
        let may = match class {
            0 => context.user.is_permitted(&context.catalog, "CONTROL", PermissionScope::Database),
            3 => context.user.is_permitted(&context.catalog, "CONTROL", PermissionScope::Schema(major)),
            _ => context
                .catalog
                .table_by_id(major)
                .is_some_and(|table| context.user.is_permitted(&context.catalog, "CONTROL", PermissionScope::Table(table))),
        };
        if !may && context.user.is_member(&context.catalog, "db_securityadmin") != Some(true) {
            return Err(error::cannot_find("find", "object", named(on)));
        }
        let mut names = Vec::new();
        for one in permissions {
            if one.name == "ALL" {
                return Err(SqlError::unsupported("GRANT ALL"));
            }
            if !is_database_permission(&one.name, class != 0) {
                return Err(SqlError::unsupported(format!("The permission {}", one.name)));
            }
            names.push(one.name.clone());
        }
        let mut grantees = Vec::new();
        for name in to {
            let principal = context.catalog.principal(name).ok_or_else(|| error::cannot_find("find", "user", name))?;
            if principal.id == 1 || principal.id == context.user.id || (principal.fixed && principal.role && principal.id != 0) {
                return Err(SqlError::new(
                    4604,
                    "Cannot grant, deny, or revoke permissions to sa, dbo, entity owner, information_schema, sys, or yourself.",
                ));
            }
            grantees.push(principal.id);
        }
        self.change_catalog(|catalog| {
            for grantee in grantees {
                for name in &names {
                    catalog
                        .permissions
                        .retain(|one| !(one.grantee == grantee && one.class == class && one.major == major && one.name == *name));
                    if effect != GrantEffect::Revoke {
                        let deny = effect == GrantEffect::Deny;
                        catalog.permissions.push(PermissionEntry { grantee, class, major, name: name.clone(), deny });
                    }
                }
            }
            Ok(())
        })
    }

    fn server_grant(&mut self, effect: GrantEffect, permissions: &[PermissionName], to: &[String]) -> Result<(), SqlError> {
        self.outside_transactions("Granting a permission of the server")?;
        if !self.may_server("CONTROL SERVER")? {
            return Err(SqlError::new(4613, "Grantor does not have GRANT permission."));
        }
        if self.session.database != 1 {
            return Err(SqlError::new(
                4621,
                "Permissions at the server scope can only be granted when the current database is master",
            )
            .state(10));
        }
        self.session.engine.change_server(|server| {
            for name in to {
                let account = server.account_mut(name).ok_or_else(|| error::cannot_find("find", "login", name))?;
                for one in permissions {
                    account.granted.retain(|known| *known != one.name);
                    account.denied.retain(|known| *known != one.name);
                    match effect {
                        GrantEffect::Grant => account.granted.push(one.name.clone()),
                        GrantEffect::Deny => account.denied.push(one.name.clone()),
                        GrantEffect::Revoke => {}
                    }
                }
            }
            Ok(())
        })
    }
}

fn named(on: &Securable) -> String {
    match on {
        Securable::Current => "database".to_owned(),
        Securable::Database(name) | Securable::Schema(name) => name.clone(),
        Securable::Object(name) => name.object().to_owned(),
    }
}

fn securable(context: &Context, on: &Securable) -> Result<(u8, i64), SqlError> {
    match on {
        Securable::Current => Ok((0, 0)),
        Securable::Database(name) => {
            if name.eq_ignore_ascii_case(&context.database.name) {
                Ok((0, 0))
            } else {
                Err(error::cannot_find("find", "database", name))
            }
        }
        Securable::Schema(name) => {
            let schema = context.catalog.schema(name).map(|schema| schema.id);
            schema.map(|schema| (3, schema)).ok_or_else(|| error::cannot_find("find", "schema", name))
        }
        Securable::Object(name) => {
            let table = context.visible_table(name).map(|table| table.id);
            table.map(|table| (1, table)).ok_or_else(|| error::cannot_find("find", "object", name.object()))
        }
    }
}

/// Returns the `SID` of a login that no other user of the database has; `own` is the user that may have it already.
fn free_sid(context: &Context, login: &str, own: Option<i64>) -> Result<String, SqlError> {
    let account = context
        .server
        .account(login)
        .ok_or_else(|| SqlError::new(15007, format!("'{login}' is not a valid login or you do not have permission.")))?;
    let has = |user: &Principal| Some(user.id) != own && user.sid.as_deref() == Some(account.sid.as_str());
    let owner = context.target.owner.eq_ignore_ascii_case(&account.name);
    if owner || context.catalog.principals.iter().any(has) {
        return Err(SqlError::new(15063, "The login already has an account under a different user name."));
    }
    Ok(account.sid.clone())
}
