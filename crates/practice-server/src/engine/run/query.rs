//! `SELECT`, and single values for control flow.

use std::sync::Arc;

use rusqlite::types::Value as Stored;
use sqlparser::ast::{Expr, Query};

use crate::engine::bind::{Binder, BoundQuery, Variables, object_name, relations};
use crate::engine::context::Context;
use crate::engine::convert::to_wire;
use crate::engine::error::{self, ErrorScope, SqlError};
use crate::engine::run::execution::{Execution, Frame};
use crate::engine::session::Session;
use crate::engine::{convert, types, view};
use crate::reply::Reply;
use crate::tsql::Name;
use crate::tsql::statement::{Isolation, Selection};
use crate::value::SqlType;

/// Binds `parameters` to a prepared statement.
pub(super) fn bind(statement: &mut rusqlite::Statement<'_>, parameters: &[Stored]) -> Result<(), SqlError> {
    // A variable that is only assigned is known to the binder and not to the statement.
    let wanted = statement.parameter_count();
    for (at, value) in parameters.iter().enumerate().take(wanted) {
        statement.raw_bind_parameter(at + 1, value)?;
    }
    Ok(())
}

impl Session {
    /// Returns the context for a query's names: another database's if all of them are in it.
    pub(crate) fn context_for_query(&mut self, query: &Query) -> Result<Arc<Context>, SqlError> {
        let mut others: Vec<String> = Vec::new();
        let mut others_name = Name::plain("");
        let mut here = false;
        relations(query, &mut |relation| {
            match object_name(relation) {
                Ok(name) if name.database().is_some_and(|other| !other.eq_ignore_ascii_case(&self.database_name)) => {
                    others.extend(name.database().map(str::to_owned));
                    others_name = name;
                }
                Ok(name) if name.database().is_some() => {}
                Ok(name) if view::find(&name).is_some_and(view::is_server_wide) => {}
                _ => here = true,
            }
            std::ops::ControlFlow::Continue(())
        });
        others.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        match others.as_slice() {
            [other] if !here => {
                let server = self.engine.server();
                let Some(database) = server.database(other).cloned() else {
                    return Err(error::no_object(&others_name));
                };
                self.engine.may_open(&database, &self.account, self.info.id)?;
                self.context_for_database(&database)
            }
            [] => self.context(),
            _ => Err(SqlError::unsupported("A statement over several databases")),
        }
    }

    /// Locks the database against other writers if the isolation level forbids changes to what a transaction has read.
    pub(crate) fn reading(&mut self, context: &Context, locks: bool) -> Result<(), SqlError> {
        let isolated = match self.settings.isolation {
            Isolation::Serializable | Isolation::RepeatableRead => true,
            Isolation::ReadCommitted | Isolation::ReadUncommitted => false,
            Isolation::Snapshot => {
                return Err(SqlError::unsupported("The isolation level SNAPSHOT"));
            }
        };
        if self.nesting > 0 && (locks || isolated) && !context.target.read_only && !self.doomed {
            self.start_writing(context)?;
        }
        Ok(())
    }

    /// Returns all rows of a bound query.
    pub(crate) fn rows(&self, context: &Context, sql: &str, parameters: &[Stored]) -> Result<Vec<Vec<Stored>>, SqlError> {
        let mut statement = self.connection(context)?.prepare(sql)?;
        bind(&mut statement, parameters)?;
        let width = statement.column_count();
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push((0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?);
        }
        Ok(all)
    }
}

