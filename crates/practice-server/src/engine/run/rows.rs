//! Rows of tables: values for columns, constraints with their errors and cascades, the `OUTPUT` clause.

use rusqlite::types::Value as Stored;
use sqlparser::ast::SelectItem;

use crate::engine::bind::{Binder, FromSource, Variables, table_fields};
use crate::engine::catalog::{ForeignKey, Table, TableColumn, TableIndex};
use crate::engine::context::Context;
use crate::engine::convert::to_wire;
use crate::engine::error::SqlError;
use crate::engine::run::execution::Execution;
use crate::engine::run::query::bind;
use crate::engine::session::{EMPTY, Session};
use crate::engine::typed::{BoundExpr, Field};
use crate::engine::{collation, convert, types};
use crate::reply::Reply;
use crate::tsql;
use crate::tsql::statement::ReferentialAction;
use crate::value::{Column, SqlType};

/// Returns a column's default as an expression; `NULL` without one.
pub(super) fn default_expr(binder: &mut Binder<'_>, column: &TableColumn) -> Result<BoundExpr, SqlError> {
    match &column.default {
        None => Ok(BoundExpr::null_literal()),
        Some(default) => {
            let expr = tsql::expression(&default.text)?;
            binder.expr(&expr)
        }
    }
}

/// Converts a value for a column; errors 515 and 2628 if it does not fit.
pub(super) fn for_column(
    context: &Context,
    table: &Table,
    column: &TableColumn,
    value: Stored,
    kind: SqlType,
    verb: &str,
) -> Result<Stored, SqlError> {
    let full = || format!("{}.{}", context.target.name, context.catalog.full_name(table));
    if value == Stored::Null {
        if column.nullable {
            return Ok(value);
        }
        return Err(SqlError::new(
            515,
            format!(
                "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. {verb} fails.",
                column.name,
                full()
            ),
        )
        .state(2)
        .terminated());
    }
    match convert::for_column(value, kind, column.kind())? {
        Ok(value) => Ok(if column.fixed { convert::pad(value, column.kind()) } else { value }),
        Err(cut) => Err(SqlError::new(
            2628,
            format!(
                "String or binary data would be truncated in table '{}', column '{}'. Truncated value: '{cut}'.",
                full(),
                column.name
            ),
        )
        .terminated()),
    }
}

/// Formats a key's value for an error.
fn display_value(value: &Stored, kind: SqlType) -> String {
    match convert::convert(value.clone(), kind, SqlType::NVarChar(None), 121) {
        Ok(Stored::Text(text)) => text,
        _ => "<NULL>".to_owned(),
    }
}

/// Returns `column = ?n` under the column's collation; `NULL` equals `NULL` if `nulls` is set.
fn equals(context: &Context, column: &TableColumn, place: usize, nulls: bool) -> String {
    let mut left = column.stored();
    if types::is_text(column.kind()) {
        let name = column.collation.as_deref().unwrap_or(&context.catalog.collation);
        left = format!("{left} COLLATE {}", collation::comparison_class(name));
    }
    let sign = if nulls { "IS" } else { "=" };
    if matches!(column.kind(), SqlType::DateTimeOffset(_)) {
        return format!("substr({left}, 1, 19) {sign} substr(?{place}, 1, 19)");
    }
    format!("{left} {sign} ?{place}")
}

/// Returns a condition for the rows of a table that have the same values in some columns.
fn matching(context: &Context, columns: &[&TableColumn], nulls: bool) -> String {
    let tests: Vec<String> = columns.iter().enumerate().map(|(at, column)| equals(context, column, at + 1, nulls)).collect();
    tests.join(" AND ")
}

fn columns_by_id(table: &Table, ids: impl Iterator<Item = i64>) -> Vec<&TableColumn> {
    ids.filter_map(|id| table.column_by_id(id)).collect()
}

fn column_values(table: &Table, row: &[Stored], columns: &[&TableColumn]) -> Vec<Stored> {
    columns
        .iter()
        .map(|column| {
            let at = table.columns.iter().position(|one| one.id == column.id);
            at.and_then(|at| row.get(at)).cloned().unwrap_or(Stored::Null)
        })
        .collect()
}

