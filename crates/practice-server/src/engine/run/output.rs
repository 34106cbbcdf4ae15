//! `OUTPUT`: what the changed rows were and are.

use rusqlite::types::Value as Stored;
use sqlparser::ast::SelectItem;

use super::super::bind::{Binder, Origin, Variables, fields_of};
use super::super::catalog::Table;
use super::super::context::Context;
use super::super::fault::Fault;
use super::super::session::Session;
use super::super::stored::to_wire;
use super::Run;
use crate::engine::typed::Field;
use crate::reply::Reply;
use crate::value::{Column, SqlType};

/// Where the row's number and the old row's values stand among the parameters, clear of any variables.
const ROW: usize = 2000;

/// An `OUTPUT` clause, ready to be asked for each row.
#[derive(Debug)]
pub(super) struct Output {
    sql: String,
    fields: Vec<Field>,
    parameters: Vec<Stored>,
    pub(super) rows: Vec<Vec<Stored>>,
}

/// Which of `inserted` and `deleted` there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sides {
    Inserted,
    Deleted,
    Both,
}

impl Output {
    /// Reads the clause. The new row is read from the table, the old one is given as parameters.
    pub(super) fn read(
        context: &Context,
        variables: &Variables,
        table: &Table,
        items: &[SelectItem],
        sides: Sides,
    ) -> Result<Self, Fault> {
        let fields = fields_of(table, &context.catalog.collation);
        let origin = |alias: &str, stored: &str| Origin {
            alias: alias.to_owned(),
            schema: None,
            stored: stored.to_owned(),
            fields: fields.clone(),
            outer: false,
            table: None,
        };
        let mut origins = Vec::new();
        let mut from = Vec::new();
        if sides != Sides::Deleted {
            origins.push(origin("inserted", "ins"));
            from.push(format!("(SELECT * FROM {} WHERE rowid = ?{ROW}) AS ins", table.stored()));
        }
        if sides != Sides::Inserted {
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
        binder.enter(origins);
        let (columns, fields) = binder.output(items)?;
        binder.leave();
        Ok(Self {
            sql: format!("SELECT {} FROM {}", columns.join(", "), from.join(", ")),
            fields,
            parameters: binder.parameters(),
            rows: Vec::new(),
        })
    }

    /// Asks for one row.
    pub(super) fn note(&mut self, session: &Session, context: &Context, row: i64, old: &[Stored]) -> Result<(), Fault> {
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

impl Run<'_> {
    /// Sends what the clause found, once the statement has gone well.
    pub(super) fn send_output(&mut self, output: Output) {
        let kinds: Vec<SqlType> = output.fields.iter().map(|field| field.kind).collect();
        if let Some(kept) = &mut self.kept {
            kept.rows.extend(output.rows.into_iter().map(|row| row.into_iter().zip(kinds.iter().copied()).collect()));
            return;
        }
        let columns = output
            .fields
            .iter()
            .map(|field| Column { name: field.name.clone(), kind: field.kind, nullable: field.nullable })
            .collect();
        self.say(Reply::Columns(columns));
        for row in output.rows {
            let values = row.into_iter().zip(&kinds).map(|(value, kind)| to_wire(value, *kind)).collect();
            self.say(Reply::Row(values));
        }
    }
}
