//! Functions about roles and permissions.

use rusqlite::types::Value as Stored;

use super::super::catalog::Catalog;
use super::super::context::Context;
use super::super::error::SqlError;
use super::super::principal::{
    DatabaseUser, OBJECT_PERMISSIONS, PermissionScope, has_server_permission, is_database_permission, is_server_permission,
};
use super::super::server::SERVER_ROLES;
use super::{bit_value, text};
use crate::tsql::Name;

pub(super) fn call(context: &Context, name: &str, arguments: &[Stored]) -> Option<Result<Stored, SqlError>> {
    Some(match name {
        "has_dbaccess" => has_dbaccess(context, arguments),
        "has_perms_by_name" => has_perms_by_name(context, arguments),
        "is_srvrolemember" => Ok(is_srvrolemember(context, arguments)),
        "is_rolemember" => Ok(is_rolemember(context, arguments)),
        "is_member" => {
            Ok(text(arguments, 0).and_then(|role| context.user.is_member(&context.catalog, role)).map_or(Stored::Null, bit_value))
        }
        _ => return None,
    })
}

fn has_dbaccess(context: &Context, arguments: &[Stored]) -> Result<Stored, SqlError> {
    let Some(database) = text(arguments, 0).and_then(|name| context.server.database(name)) else {
        return Ok(Stored::Null);
    };
    if database.offline {
        return Ok(bit_value(false));
    }
    let access = context
        .user_in(database)?
        .is_some_and(|(catalog, user)| user.is_permitted(&catalog, "CONNECT", PermissionScope::Database));
    Ok(bit_value(access))
}

fn is_srvrolemember(context: &Context, arguments: &[Stored]) -> Stored {
    let Some(role) = text(arguments, 0) else {
        return Stored::Null;
    };
    if !SERVER_ROLES.iter().any(|(known, _)| known.eq_ignore_ascii_case(role)) {
        return Stored::Null;
    }
    match arguments.get(1) {
        None => bit_value(context.account.has_role(role) || context.account.is_sysadmin()),
        Some(Stored::Text(login)) => match context.server.account(login) {
            Some(account) => bit_value(account.has_role(role) || account.is_sysadmin()),
            None => Stored::Null,
        },
        Some(_) => Stored::Null,
    }
}

fn is_rolemember(context: &Context, arguments: &[Stored]) -> Stored {
    let Some(role) = text(arguments, 0) else {
        return Stored::Null;
    };
    let user = match arguments.get(1) {
        None => context.user.clone(),
        Some(Stored::Text(user)) => match context.catalog.principal(user) {
            Some(user) => DatabaseUser::with_roles(&context.catalog, user.id),
            None => return Stored::Null,
        },
        Some(_) => return Stored::Null,
    };
    user.is_member(&context.catalog, role).map_or(Stored::Null, bit_value)
}

/// Evaluates `HAS_PERMS_BY_NAME(securable, class, permission)`; `NULL` if the arguments make no sense.
fn has_perms_by_name(context: &Context, arguments: &[Stored]) -> Result<Stored, SqlError> {
    if arguments.len() > 3 {
        return Err(SqlError::unsupported("HAS_PERMS_BY_NAME with a sub-securable"));
    }
    let Some(permission) = text(arguments, 2).map(|permission| permission.trim().to_ascii_uppercase()) else {
        return Ok(Stored::Null);
    };
    let class = text(arguments, 1).map(|class| class.trim().to_ascii_uppercase());
    let securable = text(arguments, 0);
    match class.as_deref() {
        None | Some("SERVER") if securable.is_none() => Ok(server(context, &permission)),
        Some("DATABASE") => database(context, securable, &permission),
        Some("SCHEMA") => Ok(schema(context, securable, &permission)),
        Some("OBJECT") => Ok(object(context, securable, &permission)),
        Some("LOGIN" | "USER" | "ROLE") => Err(SqlError::unsupported("HAS_PERMS_BY_NAME of this class")),
        _ => Ok(Stored::Null),
    }
}

fn server(context: &Context, permission: &str) -> Stored {
    if permission == "ANY" {
        return bit_value(true);
    }
    if !is_server_permission(permission) {
        return Stored::Null;
    }
    bit_value(has_server_permission(&context.account, permission))
}

fn database(context: &Context, name: Option<&str>, permission: &str) -> Result<Stored, SqlError> {
    let database = match name {
        None => &context.database,
        Some(name) => {
            let plain = Name::read(name).map(|name| name.object().to_owned()).unwrap_or_default();
            match context.server.database(&plain) {
                Some(database) => database,
                None => return Ok(Stored::Null),
            }
        }
    };
    let Some((catalog, user)) = context.user_in(database)? else {
        return Ok(Stored::Null);
    };
    if permission == "ANY" {
        return Ok(bit_value(true));
    }
    if !is_database_permission(permission, false) {
        return Ok(Stored::Null);
    }
    Ok(bit_value(user.is_permitted(&catalog, permission, PermissionScope::Database)))
}

fn schema(context: &Context, name: Option<&str>, permission: &str) -> Stored {
    let catalog: &Catalog = &context.catalog;
    let Some(name) = name.and_then(Name::read) else {
        return Stored::Null;
    };
    let Some(schema) = catalog.schema(name.object()) else {
        return Stored::Null;
    };
    let known = is_database_permission(permission, true) || permission == "CREATE SEQUENCE";
    if permission == "ANY" {
        let any =
            OBJECT_PERMISSIONS.iter().any(|one| context.user.is_permitted(catalog, one, PermissionScope::Schema(schema.id)));
        return bit_value(any);
    }
    if known {
        bit_value(context.user.is_permitted(catalog, permission, PermissionScope::Schema(schema.id)))
    } else {
        Stored::Null
    }
}

fn object(context: &Context, name: Option<&str>, permission: &str) -> Stored {
    let Some(name) = name.and_then(Name::read) else {
        return Stored::Null;
    };
    let Some(table) = context.visible_table(&name) else {
        return Stored::Null;
    };
    if permission == "ANY" {
        return bit_value(true);
    }
    if !is_database_permission(permission, true) || permission == "EXECUTE" {
        return Stored::Null;
    }
    bit_value(context.user.is_permitted(&context.catalog, permission, PermissionScope::Table(table)))
}
