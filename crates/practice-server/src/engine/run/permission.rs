//! `GRANT`, `DENY` and `REVOKE`.

use super::super::catalog::Granted;
use super::super::context::Context;
use super::super::fault::{self, Fault};
use super::super::principal::{On, known_to_database, known_to_server};
use super::Run;
use crate::tsql::statement::{Effect, Permission, Securable};

impl Run<'_> {
    pub(super) fn permission(
        &mut self,
        effect: Effect,
        permissions: &[Permission],
        on: &Securable,
        to: &[String],
    ) -> Result<(), Fault> {
        let server = *on == Securable::Here && permissions.iter().all(|one| known_to_server(&one.name));
        if server {
            return self.server_grant(effect, permissions, to);
        }
        let context = self.session.context()?;
        let (class, major) = securable(&context, on)?;
        let may = match class {
            0 => context.who.may(&context.catalog, "CONTROL", On::Database),
            3 => context.who.may(&context.catalog, "CONTROL", On::Schema(major)),
            _ => context
                .catalog
                .table_by_id(major)
                .is_some_and(|table| context.who.may(&context.catalog, "CONTROL", On::Table(table))),
        };
        if !may && context.who.member(&context.catalog, "db_securityadmin") != Some(true) {
            return Err(fault::cannot_find("find", "object", named(on)));
        }
        let mut names = Vec::new();
        for one in permissions {
            if one.name == "ALL" {
                return Err(Fault::unsupported("GRANT ALL"));
            }
            if !known_to_database(&one.name, class != 0) {
                return Err(Fault::unsupported(format!("The permission {}", one.name)));
            }
            names.push(one.name.clone());
        }
        let mut grantees = Vec::new();
        for name in to {
            let principal = context.catalog.principal(name).ok_or_else(|| fault::cannot_find("find", "user", name))?;
            if principal.id == 1 || principal.id == context.who.user || (principal.fixed && principal.role && principal.id != 0) {
                return Err(Fault::new(
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
                    if effect != Effect::Revoke {
                        let deny = effect == Effect::Deny;
                        catalog.permissions.push(Granted { grantee, class, major, name: name.clone(), deny });
                    }
                }
            }
            Ok(())
        })
    }

    fn server_grant(&mut self, effect: Effect, permissions: &[Permission], to: &[String]) -> Result<(), Fault> {
        self.outside_transactions("Granting a permission of the server")?;
        if !self.may_server("CONTROL SERVER")? {
            return Err(Fault::new(4613, "Grantor does not have GRANT permission."));
        }
        if self.session.database != 1 {
            return Err(Fault::new(
                4621,
                "Permissions at the server scope can only be granted when the current database is master",
            )
            .state(10));
        }
        self.session.engine.change_server(|server| {
            for name in to {
                let account = server.account_mut(name).ok_or_else(|| fault::cannot_find("find", "login", name))?;
                for one in permissions {
                    account.granted.retain(|known| *known != one.name);
                    account.denied.retain(|known| *known != one.name);
                    match effect {
                        Effect::Grant => account.granted.push(one.name.clone()),
                        Effect::Deny => account.denied.push(one.name.clone()),
                        Effect::Revoke => {}
                    }
                }
            }
            Ok(())
        })
    }
}

fn named(on: &Securable) -> String {
    match on {
        Securable::Here => "database".to_owned(),
        Securable::Database(name) | Securable::Schema(name) => name.clone(),
        Securable::Object(name) => name.object().to_owned(),
    }
}

fn securable(context: &Context, on: &Securable) -> Result<(u8, i64), Fault> {
    match on {
        Securable::Here => Ok((0, 0)),
        Securable::Database(name) => {
            if name.eq_ignore_ascii_case(&context.database.name) {
                Ok((0, 0))
            } else {
                Err(fault::cannot_find("find", "database", name))
            }
        }
        Securable::Schema(name) => {
            let schema = context.catalog.schema(name).map(|schema| schema.id);
            schema.map(|schema| (3, schema)).ok_or_else(|| fault::cannot_find("find", "schema", name))
        }
        Securable::Object(name) => {
            let table = context.visible_table(name).map(|table| table.id);
            table.map(|table| (1, table)).ok_or_else(|| fault::cannot_find("find", "object", name.object()))
        }
    }
}
