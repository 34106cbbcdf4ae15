//! `INSERT`, and values for columns.

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use crate::engine::bind::{Binder, Variables};
use crate::engine::catalog::{Table, TableColumn};
use crate::engine::context::Context;
use crate::engine::convert;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::run::update::{Output, OutputSides};
use crate::engine::run::{Execution, Frame};
use crate::engine::session::Session;
use crate::engine::typed::BoundExpr;
use crate::tsql;
use crate::tsql::statement::{Insert, InsertSource};
use crate::value::SqlType;

/// The rows to be inserted: values with their types, in the order of `columns`.
struct IncomingRows {
    columns: Vec<TableColumn>,
    rows: Vec<Vec<(Stored, SqlType)>>,
}

impl Execution<'_> {
    pub(super) fn insert(&mut self, insert: &Insert, frame: &mut Frame) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let table = Binder::new(&context, &frame.variables).table(&insert.table, "INSERT")?;
        let named = self.named_columns(&context, &table, insert)?;
        let mut output = match &insert.output {
            Some(items) => Some(Output::read(&context, &frame.variables, &table, items, OutputSides::Inserted)?),
            None => None,
        };
        // EXEC runs first, including its own changes.
        let executed = match &insert.source {
            InsertSource::Execute(statement) => Some(self.captured_rows(statement, frame, named.len())?),
            _ => None,
        };
        let variables = &frame.variables;
        let (count, last) = self.session.writing(&context, |session| {
            let incoming = match executed {
                Some(rows) => session.with_defaults(&context, &table, named, rows)?,
                None => session.incoming(&context, &table, named, insert, variables)?,
            };
            session.store_rows(&context, &table, &incoming, output.as_mut())
        })?;
        if let Some(identity) = last {
            self.session.scope_identity = Some(identity);
            self.session.last_identity = Some(identity);
        }
        if let Some(output) = output {
            self.send_output(output);
        }
        self.finish_with_rows(count);
        Ok(())
    }

    fn captured_rows(
        &mut self,
        statement: &tsql::statement::Statement,
        frame: &mut Frame,
        width: usize,
    ) -> Result<Vec<Vec<(Stored, SqlType)>>, SqlError> {
        if self.captured.is_some() {
            return Err(SqlError::new(8164, "An INSERT EXEC statement cannot be nested."));
        }
        self.captured = Some(crate::engine::run::query::CapturedRows::default());
        let result = self.statement(statement, frame);
        let rows = self.captured.take().unwrap_or_default().rows;
        result?;
        if rows.iter().any(|row| row.len() != width) {
            return Err(SqlError::new(213, "Column name or number of supplied values does not match table definition.").state(7));
        }
        Ok(rows)
    }

    /// Returns the columns for which values are given.
    fn named_columns(&self, context: &Context, table: &Table, insert: &Insert) -> Result<Vec<TableColumn>, SqlError> {
        let may_identity = self.session.settings.identity_insert == Some(table.id);
        let Some(names) = &insert.columns else {
            let all = table.columns.iter().filter(|column| column.identity.is_none()).cloned().collect();
            return Ok(if matches!(insert.source, InsertSource::Defaults) { Vec::new() } else { all });
        };
        let mut columns: Vec<TableColumn> = Vec::new();
        for name in names {
            let column = table.column(&context.catalog, name).ok_or_else(|| error::no_column(name))?;
            if columns.iter().any(|other| other.id == column.id) {
                return Err(SqlError::new(
                    264,
                    format!(
                        "The column name '{name}' is specified more than once in the SET clause or column list of an INSERT. A \
                         column cannot be assigned more than one value in the same clause."
                    ),
                )
                .scope(ErrorScope::Compile));
            }
            if column.identity.is_some() && !may_identity {
                return Err(SqlError::new(
                    544,
                    format!(
                        "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF.",
                        table.name
                    ),
                ));
            }
            columns.push(column.clone());
        }
        Ok(columns)
    }
}

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

