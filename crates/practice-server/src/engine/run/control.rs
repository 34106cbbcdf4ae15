//! Runs statements in order: control flow, errors and what they end, `SET`, transactions; and finds the errors that SQL Server finds
//! before a batch starts (unknown columns of known tables, undeclared variables). Unknown tables are left to the statement itself, as
//! with SQL Server's deferred name resolution.

use std::sync::Arc;

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use crate::engine::bind::{Binder, Variable, Variables};
use crate::engine::error::{ErrorScope, INTERRUPTED, SqlError};
use crate::engine::principal::PermissionScope;
use crate::engine::run::{Execution, Flow, Frame};
use crate::engine::types;
use crate::tsql::statement::{Setting, Statement, StatementKind, Transaction};
use crate::value::SqlType;

impl Execution<'_> {
    pub(super) fn statements(&mut self, all: &[Statement], frame: &mut Frame) -> Result<Flow, SqlError> {
        for statement in all {
            match self.statement(statement, frame)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn statement(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, SqlError> {
        if self.client_gone || self.session.is_stopped() {
            let mut error = SqlError::new(INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch);
            error.settled = true;
            return Err(error);
        }
        match self.control(statement, frame) {
            Ok(flow) => Ok(flow),
            Err(error) if error.settled => Err(error),
            Err(error) => self.settle(error, statement.line),
        }
    }

    /// Decides what an error ends, and ends it.
    fn settle(&mut self, mut error: SqlError, line: u32) -> Result<Flow, SqlError> {
        if error.line == 0 {
            error.line = line;
        }
        error.settled = true;
        if error.number == INTERRUPTED {
            if self.session.settings.xact_abort {
                self.session.rollback_all();
            }
            return Err(error);
        }
        self.session.error = error.number;
        self.session.row_count = 0;
        let session = &mut *self.session;
        let aborts = session.settings.xact_abort && error.scope != ErrorScope::Compile && !error.raised;
        if session.nesting > 0 {
            if error.number == 1205 {
                session.rollback_all();
            } else if aborts || error.scope == ErrorScope::Doom {
                if self.tries > 0 {
                    session.doomed = true;
                } else {
                    session.rollback_all();
                }
            }
        }
        if self.tries > 0 || aborts || error.scope != ErrorScope::Statement {
            return Err(error);
        }
        self.send_error(&error);
        self.send(crate::reply::Reply::Done { rows: None });
        Ok(Flow::Next)
    }

    fn control(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, SqlError> {
        match &statement.kind {
            StatementKind::Block(block) => self.statements(block, frame),
            StatementKind::Try { body, handler } => self.try_catch(body, handler, frame),
            StatementKind::If { condition, then, otherwise } => {
                if self.is_true(condition, frame)? {
                    self.statement(then, frame)
                } else if let Some(otherwise) = otherwise {
                    self.statement(otherwise, frame)
                } else {
                    Ok(Flow::Next)
                }
            }
            StatementKind::While { condition, body } => {
                while self.is_true(condition, frame)? {
                    match self.statement(body, frame)? {
                        Flow::Break => break,
                        Flow::Return(status) => return Ok(Flow::Return(status)),
                        Flow::Next | Flow::Continue => {}
                    }
                }
                Ok(Flow::Next)
            }
            StatementKind::Break => Ok(Flow::Break),
            StatementKind::Continue => Ok(Flow::Continue),
            StatementKind::Return(None) => Ok(Flow::Return(0)),
            StatementKind::Return(Some(_)) => {
                Err(SqlError::new(178, "A RETURN statement with a return value cannot be used in this context.")
                    .class(15)
                    .scope(ErrorScope::Compile))
            }
            StatementKind::Declare(all) => {
                for one in all {
                    let declared = types::read_declared(&one.kind, 1)?;
                    let name = one.name.clone();
                    if frame.variables.contains_key(&name) && one.value.is_none() {
                        // A declaration in a loop runs again; the variable keeps its value.
                        continue;
                    }
                    let variable = Variable { kind: declared.kind, fixed: declared.fixed, value: rusqlite::types::Value::Null };
                    frame.variables.entry(name.clone()).or_insert(variable);
                    if let Some(value) = &one.value {
                        self.set_variable(&name, value, frame)?;
                    }
                }
                Ok(Flow::Next)
            }
            StatementKind::Assign { variable, value } => {
                self.set_variable(variable, value, frame)?;
                self.session.error = 0;
                self.session.row_count = 1;
                Ok(Flow::Next)
            }
            StatementKind::Setting(setting) => {
                self.setting(setting)?;
                Ok(Flow::Next)
            }
            _ => {
                let flow = self.run_statement(statement, frame)?;
                self.session.error = 0;
                Ok(flow)
            }
        }
    }

    fn try_catch(&mut self, body: &[Statement], handler: &[Statement], frame: &mut Frame) -> Result<Flow, SqlError> {
        self.tries += 1;
        let result = self.statements(body, frame);
        self.tries -= 1;
        match result {
            Err(error) if error.scope != ErrorScope::Compile && error.number != INTERRUPTED => {
                if self.in_result_set {
                    self.send(crate::reply::Reply::Done { rows: None });
                }
                let before = self.session.caught.replace(Arc::new(error));
                let result = self.statements(handler, frame);
                self.session.caught = before;
                result
            }
            other => other,
        }
    }

    fn run_statement(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, SqlError> {
        if self.session.settings.implicit && self.session.nesting == 0 && begins_transaction(&statement.kind) {
            self.session.begin_transaction();
        }
        match &statement.kind {
            StatementKind::Query(query) => self.query(query, frame)?,
            StatementKind::Insert(insert) => self.insert(insert, frame)?,
            StatementKind::Update(update) => self.update(update, frame)?,
            StatementKind::Delete(delete) => self.delete(delete, frame)?,
            StatementKind::Truncate(name) => self.truncate(name)?,
            StatementKind::CreateTable(definition) => self.create_table(definition)?,
            StatementKind::AlterTable { name, change } => self.alter_table(name, change)?,
            StatementKind::DropTable { names, if_exists } => self.drop_tables(names, *if_exists)?,
            StatementKind::CreateIndex(index) => self.create_index(index)?,
            StatementKind::DropIndex { index, table, if_exists } => self.drop_index(index, table, *if_exists)?,
            StatementKind::CreateSchema { name, owner } => self.create_schema(name, owner.as_deref())?,
            StatementKind::DropSchema { name, if_exists } => self.drop_schema(name, *if_exists)?,
            StatementKind::CreateDatabase { name, collation } => self.create_database(name, collation.as_deref())?,
            StatementKind::DropDatabase { names, if_exists } => self.drop_databases(names, *if_exists)?,
            StatementKind::AlterDatabase { name, change } => self.alter_database(name.as_deref(), change)?,
            StatementKind::Security(security) => self.security(security)?,
            StatementKind::Transaction(transaction) => self.transaction(transaction)?,
            StatementKind::ExecuteText(parts) => self.execute_text(parts, frame)?,
            StatementKind::Execute { result, procedure, arguments } => {
                self.execute(result.as_deref(), procedure, arguments, frame)?;
            }
            StatementKind::Throw(arguments) => self.throw(arguments.as_ref(), frame)?,
            StatementKind::RaiseError { message, severity, state, arguments, .. } => {
                self.raise_error([message, severity, state], arguments, frame)?;
            }
            StatementKind::Print(value) => self.print(value, frame)?,
            StatementKind::WaitFor(delay) => self.wait_for(delay, frame)?,
            StatementKind::Use(name) => self.use_database(name)?,
            _ => {}
        }
        Ok(Flow::Next)
    }
}

/// Returns whether the statement begins a transaction with `IMPLICIT_TRANSACTIONS`.
fn begins_transaction(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Query(_)
            | StatementKind::Insert(_)
            | StatementKind::Update(_)
            | StatementKind::Delete(_)
            | StatementKind::Truncate(_)
            | StatementKind::CreateTable(_)
            | StatementKind::AlterTable { .. }
            | StatementKind::DropTable { .. }
            | StatementKind::CreateIndex(_)
            | StatementKind::DropIndex { .. }
            | StatementKind::CreateSchema { .. }
            | StatementKind::DropSchema { .. }
    )
}

/// The errors that stop a batch before its first statement.
const EARLY: &[i32] = &[137, 207, 209, 8120, 4104, 195, 4145, 141, 116];

impl Execution<'_> {
    pub(super) fn precompile(&mut self, statements: &[Statement], frame: &Frame) -> Result<(), SqlError> {
        let mut variables = frame.variables.clone();
        // After USE names belong to another database, which is known only at run time.
        if declare(statements, &mut variables)? {
            return Ok(());
        }
        self.check(statements, &variables)
    }

    fn check(&mut self, statements: &[Statement], variables: &Variables) -> Result<(), SqlError> {
        for statement in statements {
            let result = match &statement.kind {
                StatementKind::Block(block) => self.check(block, variables),
                StatementKind::Try { body, handler } => self.check(body, variables).and_then(|()| self.check(handler, variables)),
                StatementKind::While { body, condition } => {
                    self.check_condition(condition, variables).and_then(|()| self.check(std::slice::from_ref(body), variables))
                }
                StatementKind::If { condition, then, otherwise } => self
                    .check_condition(condition, variables)
                    .and_then(|()| self.check(std::slice::from_ref(then), variables))
                    .and_then(|()| match otherwise {
                        Some(otherwise) => self.check(std::slice::from_ref(otherwise), variables),
                        None => Ok(()),
                    }),
                StatementKind::Query(query) => {
                    let Ok(context) = self.session.context_for_query(query) else {
                        continue;
                    };
                    Binder::new(&context, variables).query(query).map(|_| ())
                }
                StatementKind::Assign { variable, .. } if !variables.contains_key(variable) => {
                    Err(crate::engine::run::query::undeclared(variable))
                }
                _ => Ok(()),
            };
            if let Err(mut error) = result
                && EARLY.contains(&error.number)
            {
                if error.line == 0 {
                    error.line = statement.line;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn check_condition(&mut self, condition: &sqlparser::ast::Expr, variables: &Variables) -> Result<(), SqlError> {
        match self.session.context() {
            Ok(context) => Binder::new(&context, variables).condition(condition).map(|_| ()),
            Err(_) => Ok(()),
        }
    }
}

/// Collects all declarations of a batch; returns `true` if one of its statements is `USE`.
fn declare(statements: &[Statement], variables: &mut Variables) -> Result<bool, SqlError> {
    let mut moves = false;
    for statement in statements {
        match &statement.kind {
            StatementKind::Declare(all) => {
                for one in all {
                    if variables.contains_key(&one.name) {
                        let mut error = SqlError::new(
                            134,
                            format!(
                                "The variable name '{}' has already been declared. Variable names must be unique within a \
                                 query batch or stored procedure.",
                                one.name
                            ),
                        )
                        .class(15)
                        .scope(crate::engine::run::ErrorScope::Compile);
                        error.line = statement.line;
                        return Err(error);
                    }
                    let declared = types::read_declared(&one.kind, 1)?;
                    let variable = Variable { kind: declared.kind, fixed: declared.fixed, value: rusqlite::types::Value::Null };
                    variables.insert(one.name.clone(), variable);
                }
            }
            StatementKind::Use(_) => moves = true,
            StatementKind::Block(block) => moves |= declare(block, variables)?,
            StatementKind::Try { body, handler } => moves |= declare(body, variables)? | declare(handler, variables)?,
            StatementKind::While { body, .. } => moves |= declare(std::slice::from_ref(body), variables)?,
            StatementKind::If { then, otherwise, .. } => {
                moves |= declare(std::slice::from_ref(then), variables)?;
                if let Some(otherwise) = otherwise {
                    moves |= declare(std::slice::from_ref(otherwise), variables)?;
                }
            }
            _ => {}
        }
    }
    Ok(moves)
}

impl Execution<'_> {
    fn number(&mut self, expr: &Expr, frame: &Frame) -> Result<i64, SqlError> {
        match self.value_as(expr, SqlType::Int, &frame.variables)? {
            Stored::Integer(number) => Ok(number),
            _ => Ok(0),
        }
    }

    pub(super) fn throw(&mut self, arguments: Option<&(Expr, Expr, Expr)>, frame: &Frame) -> Result<(), SqlError> {
        let Some((number, message, state)) = arguments else {
            let Some(caught) = self.session.caught.clone() else {
                return Err(SqlError::new(
                    10704,
                    "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement \
                     inside a CATCH block, or add error parameters to the THROW statement.",
                )
                .class(15)
                .scope(ErrorScope::Compile));
            };
            let mut again = SqlError::clone(&caught);
            again.scope = ErrorScope::Batch;
            again.settled = false;
            again.terminated = false;
            return Err(again);
        };
        let number = self.number(number, frame)?;
        let text = self.text_value(message, &frame.variables)?;
        let state = self.number(state, frame)?;
        let number = i32::try_from(number).ok().filter(|number| *number >= 50000).ok_or_else(|| {
            SqlError::new(
                35100,
                format!("Error number {number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647."),
            )
            .state(10)
        })?;
        Err(SqlError::new(number, text).state(u8::try_from(state).unwrap_or(255)).scope(ErrorScope::Batch))
    }

    pub(super) fn raise_error(&mut self, head: [&Expr; 3], arguments: &[Expr], frame: &Frame) -> Result<(), SqlError> {
        let [message, severity, state] = head;
        let (value, _) = self.value(message, &frame.variables)?;
        let Stored::Text(format) = value else {
            return Err(SqlError::unsupported("RAISERROR of a message number"));
        };
        let severity = self.number(severity, frame)?;
        let state = u8::try_from(self.number(state, frame)?).unwrap_or(1);
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, &frame.variables)?);
        }
        let text = formatted(&format, &values)?;
        if severity <= 10 {
            let error = SqlError::new(50000, text).class(u8::try_from(severity.max(0)).unwrap_or(0)).state(state);
            self.send(crate::reply::Reply::Message(error.message()));
            return Ok(());
        }
        if severity > 18 {
            return Err(SqlError::unsupported("RAISERROR of a severity above 18"));
        }
        let mut error = SqlError::new(50000, text).class(u8::try_from(severity).unwrap_or(16)).state(state);
        error.raised = true;
        Err(error)
    }
}

/// Formats with `%s`, `%d`, `%i`, `%u` and `%%`.
fn formatted(format: &str, values: &[(Stored, SqlType)]) -> Result<String, SqlError> {
    let mut text = String::new();
    let mut values = values.iter();
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            text.push(char);
            continue;
        }
        match chars.next() {
            Some('%') | None => text.push('%'),
            Some('s' | 'd' | 'i' | 'u') => match values.next() {
                None | Some((Stored::Null, _)) => text.push_str("(null)"),
                Some((value, kind)) => match crate::engine::convert::convert(value.clone(), *kind, SqlType::NVarChar(None), 0)? {
                    Stored::Text(part) => text.push_str(&part),
                    _ => text.push_str("(null)"),
                },
            },
            Some(other) => {
                return Err(SqlError::unsupported(format!("The format %{other} of RAISERROR")));
            }
        }
    }
    Ok(text)
}

