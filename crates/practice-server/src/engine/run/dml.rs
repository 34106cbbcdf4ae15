//! `INSERT`, `UPDATE`, `DELETE` and `TRUNCATE TABLE`.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::types::Value as Stored;
use sqlparser::ast::{Expr, TableWithJoins};

use crate::engine::bind::{Binder, FromSource, Variables, table_fields};
use crate::engine::catalog::{Table, TableColumn};
use crate::engine::context::Context;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::run::execution::{Execution, Frame};
use crate::engine::run::query::bind;
use crate::engine::run::rows::{Output, OutputSides, default_expr, for_column};
use crate::engine::session::{EMPTY, Session};
use crate::engine::typed::BoundExpr;
use crate::tsql::Name;
use crate::tsql::statement::{Delete, Insert, InsertSource, Update};
use crate::value::SqlType;

/// The rows to be inserted: values with their types, in the order of `columns`.
struct IncomingRows {
    columns: Vec<TableColumn>,
    rows: Vec<Vec<(Stored, SqlType)>>,
}

/// The table of an `INSERT`, the columns for which values are given, and the `OUTPUT`.
pub(super) struct InsertTarget {
    context: Arc<Context>,
    table: Table,
    named: Vec<TableColumn>,
    output: Option<Output>,
}

impl InsertTarget {
    /// The number of values in each row.
    pub(super) fn width(&self) -> usize {
        self.named.len()
    }
}

