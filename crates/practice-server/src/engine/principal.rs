//! Database users and their permissions.

use super::catalog::{Catalog, DBO, GUEST, PUBLIC, PermissionEntry, Table};
use super::server::{Account, Database};

/// The user of a login in a database, with all its roles, by principal id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUser {
    pub(crate) id: i64,
    pub(crate) principals: Vec<i64>,
}

/// What a permission applies to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PermissionScope<'a> {
    Database,
    Schema(i64),
    Table(&'a Table),
}

impl DatabaseUser {
    /// Finds the user that a login has in a database; `None` if it has no access.
    pub(crate) fn find(catalog: &Catalog, database: &Database, account: &Account) -> Option<Self> {
        if account.is_sysadmin() || database.owner.eq_ignore_ascii_case(&account.name) {
            return Some(Self { id: DBO, principals: vec![DBO, PUBLIC, 16384] });
        }
        let user =
            catalog.principals.iter().find(|principal| !principal.role && principal.sid.as_deref() == Some(account.sid.as_str()));
        let user = match user {
            Some(user) => user.id,
            // In master, tempdb and msdb every login is at least a guest.
            None if [1, 2, 4].contains(&database.id) => GUEST,
            None => return None,
        };
        Some(Self::with_roles(catalog, user))
    }

    /// Returns a user with its roles, and the roles of those.
    pub(crate) fn with_roles(catalog: &Catalog, user: i64) -> Self {
        let mut all = vec![user, PUBLIC];
        let mut at = 0;
        while at < all.len() {
            let member = all[at];
            for role in &catalog.principals {
                if role.members.contains(&member) && !all.contains(&role.id) {
                    all.push(role.id);
                }
            }
            at += 1;
        }
        Self { id: user, principals: all }
    }

    pub(crate) fn is_dbo(&self) -> bool {
        self.id == DBO
    }

    /// Returns whether the user is a member of a database role; `None` if there is no such role.
    pub(crate) fn is_member(&self, catalog: &Catalog, role: &str) -> Option<bool> {
        let role = catalog.principal(role).filter(|role| role.role)?;
        Some(self.principals.contains(&role.id) || (self.is_dbo() && role.id == 16384))
    }

    fn has_role(&self, id: i64) -> bool {
        self.principals.contains(&id)
    }

    /// Returns whether a permission is effective.
    pub(crate) fn is_permitted(&self, catalog: &Catalog, permission: &str, scope: PermissionScope<'_>) -> bool {
        if self.is_dbo() {
            return true;
        }
        let covering = covering(permission);
        let applies = |granted: &&PermissionEntry| {
            self.principals.contains(&granted.grantee)
                && match (granted.class, scope) {
                    (0, _) => {
                        granted.name == permission
                            || covering.contains(&granted.name.as_str())
                            || (!matches!(scope, PermissionScope::Database)
                                && granted.name == "ALTER ANY SCHEMA"
                                && permission == "ALTER")
                    }
                    (3, PermissionScope::Schema(schema)) => {
                        granted.major == schema && (granted.name == permission || covering.contains(&granted.name.as_str()))
                    }
                    (3, PermissionScope::Table(table)) => {
                        granted.major == table.schema && (granted.name == permission || covering.contains(&granted.name.as_str()))
                    }
                    (1, PermissionScope::Table(table)) => {
                        granted.major == table.id && (granted.name == permission || covering.contains(&granted.name.as_str()))
                    }
                    _ => false,
                }
        };
        let mut found = catalog.permissions.iter().filter(applies).peekable();
        let granted = found.peek().is_some();
        if found.any(|one| one.deny) {
            return false;
        }
        if self.denied_by_role(permission) {
            return false;
        }
        granted || self.has_role(16384) || self.granted_by_role(permission, scope) || self.owns(catalog, scope)
    }

    fn denied_by_role(&self, permission: &str) -> bool {
        (permission == "SELECT" && self.has_role(16392))
            || (["INSERT", "UPDATE", "DELETE"].contains(&permission) && self.has_role(16393))
    }

    fn granted_by_role(&self, permission: &str, scope: PermissionScope<'_>) -> bool {
        let database = matches!(scope, PermissionScope::Database);
        let reader = self.has_role(16390) && permission == "SELECT";
        let writer = self.has_role(16391) && ["INSERT", "UPDATE", "DELETE"].contains(&permission);
        let ddl = self.has_role(16387)
            && (permission.starts_with("CREATE ") && !["CREATE ROLE", "CREATE DATABASE"].contains(&permission)
                || permission == "ALTER ANY SCHEMA"
                || permission == "REFERENCES"
                || (permission == "ALTER" && !database));
        let security =
            self.has_role(16386) && ["ALTER ANY ROLE", "CREATE ROLE", "CREATE SCHEMA", "VIEW DEFINITION"].contains(&permission);
        let access = self.has_role(16385) && ["ALTER ANY USER", "CREATE SCHEMA", "CONNECT"].contains(&permission);
        let connect = permission == "CONNECT" && database;
        reader || writer || ddl || security || access || connect
    }