impl Session {
    /// Returns a row's values, by its row id.
    pub(super) fn row(&self, context: &Context, table: &Table, row: i64) -> Result<Vec<Stored>, SqlError> {
        let columns = table.columns.iter().map(TableColumn::stored).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {columns} FROM {} WHERE rowid = ?1", table.stored());
        let rows = self.rows(context, &sql, &[Stored::Integer(row)])?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// Describes a violated unique index as SQL Server does; other errors are passed on.
    pub(super) fn describe_duplicate(
        &self,
        context: &Context,
        table: &Table,
        row: &[Stored],
        error: rusqlite::Error,
    ) -> SqlError {
        let unique =
            matches!(&error, rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::ConstraintViolation);
        if !unique {
            return error.into();
        }
        let found = table.indexes.iter().filter(|index| index.unique).find(|index| {
            let columns = columns_by_id(table, index.columns.iter().map(|(id, _)| *id));
            let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", table.stored(), matching(context, &columns, true));
            self.rows(context, &sql, &column_values(table, row, &columns)).is_ok_and(|rows| !rows.is_empty())
        });
        found.map_or_else(|| error.into(), |index| duplicate_key(context, table, index, row))
    }

    /// Checks the `CHECK` constraints of a row that is already in the table.
    pub(super) fn check_row(&mut self, context: &Context, table: &Table, number: i64, verb: &str) -> Result<(), SqlError> {
        for check in &table.checks {
            let test = check_sql(context, table, &check.text)?;
            let sql = format!("SELECT 1 FROM {} AS t WHERE t.rowid = ?1 AND NOT ({test})", table.stored());
            if !self.rows(context, &sql, &[Stored::Integer(number)])?.is_empty() {
                return Err(conflict(context, table, (verb, "CHECK", &check.name), single_column(table, &check.text)));
            }
        }
        Ok(())
    }

    /// Checks the foreign keys of a row: each must have its parent.
    pub(super) fn check_parents(&mut self, context: &Context, table: &Table, number: i64, verb: &str) -> Result<(), SqlError> {
        if table.foreign.is_empty() {
            return Ok(());
        }
        let row = self.row(context, table, number)?;
        for foreign in &table.foreign {
            let columns = columns_by_id(table, foreign.columns.iter().copied());
            let values = column_values(table, &row, &columns);
            if row.is_empty() || values.contains(&Stored::Null) {
                continue;
            }
            let Some(parent) = context.catalog.table_by_id(foreign.table) else {
                continue;
            };
            let wanted = columns_by_id(parent, foreign.references.iter().copied());
            let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", parent.stored(), matching(context, &wanted, false));
            if self.rows(context, &sql, &values)?.is_empty() {
                let column = if let [one] = wanted.as_slice() { Some(one.name.clone()) } else { None };
                let kind = if parent.id == table.id { "FOREIGN KEY SAME TABLE" } else { "FOREIGN KEY" };
                return Err(conflict(context, parent, (verb, kind, &foreign.name), column));
            }
        }
        Ok(())
    }

    /// Handles rows that refer to a row that is deleted or whose key has changed.
    pub(super) fn check_children(
        &mut self,
        context: &Context,
        table: &Table,
        old: &[Stored],
        now: Option<i64>,
        verb: &str,
    ) -> Result<(), SqlError> {
        let children: Vec<(Table, ForeignKey)> = context
            .catalog
            .tables
            .iter()
            .flat_map(|child| child.foreign.iter().filter(|key| key.table == table.id).map(|key| (child.clone(), key.clone())))
            .collect();
        for (child, foreign) in children {
            let keys = columns_by_id(table, foreign.references.iter().copied());
            let values = column_values(table, old, &keys);
            if let Some(number) = now {
                let row = self.row(context, table, number)?;
                if column_values(table, &row, &keys) == values {
                    continue;
                }
            }
            // Another row may have an equal key under the collation.
            let sql = format!("SELECT 1 FROM {} WHERE {} LIMIT 1", table.stored(), matching(context, &keys, false));
            if !self.rows(context, &sql, &values)?.is_empty() {
                continue;
            }
            let columns = columns_by_id(&child, foreign.columns.iter().copied());
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
                ReferentialAction::Refuse => {
                    let column = if let [one] = columns.as_slice() { Some(one.name.clone()) } else { None };
                    let kind = if child.id == table.id { "SAME TABLE REFERENCE" } else { "REFERENCE" };
                    return Err(conflict(context, &child, (verb, kind, &foreign.name), column));
                }
                ReferentialAction::Cascade if now.is_none() => self.delete_rows(context, &child, &rows, None)?,
                ReferentialAction::Cascade => {
                    let row = self.row(context, table, now.unwrap_or(0))?;
                    self.set_foreign_key(context, &child, &columns, &rows, &column_values(table, &row, &keys))?;
                }
                ReferentialAction::SetNull => {
                    self.set_foreign_key(context, &child, &columns, &rows, &vec![Stored::Null; columns.len()])?;
                }
            }
        }
        Ok(())
    }

