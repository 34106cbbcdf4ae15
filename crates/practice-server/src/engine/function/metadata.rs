//! Functions that look up names and ids, and properties of the server, of databases and of the connection.

use rusqlite::types::Value as Stored;

use crate::engine::catalog::{Catalog, Table};
use crate::engine::context::Context;
use crate::engine::error::SqlError;
use crate::engine::function::{bit_value, number, optional_number, optional_text, text};
use crate::engine::server::{Database, Server};
use crate::engine::{collation, types};
use crate::tsql::Name;

pub(super) fn call(context: &Context, name: &str, arguments: &[Stored]) -> Result<Stored, SqlError> {
    let catalog = &context.catalog;
    let database = |context: &Context| -> Option<Database> { context.server.database_by_id(number(arguments, 0)?).cloned() };
    Ok(match name {
        "db_name" => optional_text(database(context).map(|database| database.name)),
        "db_id" => optional_number(text(arguments, 0).and_then(|name| context.server.database(name)).map(|database| database.id)),
        "object_id" => optional_number(object_id(context, arguments)?),
        "object_name" => optional_text(number(arguments, 0).and_then(|id| object_name(catalog, id))),
        "object_schema_name" => optional_text(
            number(arguments, 0)
                .and_then(|id| owning_table(catalog, id))
                .map(|table| catalog.schema_name(table.schema).to_owned()),
        ),
        "schema_id" => optional_number(text(arguments, 0).and_then(|name| catalog.schema(name)).map(|schema| schema.id)),
        "schema_name" => optional_text(
            number(arguments, 0)
                .and_then(|id| catalog.schemas.iter().find(|schema| schema.id == id).map(|schema| schema.name.clone())),
        ),
        "user_name" => {
            optional_text(number(arguments, 0).and_then(|id| catalog.principal_by_id(id)).map(|user| user.name.clone()))
        }
        "user_id" | "database_principal_id" => {
            optional_number(text(arguments, 0).and_then(|name| catalog.principal(name)).map(|user| user.id))
        }
        "suser_sname" => optional_text(match arguments.first() {
            Some(Stored::Blob(sid)) => login_by_sid(&context.server, &crate::engine::server::hex(sid)),
            _ => None,
        }),
        "suser_name" => {
            optional_text(number(arguments, 0).and_then(|id| {
                context.server.accounts.iter().find(|account| account.id == id).map(|account| account.name.clone())
            }))
        }
        "suser_id" => optional_number(text(arguments, 0).and_then(|name| context.server.account(name)).map(|account| account.id)),
        "suser_sid" => text(arguments, 0)
            .and_then(|name| context.server.account(name))
            .and_then(|account| data_encoding::HEXLOWER.decode(account.sid.as_bytes()).ok())
            .map_or(Stored::Null, Stored::Blob),
        "col_length" => optional_number(col_length(context, arguments)?),
        "col_name" => optional_text((|| {
            let table = catalog.table_by_id(number(arguments, 0)?)?;
            table.column_by_id(number(arguments, 1)?).map(|column| column.name.clone())
        })()),
        "type_name" => {
            optional_text(number(arguments, 0).and_then(|id| {
                types::SYSTEM_TYPES.iter().find(|(_, known, _)| *known == id).map(|(name, _, _)| (*name).to_owned())
            }))
        }
        "type_id" => optional_number(text(arguments, 0).and_then(|name| {
            types::SYSTEM_TYPES.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(name)).map(|(_, id, _)| *id)
        })),
        "objectproperty" => objectproperty(catalog, arguments),
        "sysutcdatetime" => Stored::Integer(context.utc()),
        "newid" => return crate::engine::function::strings::call("newid", &[]),
        "applock_mode" => applock_mode(context, arguments),
        "applock_test" => return Err(SqlError::unsupported("APPLOCK_TEST")),
        "rand" => {
            let bytes = crate::engine::server::random_bytes();
            let number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            Stored::Real(f64::from(number) / (f64::from(u32::MAX) + 1.0))
        }
        _ => return Err(SqlError::unsupported(format!("The function {name}"))),
    })
}

fn login_by_sid(server: &Server, sid: &str) -> Option<String> {
    server.accounts.iter().find(|account| account.sid == sid).map(|account| account.name.clone())
}

