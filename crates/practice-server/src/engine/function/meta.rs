//! Functions that look names and numbers up.

use rusqlite::types::Value as Stored;

use super::super::catalog::{Catalog, Table};
use super::super::context::Context;
use super::super::fault::Fault;
use super::super::server::{Database, Server};
use super::super::types;
use super::{flag, maybe_number, maybe_text, number, text};
use crate::tsql::names::Name;

pub(super) fn call(context: &Context, name: &str, arguments: &[Stored]) -> Result<Stored, Fault> {
    let catalog = &context.catalog;
    let database = |context: &Context| -> Option<Database> { context.server.database_by_id(number(arguments, 0)?).cloned() };
    Ok(match name {
        "db_name" => maybe_text(database(context).map(|database| database.name)),
        "db_id" => maybe_number(text(arguments, 0).and_then(|name| context.server.database(name)).map(|database| database.id)),
        "object_id" => maybe_number(object_id(context, arguments)?),
        "object_name" => maybe_text(number(arguments, 0).and_then(|id| object_name(catalog, id))),
        "object_schema_name" => maybe_text(
            number(arguments, 0).and_then(|id| owner_of(catalog, id)).map(|table| catalog.schema_name(table.schema).to_owned()),
        ),
        "schema_id" => maybe_number(text(arguments, 0).and_then(|name| catalog.schema(name)).map(|schema| schema.id)),
        "schema_name" => maybe_text(
            number(arguments, 0)
                .and_then(|id| catalog.schemas.iter().find(|schema| schema.id == id).map(|schema| schema.name.clone())),
        ),
        "user_name" => maybe_text(number(arguments, 0).and_then(|id| catalog.principal_by_id(id)).map(|user| user.name.clone())),
        "user_id" | "database_principal_id" => {
            maybe_number(text(arguments, 0).and_then(|name| catalog.principal(name)).map(|user| user.id))
        }
        "suser_sname" => maybe_text(match arguments.first() {
            Some(Stored::Blob(sid)) => login_of(&context.server, &super::super::server::hex(sid)),
            _ => None,
        }),
        "suser_name" => {
            maybe_text(number(arguments, 0).and_then(|id| {
                context.server.accounts.iter().find(|account| account.id == id).map(|account| account.name.clone())
            }))
        }
        "suser_id" => maybe_number(text(arguments, 0).and_then(|name| context.server.account(name)).map(|account| account.id)),
        "suser_sid" => text(arguments, 0)
            .and_then(|name| context.server.account(name))
            .and_then(|account| data_encoding::HEXLOWER.decode(account.sid.as_bytes()).ok())
            .map_or(Stored::Null, Stored::Blob),
        "col_length" => maybe_number(col_length(context, arguments)?),
        "col_name" => maybe_text((|| {
            let table = catalog.table_by_id(number(arguments, 0)?)?;
            table.column_by_id(number(arguments, 1)?).map(|column| column.name.clone())
        })()),
        "type_name" => maybe_text(
            number(arguments, 0)
                .and_then(|id| types::NAMES.iter().find(|(_, known, _)| *known == id).map(|(name, _, _)| (*name).to_owned())),
        ),
        "type_id" => {
            maybe_number(text(arguments, 0).and_then(|name| {
                types::NAMES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(name)).map(|(_, id, _)| *id)
            }))
        }
        "objectproperty" => objectproperty(catalog, arguments),
        "sysutcdatetime" => Stored::Integer(context.utc()),
        "newid" => return super::strings::call("newid", &[]),
        "applock_mode" => applock_mode(context, arguments),
        "applock_test" => return Err(Fault::unsupported("APPLOCK_TEST")),
        "rand" => {
            let bytes = super::super::server::random16();
            let number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            Stored::Real(f64::from(number) / (f64::from(u32::MAX) + 1.0))
        }
        _ => return Err(Fault::unsupported(format!("The function {name}"))),
    })
}

fn login_of(server: &Server, sid: &str) -> Option<String> {
    server.accounts.iter().find(|account| account.sid == sid).map(|account| account.name.clone())
}

