//! `INFORMATION_SCHEMA`.

use rusqlite::types::Value as Stored;

use super::{ColumnShape, INT, NAME, Readers, View, int, text};
use crate::engine::context::Context;
use crate::engine::types;
use crate::value::SqlType;

const TABLES: &[ColumnShape] = &[
    ("TABLE_CATALOG", NAME, true),
    ("TABLE_SCHEMA", NAME, true),
    ("TABLE_NAME", NAME, false),
    ("TABLE_TYPE", SqlType::VarChar(Some(10)), true),
];

const COLUMNS: &[ColumnShape] = &[
    ("TABLE_CATALOG", NAME, true),
    ("TABLE_SCHEMA", NAME, true),
    ("TABLE_NAME", NAME, false),
    ("COLUMN_NAME", NAME, true),
    ("ORDINAL_POSITION", INT, true),
    ("COLUMN_DEFAULT", SqlType::NVarChar(Some(4000)), true),
    ("IS_NULLABLE", SqlType::VarChar(Some(3)), true),
    ("DATA_TYPE", NAME, true),
    ("CHARACTER_MAXIMUM_LENGTH", INT, true),
    ("NUMERIC_PRECISION", SqlType::TinyInt, true),
    ("NUMERIC_SCALE", INT, true),
    ("DATETIME_PRECISION", SqlType::SmallInt, true),
    ("COLLATION_NAME", NAME, true),
];

const SCHEMATA: &[ColumnShape] = &[("CATALOG_NAME", NAME, true), ("SCHEMA_NAME", NAME, false), ("SCHEMA_OWNER", NAME, true)];

pub(super) const VIEWS: &[View] = &[
    View {
        schema: "INFORMATION_SCHEMA",
        name: "TABLES",
        id: -200,
        server: false,
        readers: Readers::Everybody,
        shape: TABLES,
        rows: tables,
    },
    View {
        schema: "INFORMATION_SCHEMA",
        name: "COLUMNS",
        id: -201,
        server: false,
        readers: Readers::Everybody,
        shape: COLUMNS,
        rows: columns,
    },
    View {
        schema: "INFORMATION_SCHEMA",
        name: "SCHEMATA",
        id: -202,
        server: false,
        readers: Readers::Everybody,
        shape: SCHEMATA,
        rows: schemata,
    },
];

fn tables(context: &Context) -> Vec<Vec<Stored>> {
    let catalog = &context.catalog;
    catalog
        .tables
        .iter()
        .filter(|table| context.user.can_see(catalog, table))
        .map(|table| {
            vec![text(&context.target.name), text(catalog.schema_name(table.schema)), text(&table.name), text("BASE TABLE")]
        })
        .collect()
}

fn columns(context: &Context) -> Vec<Vec<Stored>> {
    let catalog = &context.catalog;
    let mut rows = Vec::new();
    for table in catalog.tables.iter().filter(|table| context.user.can_see(catalog, table)) {
        for (place, column) in (1_i64..).zip(&table.columns) {
            let kind = column.kind();
            let (_, precision, scale) = types::measure(kind);
            let length = match kind {
                SqlType::NVarChar(length) | SqlType::VarChar(length) | SqlType::VarBinary(length) => {
                    int(length.map_or(-1, i64::from))
                }
                _ => Stored::Null,
            };
            let number = (types::is_integer(kind) && kind != SqlType::Bit)
                || matches!(kind, SqlType::Decimal { .. } | SqlType::Float | SqlType::Real);
            let moment = match kind {
                SqlType::Date => int(0),
                kind if types::is_temporal(kind) => int(scale),
                _ => Stored::Null,
            };
            let shown = if column.type_name == "sysname" { "nvarchar" } else { &column.type_name };
            rows.push(vec![
                text(&context.target.name),
                text(catalog.schema_name(table.schema)),
                text(&table.name),
                text(&column.name),
                int(place),
                column.default.as_ref().map_or(Stored::Null, |default| text(&format!("({})", default.text))),
                text(if column.nullable { "YES" } else { "NO" }),
                text(shown),
                length,
                if number { int(precision) } else { Stored::Null },
                if number && !matches!(kind, SqlType::Float | SqlType::Real) { int(scale) } else { Stored::Null },
                moment,
                if types::is_text(kind) { text(column.collation.as_deref().unwrap_or(&catalog.collation)) } else { Stored::Null },
            ]);
        }
    }
    rows
}

fn schemata(context: &Context) -> Vec<Vec<Stored>> {
    let catalog = &context.catalog;
    catalog
        .schemas
        .iter()
        .map(|schema| {
            let owner = catalog.principal_by_id(schema.owner).map_or("dbo", |owner| &owner.name);
            vec![text(&context.target.name), text(&schema.name), text(owner)]
        })
        .collect()
}
