//! `UPDATE`, `DELETE`, `TRUNCATE TABLE`, and the `OUTPUT` clause: the rows before and after a change.

use rusqlite::types::Value as Stored;
use sqlparser::ast::{Expr, SelectItem, TableWithJoins};

use crate::engine::bind::{Binder, FromSource, Variables, table_fields};
use crate::engine::catalog::{Table, TableColumn};
use crate::engine::context::Context;
use crate::engine::convert::to_wire;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::run::insert::{default_expr, for_column};
use crate::engine::run::{Execution, Frame};
use crate::engine::session::Session;
use crate::engine::typed::{BoundExpr, Field};
use crate::reply::Reply;
use crate::tsql::Name;
use crate::tsql::statement::{Delete, Update};
use crate::value::{Column, SqlType};

/// The table to change, and the `FROM` that finds its rows.
pub(super) struct Target {
    pub(super) table: Table,
    /// The table's name in the query.
    pub(super) stored: String,
    pub(super) from: String,
}

/// Finds the target and opens its scope in the binder.
pub(super) fn target(
    binder: &mut Binder<'_>,
    name: &Name,
    from: &[TableWithJoins],
    permission: &str,
) -> Result<Target, SqlError> {
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
    if !context.user.is_permitted(&context.catalog, permission, PermissionScope::Table(&table)) {
        return Err(error::denied(permission, &table.name, &context.target.name, context.catalog.schema_name(table.schema)));
    }
    Ok(Target { table, stored: origin.stored, from })
}

/// Returns `TOP` as `SQLite`'s `LIMIT`.
pub(super) fn limit(binder: &mut Binder<'_>, top: Option<&Expr>) -> Result<String, SqlError> {
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
        if update.filter.is_some()
            && !context.user.is_permitted(&context.catalog, "SELECT", PermissionScope::Table(&target.table))
        {
            let table = &target.table;
            return Err(error::denied("SELECT", &table.name, &context.target.name, context.catalog.schema_name(table.schema)));
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
        let mut seen = std::collections::HashSet::new();
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
            crate::engine::run::query::bind(&mut statement, parameters)?;
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
        if delete.filter.is_some()
            && !context.user.is_permitted(&context.catalog, "SELECT", PermissionScope::Table(&target.table))
        {
            let table = &target.table;
            return Err(error::denied("SELECT", &table.name, &context.target.name, context.catalog.schema_name(table.schema)));
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
        let variables = &frame_variables();
        let table = Binder::new(&context, variables).table(name, "ALTER")?;
        let referenced = context
            .catalog
            .tables
            .iter()
            .any(|other| other.id != table.id && other.foreign.iter().any(|key| key.table == table.id));
        if referenced {
            return Err(SqlError::new(
                4712,
                format!("Cannot truncate table '{name}' because it is being referenced by a FOREIGN KEY constraint."),
            ));
        }
        self.session.writing(&context, |session| {
            let connection = session.connection(&context)?;
            connection.execute(&format!("DELETE FROM {}", table.stored()), [])?;
            connection.execute("DELETE FROM identity WHERE \"table\" = ?1", [table.id])?;
            Ok(())
        })?;
        self.finish();
        Ok(())
    }
}

fn frame_variables() -> crate::engine::bind::Variables {
    crate::engine::bind::Variables::new()
}

impl Session {
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