fn object_id(context: &Context, arguments: &[Stored]) -> Result<Option<i64>, Fault> {
    let Some(name) = text(arguments, 0).and_then(Name::read) else {
        return Ok(None);
    };
    let wanted = match arguments.get(1) {
        Some(Stored::Text(kind)) => Some(kind.trim().to_ascii_uppercase()),
        Some(Stored::Null) => return Ok(None),
        _ => None,
    };
    let kind = |this: &str| wanted.as_deref().is_none_or(|wanted| wanted == this);
    if let Some(other) = name.database()
        && !other.eq_ignore_ascii_case(&context.database.name)
    {
        let Some(database) = context.server.database(other) else {
            return Ok(None);
        };
        let Some((catalog, who)) = context.user_in(database)? else {
            return Ok(None);
        };
        let schema = name.schema().unwrap_or("dbo");
        let found = catalog.schema(schema).and_then(|schema| catalog.table(schema.id, name.object()));
        return Ok(found.filter(|table| kind("U") && who.sees(&catalog, table)).map(|table| table.id));
    }
    let catalog = &context.catalog;
    if name.schema().is_some_and(|schema| schema.eq_ignore_ascii_case("sys") || schema.eq_ignore_ascii_case("INFORMATION_SCHEMA"))
    {
        return Ok(super::super::view::object_id(&name).filter(|_| kind("V")));
    }
    if kind("U")
        && let Some(table) = context.visible_table(&name)
    {
        return Ok(Some(table.id));
    }
    let schema = match name.schema() {
        Some(schema) => catalog.schema(schema).map(|schema| schema.id),
        None => catalog.schema(&context.default_schema()).map(|schema| schema.id),
    };
    let tables = catalog.tables.iter().filter(|table| Some(table.schema) == schema && context.who.sees(catalog, table));
    Ok(tables
        .flat_map(Table::constraints)
        .find(|(_, one, this)| catalog.same(one, name.object()) && kind(this))
        .map(|(id, _, _)| id))
}

fn owner_of(catalog: &Catalog, id: i64) -> Option<&Table> {
    catalog.tables.iter().find(|table| table.id == id || table.constraints().iter().any(|(one, _, _)| *one == id))
}

fn object_name(catalog: &Catalog, id: i64) -> Option<String> {
    let table = owner_of(catalog, id)?;
    if table.id == id {
        return Some(table.name.clone());
    }
    table.constraints().iter().find(|(one, _, _)| *one == id).map(|(_, name, _)| (*name).to_owned())
}

fn col_length(context: &Context, arguments: &[Stored]) -> Result<Option<i64>, Fault> {
    let (Some(name), Some(column)) = (text(arguments, 0).and_then(Name::read), text(arguments, 1)) else {
        return Ok(None);
    };
    if name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&context.database.name)) {
        return Err(Fault::unsupported("COL_LENGTH in another database"));
    }
    if name.schema().is_some_and(|schema| schema.eq_ignore_ascii_case("sys")) {
        return Ok(super::super::view::column_length(&name, column));
    }
    let table = context.visible_table(&name);
    Ok(table.and_then(|table| table.column(&context.catalog, column)).map(|column| types::measures(column.kind()).0))
}

fn objectproperty(catalog: &Catalog, arguments: &[Stored]) -> Stored {
    let (Some(id), Some(property)) = (number(arguments, 0), text(arguments, 1)) else {
        return Stored::Null;
    };
    let Some(owner) = owner_of(catalog, id) else {
        return Stored::Null;
    };
    let is_table = owner.id == id;
    match property.to_ascii_lowercase().as_str() {
        "istable" | "isusertable" => flag(is_table),
        "ismsshipped" => flag(false),
        "tablehasprimarykey" if is_table => flag(owner.indexes.iter().any(|index| index.primary)),
        "tablehasidentity" if is_table => flag(owner.columns.iter().any(|column| column.identity.is_some())),
        "isprimarykey" => flag(!is_table && owner.indexes.iter().any(|index| index.object == id && index.primary)),
        _ => Stored::Null,
    }
}

fn applock_mode(context: &Context, arguments: &[Stored]) -> Stored {
    use super::super::lock::{Mode, Resource};
    let (Some(principal), Some(name)) = (text(arguments, 0), text(arguments, 1)) else {
        return Stored::Null;
    };
    let Some(principal) = context.catalog.principal(principal) else {
        return Stored::Null;
    };
    let resource = Resource::Application(context.database.id, principal.id, name.to_owned());
    let mode = match context.engine.locks.holds(context.facts.id, &resource) {
        None => "NoLock",
        Some(Mode::Shared) => "Shared",
        Some(Mode::Update) => "Update",
        Some(Mode::Exclusive) => "Exclusive",
        Some(Mode::IntentShared) => "IntentShared",
        Some(Mode::IntentExclusive) => "IntentExclusive",
    };
    Stored::Text(mode.to_owned())
}