fn object_id(context: &Context, arguments: &[Stored]) -> Result<Option<i64>, SqlError> {
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
        let Some((catalog, user)) = context.user_in(database)? else {
            return Ok(None);
        };
        let schema = name.schema().unwrap_or("dbo");
        let found = catalog.schema(schema).and_then(|schema| catalog.table(schema.id, name.object()));
        let view = || crate::engine::view::object_id(&name, context.engine.personality().quirks).filter(|_| user.is_dbo());
        return Ok(found.filter(|table| kind("U") && user.can_see(&catalog, table)).map(|table| table.id).or_else(view));
    }
    let catalog = &context.catalog;
    if name.schema().is_some_and(|schema| schema.eq_ignore_ascii_case("sys") || schema.eq_ignore_ascii_case("INFORMATION_SCHEMA"))
    {
        return Ok(crate::engine::view::object_id(&name, context.engine.personality().quirks).filter(|_| kind("V")));
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
    let tables = catalog.tables.iter().filter(|table| Some(table.schema) == schema && context.user.can_see(catalog, table));
    Ok(tables
        .flat_map(Table::constraints)
        .find(|(_, one, this)| catalog.same(one, name.object()) && kind(this))
        .map(|(id, _, _)| id))
}

fn owning_table(catalog: &Catalog, id: i64) -> Option<&Table> {
    catalog.tables.iter().find(|table| table.id == id || table.constraints().iter().any(|(one, _, _)| *one == id))
}

fn object_name(catalog: &Catalog, id: i64) -> Option<String> {
    let table = owning_table(catalog, id)?;
    if table.id == id {
        return Some(table.name.clone());
    }
    table.constraints().iter().find(|(one, _, _)| *one == id).map(|(_, name, _)| (*name).to_owned())
}

fn col_length(context: &Context, arguments: &[Stored]) -> Result<Option<i64>, SqlError> {
    let (Some(name), Some(column)) = (text(arguments, 0).and_then(Name::read), text(arguments, 1)) else {
        return Ok(None);
    };
    if name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&context.database.name)) {
        return Err(SqlError::unsupported("COL_LENGTH in another database"));
    }
    if name.schema().is_some_and(|schema| schema.eq_ignore_ascii_case("sys")) {
        return Ok(crate::engine::view::column_length(&name, column));
    }
    let table = context.visible_table(&name);
    Ok(table.and_then(|table| table.column(&context.catalog, column)).map(|column| types::measure(column.kind()).0))
}

fn objectproperty(catalog: &Catalog, arguments: &[Stored]) -> Stored {
    let (Some(id), Some(property)) = (number(arguments, 0), text(arguments, 1)) else {
        return Stored::Null;
    };
    let Some(owner) = owning_table(catalog, id) else {
        return Stored::Null;
    };
    let is_table = owner.id == id;
    match property.to_ascii_lowercase().as_str() {
        "istable" | "isusertable" => bit_value(is_table),
        "ismsshipped" => bit_value(false),
        "tablehasprimarykey" if is_table => bit_value(owner.indexes.iter().any(|index| index.primary)),
        "tablehasidentity" if is_table => bit_value(owner.columns.iter().any(|column| column.identity.is_some())),
        "isprimarykey" => bit_value(!is_table && owner.indexes.iter().any(|index| index.object == id && index.primary)),
        _ => Stored::Null,
    }
}

fn applock_mode(context: &Context, arguments: &[Stored]) -> Stored {
    use crate::engine::lock::{LockMode, Resource};
    let (Some(principal), Some(name)) = (text(arguments, 0), text(arguments, 1)) else {
        return Stored::Null;
    };
    let Some(principal) = context.catalog.principal(principal) else {
        return Stored::Null;
    };
    let resource = Resource::Application(context.database.id, principal.id, name.to_owned());
    let mode = match context.engine.locks.holds(context.info.id, &resource) {
        None => "NoLock",
        Some(LockMode::Shared) => "Shared",
        Some(LockMode::Update) => "Update",
        Some(LockMode::Exclusive) => "Exclusive",
        Some(LockMode::IntentShared) => "IntentShared",
        Some(LockMode::IntentExclusive) => "IntentExclusive",
    };
    Stored::Text(mode.to_owned())
}