    fn owns(&self, catalog: &Catalog, scope: PermissionScope<'_>) -> bool {
        let schema = match scope {
            PermissionScope::Database => return false,
            PermissionScope::Schema(schema) => schema,
            PermissionScope::Table(table) => table.schema,
        };
        catalog.schemas.iter().any(|one| one.id == schema && self.principals.contains(&one.owner))
    }

    /// Returns whether the user has any permission on a table; otherwise its name is hidden.
    pub(crate) fn can_see(&self, catalog: &Catalog, table: &Table) -> bool {
        self.is_dbo()
            || ["SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "REFERENCES", "VIEW DEFINITION", "CONTROL"]
                .iter()
                .any(|permission| self.is_permitted(catalog, permission, PermissionScope::Table(table)))
    }
}

/// Returns the permissions that imply another.
fn covering(permission: &str) -> &'static [&'static str] {
    match permission {
        "CONTROL" => &[],
        "CREATE TABLE" | "CREATE VIEW" | "CREATE PROCEDURE" | "CREATE SCHEMA" | "ALTER ANY SCHEMA" | "ALTER ANY USER"
        | "ALTER ANY ROLE" | "CREATE ROLE" => &["CONTROL", "ALTER"],
        "VIEW DEFINITION" => &["CONTROL", "ALTER", "TAKE OWNERSHIP"],
        _ => &["CONTROL"],
    }
}

/// Returns whether a login has a permission of the server.
pub(crate) fn has_server_permission(account: &Account, permission: &str) -> bool {
    if account.is_sysadmin() {
        return true;
    }
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    if has(&account.denied, permission) {
        return false;
    }
    let by_role = match permission {
        "CREATE ANY DATABASE" | "ALTER ANY DATABASE" => account.has_role("dbcreator"),
        "ALTER ANY LOGIN" | "VIEW ANY DEFINITION" => account.has_role("securityadmin"),
        "VIEW ANY DATABASE" | "CONNECT SQL" => true,
        "VIEW SERVER STATE" | "ALTER SERVER STATE" => account.has_role("serveradmin") || account.has_role("processadmin"),
        _ => false,
    };
    let implied = permission == "CREATE ANY DATABASE" && has(&account.granted, "ALTER ANY DATABASE");
    by_role || implied || has(&account.granted, permission) || has(&account.granted, "CONTROL SERVER")
}

/// The permissions of the server that the practice server knows.
const SERVER_PERMISSIONS: &[&str] = &[
    "CREATE ANY DATABASE",
    "ALTER ANY DATABASE",
    "VIEW ANY DATABASE",
    "VIEW SERVER STATE",
    "ALTER ANY LOGIN",
    "CONTROL SERVER",
    "CONNECT SQL",
    "VIEW ANY DEFINITION",
    "ALTER SERVER STATE",
    "ALTER SETTINGS",
    "SHUTDOWN",
    "VIEW SERVER PERFORMANCE STATE",
    "VIEW SERVER SECURITY STATE",
    "ALTER ANY CONNECTION",
    "ADMINISTER BULK OPERATIONS",
];

/// The permissions of a database that the practice server knows.
const DATABASE_PERMISSIONS: &[&str] = &[
    "CREATE TABLE",
    "CREATE SCHEMA",
    "CREATE VIEW",
    "CREATE PROCEDURE",
    "CREATE FUNCTION",
    "CREATE ROLE",
    "ALTER",
    "CONTROL",
    "CONNECT",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "EXECUTE",
    "REFERENCES",
    "ALTER ANY SCHEMA",
    "ALTER ANY USER",
    "ALTER ANY ROLE",
    "BACKUP DATABASE",
    "BACKUP LOG",
    "VIEW DEFINITION",
    "VIEW DATABASE STATE",
    "TAKE OWNERSHIP",
    "CREATE TYPE",
    "CREATE SYNONYM",
    "CREATE DEFAULT",
    "CREATE RULE",
    "ALTER ANY DATABASE SCOPED CONFIGURATION",
];

/// The permissions of an object that the practice server knows.
pub(crate) const OBJECT_PERMISSIONS: &[&str] =
    &["SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "ALTER", "CONTROL", "EXECUTE", "VIEW DEFINITION", "TAKE OWNERSHIP"];

/// Returns whether the practice server knows a permission of the server.
pub(crate) fn is_server_permission(permission: &str) -> bool {
    SERVER_PERMISSIONS.contains(&permission)
}

/// Returns whether the practice server knows a permission of a database, or (`object`) of a schema or an object.
pub(crate) fn is_database_permission(permission: &str, object: bool) -> bool {
    if object { OBJECT_PERMISSIONS.contains(&permission) } else { DATABASE_PERMISSIONS.contains(&permission) }
}