impl Execution<'_> {
    /// Finds the table and columns of an `INSERT`, and binds its `OUTPUT`.
    pub(super) fn insert_target(&mut self, insert: &Insert, frame: &Frame) -> Result<InsertTarget, SqlError> {
        let context = self.session.context()?;
        let table = Binder::new(&context, &frame.variables).table(&insert.table, "INSERT")?;
        let named = self.named_columns(&context, &table, insert)?;
        let output = match &insert.output {
            Some(items) => Some(Output::read(&context, &frame.variables, &table, items, OutputSides::Inserted)?),
            None => None,
        };
        Ok(InsertTarget { context, table, named, output })
    }

    /// Inserts the rows of the source, which for `EXEC` are those that it returned.
    pub(super) fn insert(
        &mut self,
        insert: &Insert,
        target: InsertTarget,
        executed: Option<Vec<Vec<(Stored, SqlType)>>>,
        frame: &Frame,
    ) -> Result<(), SqlError> {
        let InsertTarget { context, table, named, mut output } = target;
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
            InsertSource::Query(selection) => {
                let mut binder = Binder::new(context, variables);
                let bound = binder.selection(selection)?;
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
        let missing: Vec<&TableColumn> = table
            .columns
            .iter()
            .filter(|column| column.default.is_some() && !columns.iter().any(|given| given.id == column.id))
            .collect();
        if !missing.is_empty() {
            let mut binder = Binder::new(context, &EMPTY);
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
                bind(&mut statement, &values)?;
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
        let kept = match rows.first().and_then(|row| row.first()) {
            Some(Stored::Integer(last)) => Some(*last),
            _ => None,
        };
        let given = self.store(context)?.last_identity(table);
        let last = if step > 0 { kept.max(given) } else { kept.into_iter().chain(given).min() };
        let next = last.map_or(seed, |last| last.saturating_add(step));
        self.connection(context)?
            .execute("INSERT OR REPLACE INTO identity (\"table\", last) VALUES (?1, ?2)", [table.id, next])?;
        self.store(context)?.set_last_identity(table, Some(next));
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

/// The table to change, and the `FROM` that finds its rows.
struct Target {
    table: Table,
    /// The table's name in the query.
    stored: String,
    from: String,
}

/// Finds the target and opens its scope in the binder.
fn target(binder: &mut Binder<'_>, name: &Name, from: &[TableWithJoins], permission: &str) -> Result<Target, SqlError> {
    let context = binder.context;
    if from.is_empty() {
        let table = binder.table(name, permission)?;
        let origin = FromSource {
            alias: name.object().to_owned(),
            schema: Some(context.catalog.schema_name(table.schema).to_owned()),
            stored: "target".to_owned(),
            fields: table_fields(&table, &context.catalog.collation),
            outer: false,
            table: Some(table.id),
            view: None,
        };
        let from = format!("{} AS target", table.stored());
        binder.push_scope(vec![origin]);
        return Ok(Target { table, stored: "target".to_owned(), from });
    }
    binder.push_scope(Vec::new());
    let from = binder.from(from)?;
    let same = |a: &str, b: &str| context.catalog.same(a, b);
    let by_alias = binder.origins().iter().find(|origin| name.parts.len() == 1 && same(&origin.alias, name.object()));
    let by_table = || {
        let table = binder.table(name, permission).ok()?;
        binder.origins().iter().find(|origin| origin.table == Some(table.id))
    };
    let origin = by_alias.or_else(by_table).cloned().ok_or_else(|| error::no_object(name))?;
    let table = origin.table.and_then(|id| context.catalog.table_by_id(id)).cloned();
    let table = table.ok_or_else(|| SqlError::unsupported("Changing what is not a table"))?;
    require(context, &table, permission)?;
    Ok(Target { table, stored: origin.stored, from })
}

/// Returns error 229 without a permission on a table.
fn require(context: &Context, table: &Table, permission: &str) -> Result<(), SqlError> {
    if context.user.is_permitted(&context.catalog, permission, PermissionScope::Table(table)) {
        return Ok(());
    }
    Err(error::denied(permission, &table.name, &context.target.name, context.catalog.schema_name(table.schema)))
}

/// Returns `TOP` as `SQLite`'s `LIMIT`.
fn limit(binder: &mut Binder<'_>, top: Option<&Expr>) -> Result<String, SqlError> {
    match top {
        None => Ok(String::new()),
        Some(top) => {
            let typed = binder.expr(top)?;
            Ok(format!(" LIMIT {}", binder.coerce(&typed, SqlType::BigInt)))
        }
    }
}

/// A row to change: its row id and the new values.
struct FoundRow {
    row: i64,
    values: Vec<Stored>,
}

impl Execution<'_> {
    pub(super) fn update(&mut self, update: &Update, frame: &mut Frame) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let mut binder = Binder::new(&context, &frame.variables);
        let target = target(&mut binder, &update.target, &update.from, "UPDATE")?;
        if update.filter.is_some() {
            require(&context, &target.table, "SELECT")?;
        }
        let (columns, cells) = assignments(&mut binder, &context, &target, update)?;
        let filter = match &update.filter {
            Some(filter) => format!(" WHERE {}", binder.condition(filter)?),
            None => String::new(),
        };
        let limit = limit(&mut binder, update.top.as_ref())?;
        let mut values = String::new();
        for cell in &cells {
            values.push_str(", ");
            values.push_str(&cell.sql);
        }
        let sql = format!("SELECT {}.rowid{values} FROM {}{filter}{limit}", target.stored, target.from);
        let parameters = binder.parameters();
        let mut output = match &update.output {
            Some(items) => Some(Output::read(&context, &frame.variables, &target.table, items, OutputSides::Both)?),
            None => None,
        };
        let count = self.session.writing(&context, |session| {
            let found = session.find_rows(&context, &sql, &parameters)?;
            session.update_rows(&context, &target.table, (&columns, &cells), &found, output.as_mut())
        })?;
        if let Some(output) = output {
            self.send_output(output);
        }
        self.finish_with_rows(count);
        Ok(())
    }
}

fn assignments(
    binder: &mut Binder<'_>,
    context: &Context,
    target: &Target,
    update: &Update,
) -> Result<(Vec<TableColumn>, Vec<BoundExpr>), SqlError> {
    let (mut columns, mut cells): (Vec<TableColumn>, Vec<BoundExpr>) = (Vec::new(), Vec::new());
    for (parts, expr) in &update.set {
        let name = parts.last().map_or("", String::as_str);
        let column = target.table.column(&context.catalog, name).ok_or_else(|| error::no_column(name))?;
        if column.identity.is_some() {
            return Err(
                SqlError::new(8102, format!("Cannot update identity column '{}'.", column.name)).scope(ErrorScope::Compile)
            );
        }
        if columns.iter().any(|other| other.id == column.id) {
            return Err(SqlError::new(
                264,
                format!(
                    "The column name '{name}' is specified more than once in the SET clause or column list of an INSERT. A column \
                     cannot be assigned more than one value in the same clause."
                ),
            )
            .scope(ErrorScope::Compile));
        }
        let default =
            matches!(expr, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("DEFAULT"));
        cells.push(if default { default_expr(binder, column)? } else { binder.expr(expr)? });
        columns.push(column.clone());
    }
    Ok((columns, cells))
}

impl Session {
    fn find_rows(&self, context: &Context, sql: &str, parameters: &[Stored]) -> Result<Vec<FoundRow>, SqlError> {
        let mut found: Vec<FoundRow> = Vec::new();
        let mut seen = HashSet::new();
        for row in self.rows(context, sql, parameters)? {
            let mut values = row.into_iter();
            // A row that a join finds twice is changed once, with the first values.
            if let Some(Stored::Integer(number)) = values.next()
                && seen.insert(number)
            {
                found.push(FoundRow { row: number, values: values.collect() });
            }
        }
        Ok(found)
    }

    fn update_rows(
        &mut self,
        context: &Context,
        table: &Table,
        (columns, cells): (&[TableColumn], &[BoundExpr]),
        found: &[FoundRow],
        mut output: Option<&mut Output>,
    ) -> Result<usize, SqlError> {
        let set = columns
            .iter()
            .enumerate()
            .map(|(at, column)| format!("{} = ?{}", column.stored(), at + 1))
            .collect::<Vec<_>>()
            .join(", ");
        let sql = format!("UPDATE {} SET {set} WHERE rowid = ?{}", table.stored(), columns.len() + 1);
        let mut olds = Vec::new();
        for one in found {
            let old = self.row(context, table, one.row)?;
            let mut values = Vec::new();
            for ((column, cell), value) in columns.iter().zip(cells).zip(&one.values) {
                values.push(for_column(context, table, column, value.clone(), cell.kind, "UPDATE")?);
            }
            let mut parameters = values.clone();
            parameters.push(Stored::Integer(one.row));
            self.change_row(context, table, &sql, &parameters, |column, at| {
                columns.iter().position(|one| one.id == column.id).map_or_else(|| old[at].clone(), |place| values[place].clone())
            })?;
            self.check_row(context, table, one.row, "UPDATE")?;
            olds.push(old);
        }
        for (one, old) in found.iter().zip(&olds) {
            self.check_parents(context, table, one.row, "UPDATE")?;
            self.check_children(context, table, old, Some(one.row), "UPDATE")?;
            if let Some(output) = output.as_deref_mut() {
                output.add_row(self, context, one.row, old)?;
            }
        }
        Ok(found.len())
    }

    /// Updates one row; a duplicate key is reported with the row as it would have been.
    fn change_row(
        &self,
        context: &Context,
        table: &Table,
        sql: &str,
        parameters: &[Stored],
        next: impl Fn(&TableColumn, usize) -> Stored,
    ) -> Result<(), SqlError> {
        let result = {
            let mut statement = self.connection(context)?.prepare(sql)?;
            bind(&mut statement, parameters)?;
            statement.raw_execute()
        };
        result.map(|_| ()).map_err(|error| {
            let row: Vec<Stored> = table.columns.iter().enumerate().map(|(at, column)| next(column, at)).collect();
            self.describe_duplicate(context, table, &row, error)
        })
    }
}

impl Execution<'_> {
    pub(super) fn delete(&mut self, delete: &Delete, frame: &mut Frame) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let mut binder = Binder::new(&context, &frame.variables);
        let target = target(&mut binder, &delete.target, &delete.from, "DELETE")?;
        if delete.filter.is_some() {
            require(&context, &target.table, "SELECT")?;
        }
        let filter = match &delete.filter {
            Some(filter) => format!(" WHERE {}", binder.condition(filter)?),
            None => String::new(),
        };
        let limit = limit(&mut binder, delete.top.as_ref())?;
        let sql = format!("SELECT DISTINCT {}.rowid FROM {}{filter}{limit}", target.stored, target.from);
        let parameters = binder.parameters();
        let mut output = match &delete.output {
            Some(items) => Some(Output::read(&context, &frame.variables, &target.table, items, OutputSides::Deleted)?),
            None => None,
        };
        let count = self.session.writing(&context, |session| {
            let mut rows = Vec::new();
            for row in session.rows(&context, &sql, &parameters)? {
                if let Some(Stored::Integer(number)) = row.first() {
                    rows.push(*number);
                }
            }
            session.delete_rows(&context, &target.table, &rows, output.as_mut())?;
            Ok(rows.len())
        })?;
        if let Some(output) = output {
            self.send_output(output);
        }
        self.finish_with_rows(count);
        Ok(())
    }

    pub(super) fn truncate(&mut self, name: &Name) -> Result<(), SqlError> {
        let context = self.session.context()?;
        let table = Binder::new(&context, &EMPTY).table(name, "ALTER")?;
        if context.catalog.is_referenced(table.id) {
            return Err(SqlError::new(
                4712,
                format!("Cannot truncate table '{name}' because it is being referenced by a FOREIGN KEY constraint."),
            ));
        }
        self.session.writing(&context, |session| {
            let connection = session.connection(&context)?;
            connection.execute(&format!("DELETE FROM {}", table.stored()), [])?;
            connection.execute("DELETE FROM identity WHERE \"table\" = ?1", [table.id])?;
            session.store(&context)?.set_last_identity(&table, None);
            Ok(())
        })?;
        self.finish();
        Ok(())
    }
}