impl Execution<'_> {
    pub(super) fn setting(&mut self, setting: &Setting) -> Result<(), SqlError> {
        let settings = &mut self.session.settings;
        match setting {
            Setting::NoCount(on) => settings.no_count = *on,
            Setting::XactAbort(on) => settings.xact_abort = *on,
            Setting::QuotedIdentifier(on) => settings.quoted = *on,
            Setting::ImplicitTransactions(on) => settings.implicit = *on,
            Setting::LockTimeout(limit) => settings.lock_timeout = *limit,
            Setting::TextSize(size) => settings.text_size = *size,
            Setting::Isolation(level) => settings.isolation = *level,
            Setting::Language(language) => {
                let text = format!("Changed language setting to {language}.");
                self.send_info(5703, &text);
            }
            // Only unambiguous date formats are supported, so the order of parts never matters.
            Setting::DateFormat(_) | Setting::RowCount(_) | Setting::Ansi => {}
            Setting::IdentityInsert { table, on } => {
                let context = self.session.context()?;
                let binder = crate::engine::bind::Binder::new(&context, &crate::engine::session::EMPTY);
                let table = binder.table(table, "ALTER")?;
                debug_assert!(context.user.is_permitted(&context.catalog, "ALTER", PermissionScope::Table(&table)));
                if !table.columns.iter().any(|column| column.identity.is_some()) {
                    return Err(SqlError::new(
                        8106,
                        format!(
                            "Table '{}' does not have the identity property. Cannot perform SET operation.",
                            context.catalog.full_name(&table)
                        ),
                    ));
                }
                self.session.settings.identity_insert = on.then_some(table.id);
            }
        }
        Ok(())
    }
}

impl Execution<'_> {
    pub(super) fn transaction(&mut self, transaction: &Transaction) -> Result<(), SqlError> {
        match transaction {
            Transaction::Begin(name) => {
                if self.session.nesting == 0 {
                    self.session.outer_name.clone_from(name);
                }
                self.session.begin_transaction();
            }
            Transaction::Commit => self.session.commit()?,
            Transaction::Rollback(name) => self.session.rollback_named(name.as_deref())?,
            Transaction::Save(name) => {
                let context = self.session.context()?;
                self.session.save(name, &context)?;
            }
        }
        self.finish();
        Ok(())
    }
}
