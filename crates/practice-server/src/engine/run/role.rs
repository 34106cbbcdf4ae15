//! Users and roles of a database.

use super::super::catalog::Principal;
use super::super::fault::{self, Fault};
use super::super::principal::On;
use super::Run;

impl Run<'_> {
    fn may_database(&mut self, permission: &str) -> Result<bool, Fault> {
        let context = self.session.context()?;
        Ok(context.who.may(&context.catalog, permission, On::Database))
    }

    pub(super) fn create_user(
        &mut self,
        name: &str,
        login: Option<&str>,
        without: bool,
        schema: Option<&str>,
    ) -> Result<(), Fault> {
        if !self.may_database("ALTER ANY USER")? {
            return Err(fault::no_permission());
        }
        let context = self.session.context()?;
        if context.catalog.principal(name).is_some() {
            return Err(Fault::new(15023, format!("User, group, or role '{name}' already exists in the current database.")));
        }
        let sid = if without {
            super::super::server::hex(&super::super::server::random16())
        } else {
            let wanted = login.unwrap_or(name);
            let account = context
                .server
                .account(wanted)
                .ok_or_else(|| Fault::new(15007, format!("'{wanted}' is not a valid login or you do not have permission.")))?;
            let owner = context.target.owner.eq_ignore_ascii_case(&account.name);
            if owner || context.catalog.principals.iter().any(|user| user.sid.as_deref() == Some(account.sid.as_str())) {
                return Err(Fault::new(15063, "The login already has an account under a different user name."));
            }
            account.sid.clone()
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

    /// `ALTER USER … WITH DEFAULT_SCHEMA`. The schema need not exist, as in SQL Server.
    pub(super) fn user_schema(&mut self, name: &str, schema: &str) -> Result<(), Fault> {
        let may = self.may_database("ALTER ANY USER")?;
        let context = self.session.context()?;
        let found = context.catalog.principal(name).filter(|one| !one.role && may).cloned();
        let Some(user) = found else { return Err(fault::cannot_find("alter", "user", name)) };
        self.change_catalog(|catalog| {
            for one in catalog.principals.iter_mut().filter(|one| one.id == user.id) {
                one.schema = Some(schema.to_owned());
            }
            Ok(())
        })
    }

    pub(super) fn drop_user(&mut self, name: &str, if_exists: bool) -> Result<(), Fault> {
        let may = self.may_database("ALTER ANY USER")?;
        self.drop_principal("user", name, if_exists, may, false)
    }

    pub(super) fn drop_role(&mut self, name: &str, if_exists: bool) -> Result<(), Fault> {
        let may = self.may_database("ALTER ANY ROLE")?;
        self.drop_principal("role", name, if_exists, may, true)
    }

    fn drop_principal(&mut self, class: &str, name: &str, if_exists: bool, may: bool, role: bool) -> Result<(), Fault> {
        let context = self.session.context()?;
        let found = context.catalog.principal(name).filter(|one| one.role == role && may).cloned();
        let Some(principal) = found else {
            return if if_exists { Ok(()) } else { Err(fault::cannot_find("drop", class, name)) };
        };
        if principal.fixed {
            return Err(Fault::new(15150, format!("Cannot drop the {class} '{name}'.")));
        }
        if context.catalog.schemas.iter().any(|schema| schema.owner == principal.id) {
            return Err(Fault::new(15138, "The database principal owns a schema in the database, and cannot be dropped."));
        }
        if !principal.members.is_empty() {
            return Err(Fault::new(15144, "The role has members. It must be empty before it can be dropped."));
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

    pub(super) fn create_role(&mut self, name: &str) -> Result<(), Fault> {
        if !self.may_database("CREATE ROLE")? {
            return Err(fault::no_permission());
        }
        let context = self.session.context()?;
        if context.catalog.principal(name).is_some() {
            return Err(Fault::new(15023, format!("User, group, or role '{name}' already exists in the current database.")));
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

    pub(super) fn role(&mut self, role: &str, member: &str, add: bool) -> Result<(), Fault> {
        let context = self.session.context()?;
        let catalog = &context.catalog;
        let found = catalog.principal(role).filter(|one| one.role && one.id != 0);
        // Only db_owner changes the members of fixed roles.
        let may = match found {
            Some(role) if role.fixed => context.who.dbo() || context.who.member(catalog, "db_owner") == Some(true),
            _ => context.who.may(catalog, "ALTER ANY ROLE", On::Database),
        };
        let role = found.filter(|_| may).ok_or_else(|| fault::cannot_find("alter", "role", role))?.id;
        let verb = if add { "add" } else { "drop" };
        let member = catalog
            .principal(member)
            .filter(|one| one.id != role)
            .ok_or_else(|| fault::cannot_find(verb, "principal", member))?;
        if member.id == 1 {
            return Err(Fault::new(15405, format!("Cannot use the special principal '{}'.", member.name)));
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
