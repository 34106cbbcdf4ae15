//! Schemas, tables, columns, indexes and constraints of a database.

use rusqlite::types::Value as Stored;

use super::{BIT, ColumnShape, DESC, INT, NAME, Readers, View, bit, int, text};
use crate::engine::catalog::Table;
use crate::engine::context::Context;
use crate::engine::{instant, types};
use crate::tsql::statement::ReferentialAction;
use crate::value::SqlType;

const OBJECTS: &[ColumnShape] = &[
    ("name", NAME, false),
    ("object_id", INT, false),
    ("principal_id", INT, true),
    ("schema_id", INT, false),
    ("parent_object_id", INT, false),
    ("type", SqlType::VarChar(Some(2)), true),
    ("type_desc", DESC, true),
    ("create_date", SqlType::DateTime, false),
    ("modify_date", SqlType::DateTime, false),
    ("is_ms_shipped", BIT, false),
];

const COLUMNS: &[ColumnShape] = &[
    ("object_id", INT, false),
    ("name", NAME, true),
    ("column_id", INT, false),
    ("system_type_id", SqlType::TinyInt, false),
    ("user_type_id", INT, false),
    ("max_length", SqlType::SmallInt, false),
    ("precision", SqlType::TinyInt, false),
    ("scale", SqlType::TinyInt, false),
    ("collation_name", NAME, true),
    ("is_nullable", BIT, true),
    ("is_identity", BIT, false),
    ("is_computed", BIT, false),
    ("default_object_id", INT, false),
];

const INDEXES: &[ColumnShape] = &[
    ("object_id", INT, false),
    ("name", NAME, true),
    ("index_id", INT, false),
    ("type", SqlType::TinyInt, false),
    ("type_desc", DESC, true),
    ("is_unique", BIT, true),
    ("is_primary_key", BIT, true),
    ("is_unique_constraint", BIT, true),
    ("has_filter", BIT, true),
    ("filter_definition", SqlType::NVarChar(None), true),
];

const INDEX_COLUMNS: &[ColumnShape] = &[
    ("object_id", INT, false),
    ("index_id", INT, false),
    ("index_column_id", INT, false),
    ("column_id", INT, false),
    ("key_ordinal", SqlType::TinyInt, false),
    ("is_descending_key", BIT, true),
    ("is_included_column", BIT, true),
];

const KEYS: &[ColumnShape] = &[
    ("name", NAME, false),
    ("object_id", INT, false),
    ("schema_id", INT, false),
    ("parent_object_id", INT, false),
    ("type", SqlType::VarChar(Some(2)), true),
    ("type_desc", DESC, true),
    ("unique_index_id", INT, true),
    ("is_system_named", BIT, false),
];

const CHECKS: &[ColumnShape] = &[
    ("name", NAME, false),
    ("object_id", INT, false),
    ("schema_id", INT, false),
    ("parent_object_id", INT, false),
    ("definition", SqlType::NVarChar(None), true),
    ("is_disabled", BIT, false),
];

const DEFAULTS: &[ColumnShape] = &[
    ("name", NAME, false),
    ("object_id", INT, false),
    ("schema_id", INT, false),
    ("parent_object_id", INT, false),
    ("parent_column_id", INT, false),
    ("definition", SqlType::NVarChar(None), true),
];

const FOREIGN: &[ColumnShape] = &[
    ("name", NAME, false),
    ("object_id", INT, false),
    ("schema_id", INT, false),
    ("parent_object_id", INT, false),
    ("referenced_object_id", INT, true),
    ("delete_referential_action", SqlType::TinyInt, true),
    ("delete_referential_action_desc", DESC, true),
    ("is_disabled", BIT, false),
];

const SCHEMAS: &[ColumnShape] = &[("name", NAME, false), ("schema_id", INT, false), ("principal_id", INT, true)];

const fn view(name: &'static str, id: i64, shape: &'static [ColumnShape], rows: super::RowSource) -> View {
    View { schema: "sys", name, id, server: false, readers: Readers::Everybody, shape, rows }
}

pub(super) const VIEWS: &[View] = &[
    view("objects", -140, OBJECTS, objects),
    view("tables", -141, OBJECTS, tables),
    view("views", -142, OBJECTS, super::no_rows),
    view("procedures", -143, OBJECTS, super::no_rows),
    view("triggers", -144, OBJECTS, super::no_rows),
    view("columns", -145, COLUMNS, columns),
    // The views' own columns are not listed.
    view("all_columns", -153, COLUMNS, columns),
    view("indexes", -146, INDEXES, indexes),
    view("index_columns", -147, INDEX_COLUMNS, index_columns),
    view("key_constraints", -148, KEYS, keys),
    view("check_constraints", -149, CHECKS, checks),
    view("default_constraints", -150, DEFAULTS, defaults),
    view("foreign_keys", -151, FOREIGN, foreign),
    view("schemas", -152, SCHEMAS, schemas),
];

fn visible(context: &Context) -> impl Iterator<Item = &Table> {
    context.catalog.tables.iter().filter(|table| context.user.can_see(&context.catalog, table))
}

