//! Logins, server roles and types.

use rusqlite::types::Value as Stored;

use super::{BIT, ColumnShape, DESC, INT, NAME, Readers, View, bit, int, sid, text};
use crate::engine::context::Context;
use crate::engine::principal::has_server_permission;
use crate::engine::server::SERVER_ROLES;
use crate::engine::{instant, types};
use crate::value::SqlType;

const PRINCIPALS: &[ColumnShape] = &[
    ("name", NAME, false),
    ("principal_id", INT, false),
    ("sid", SqlType::VarBinary(Some(85)), true),
    ("type", SqlType::VarChar(Some(1)), false),
    ("type_desc", DESC, true),
    ("is_disabled", BIT, true),
    ("create_date", SqlType::DateTime, false),
    ("modify_date", SqlType::DateTime, false),
    ("default_database_name", NAME, true),
    ("default_language_name", NAME, true),
    ("is_fixed_role", BIT, false),
];

const MEMBERS: &[ColumnShape] = &[("role_principal_id", INT, false), ("member_principal_id", INT, false)];

const TYPES: &[ColumnShape] = &[
    ("name", NAME, false),
    ("system_type_id", SqlType::TinyInt, false),
    ("user_type_id", INT, false),
    ("schema_id", INT, false),
    ("max_length", SqlType::SmallInt, false),
    ("is_user_defined", BIT, false),
    ("is_nullable", BIT, true),
];

const CONFIGURATIONS: &[ColumnShape] = &[
    ("configuration_id", INT, false),
    ("name", SqlType::NVarChar(Some(35)), false),
    ("value", SqlType::Variant, true),
    ("value_in_use", SqlType::Variant, true),
];

pub(super) const VIEWS: &[View] = &[
    View {
        schema: "sys",
        name: "server_principals",
        id: -120,
        server: true,
        readers: Readers::Everybody,
        shape: PRINCIPALS,
        rows: principals,
    },
    View {
        schema: "sys",
        name: "server_role_members",
        id: -121,
        server: true,
        readers: Readers::Everybody,
        shape: MEMBERS,
        rows: members,
    },
    View { schema: "sys", name: "types", id: -122, server: false, readers: Readers::Everybody, shape: TYPES, rows: kinds },
    View {
        schema: "sys",
        name: "configurations",
        id: -123,
        server: true,
        readers: Readers::Everybody,
        shape: CONFIGURATIONS,
        rows: super::no_rows,
    },
];

/// Lists logins and roles: without a permission only one's own login, `sa` and the roles.
fn principals(context: &Context) -> Vec<Vec<Stored>> {
    let all = has_server_permission(&context.account, "ALTER ANY LOGIN")
        || has_server_permission(&context.account, "VIEW ANY DEFINITION");
    let mut rows: Vec<Vec<Stored>> = context
        .server
        .accounts
        .iter()
        .filter(|account| all || account.id == 1 || account.id == context.account.id)
        .map(|account| {
            let created = int(instant::rounded_datetime(account.created));
            vec![
                text(&account.name),
                int(account.id),
                sid(&account.sid),
                text("S"),
                text("SQL_LOGIN"),
                bit(account.disabled),
                created.clone(),
                created,
                text(&account.database),
                text("us_english"),
                bit(false),
            ]
        })
        .collect();
    rows.extend(SERVER_ROLES.iter().map(|(name, id)| {
        vec![
            text(name),
            int(*id),
            Stored::Blob(vec![u8::try_from(*id).unwrap_or(0)]),
            text("R"),
            text("SERVER_ROLE"),
            bit(false),
            int(instant::DAY * 733_000),
            int(instant::DAY * 733_000),
            Stored::Null,
            Stored::Null,
            bit(*id != 2),
        ]
    }));
    rows
}

fn members(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for account in &context.server.accounts {
        for role in &account.roles {
            if let Some((_, id)) = SERVER_ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(role)) {
                rows.push(vec![int(*id), int(account.id)]);
            }
        }
    }
    rows
}

fn kinds(_: &Context) -> Vec<Vec<Stored>> {
    types::SYSTEM_TYPES
        .iter()
        .map(|(name, id, length)| {
            let user = if *name == "sysname" { 256 } else { *id };
            vec![text(name), int(*id), int(user), int(4), int(*length), bit(false), bit(*name != "sysname")]
        })
        .collect()
}