impl Session {
    /// Evaluates the source, and the defaults of the columns that it omits.
    fn incoming(
        &mut self,
        context: &Context,
        table: &Table,
        named: Vec<TableColumn>,
        insert: &Insert,
        variables: &Variables,
    ) -> Result<IncomingRows, SqlError> {
        let mut rows = Vec::new();
        match &insert.source {
            InsertSource::Values(list) => {
                for row in list {
                    check_width(insert.columns.is_some(), named.len(), row.len())?;
                    let mut binder = Binder::new(context, variables);
                    let mut cells = Vec::new();
                    for (expr, column) in row.iter().zip(&named) {
                        let default = matches!(expr, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("DEFAULT"));
                        cells.push(if default { default_expr(&mut binder, column)? } else { binder.expr(expr)? });
                    }
                    let sql = cells.iter().map(|cell| cell.sql.as_str()).collect::<Vec<_>>().join(", ");
                    let found = self.rows(context, &format!("SELECT {sql}"), &binder.parameters())?;
                    let values = found.into_iter().next().unwrap_or_default();
                    rows.push(values.into_iter().zip(cells.iter().map(|cell| cell.kind)).collect());
                }
            }
            InsertSource::Query(query) => {
                let mut binder = Binder::new(context, variables);
                let bound = binder.query(query)?;
                check_width(insert.columns.is_some(), named.len(), bound.fields.len())?;
                for row in self.rows(context, &bound.sql, &binder.parameters())? {
                    rows.push(row.into_iter().zip(bound.fields.iter().map(|field| field.kind)).collect());
                }
            }
            InsertSource::Defaults => rows.push(Vec::new()),
            InsertSource::Execute(_) => {}
        }
        self.with_defaults(context, table, named, rows)
    }

    fn with_defaults(
        &mut self,
        context: &Context,
        table: &Table,
        mut columns: Vec<TableColumn>,
        mut rows: Vec<Vec<(Stored, SqlType)>>,
    ) -> Result<IncomingRows, SqlError> {
        let none = Self::no_variables();
        let missing: Vec<&TableColumn> = table
            .columns
            .iter()
            .filter(|column| column.default.is_some() && !columns.iter().any(|given| given.id == column.id))
            .collect();
        if !missing.is_empty() {
            let mut binder = Binder::new(context, &none);
            let cells = missing.iter().map(|column| default_expr(&mut binder, column)).collect::<Result<Vec<_>, _>>()?;
            let sql = format!("SELECT {}", cells.iter().map(|cell| cell.sql.as_str()).collect::<Vec<_>>().join(", "));
            for row in &mut rows {
                // Evaluated per row, because NEWID differs each time.
                let values = self.rows(context, &sql, &[])?.into_iter().next().unwrap_or_default();
                row.extend(values.into_iter().zip(cells.iter().map(|cell| cell.kind)));
            }
            columns.extend(missing.into_iter().cloned());
        }
        Ok(IncomingRows { columns, rows })
    }

