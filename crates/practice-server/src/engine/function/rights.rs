//! Functions about roles and permissions.

use rusqlite::types::Value as Stored;

use super::super::catalog::Catalog;
use super::super::context::Context;
use super::super::fault::Fault;
use super::super::principal::{OBJECT_PERMISSIONS, On, Who, known_to_database, known_to_server, server_permission};
use super::super::server::SERVER_ROLES;
use super::{flag, text};
use crate::tsql::names::Name;

pub(super) fn call(context: &Context, name: &str, arguments: &[Stored]) -> Option<Result<Stored, Fault>> {
    Some(match name {
        "has_dbaccess" => has_dbaccess(context, arguments),
        "has_perms_by_name" => has_perms(context, arguments),
        "is_srvrolemember" => Ok(is_srvrolemember(context, arguments)),
        "is_rolemember" => Ok(is_rolemember(context, arguments)),
        "is_member" => {
            Ok(text(arguments, 0).and_then(|role| context.who.member(&context.catalog, role)).map_or(Stored::Null, flag))
        }
        _ => return None,
    })
}

fn has_dbaccess(context: &Context, arguments: &[Stored]) -> Result<Stored, Fault> {
    let Some(database) = text(arguments, 0).and_then(|name| context.server.database(name)) else {
        return Ok(Stored::Null);
    };
    if database.offline {
        return Ok(flag(false));
    }
    let access = context.user_in(database)?.is_some_and(|(catalog, who)| who.may(&catalog, "CONNECT", On::Database));
    Ok(flag(access))
}

fn is_srvrolemember(context: &Context, arguments: &[Stored]) -> Stored {
    let Some(role) = text(arguments, 0) else {
        return Stored::Null;
    };
    if !SERVER_ROLES.iter().any(|(known, _)| known.eq_ignore_ascii_case(role)) {
        return Stored::Null;
    }
    match arguments.get(1) {
        None => flag(context.account.is(role) || context.account.sysadmin()),
        Some(Stored::Text(login)) => match context.server.account(login) {
            Some(account) => flag(account.is(role) || account.sysadmin()),
            None => Stored::Null,
        },
        Some(_) => Stored::Null,
    }
}

fn is_rolemember(context: &Context, arguments: &[Stored]) -> Stored {
    let Some(role) = text(arguments, 0) else {
        return Stored::Null;
    };
    let who = match arguments.get(1) {
        None => context.who.clone(),
        Some(Stored::Text(user)) => match context.catalog.principal(user) {
            Some(user) => Who::of(&context.catalog, user.id),
            None => return Stored::Null,
        },
        Some(_) => return Stored::Null,
    };
    who.member(&context.catalog, role).map_or(Stored::Null, flag)
}

/// `HAS_PERMS_BY_NAME(securable, class, permission)`; `NULL` where the question makes no sense.
fn has_perms(context: &Context, arguments: &[Stored]) -> Result<Stored, Fault> {
    if arguments.len() > 3 {
        return Err(Fault::unsupported("HAS_PERMS_BY_NAME with a sub-securable"));
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
        Some("LOGIN" | "USER" | "ROLE") => Err(Fault::unsupported("HAS_PERMS_BY_NAME of this class")),
        _ => Ok(Stored::Null),
    }
}

fn server(context: &Context, permission: &str) -> Stored {
    if permission == "ANY" {
        return flag(true);
    }
    if !known_to_server(permission) {
        return Stored::Null;
    }
    flag(server_permission(&context.account, permission))
}

fn database(context: &Context, name: Option<&str>, permission: &str) -> Result<Stored, Fault> {
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
    let Some((catalog, who)) = context.user_in(database)? else {
        return Ok(Stored::Null);
    };
    if permission == "ANY" {
        return Ok(flag(true));
    }
    if !known_to_database(permission, false) {
        return Ok(Stored::Null);
    }
    Ok(flag(who.may(&catalog, permission, On::Database)))
}

fn schema(context: &Context, name: Option<&str>, permission: &str) -> Stored {
    let catalog: &Catalog = &context.catalog;
    let Some(name) = name.and_then(Name::read) else {
        return Stored::Null;
    };
    let Some(schema) = catalog.schema(name.object()) else {
        return Stored::Null;
    };
    let known = known_to_database(permission, true) || permission == "CREATE SEQUENCE";
    if permission == "ANY" {
        let any = OBJECT_PERMISSIONS.iter().any(|one| context.who.may(catalog, one, On::Schema(schema.id)));
        return flag(any);
    }
    if known { flag(context.who.may(catalog, permission, On::Schema(schema.id))) } else { Stored::Null }
}

fn object(context: &Context, name: Option<&str>, permission: &str) -> Stored {
    let Some(name) = name.and_then(Name::read) else {
        return Stored::Null;
    };
    let Some(table) = context.visible_table(&name) else {
        return Stored::Null;
    };
    if permission == "ANY" {
        return flag(true);
    }
    if !known_to_database(permission, true) || permission == "EXECUTE" {
        return Stored::Null;
    }
    flag(context.who.may(&context.catalog, permission, On::Table(table)))
}
