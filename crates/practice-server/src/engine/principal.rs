//! Who a session is in a database, and what it may do there.

use super::catalog::{Catalog, DBO, GUEST, Granted, PUBLIC, Table};
use super::server::{Account, Database};

/// A login in a database: its user and all roles, by principal id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) user: i64,
    pub(crate) all: Vec<i64>,
}

/// What a permission is wanted on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum On<'a> {
    Database,
    Schema(i64),
    Table(&'a Table),
}

impl Who {
    /// The user that a login is in a database; `None` when it has none there.
    pub(crate) fn find(catalog: &Catalog, database: &Database, account: &Account) -> Option<Self> {
        if account.sysadmin() || database.owner.eq_ignore_ascii_case(&account.name) {
            return Some(Self { user: DBO, all: vec![DBO, PUBLIC, 16384] });
        }
        let user =
            catalog.principals.iter().find(|principal| !principal.role && principal.sid.as_deref() == Some(account.sid.as_str()));
        let user = match user {
            Some(user) => user.id,
            // In master, tempdb and msdb everybody is at least a guest.
            None if [1, 2, 4].contains(&database.id) => GUEST,
            None => return None,
        };
        Some(Self::of(catalog, user))
    }

    /// A user with its roles, and their roles.
    pub(crate) fn of(catalog: &Catalog, user: i64) -> Self {
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
        Self { user, all }
    }

    pub(crate) fn dbo(&self) -> bool {
        self.user == DBO
    }

    /// Member of a database role, by name; `None` when there is no such role.
    pub(crate) fn member(&self, catalog: &Catalog, role: &str) -> Option<bool> {
        let role = catalog.principal(role).filter(|role| role.role)?;
        Some(self.all.contains(&role.id) || (self.dbo() && role.id == 16384))
    }

    fn role(&self, id: i64) -> bool {
        self.all.contains(&id)
    }

    /// Whether a permission is effective.
    pub(crate) fn may(&self, catalog: &Catalog, permission: &str, on: On<'_>) -> bool {
        if self.dbo() {
            return true;
        }
        let covering = covering(permission);
        let applies = |granted: &&Granted| {
            self.all.contains(&granted.grantee)
                && match (granted.class, on) {
                    (0, _) => {
                        granted.name == permission
                            || covering.contains(&granted.name.as_str())
                            || (!matches!(on, On::Database) && granted.name == "ALTER ANY SCHEMA" && permission == "ALTER")
                    }
                    (3, On::Schema(schema)) => {
                        granted.major == schema && (granted.name == permission || covering.contains(&granted.name.as_str()))
                    }
                    (3, On::Table(table)) => {
                        granted.major == table.schema && (granted.name == permission || covering.contains(&granted.name.as_str()))
                    }
                    (1, On::Table(table)) => {
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
        if self.refused_by_role(permission) {
            return false;
        }
        granted || self.role(16384) || self.by_role(permission, on) || self.owns(catalog, on)
    }

    fn refused_by_role(&self, permission: &str) -> bool {
        (permission == "SELECT" && self.role(16392)) || (["INSERT", "UPDATE", "DELETE"].contains(&permission) && self.role(16393))
    }

    fn by_role(&self, permission: &str, on: On<'_>) -> bool {
        let database = matches!(on, On::Database);
        let reader = self.role(16390) && permission == "SELECT";
        let writer = self.role(16391) && ["INSERT", "UPDATE", "DELETE"].contains(&permission);
        let ddl = self.role(16387)
            && (permission.starts_with("CREATE ") && !["CREATE ROLE", "CREATE DATABASE"].contains(&permission)
                || permission == "ALTER ANY SCHEMA"
                || permission == "REFERENCES"
                || (permission == "ALTER" && !database));
        let security =
            self.role(16386) && ["ALTER ANY ROLE", "CREATE ROLE", "CREATE SCHEMA", "VIEW DEFINITION"].contains(&permission);
        let access = self.role(16385) && ["ALTER ANY USER", "CREATE SCHEMA", "CONNECT"].contains(&permission);
        let connect = permission == "CONNECT" && database;
        reader || writer || ddl || security || access || connect
    }

    fn owns(&self, catalog: &Catalog, on: On<'_>) -> bool {
        let schema = match on {
            On::Database => return false,
            On::Schema(schema) => schema,
            On::Table(table) => table.schema,
        };
        catalog.schemas.iter().any(|one| one.id == schema && self.all.contains(&one.owner))
    }

    /// Whether anything at all is allowed on a table: only then its name is shown.
    pub(crate) fn sees(&self, catalog: &Catalog, table: &Table) -> bool {
        self.dbo()
            || ["SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "REFERENCES", "VIEW DEFINITION", "CONTROL"]
                .iter()
                .any(|permission| self.may(catalog, permission, On::Table(table)))
    }
}

/// The permissions that imply another.
fn covering(permission: &str) -> &'static [&'static str] {
    match permission {
        "CONTROL" => &[],
        "CREATE TABLE" | "CREATE VIEW" | "CREATE PROCEDURE" | "CREATE SCHEMA" | "ALTER ANY SCHEMA" | "ALTER ANY USER"
        | "ALTER ANY ROLE" | "CREATE ROLE" => &["CONTROL", "ALTER"],
        "VIEW DEFINITION" => &["CONTROL", "ALTER", "TAKE OWNERSHIP"],
        _ => &["CONTROL"],
    }
}

/// A permission of the server.
pub(crate) fn server_permission(account: &Account, permission: &str) -> bool {
    if account.sysadmin() {
        return true;
    }
    let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
    if has(&account.denied, permission) {
        return false;
    }
    let by_role = match permission {
        "CREATE ANY DATABASE" | "ALTER ANY DATABASE" => account.is("dbcreator"),
        "ALTER ANY LOGIN" | "VIEW ANY DEFINITION" => account.is("securityadmin"),
        "VIEW ANY DATABASE" | "CONNECT SQL" => true,
        "VIEW SERVER STATE" | "ALTER SERVER STATE" => account.is("serveradmin") || account.is("processadmin"),
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

/// Whether the practice server knows a permission of the server.
pub(crate) fn known_to_server(permission: &str) -> bool {
    SERVER_PERMISSIONS.contains(&permission)
}

/// Whether the practice server knows a permission of a database, a schema or an object.
pub(crate) fn known_to_database(permission: &str, object: bool) -> bool {
    if object { OBJECT_PERMISSIONS.contains(&permission) } else { DATABASE_PERMISSIONS.contains(&permission) }
}