    /// Deletes rows by their row ids, with the rows that refer to them.
    pub(super) fn delete_rows(
        &mut self,
        context: &Context,
        table: &Table,
        rows: &[i64],
        mut output: Option<&mut Output>,
    ) -> Result<(), SqlError> {
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", table.stored());
        let mut olds = Vec::new();
        for number in rows {
            let old = self.row(context, table, *number)?;
            if let Some(output) = output.as_deref_mut() {
                output.add_row(self, context, *number, &old)?;
            }
            self.connection(context)?.prepare(&sql)?.execute([number])?;
            olds.push(old);
        }
        for old in &olds {
            self.check_children(context, table, old, None, "DELETE")?;
        }
        Ok(())
    }

    fn set_foreign_key(
        &mut self,
        context: &Context,
        child: &Table,
        columns: &[&TableColumn],
        rows: &[i64],
        values: &[Stored],
    ) -> Result<(), SqlError> {
        let set: Vec<String> =
            columns.iter().enumerate().map(|(at, column)| format!("{} = ?{}", column.stored(), at + 1)).collect();
        let sql = format!("UPDATE {} SET {} WHERE rowid = ?{}", child.stored(), set.join(", "), columns.len() + 1);
        for number in rows {
            let mut parameters = values.to_vec();
            parameters.push(Stored::Integer(*number));
            let mut statement = self.connection(context)?.prepare(&sql)?;
            bind(&mut statement, &parameters)?;
            statement.raw_execute()?;
        }
        Ok(())
    }
}

/// Binds a check over the columns of `t`.
pub(super) fn check_sql(context: &Context, table: &Table, text: &str) -> Result<String, SqlError> {
    let expr = tsql::expression(text)?;
    let mut binder = Binder::new(context, &EMPTY);
    binder.push_scope(vec![FromSource {
        alias: table.name.clone(),
        schema: None,
        stored: "t".to_owned(),
        fields: table_fields(table, &context.catalog.collation),
        outer: false,
        table: Some(table.id),
        view: None,
    }]);
    binder.condition(&expr)
}

/// Returns the column of a check that is about one column; SQL Server names it.
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

