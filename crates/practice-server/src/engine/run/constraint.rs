//! Constraints, and the errors when a row breaks one.

use rusqlite::types::Value as Stored;

use super::super::bind::{Binder, Origin, fields_of};
use super::super::catalog::{Column, Foreign, Index, OnChange, Table};
use super::super::context::Context;
use super::super::fault::Fault;
use super::super::session::Session;
use super::super::{collation, convert, types};
use crate::tsql;
use crate::value::SqlType;

/// A value of a key for an error's text.
fn shown(value: &Stored, kind: SqlType) -> String {
    match convert::convert(value.clone(), kind, SqlType::NVarChar(None), 121) {
        Ok(Stored::Text(text)) => text,
        _ => "<NULL>".to_owned(),
    }
}

/// `column = ?n` under the column's collation; `NULL` equals `NULL` where `nulls` is set.
fn equals(context: &Context, column: &Column, place: usize, nulls: bool) -> String {
    let mut left = column.stored();
    if types::text(column.kind()) {
        let name = column.collation.as_deref().unwrap_or(&context.catalog.collation);
        left = format!("{left} COLLATE {}", collation::class(name));
    }
    let sign = if nulls { "IS" } else { "=" };
    if matches!(column.kind(), SqlType::DateTimeOffset(_)) {
        return format!("substr({left}, 1, 19) {sign} substr(?{place}, 1, 19)");
    }
    format!("{left} {sign} ?{place}")
}

/// A condition over the rows of a table that are the same in some columns.
fn matching(context: &Context, columns: &[&Column], nulls: bool) -> String {
    let tests: Vec<String> = columns.iter().enumerate().map(|(at, column)| equals(context, column, at + 1, nulls)).collect();
    tests.join(" AND ")
}

fn columns_of(table: &Table, ids: impl Iterator<Item = i64>) -> Vec<&Column> {
    ids.filter_map(|id| table.column_by_id(id)).collect()
}

fn values_of(table: &Table, row: &[Stored], columns: &[&Column]) -> Vec<Stored> {
    columns
        .iter()
        .map(|column| {
            let at = table.columns.iter().position(|one| one.id == column.id);
            at.and_then(|at| row.get(at)).cloned().unwrap_or(Stored::Null)
        })
        .collect()
}

impl Session {
    /// What `SQLite` said when a unique index was violated, in SQL Server's words; other errors as they are.
    pub(super) fn duplicate(&self, context: &Context, table: &Table, row: &[Stored], error: rusqlite::Error) -> Fault {
        let unique =
            matches!(&error, rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::ConstraintViolation);
        if !unique {
            return error.into();
        }
        let found = table.indexes.iter().filter(|index| index.unique).find(|index| {
            let columns = columns_of(table, index.columns.iter().map(|(id, _)| *id));
            let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", table.stored(), matching(context, &columns, true));
            self.rows(context, &sql, &values_of(table, row, &columns)).is_ok_and(|rows| !rows.is_empty())
        });
        found.map_or_else(|| error.into(), |index| duplicate_key(context, table, index, row))
    }

    /// `CHECK` constraints, for a row that is in the table already.
    pub(super) fn check_row(&mut self, context: &Context, table: &Table, number: i64, verb: &str) -> Result<(), Fault> {
        for check in &table.checks {
            let test = check_sql(context, table, &check.text)?;
            let sql = format!("SELECT 1 FROM {} AS t WHERE t.rowid = ?1 AND NOT ({test})", table.stored());
            if !self.rows(context, &sql, &[Stored::Integer(number)])?.is_empty() {
                return Err(conflict(context, table, (verb, "CHECK", &check.name), single_column(table, &check.text)));
            }
        }
        Ok(())
    }

    /// Foreign keys of a row: each must have its parent.
    pub(super) fn check_parents(&mut self, context: &Context, table: &Table, number: i64, verb: &str) -> Result<(), Fault> {
        if table.foreign.is_empty() {
            return Ok(());
        }
        let row = self.row(context, table, number)?;
        for foreign in &table.foreign {
            let columns = columns_of(table, foreign.columns.iter().copied());
            let values = values_of(table, &row, &columns);
            if row.is_empty() || values.contains(&Stored::Null) {
                continue;
            }
            let Some(parent) = context.catalog.table_by_id(foreign.table) else {
                continue;
            };
            let wanted = columns_of(parent, foreign.references.iter().copied());
            let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", parent.stored(), matching(context, &wanted, false));
            if self.rows(context, &sql, &values)?.is_empty() {
                let column = if let [one] = wanted.as_slice() { Some(one.name.clone()) } else { None };
                let kind = if parent.id == table.id { "FOREIGN KEY SAME TABLE" } else { "FOREIGN KEY" };
                return Err(conflict(context, parent, (verb, kind, &foreign.name), column));
            }
        }
        Ok(())
    }