    /// Inserts the rows; returns their number and the last identity.
    fn store_rows(
        &mut self,
        context: &Context,
        table: &Table,
        incoming: &IncomingRows,
        mut output: Option<&mut Output>,
    ) -> Result<(usize, Option<i64>), SqlError> {
        let identity = table.columns.iter().find(|column| column.identity.is_some());
        let explicit = identity.is_some_and(|identity| incoming.columns.iter().any(|column| column.id == identity.id));
        let mut last = None;
        let names = table.columns.iter().map(TableColumn::stored).collect::<Vec<_>>().join(", ");
        let places = (1..=table.columns.len()).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ");
        let sql = format!("INSERT INTO {} ({names}) VALUES ({places})", table.stored());
        let mut numbers = Vec::new();
        for row in &incoming.rows {
            let mut values = Vec::with_capacity(table.columns.len());
            for column in &table.columns {
                let given = incoming.columns.iter().position(|one| one.id == column.id).and_then(|at| row.get(at));
                let (value, kind) = match given {
                    Some((value, kind)) => (value.clone(), *kind),
                    None if column.identity.is_some() => {
                        let next = self.next_identity(context, table, column)?;
                        last = Some(next);
                        (Stored::Integer(next), SqlType::BigInt)
                    }
                    None => (Stored::Null, SqlType::Int),
                };
                let value = for_column(context, table, column, value, kind, "INSERT")?;
                if explicit
                    && column.identity.is_some()
                    && let Stored::Integer(number) = value
                {
                    self.remember_identity(context, table, column, number)?;
                    last = Some(number);
                }
                values.push(value);
            }
            let number = {
                let connection = self.connection(context)?;
                let mut statement = connection.prepare(&sql)?;
                crate::engine::run::query::bind(&mut statement, &values)?;
                match statement.raw_execute() {
                    Ok(_) => connection.last_insert_rowid(),
                    Err(error) => {
                        drop(statement);
                        return Err(self.describe_duplicate(context, table, &values, error));
                    }
                }
            };
            self.check_row(context, table, number, "INSERT")?;
            numbers.push(number);
        }
        for number in &numbers {
            self.check_parents(context, table, *number, "INSERT")?;
            if let Some(output) = output.as_deref_mut() {
                output.add_row(self, context, *number, &[])?;
            }
        }
        Ok((incoming.rows.len(), last))
    }

    fn next_identity(&mut self, context: &Context, table: &Table, column: &TableColumn) -> Result<i64, SqlError> {
        let (seed, step) = column.identity.unwrap_or((1, 1));
        let rows = self.rows(context, "SELECT last FROM identity WHERE \"table\" = ?1", &[Stored::Integer(table.id)])?;
        let next = match rows.first().and_then(|row| row.first()) {
            Some(Stored::Integer(last)) => last.saturating_add(step),
            _ => seed,
        };
        self.connection(context)?
            .execute("INSERT OR REPLACE INTO identity (\"table\", last) VALUES (?1, ?2)", [table.id, next])?;
        Ok(next)
    }

    /// Advances the counter if the value is beyond the last one.
    fn remember_identity(&mut self, context: &Context, table: &Table, column: &TableColumn, number: i64) -> Result<(), SqlError> {
        let up = column.identity.is_none_or(|(_, step)| step > 0);
        let better = if up { "max" } else { "min" };
        self.connection(context)?.execute(
            &format!(
                "INSERT INTO identity (\"table\", last) VALUES (?1, ?2)
                 ON CONFLICT (\"table\") DO UPDATE SET last = {better}(last, ?2)"
            ),
            [table.id, number],
        )?;
        Ok(())
    }
}

fn check_width(listed: bool, wanted: usize, given: usize) -> Result<(), SqlError> {
    if wanted == given {
        return Ok(());
    }
    let (number, more, fewer) = match (listed, given < wanted) {
        (false, _) => {
            return Err(SqlError::new(213, "Column name or number of supplied values does not match table definition.")
                .scope(ErrorScope::Compile));
        }
        (true, true) => (109, "more columns", "values specified in the VALUES clause"),
        (true, false) => (110, "fewer columns", "values specified in the VALUES clause"),
    };
    Err(SqlError::new(
        number,
        format!(
            "There are {more} in the INSERT statement than {fewer}. The number of values in the VALUES clause must match the \
             number of columns specified in the INSERT statement."
        ),
    )
    .class(15)
    .scope(ErrorScope::Compile))
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

impl Session {
    /// Returns a row's values, by its row id.
    pub(super) fn row(&self, context: &Context, table: &Table, row: i64) -> Result<Vec<Stored>, SqlError> {
        let columns = table.columns.iter().map(TableColumn::stored).collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {columns} FROM {} WHERE rowid = ?1", table.stored());
        let rows = self.rows(context, &sql, &[Stored::Integer(row)])?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }
}
