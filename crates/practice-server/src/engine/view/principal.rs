//! Users, roles and permissions of a database.

use rusqlite::types::Value as Stored;

use super::{BIT, ColumnShape, DESC, INT, NAME, Readers, View, bit, int, sid, text};
use crate::engine::catalog::Principal;
use crate::engine::context::Context;
use crate::engine::instant;
use crate::engine::principal::PermissionScope;
use crate::value::SqlType;

const PRINCIPALS: &[ColumnShape] = &[
    ("name", NAME, false),
    ("principal_id", INT, false),
    ("type", SqlType::VarChar(Some(1)), false),
    ("type_desc", DESC, true),
    ("default_schema_name", NAME, true),
    ("create_date", SqlType::DateTime, false),
    ("modify_date", SqlType::DateTime, false),
    ("owning_principal_id", INT, true),
    ("sid", SqlType::VarBinary(Some(85)), true),
    ("is_fixed_role", BIT, false),
    ("authentication_type", INT, false),
    ("authentication_type_desc", DESC, true),
];

const MEMBERS: &[ColumnShape] = &[("role_principal_id", INT, false), ("member_principal_id", INT, false)];

const PERMISSIONS: &[ColumnShape] = &[
    ("class", SqlType::TinyInt, false),
    ("class_desc", DESC, true),
    ("major_id", INT, false),
    ("minor_id", INT, false),
    ("grantee_principal_id", INT, false),
    ("grantor_principal_id", INT, false),
    ("type", SqlType::VarChar(Some(4)), false),
    ("permission_name", NAME, true),
    ("state", SqlType::VarChar(Some(1)), false),
    ("state_desc", DESC, true),
];

pub(super) const VIEWS: &[View] = &[
    View {
        schema: "sys",
        name: "database_principals",
        id: -160,
        server: false,
        readers: Readers::Everybody,
        shape: PRINCIPALS,
        rows: principals,
    },
    View {
        schema: "sys",
        name: "database_role_members",
        id: -161,
        server: false,
        readers: Readers::Everybody,
        shape: MEMBERS,
        rows: members,
    },
    View {
        schema: "sys",
        name: "database_permissions",
        id: -162,
        server: false,
        readers: Readers::Everybody,
        shape: PERMISSIONS,
        rows: permissions,
    },
];

/// Returns whether the user can see a principal: without a permission only itself, `dbo` and the fixed ones.
fn shown(context: &Context, principal: &Principal) -> bool {
    principal.fixed
        || context.user.principals.contains(&principal.id)
        || context.user.is_permitted(&context.catalog, "ALTER ANY USER", PermissionScope::Database)
        || context.user.is_permitted(&context.catalog, "VIEW DEFINITION", PermissionScope::Database)
}

fn principals(context: &Context) -> Vec<Vec<Stored>> {
    let owner = context.server.account(&context.target.owner).map(|account| account.sid.clone());
    context
        .catalog
        .principals
        .iter()
        .filter(|principal| shown(context, principal))
        .map(|principal| {
            let own = if principal.id == 1 { owner.as_deref() } else { principal.sid.as_deref() };
            let created = int(instant::rounded_datetime(principal.created));
            let instance = own.is_some() && !principal.role;
            vec![
                text(&principal.name),
                int(principal.id),
                text(if principal.role { "R" } else { "S" }),
                text(if principal.role { "DATABASE_ROLE" } else { "SQL_USER" }),
                principal.schema.as_deref().map_or(Stored::Null, text),
                created.clone(),
                created,
                if principal.role { int(1) } else { Stored::Null },
                own.map_or(Stored::Null, sid),
                bit(principal.fixed && principal.id >= 16384),
                int(i64::from(instance)),
                text(if instance { "INSTANCE" } else { "NONE" }),
            ]
        })
        .collect()
}

fn members(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = vec![vec![int(16384), int(1)]];
    for role in &context.catalog.principals {
        for member in &role.members {
            if context.catalog.principal_by_id(*member).is_some_and(|member| shown(context, member)) {
                rows.push(vec![int(role.id), int(*member)]);
            }
        }
    }
    rows
}

fn permissions(context: &Context) -> Vec<Vec<Stored>> {
    context
        .catalog
        .permissions
        .iter()
        .filter(|granted| context.catalog.principal_by_id(granted.grantee).is_some_and(|one| shown(context, one)))
        .map(|granted| {
            let class = match granted.class {
                0 => "DATABASE",
                1 => "OBJECT_OR_COLUMN",
                _ => "SCHEMA",
            };
            vec![
                int(i64::from(granted.class)),
                text(class),
                int(granted.major),
                int(0),
                int(granted.grantee),
                int(1),
                text(""),
                text(&granted.name),
                text(if granted.deny { "D" } else { "G" }),
                text(if granted.deny { "DENY" } else { "GRANT" }),
            ]
        })
        .collect()
}