    /// Rows that refer to a row that is gone, or whose key is another now.
    pub(super) fn check_children(
        &mut self,
        context: &Context,
        table: &Table,
        old: &[Stored],
        now: Option<i64>,
        verb: &str,
    ) -> Result<(), Fault> {
        let children: Vec<(Table, Foreign)> = context
            .catalog
            .tables
            .iter()
            .flat_map(|child| child.foreign.iter().filter(|key| key.table == table.id).map(|key| (child.clone(), key.clone())))
            .collect();
        for (child, foreign) in children {
            let keys = columns_of(table, foreign.references.iter().copied());
            let values = values_of(table, old, &keys);
            if let Some(number) = now {
                let row = self.row(context, table, number)?;
                if values_of(table, &row, &keys) == values {
                    continue;
                }
            }
            // Another row may have the same key under the collation.
            let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", table.stored(), matching(context, &keys, false));
            if !self.rows(context, &sql, &values)?.is_empty() {
                continue;
            }
            let columns = columns_of(&child, foreign.columns.iter().copied());
            let sql = format!("SELECT rowid FROM {} WHERE {}", child.stored(), matching(context, &columns, false));
            let rows: Vec<i64> = self
                .rows(context, &sql, &values)?
                .into_iter()
                .flatten()
                .filter_map(|value| if let Stored::Integer(number) = value { Some(number) } else { None })
                .collect();
            if rows.is_empty() {
                continue;
            }
            let action = if now.is_some() { foreign.on_update } else { foreign.on_delete };
            match action {
                OnChange::Refuse => {
                    let column = if let [one] = columns.as_slice() { Some(one.name.clone()) } else { None };
                    let kind = if child.id == table.id { "SAME TABLE REFERENCE" } else { "REFERENCE" };
                    return Err(conflict(context, &child, (verb, kind, &foreign.name), column));
                }
                OnChange::Cascade if now.is_none() => self.delete_rows(context, &child, &rows, None)?,
                OnChange::Cascade => {
                    let row = self.row(context, table, now.unwrap_or(0))?;
                    self.point(context, &child, &columns, &rows, &values_of(table, &row, &keys))?;
                }
                OnChange::SetNull => self.point(context, &child, &columns, &rows, &vec![Stored::Null; columns.len()])?,
            }
        }
        Ok(())
    }

    fn point(
        &mut self,
        context: &Context,
        child: &Table,
        columns: &[&Column],
        rows: &[i64],
        values: &[Stored],
    ) -> Result<(), Fault> {
        let set: Vec<String> =
            columns.iter().enumerate().map(|(at, column)| format!("{} = ?{}", column.stored(), at + 1)).collect();
        let sql = format!("UPDATE {} SET {} WHERE rowid = ?{}", child.stored(), set.join(", "), columns.len() + 1);
        for number in rows {
            let mut parameters = values.to_vec();
            parameters.push(Stored::Integer(*number));
            let mut statement = self.connection(context)?.prepare(&sql)?;
            super::query::bind(&mut statement, &parameters)?;
            statement.raw_execute()?;
        }
        Ok(())
    }
}

/// A check over the columns of `t`.
pub(super) fn check_sql(context: &Context, table: &Table, text: &str) -> Result<String, Fault> {
    let expr = tsql::expression(text)?;
    let variables = Session::no_variables();
    let mut binder = Binder::new(context, &variables);
    binder.enter(vec![Origin {
        alias: table.name.clone(),
        schema: None,
        stored: "t".to_owned(),
        fields: fields_of(table, &context.catalog.collation),
        outer: false,
        table: Some(table.id),
    }]);
    binder.condition(&expr)
}

/// SQL Server names the column of a check that is about one column.
fn single_column(table: &Table, text: &str) -> Option<String> {
    let mut named = table.columns.iter().filter(|column| {
        let lower = text.to_lowercase();
        let name = column.name.to_lowercase();
        lower.match_indices(&name).any(|(at, _)| {
            let edge = |char: Option<char>| char.is_none_or(|char| !char.is_alphanumeric() && char != '_');
            edge(lower[..at].chars().next_back()) && edge(lower[at + name.len()..].chars().next())
        })
    });
    match (named.next(), named.next()) {
        (Some(one), None) => Some(one.name.clone()),
        _ => None,
    }
}

fn conflict(context: &Context, table: &Table, (verb, kind, name): (&str, &str, &str), column: Option<String>) -> Fault {
    let column = column.map(|column| format!(", column '{column}'")).unwrap_or_default();
    Fault::new(
        547,
        format!(
            "The {verb} statement conflicted with the {kind} constraint \"{name}\". The conflict occurred in database \"{}\", \
             table \"{}\"{column}.",
            context.target.name,
            context.catalog.full_name(table)
        ),
    )
    .state(0)
    .terminated()
}

/// 2627 for constraints, 2601 for indexes.
pub(super) fn duplicate_key(context: &Context, table: &Table, index: &Index, row: &[Stored]) -> Fault {
    let columns = columns_of(table, index.columns.iter().map(|(id, _)| *id));
    let values: Vec<String> =
        values_of(table, row, &columns).iter().zip(&columns).map(|(value, column)| shown(value, column.kind())).collect();
    let (object, key) = (context.catalog.full_name(table), values.join(", "));
    let fault = if index.object == 0 {
        Fault::new(
            2601,
            format!(
                "Cannot insert duplicate key row in object '{object}' with unique index '{}'. The duplicate key value is ({key}).",
                index.name
            ),
        )
    } else {
        let kind = if index.primary { "PRIMARY KEY" } else { "UNIQUE KEY" };
        Fault::new(
            2627,
            format!(
                "Violation of {kind} constraint '{}'. Cannot insert duplicate key in object '{object}'. The duplicate key value is ({key}).",
                index.name
            ),
        )
    };
    fault.class(14).terminated()
}