fn table_row(table: &Table) -> Vec<Stored> {
    vec![
        text(&table.name),
        int(table.id),
        Stored::Null,
        int(table.schema),
        int(0),
        text("U "),
        text("USER_TABLE"),
        int(instant::rounded_datetime(table.created)),
        int(instant::rounded_datetime(table.modified)),
        bit(false),
    ]
}

fn tables(context: &Context) -> Vec<Vec<Stored>> {
    visible(context).map(table_row).collect()
}

fn constraint_description(kind: &str) -> &'static str {
    match kind {
        "PK" => "PRIMARY_KEY_CONSTRAINT",
        "UQ" => "UNIQUE_CONSTRAINT",
        "C" => "CHECK_CONSTRAINT",
        "F" => "FOREIGN_KEY_CONSTRAINT",
        _ => "DEFAULT_CONSTRAINT",
    }
}

fn objects(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        rows.push(table_row(table));
        for (id, name, kind) in table.constraints() {
            rows.push(vec![
                text(name),
                int(id),
                Stored::Null,
                int(table.schema),
                int(table.id),
                text(&format!("{kind:<2}")),
                text(constraint_description(kind)),
                int(instant::rounded_datetime(table.created)),
                int(instant::rounded_datetime(table.modified)),
                bit(false),
            ]);
        }
    }
    rows
}

fn columns(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        for column in &table.columns {
            let (length, precision, scale) = types::measure(column.kind());
            let number = types::SYSTEM_TYPES.iter().find(|(name, _, _)| *name == column.type_name).map_or(0, |(_, id, _)| *id);
            let collation = if types::is_text(column.kind()) {
                text(column.collation.as_deref().unwrap_or(&context.catalog.collation))
            } else {
                Stored::Null
            };
            rows.push(vec![
                int(table.id),
                text(&column.name),
                int(column.id),
                int(number),
                int(if column.type_name == "sysname" { 256 } else { number }),
                int(length),
                int(precision),
                int(scale),
                collation,
                bit(column.nullable),
                bit(column.identity.is_some()),
                bit(false),
                int(column.default.as_ref().map_or(0, |default| default.id)),
            ]);
        }
    }
    rows
}

fn indexes(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        if !table.indexes.iter().any(|index| index.primary) {
            let mut heap =
                vec![int(table.id), Stored::Null, int(0), int(0), text("HEAP"), bit(false), bit(false), bit(false), bit(false)];
            heap.push(Stored::Null);
            rows.push(heap);
        }
        for index in &table.indexes {
            rows.push(vec![
                int(table.id),
                text(&index.name),
                int(index.id),
                int(if index.primary { 1 } else { 2 }),
                text(if index.primary { "CLUSTERED" } else { "NONCLUSTERED" }),
                bit(index.unique),
                bit(index.primary),
                bit(index.object != 0 && !index.primary),
                bit(index.filter.is_some()),
                index.filter.as_deref().map_or(Stored::Null, text),
            ]);
        }
    }
    rows
}

fn index_columns(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        for index in &table.indexes {
            let keys = index.columns.iter().map(|(column, descending)| (*column, *descending, false));
            let all = keys.chain(index.include.iter().map(|column| (*column, false, true)));
            for (at, (column, descending, included)) in (1_i64..).zip(all) {
                rows.push(vec![
                    int(table.id),
                    int(index.id),
                    int(at),
                    int(column),
                    int(if included { 0 } else { at }),
                    bit(descending),
                    bit(included),
                ]);
            }
        }
    }
    rows
}

fn keys(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        for index in table.indexes.iter().filter(|index| index.object != 0) {
            let kind = if index.primary { "PK" } else { "UQ" };
            rows.push(vec![
                text(&index.name),
                int(index.object),
                int(table.schema),
                int(table.id),
                text(kind),
                text(constraint_description(kind)),
                int(index.id),
                bit(index.name.contains("__")),
            ]);
        }
    }
    rows
}

fn checks(context: &Context) -> Vec<Vec<Stored>> {
    visible(context)
        .flat_map(|table| {
            table.checks.iter().map(|check| {
                vec![text(&check.name), int(check.id), int(table.schema), int(table.id), text(&check.text), bit(false)]
            })
        })
        .collect()
}

fn defaults(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        for column in &table.columns {
            if let Some(default) = &column.default {
                rows.push(vec![
                    text(&default.name),
                    int(default.id),
                    int(table.schema),
                    int(table.id),
                    int(column.id),
                    text(&format!("({})", default.text)),
                ]);
            }
        }
    }
    rows
}

fn foreign(context: &Context) -> Vec<Vec<Stored>> {
    let mut rows = Vec::new();
    for table in visible(context) {
        for key in &table.foreign {
            let (number, word) = match key.on_delete {
                ReferentialAction::Refuse => (0, "NO_ACTION"),
                ReferentialAction::Cascade => (1, "CASCADE"),
                ReferentialAction::SetNull => (2, "SET_NULL"),
            };
            rows.push(vec![
                text(&key.name),
                int(key.id),
                int(table.schema),
                int(table.id),
                int(key.table),
                int(number),
                text(word),
                bit(false),
            ]);
        }
    }
    rows
}

fn schemas(context: &Context) -> Vec<Vec<Stored>> {
    context.catalog.schemas.iter().map(|schema| vec![text(&schema.name), int(schema.id), int(schema.owner)]).collect()
}
