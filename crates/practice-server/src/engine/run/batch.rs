//! Runs statements in order: control flow, errors and what they end; and the statements that contain others: `EXECUTE`, dynamic SQL,
//! `INSERT … EXEC`, remote procedure calls.

use std::sync::Arc;

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use crate::engine::bind::{Variable, Variables};
use crate::engine::convert::{from_wire, to_wire};
use crate::engine::error::{ErrorScope, INTERRUPTED, SqlError};
use crate::engine::run::execution::{CapturedRows, Execution, Flow, Frame};
use crate::engine::run::procedure::{ArgumentValue, Arguments, ProcedureResult};
use crate::engine::run::query::assign;
use crate::engine::types;
use crate::reply::Reply;
use crate::tsql;
use crate::tsql::Name;
use crate::tsql::statement::{Argument, InsertSource, Statement, StatementKind};
use crate::value::{Parameter, SqlType, Value};

/// SQL Server's limit of nested calls.
const LEVELS: usize = 32;

impl Execution<'_> {
    /// Parses and runs a text in a frame.
    pub(super) fn run_text(&mut self, text: &str, frame: &mut Frame) -> Result<Flow, SqlError> {
        let statements = tsql::parse(text, self.session.settings.quoted)?;
        self.precompile(&statements, frame)?;
        self.statements(&statements, frame)
    }

    pub(super) fn finish_batch(&mut self, result: Result<(), SqlError>) {
        let error = match result {
            Err(error) if error.number != INTERRUPTED => Some(error),
            Err(_) if self.session.info.stop.is_killed() => {
                let text = "Cannot continue the execution because the session is in the kill state.";
                Some(SqlError::new(596, text).class(21))
            }
            _ => None,
        };
        if let Some(error) = error {
            self.send_error(&error);
            self.send(Reply::Done { rows: None });
        }
        if self.session.doomed {
            self.session.rollback_all();
            let error = SqlError::new(
                3998,
                "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.",
            );
            self.send_error(&error);
        }
    }

    fn statements(&mut self, all: &[Statement], frame: &mut Frame) -> Result<Flow, SqlError> {
        for statement in all {
            match self.statement(statement, frame)? {
                Flow::Next => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement, frame: &mut Frame) -> Result<Flow, SqlError> {
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
        self.send(Reply::Done { rows: None });
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
                    let variable = Variable { kind: declared.kind, fixed: declared.fixed, value: Stored::Null };
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
                    self.send(Reply::Done { rows: None });
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
            StatementKind::Insert(insert) => {
                let target = self.insert_target(insert, frame)?;
                // EXEC runs first, including its own changes.
                let executed = match &insert.source {
                    InsertSource::Execute(statement) => Some(self.captured_rows(statement, frame, target.width())?),
                    _ => None,
                };
                self.insert(insert, target, executed, frame)?;
            }
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
            StatementKind::AlterDatabase { name, change, rollback } => self.alter_database(name.as_deref(), change, *rollback)?,
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

impl Execution<'_> {
    fn captured_rows(
        &mut self,
        statement: &Statement,
        frame: &mut Frame,
        width: usize,
    ) -> Result<Vec<Vec<(Stored, SqlType)>>, SqlError> {
        if self.captured.is_some() {
            return Err(SqlError::new(8164, "An INSERT EXEC statement cannot be nested."));
        }
        self.captured = Some(CapturedRows::default());
        let result = self.statement(statement, frame);
        let rows = self.captured.take().unwrap_or_default().rows;
        result?;
        if rows.iter().any(|row| row.len() != width) {
            return Err(SqlError::new(213, "Column name or number of supplied values does not match table definition.").state(7));
        }
        Ok(rows)
    }

    /// Runs `EXECUTE @result = procedure …`.
    fn execute(
        &mut self,
        result: Option<&str>,
        procedure: &Name,
        arguments: &[Argument],
        frame: &mut Frame,
    ) -> Result<(), SqlError> {
        let mut given = Vec::new();
        let mut targets = Vec::new();
        for argument in arguments {
            let default = matches!(&argument.value, Expr::Identifier(ident) if ident.value == "DEFAULT");
            if default {
                return Err(SqlError::unsupported("DEFAULT as an argument"));
            }
            let (value, kind) = self.value(&argument.value, &frame.variables)?;
            targets.push(match &argument.value {
                Expr::Identifier(ident) if argument.output => Some(ident.value.to_lowercase()),
                _ => None,
            });
            given.push(ArgumentValue {
                name: argument.name.clone().unwrap_or_default(),
                value,
                kind: Some(kind),
                output: argument.output,
            });
        }
        let outcome = self.procedure(procedure, &given)?;
        for (place, _, kind, value) in outcome.outputs {
            if let Some(Some(target)) = targets.get(place) {
                assign(&mut frame.variables, target, value, kind)?;
            }
        }
        if let Some(result) = result {
            assign(&mut frame.variables, result, Stored::Integer(i64::from(outcome.status)), SqlType::Int)?;
        }
        Ok(())
    }

    /// Runs a remote procedure call.
    pub(super) fn remote(&mut self, procedure: &str, parameters: &[Parameter]) -> Result<(), SqlError> {
        if self.session.quirks()
            && let Some(untyped) = parameters.iter().find(|parameter| parameter.kind.is_none() && parameter.value == Value::Null)
        {
            let text = format!("The parameter {} has the data type 0x1F, which is unknown.", untyped.name);
            return Err(SqlError::new(8009, text).state(2).scope(ErrorScope::Batch));
        }
        let given: Vec<ArgumentValue> = parameters
            .iter()
            .map(|parameter| {
                let (value, natural) = from_wire(&parameter.value);
                let kind = match (parameter.kind, &parameter.value) {
                    (_, Value::Null) => parameter.kind,
                    // The unscaled number keeps the scale with which it was sent.
                    (Some(SqlType::Decimal { precision, .. }), Value::Decimal(_, scale)) => {
                        Some(SqlType::Decimal { precision: precision.min(18), scale: *scale })
                    }
                    (Some(kind), _) => Some(kind),
                    (None, _) => Some(natural),
                };
                ArgumentValue { name: parameter.name.to_lowercase(), value, kind, output: parameter.output }
            })
            .collect();
        let name = Name::read(procedure).unwrap_or_else(|| Name::plain(procedure));
        let result = self.procedure(&name, &given);
        // A remote call has no enclosing statement that decides what an error ends.
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) => {
                if !error.settled && error.number != INTERRUPTED && self.session.nesting > 0 && error.scope == ErrorScope::Doom {
                    self.session.rollback_all();
                }
                self.session.error = error.number;
                return Err(error);
            }
        };
        self.send(Reply::ReturnStatus(outcome.status));
        for (_, name, kind, value) in outcome.outputs {
            self.send(Reply::ReturnValue { name, kind, value: to_wire(value, kind) });
        }
        Ok(())
    }

    fn procedure(&mut self, name: &Name, given: &[ArgumentValue]) -> Result<ProcedureResult, SqlError> {
        let lower = name.object().to_lowercase();
        let arguments = Arguments { given };
        match lower.as_str() {
            "sp_executesql" => self.sp_executesql(given),
            "sp_getapplock" => self.sp_getapplock(&arguments),
            "sp_releaseapplock" => self.sp_releaseapplock(&arguments),
            "sp_reset_connection" => {
                self.session.reset();
                Ok(ProcedureResult::default())
            }
            "sp_datatype_info" | "sp_datatype_info_90" | "sp_datatype_info_100" => self.sp_datatype_info(&arguments),
            _ if ["sp_", "xp_"].iter().any(|prefix| lower.starts_with(prefix)) => {
                Err(SqlError::unsupported(format!("The procedure {name}")).scope(ErrorScope::Statement))
            }
            _ => Err(SqlError::new(2812, format!("Could not find stored procedure '{name}'.")).state(62)),
        }
    }

    fn sp_executesql(&mut self, given: &[ArgumentValue]) -> Result<ProcedureResult, SqlError> {
        let arguments = Arguments { given };
        let text = arguments.text(0, "@stmt")?.or(arguments.text(0, "@statement")?);
        let Some(text) = text else {
            return Err(SqlError::new(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.").state(2));
        };
        if matches!(given.first(), Some(ArgumentValue { kind: Some(SqlType::VarChar(_)), .. })) {
            return Err(SqlError::new(214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.").state(2));
        }
        let declarations = arguments.text(1, "@params")?.or(arguments.text(1, "@parameters")?).unwrap_or_default();
        self.with_parameters(&text, &declarations, given.get(2..).unwrap_or_default(), 2)
    }

    /// Runs a text with declared parameters.
    fn with_parameters(
        &mut self,
        text: &str,
        declarations: &str,
        given: &[ArgumentValue],
        skipped: usize,
    ) -> Result<ProcedureResult, SqlError> {
        let declared = tsql::parameters(declarations)?;
        let mut variables = Variables::new();
        for (place, parameter) in declared.iter().enumerate() {
            let kind = types::read_declared(&parameter.kind, 1)?;
            let value = given
                .iter()
                .find(|one| one.name == parameter.name)
                .or_else(|| given.get(place).filter(|one| one.name.is_empty()));
            let Some(value) = value else {
                return Err(SqlError::new(
                    8178,
                    format!(
                        "The parameterized query '({declarations}){}' expects the parameter '{}', which was not supplied.",
                        text.chars().take(60).collect::<String>(),
                        parameter.name
                    ),
                ));
            };
            variables.insert(parameter.name.clone(), Variable { kind: kind.kind, fixed: kind.fixed, value: Stored::Null });
            assign(&mut variables, &parameter.name, value.value.clone(), value.kind.unwrap_or(kind.kind))?;
        }
        if let Some(stray) = given.iter().find(|one| !one.name.is_empty() && !declared.iter().any(|known| known.name == one.name))
        {
            return Err(SqlError::new(8145, format!("{} is not a parameter for procedure sp_executesql.", stray.name)).state(2));
        }
        if given.len() > declared.len() {
            return Err(SqlError::new(8144, "Procedure or function sp_executesql has too many arguments specified.").state(2));
        }
        let mut frame = Frame { variables };
        self.run_nested(text, &mut frame)?;
        let mut outputs = Vec::new();
        for (place, one) in given.iter().enumerate().filter(|(_, one)| one.output) {
            let parameter = declared.iter().find(|known| known.name == one.name).or(declared.get(place));
            if let Some(variable) = parameter.and_then(|parameter| frame.variables.get(&parameter.name)) {
                let name = parameter.map_or_else(String::new, |parameter| parameter.name.clone());
                outputs.push((place + skipped, name, variable.kind, variable.value.clone()));
            }
        }
        Ok(ProcedureResult { status: 0, outputs })
    }
    fn execute_text(&mut self, parts: &[Expr], frame: &mut Frame) -> Result<(), SqlError> {
        let mut text = String::new();
        for part in parts {
            text.push_str(&self.text_value(part, &frame.variables)?);
        }
        self.run_nested(&text, &mut Frame::default())
    }

    /// Runs dynamic SQL: settings and `USE` inside it end with it, and its compile errors can be caught outside.
    fn run_nested(&mut self, text: &str, frame: &mut Frame) -> Result<(), SqlError> {
        if self.level >= LEVELS {
            return Err(SqlError::new(
                217,
                "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
            )
            .scope(ErrorScope::Batch));
        }
        let settings = self.session.settings.clone();
        let (database, name) = (self.session.database, self.session.database_name.clone());
        self.level += 1;
        let result = self.run_text(text, frame);
        self.level -= 1;
        self.session.settings = settings;
        if self.session.database != database {
            let old = std::mem::replace(&mut self.session.database_name, name.clone());
            self.session.database = database;
            self.session.register();
            self.send(Reply::Database { old, new: name });
        }
        match result {
            Ok(_) => Ok(()),
            Err(mut error) => {
                if self.session.quirks() && matches!(error.number, 207 | 208) {
                    error.scope = ErrorScope::Compile;
                } else if error.scope == ErrorScope::Compile {
                    error.scope = ErrorScope::Statement;
                    error.settled = false;
                }
                Err(error)
            }
        }
    }
}