impl Execution<'_> {
    pub(super) fn query(&mut self, selection: &Selection, frame: &mut Frame) -> Result<(), SqlError> {
        let context = self.session.context_for_query(&selection.query)?;
        let mut binder = Binder::new(&context, &frame.variables);
        let bound = binder.selection(selection)?;
        let (parameters, locks) = (binder.parameters(), binder.locks);
        self.session.reading(&context, locks)?;
        if let Some(assigns) = &bound.assigns {
            let rows = self.session.rows(&context, &bound.sql, &parameters)?;
            if let Some(last) = rows.last() {
                for ((name, value), field) in assigns.iter().zip(last).zip(&bound.fields) {
                    assign(&mut frame.variables, name, value.clone(), field.kind)?;
                }
            }
            self.session.row_count = i64::try_from(rows.len()).unwrap_or(0);
            return Ok(());
        }
        self.send_rows(&context, &bound, &parameters)
    }

    /// Sends a query's rows, or captures them.
    fn send_rows(&mut self, context: &Context, bound: &BoundQuery, parameters: &[Stored]) -> Result<(), SqlError> {
        if let Some(captured) = &mut self.captured {
            let rows = self.session.rows(context, &bound.sql, parameters)?;
            self.session.row_count = i64::try_from(rows.len()).unwrap_or(0);
            captured
                .rows
                .extend(rows.into_iter().map(|row| row.into_iter().zip(bound.fields.iter().map(|field| field.kind)).collect()));
            return Ok(());
        }
        let mut statement = self.session.connection(context)?.prepare(&bound.sql)?;
        bind(&mut statement, parameters)?;
        self.in_result_set = true;
        let mut going = (self.sink)(Reply::Columns(bound.columns()));
        let mut rows = statement.raw_query();
        let mut count = 0_usize;
        let mut failed = None;
        while going {
            match rows.next() {
                Ok(Some(row)) => {
                    let mut values = Vec::with_capacity(bound.fields.len());
                    for (at, field) in bound.fields.iter().enumerate() {
                        values.push(to_wire(row.get(at)?, field.kind));
                    }
                    count += 1;
                    going = (self.sink)(Reply::Row(values));
                }
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        drop(rows);
        drop(statement);
        self.client_gone |= !going;
        if let Some(error) = failed {
            return Err(error.into());
        }
        self.finish_with_rows(count);
        Ok(())
    }

    /// Evaluates an expression.
    pub(super) fn value(&mut self, expr: &Expr, variables: &Variables) -> Result<(Stored, SqlType), SqlError> {
        let context = self.session.context()?;
        let mut binder = Binder::new(&context, variables);
        let typed = binder.expr(expr)?;
        let (sql, parameters) = (format!("SELECT {}", typed.sql), binder.parameters());
        let value = self.session.rows(&context, &sql, &parameters)?.into_iter().flatten().next().unwrap_or(Stored::Null);
        Ok((value, typed.kind))
    }

    /// Evaluates an expression and converts the value.
    pub(super) fn value_as(&mut self, expr: &Expr, kind: SqlType, variables: &Variables) -> Result<Stored, SqlError> {
        let (value, from) = self.value(expr, variables)?;
        convert::convert(value, from, kind, 0)
    }

    /// Evaluates an expression as text; `NULL` is the empty text.
    pub(super) fn text_value(&mut self, expr: &Expr, variables: &Variables) -> Result<String, SqlError> {
        match self.value_as(expr, SqlType::NVarChar(None), variables)? {
            Stored::Text(text) => Ok(text),
            _ => Ok(String::new()),
        }
    }

    /// Evaluates a condition.
    pub(super) fn is_true(&mut self, condition: &Expr, frame: &mut Frame) -> Result<bool, SqlError> {
        let context = self.session.context()?;
        let mut binder = Binder::new(&context, &frame.variables);
        let test = binder.condition(condition)?;
        let (parameters, locks) = (binder.parameters(), binder.locks);
        self.session.reading(&context, locks)?;
        let rows = self.session.rows(&context, &format!("SELECT {test}"), &parameters)?;
        Ok(rows.first().and_then(|row| row.first()) == Some(&Stored::Integer(1)))
    }

    pub(super) fn set_variable(&mut self, name: &str, expr: &Expr, frame: &mut Frame) -> Result<(), SqlError> {
        if !frame.variables.contains_key(name) {
            return Err(undeclared(name));
        }
        let (value, kind) = self.value(expr, &frame.variables)?;
        assign(&mut frame.variables, name, value, kind)
    }
}

/// Creates error 137.
pub(super) fn undeclared(name: &str) -> SqlError {
    SqlError::new(137, format!("Must declare the scalar variable \"{name}\".")).class(15).state(1).scope(ErrorScope::Compile)
}

/// Assigns a value to a variable: converted, and truncated if too long.
pub(super) fn assign(variables: &mut Variables, name: &str, value: Stored, kind: SqlType) -> Result<(), SqlError> {
    let variable = variables.get_mut(name).ok_or_else(|| undeclared(name))?;
    let value = convert::convert(value, kind, variable.kind, 0)?;
    variable.value = if variable.fixed { convert::pad(value, variable.kind) } else { value };
    // Generated SQL names the type by its code, so every type must survive the encoding.
    debug_assert_eq!(types::decode(types::encode(variable.kind)), variable.kind);
    Ok(())
}
