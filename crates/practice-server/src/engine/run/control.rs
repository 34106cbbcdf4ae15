//! Statement after statement: control flow, and what an error ends.

use std::sync::Arc;

use super::super::bind::Variable;
use super::super::fault::{Fault, INTERRUPTED, Reach};
use super::super::types;
use super::{Flow, Frame, Run};
use crate::tsql::statement::{Kind, Statement};

impl Run<'_> {
    pub(super) fn statements(&mut self, all: &[Statement], frame: &mut Frame) -> Result<Flow, Fault> {
        for statement in all {
            match self.statement(statement, frame)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    pub(super) fn statement(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, Fault> {
        if self.gone || self.session.stopped() {
            let mut fault = Fault::new(INTERRUPTED, "The operation was cancelled.").reach(Reach::Batch);
            fault.settled = true;
            return Err(fault);
        }
        match self.control(statement, frame) {
            Ok(flow) => Ok(flow),
            Err(fault) if fault.settled => Err(fault),
            Err(fault) => self.settle(fault, statement.line),
        }
    }

    /// Decides what an error ends, and does it.
    fn settle(&mut self, mut fault: Fault, line: u32) -> Result<Flow, Fault> {
        if fault.line == 0 {
            fault.line = line;
        }
        fault.settled = true;
        if fault.number == INTERRUPTED {
            if self.session.settings.xact_abort {
                self.session.rollback_all();
            }
            return Err(fault);
        }
        self.session.error = fault.number;
        self.session.row_count = 0;
        let session = &mut *self.session;
        let aborts = session.settings.xact_abort && fault.reach != Reach::Compile && !fault.raised;
        if session.nesting > 0 {
            if fault.number == 1205 {
                session.rollback_all();
            } else if aborts || fault.reach == Reach::Doom {
                if self.tries > 0 {
                    session.doomed = true;
                } else {
                    session.rollback_all();
                }
            }
        }
        if self.tries > 0 || aborts || fault.reach != Reach::Statement {
            return Err(fault);
        }
        self.report(&fault);
        self.say(crate::reply::Reply::Done { rows: None });
        Ok(Flow::Next)
    }

    fn control(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, Fault> {
        match &statement.kind {
            Kind::Block(block) => self.statements(block, frame),
            Kind::Try { body, handler } => self.try_catch(body, handler, frame),
            Kind::If { condition, then, otherwise } => {
                if self.holds(condition, frame)? {
                    self.statement(then, frame)
                } else if let Some(otherwise) = otherwise {
                    self.statement(otherwise, frame)
                } else {
                    Ok(Flow::Next)
                }
            }
            Kind::While { condition, body } => {
                while self.holds(condition, frame)? {
                    match self.statement(body, frame)? {
                        Flow::Break => break,
                        Flow::Return(status) => return Ok(Flow::Return(status)),
                        Flow::Next | Flow::Continue => {}
                    }
                }
                Ok(Flow::Next)
            }
            Kind::Break => Ok(Flow::Break),
            Kind::Continue => Ok(Flow::Continue),
            Kind::Return(None) => Ok(Flow::Return(0)),
            Kind::Return(Some(_)) => {
                Err(Fault::new(178, "A RETURN statement with a return value cannot be used in this context.")
                    .class(15)
                    .reach(Reach::Compile))
            }
            Kind::Declare(all) => {
                for one in all {
                    let declared = types::declared(&one.kind, 1)?;
                    let name = one.name.clone();
                    if frame.variables.contains_key(&name) && one.value.is_none() {
                        // In a loop a declaration is met again; the variable keeps its value.
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
            Kind::Assign { variable, value } => {
                self.set_variable(variable, value, frame)?;
                self.session.error = 0;
                self.session.row_count = 1;
                Ok(Flow::Next)
            }
            Kind::Setting(setting) => {
                self.setting(setting)?;
                Ok(Flow::Next)
            }
            _ => {
                let flow = self.work(statement, frame)?;
                self.session.error = 0;
                Ok(flow)
            }
        }
    }

    fn try_catch(&mut self, body: &[Statement], handler: &[Statement], frame: &mut Frame) -> Result<Flow, Fault> {
        self.tries += 1;
        let result = self.statements(body, frame);
        self.tries -= 1;
        match result {
            Err(fault) if fault.reach != Reach::Compile && fault.number != INTERRUPTED => {
                if self.open {
                    self.say(crate::reply::Reply::Done { rows: None });
                }
                let before = self.session.caught.replace(Arc::new(fault));
                let result = self.statements(handler, frame);
                self.session.caught = before;
                result
            }
            other => other,
        }
    }

    fn work(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, Fault> {
        if self.session.settings.implicit && self.session.nesting == 0 && begins(&statement.kind) {
            self.session.begin_transaction();
        }
        match &statement.kind {
            Kind::Query(query) => self.query(query, frame)?,
            Kind::Insert(insert) => self.insert(insert, frame)?,
            Kind::Update(update) => self.update(update, frame)?,
            Kind::Delete(delete) => self.delete(delete, frame)?,
            Kind::Truncate(name) => self.truncate(name)?,
            Kind::CreateTable(definition) => self.create_table(definition)?,
            Kind::AlterTable { name, change } => self.alter_table(name, change)?,
            Kind::DropTable { names, if_exists } => self.drop_tables(names, *if_exists)?,
            Kind::CreateIndex(index) => self.create_index(index)?,
            Kind::DropIndex { index, table, if_exists } => self.drop_index(index, table, *if_exists)?,
            Kind::CreateSchema { name, owner } => self.create_schema(name, owner.as_deref())?,
            Kind::DropSchema { name, if_exists } => self.drop_schema(name, *if_exists)?,
            Kind::CreateDatabase { name, collation } => self.create_database(name, collation.as_deref())?,
            Kind::DropDatabase { names, if_exists } => self.drop_databases(names, *if_exists)?,
            Kind::AlterDatabase { name, change } => self.alter_database(name.as_deref(), change)?,
            Kind::Security(security) => self.security(security)?,
            Kind::Transaction(transaction) => self.transaction(transaction)?,
            Kind::ExecuteText(parts) => self.execute_text(parts, frame)?,
            Kind::Execute { result, procedure, arguments } => {
                self.execute(result.as_deref(), procedure, arguments, frame)?;
            }
            Kind::Throw(arguments) => self.throw(arguments.as_ref(), frame)?,
            Kind::RaiseError { message, severity, state, arguments, .. } => {
                self.raise_error([message, severity, state], arguments, frame)?;
            }
            Kind::Print(value) => self.print(value, frame)?,
            Kind::WaitFor(delay) => self.wait_for(delay, frame)?,
            Kind::Use(name) => self.use_database(name)?,
            _ => {}
        }
        Ok(Flow::Next)
    }
}

/// With `IMPLICIT_TRANSACTIONS` these begin one.
fn begins(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Query(_)
            | Kind::Insert(_)
            | Kind::Update(_)
            | Kind::Delete(_)
            | Kind::Truncate(_)
            | Kind::CreateTable(_)
            | Kind::AlterTable { .. }
            | Kind::DropTable { .. }
            | Kind::CreateIndex(_)
            | Kind::DropIndex { .. }
            | Kind::CreateSchema { .. }
            | Kind::DropSchema { .. }
    )
}
