//! `UPDATE`.

use rusqlite::types::Value as Stored;
use sqlparser::ast::{Expr, TableWithJoins};

use super::super::bind::{Binder, Origin, fields_of};
use super::super::catalog::{Column, Table};
use super::super::context::Context;
use super::super::fault::{self, Fault, Reach};
use super::super::principal::On;
use super::super::session::Session;
use super::change::for_column;
use super::insert::default_of;
use super::output::{Output, Sides};
use super::{Frame, Run};
use crate::engine::typed::Typed;
use crate::tsql::names::Name;
use crate::tsql::statement::Update;
use crate::value::SqlType;

/// The table that is changed, and the `FROM` that finds its rows.
pub(super) struct Target {
    pub(super) table: Table,
    /// The table's name in the query.
    pub(super) stored: String,
    pub(super) from: String,
}

/// Finds the target and opens its scope in the binder.
pub(super) fn target(binder: &mut Binder<'_>, name: &Name, from: &[TableWithJoins], permission: &str) -> Result<Target, Fault> {
    let context = binder.context;
    if from.is_empty() {
        let table = binder.table(name, permission)?;
        let origin = Origin {
            alias: name.object().to_owned(),
            schema: Some(context.catalog.schema_name(table.schema).to_owned()),
            stored: "target".to_owned(),
            fields: fields_of(&table, &context.catalog.collation),
            outer: false,
            table: Some(table.id),
        };
        let from = format!("{} AS target", table.stored());
        binder.enter(vec![origin]);
        return Ok(Target { table, stored: "target".to_owned(), from });
    }
    binder.enter(Vec::new());
    let from = binder.from(from)?;
    let same = |a: &str, b: &str| context.catalog.same(a, b);
    let by_alias = binder.origins().iter().find(|origin| name.parts.len() == 1 && same(&origin.alias, name.object()));
    let by_table = || {
        let table = binder.table(name, permission).ok()?;
        binder.origins().iter().find(|origin| origin.table == Some(table.id))
    };
    let origin = by_alias.or_else(by_table).cloned().ok_or_else(|| fault::no_object(name))?;
    let table = origin.table.and_then(|id| context.catalog.table_by_id(id)).cloned();
    let table = table.ok_or_else(|| Fault::unsupported("Changing what is not a table"))?;
    if !context.who.may(&context.catalog, permission, On::Table(&table)) {
        return Err(fault::denied(permission, &table.name, &context.target.name, context.catalog.schema_name(table.schema)));
    }
    Ok(Target { table, stored: origin.stored, from })
}

/// `TOP`, as `SQLite` says it.
pub(super) fn limit(binder: &mut Binder<'_>, top: Option<&Expr>) -> Result<String, Fault> {
    match top {
        None => Ok(String::new()),
        Some(top) => {
            let typed = binder.expr(top)?;
            Ok(format!(" LIMIT {}", binder.coerce(&typed, SqlType::BigInt)))
        }
    }
}

/// What is found for each row: its number, and the new values.
struct Found {
    row: i64,
    values: Vec<Stored>,
}

impl Run<'_> {
    pub(super) fn update(&mut self, update: &Update, frame: &mut Frame) -> Result<(), Fault> {
        let context = self.session.context()?;
        let mut binder = Binder::new(&context, &frame.variables);
        let target = target(&mut binder, &update.target, &update.from, "UPDATE")?;
        if update.filter.is_some() && !context.who.may(&context.catalog, "SELECT", On::Table(&target.table)) {
            let table = &target.table;
            return Err(fault::denied("SELECT", &table.name, &context.target.name, context.catalog.schema_name(table.schema)));
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
            Some(items) => Some(Output::read(&context, &frame.variables, &target.table, items, Sides::Both)?),
            None => None,
        };
        let count = self.session.writing(&context, |session| {
            let found = session.found(&context, &sql, &parameters)?;
            session.update_rows(&context, &target.table, (&columns, &cells), &found, output.as_mut())
        })?;
        if let Some(output) = output {
            self.send_output(output);
        }
        self.counted(count);
        Ok(())
    }
}

fn assignments(
    binder: &mut Binder<'_>,
    context: &Context,
    target: &Target,
    update: &Update,
) -> Result<(Vec<Column>, Vec<Typed>), Fault> {
    let (mut columns, mut cells): (Vec<Column>, Vec<Typed>) = (Vec::new(), Vec::new());
    for (parts, expr) in &update.set {
        let name = parts.last().map_or("", String::as_str);
        let column = target.table.column(&context.catalog, name).ok_or_else(|| fault::no_column(name))?;
        if column.identity.is_some() {
            return Err(Fault::new(8102, format!("Cannot update identity column '{}'.", column.name)).reach(Reach::Compile));
        }
        if columns.iter().any(|other| other.id == column.id) {
            return Err(Fault::new(
                264,
                format!(
                    "The column name '{name}' is specified more than once in the SET clause or column list of an INSERT. A column \
                     cannot be assigned more than one value in the same clause."
                ),
            )
            .reach(Reach::Compile));
        }
        let default =
            matches!(expr, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("DEFAULT"));
        cells.push(if default { default_of(binder, column)? } else { binder.expr(expr)? });
        columns.push(column.clone());
    }
    Ok((columns, cells))
}

impl Session {
    fn found(&self, context: &Context, sql: &str, parameters: &[Stored]) -> Result<Vec<Found>, Fault> {
        let mut found: Vec<Found> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for row in self.rows(context, sql, parameters)? {
            let mut values = row.into_iter();
            // A row that a join finds twice is changed once, by the first.
            if let Some(Stored::Integer(number)) = values.next()
                && seen.insert(number)
            {
                found.push(Found { row: number, values: values.collect() });
            }
        }
        Ok(found)
    }

    fn update_rows(
        &mut self,
        context: &Context,
        table: &Table,
        (columns, cells): (&[Column], &[Typed]),
        found: &[Found],
        mut output: Option<&mut Output>,
    ) -> Result<usize, Fault> {
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
                output.note(self, context, one.row, old)?;
            }
        }
        Ok(found.len())
    }

    /// Runs one row's `UPDATE`; a duplicate key is told with the row as it would have been.
    fn change_row(
        &self,
        context: &Context,
        table: &Table,
        sql: &str,
        parameters: &[Stored],
        next: impl Fn(&Column, usize) -> Stored,
    ) -> Result<(), Fault> {
        let result = {
            let mut statement = self.connection(context)?.prepare(sql)?;
            super::query::bind(&mut statement, parameters)?;
            statement.raw_execute()
        };
        result.map(|_| ()).map_err(|error| {
            let row: Vec<Stored> = table.columns.iter().enumerate().map(|(at, column)| next(column, at)).collect();
            self.duplicate(context, table, &row, error)
        })
    }
}