fn conflict(context: &Context, table: &Table, (verb, kind, name): (&str, &str, &str), column: Option<String>) -> SqlError {
    let column = column.map(|column| format!(", column '{column}'")).unwrap_or_default();
    SqlError::new(
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

/// Creates error 2627 for constraints, 2601 for indexes.
pub(super) fn duplicate_key(context: &Context, table: &Table, index: &TableIndex, row: &[Stored]) -> SqlError {
    let columns = columns_by_id(table, index.columns.iter().map(|(id, _)| *id));
    let values: Vec<String> = column_values(table, row, &columns)
        .iter()
        .zip(&columns)
        .map(|(value, column)| display_value(value, column.kind()))
        .collect();
    let (object, key) = (context.catalog.full_name(table), values.join(", "));
    let error = if index.object == 0 {
        SqlError::new(
            2601,
            format!(
                "Cannot insert duplicate key row in object '{object}' with unique index '{}'. The duplicate key value is ({key}).",
                index.name
            ),
        )
    } else {
        let kind = if index.primary { "PRIMARY KEY" } else { "UNIQUE KEY" };
        SqlError::new(
            2627,
            format!(
                "Violation of {kind} constraint '{}'. Cannot insert duplicate key in object '{object}'. The duplicate key value is ({key}).",
                index.name
            ),
        )
    };
    error.class(14).terminated()
}

/// The parameter of the row's id, followed by those of the old row's values; above any variables.
const ROW: usize = 2000;

/// An `OUTPUT` clause, bound and evaluated per row.
#[derive(Debug)]
pub(super) struct Output {
    sql: String,
    fields: Vec<Field>,
    parameters: Vec<Stored>,
    pub(super) rows: Vec<Vec<Stored>>,
}

/// Which of `inserted` and `deleted` exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputSides {
    Inserted,
    Deleted,
    Both,
}

impl Output {
    /// Binds the clause. The new row is read from the table, the old one is passed as parameters.
    pub(super) fn read(
        context: &Context,
        variables: &Variables,
        table: &Table,
        items: &[SelectItem],
        sides: OutputSides,
    ) -> Result<Self, SqlError> {
        let fields = table_fields(table, &context.catalog.collation);
        let origin = |alias: &str, stored: &str| FromSource {
            alias: alias.to_owned(),
            schema: None,
            stored: stored.to_owned(),
            fields: fields.clone(),
            outer: false,
            table: None,
            view: None,
        };
        let mut origins = Vec::new();
        let mut from = Vec::new();
        if sides != OutputSides::Deleted {
            origins.push(origin("inserted", "ins"));
            from.push(format!("(SELECT * FROM {} WHERE rowid = ?{ROW}) AS ins", table.stored()));
        }
        if sides != OutputSides::Inserted {
            origins.push(origin("deleted", "del"));
            let old = table
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| format!("?{} AS {}", ROW + 1 + at, column.stored()))
                .collect::<Vec<_>>()
                .join(", ");
            from.push(format!("(SELECT {old}) AS del"));
        }
        let mut binder = Binder::new(context, variables);
        binder.push_scope(origins);
        let (columns, fields) = binder.output(items)?;
        binder.pop_scope();
        Ok(Self {
            sql: format!("SELECT {} FROM {}", columns.join(", "), from.join(", ")),
            fields,
            parameters: binder.parameters(),
            rows: Vec::new(),
        })
    }

    /// Evaluates the clause for one row.
    pub(super) fn add_row(&mut self, session: &Session, context: &Context, row: i64, old: &[Stored]) -> Result<(), SqlError> {
        let mut statement = session.connection(context)?.prepare(&self.sql)?;
        let count = statement.parameter_count();
        for (at, value) in self.parameters.iter().enumerate().take(count) {
            statement.raw_bind_parameter(at + 1, value)?;
        }
        if count >= ROW {
            statement.raw_bind_parameter(ROW, row)?;
        }
        for (at, value) in old.iter().enumerate() {
            if ROW + 1 + at <= count {
                statement.raw_bind_parameter(ROW + 1 + at, value)?;
            }
        }
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        while let Some(found) = rows.next()? {
            self.rows.push((0..width).map(|at| found.get(at)).collect::<Result<_, _>>()?);
        }
        Ok(())
    }
}

impl Execution<'_> {
    /// Sends the clause's rows after the statement has succeeded.
    pub(super) fn send_output(&mut self, output: Output) {
        let kinds: Vec<SqlType> = output.fields.iter().map(|field| field.kind).collect();
        if let Some(captured) = &mut self.captured {
            captured.rows.extend(output.rows.into_iter().map(|row| row.into_iter().zip(kinds.iter().copied()).collect()));
            return;
        }
        let columns = output
            .fields
            .iter()
            .map(|field| Column { name: field.name.clone(), kind: field.kind, nullable: field.nullable })
            .collect();
        self.send(Reply::Columns(columns));
        for row in output.rows {
            let values = row.into_iter().zip(&kinds).map(|(value, kind)| to_wire(value, *kind)).collect();
            self.send(Reply::Row(values));
        }
    }
}