pub(super) fn call_property(context: &Context, name: &str, arguments: &[Stored]) -> Option<Result<Stored, SqlError>> {
    let property = |at| text(arguments, at).map(|name| name.trim().to_ascii_lowercase());
    Some(Ok(match name {
        "serverproperty" => property(0).map_or(Stored::Null, |property| server_property(context, &property)),
        "databasepropertyex" => match (text(arguments, 0).and_then(|name| context.server.database(name)), property(1)) {
            (Some(database), Some(property)) => database_property(database, &property),
            _ => Stored::Null,
        },
        "connectionproperty" => property(0).map_or(Stored::Null, |property| connection_property(context, &property)),
        "collationproperty" => match (text(arguments, 0).and_then(collation::canonical_name), property(1).as_deref()) {
            (Some(name), Some("comparisonstyle")) => {
                Stored::Integer(match collation::comparison_class(&name).trim_start_matches("tr_") {
                    "ci_as" => 196_609,
                    "ci_ai" => 196_611,
                    "cs_as" => 196_608,
                    "cs_ai" => 196_610,
                    _ => 0,
                })
            }
            _ => Stored::Null,
        },
        _ => return None,
    }))
}

fn text_value(text: &str) -> Stored {
    Stored::Text(text.to_owned())
}

fn server_property(context: &Context, property: &str) -> Stored {
    let personality = context.engine.personality();
    let parts: Vec<&str> = personality.product_version.split('.').collect();
    match property {
        "productversion" => text_value(&personality.product_version),
        "productmajorversion" => parts.first().map_or(Stored::Null, |part| text_value(part)),
        "productminorversion" => parts.get(1).map_or(Stored::Null, |part| text_value(part)),
        "productbuild" => parts.get(2).map_or(Stored::Null, |part| text_value(part)),
        "productlevel" => text_value("RTM"),
        "edition" => text_value(&personality.edition),
        // 3 is Enterprise, Evaluation and Developer: no feature is missing because of the edition.
        "engineedition" => Stored::Integer(3),
        "collation" => text_value(collation::SERVER_DEFAULT),
        "servername" => text_value(&personality.server_name),
        "machinename" | "computernamephysicalnetbios" => {
            text_value(personality.server_name.split('\\').next().unwrap_or_default())
        }
        "instancename" => personality.server_name.split_once('\\').map_or(Stored::Null, |(_, name)| text_value(name)),
        "ishadrenabled"
        | "isclustered"
        | "issingleuser"
        | "isintegratedsecurityonly"
        | "isfulltextinstalled"
        | "isxtpsupported"
        | "ispolybaseinstalled"
        | "isadvancedanalyticsinstalled"
        | "islocaldb"
        | "isbigdatacluster" => bit_value(false),
        "hadrmanagerstatus" => Stored::Integer(0),
        "processid" => Stored::Integer(i64::from(std::process::id())),
        "lcid" => Stored::Integer(1033),
        "comparisonstyle" => Stored::Integer(196_609),
        "licensetype" => text_value("DISABLED"),
        "sqlcharset" => Stored::Integer(1),
        "sqlcharsetname" => text_value("iso_1"),
        "sqlsortorder" => Stored::Integer(52),
        "sqlsortordername" => text_value("nocase_iso"),
        _ => Stored::Null,
    }
}

fn database_property(database: &Database, property: &str) -> Stored {
    match property {
        "collation" => text_value(&database.collation),
        "status" => text_value(database.state().1),
        "updateability" => text_value(if database.read_only { "READ_ONLY" } else { "READ_WRITE" }),
        "useraccess" => text_value(database.access_mode().1),
        "recovery" => text_value(&database.recovery),
        "isautoclose" => bit_value(database.auto_close),
        "ispublished" => bit_value(database.published),
        "issubscribed" => bit_value(database.subscribed),
        "ismergepublished" => bit_value(database.merge_published),
        "isnullconcat" | "isansinullsenabled" | "isautoshrink" | "isinstandby" | "isfulltextenabled" => bit_value(false),
        "version" => Stored::Integer(957),
        "comparisonstyle" => Stored::Integer(196_609),
        "lcid" => Stored::Integer(1033),
        _ => Stored::Null,
    }
}

fn connection_property(context: &Context, property: &str) -> Stored {
    match property {
        "net_transport" | "physical_net_transport" => text_value("TCP"),
        "protocol_type" => text_value("TSQL"),
        "auth_scheme" => text_value("SQL"),
        "client_net_address" if !context.info.address.is_empty() => text_value(&context.info.address),
        _ => Stored::Null,
    }
}
