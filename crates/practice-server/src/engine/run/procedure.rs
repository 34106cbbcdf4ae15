//! System procedures, by `EXECUTE` and by remote procedure call, with application locks; dynamic SQL, `PRINT`, `WAITFOR`, `USE`.

use std::collections::BTreeMap;

use rusqlite::types::Value as Stored;
use sqlparser::ast::Expr;

use crate::engine::bind::{Variable, Variables};
use crate::engine::catalog::PUBLIC;
use crate::engine::context::Context;
use crate::engine::convert::{from_wire, to_wire};
use crate::engine::error::{ErrorScope, INTERRUPTED, SqlError};
use crate::engine::lock::{LockDuration, LockMode, LockOutcome, Resource};
use crate::engine::run::query::assign;
use crate::engine::run::{Execution, Flow, Frame};
use crate::engine::{convert, instant, types};
use crate::reply::Reply;
use crate::tsql;
use crate::tsql::Name;
use crate::tsql::statement::Argument;
use crate::value::{Parameter, SqlType};

/// An argument with its value.
#[derive(Debug, Clone)]
pub(super) struct ArgumentValue {
    /// With the `@`, in lower case; empty by position.
    pub(super) name: String,
    pub(super) value: Stored,
    /// Unknown for an untyped `NULL` from the wire.
    pub(super) kind: Option<SqlType>,
    pub(super) output: bool,
}

/// The result of a procedure: its status, and its outputs by the argument's place.
#[derive(Debug, Default)]
pub(super) struct ProcedureResult {
    pub(super) status: i32,
    pub(super) outputs: Vec<(usize, String, SqlType, Stored)>,
}

/// Arguments, found by name or place.
pub(super) struct Arguments<'a> {
    pub(super) given: &'a [ArgumentValue],
}

impl Arguments<'_> {
    fn at(&self, place: usize, name: &str) -> Option<&ArgumentValue> {
        self.given
            .iter()
            .find(|one| one.name.eq_ignore_ascii_case(name))
            .or_else(|| self.given.get(place).filter(|one| one.name.is_empty()))
    }

    pub(super) fn text(&self, place: usize, name: &str) -> Result<Option<String>, SqlError> {
        self.at(place, name).map_or(Ok(None), |one| {
            let kind = one.kind.unwrap_or(SqlType::NVarChar(None));
            match convert::convert(one.value.clone(), kind, SqlType::NVarChar(None), 0)? {
                Stored::Text(text) => Ok(Some(text)),
                _ => Ok(None),
            }
        })
    }

    pub(super) fn number(&self, place: usize, name: &str) -> Result<Option<i64>, SqlError> {
        self.at(place, name).map_or(Ok(None), |one| {
            let kind = one.kind.unwrap_or(SqlType::Int);
            match convert::convert(one.value.clone(), kind, SqlType::Int, 0)? {
                Stored::Integer(number) => Ok(Some(number)),
                _ => Ok(None),
            }
        })
    }

    /// Returns error 201 for missing arguments, 8145 for unknown names.
    pub(super) fn check(&self, procedure: &str, known: &[&str], needed: usize) -> Result<(), SqlError> {
        for one in self.given {
            if !one.name.is_empty() && !known.iter().any(|name| one.name.eq_ignore_ascii_case(name)) {
                return Err(SqlError::new(8145, format!("{} is not a parameter for procedure {procedure}.", one.name)).state(2));
            }
        }
        if self.given.len() > known.len() {
            return Err(
                SqlError::new(8144, format!("Procedure or function {procedure} has too many arguments specified.")).state(2)
            );
        }
        for (place, name) in known.iter().enumerate().take(needed) {
            if self.at(place, name).is_none() {
                return Err(SqlError::new(
                    201,
                    format!("Procedure or function '{procedure}' expects parameter '{name}', which was not supplied."),
                )
                .state(4));
            }
        }
        Ok(())
    }
}

impl Execution<'_> {
    /// Runs `EXECUTE @result = procedure …`.
    pub(super) fn execute(
        &mut self,
        result: Option<&str>,
        procedure: &Name,
        arguments: &[Argument],
        frame: &mut Frame,
    ) -> Result<(), SqlError> {
        let mut given = Vec::new();
        let mut targets = Vec::new();
        for argument in arguments {
            let default = matches!(&argument.value, sqlparser::ast::Expr::Identifier(ident) if ident.value == "DEFAULT");
            if default {
                return Err(SqlError::unsupported("DEFAULT as an argument"));
            }
            let (value, kind) = self.value(&argument.value, &frame.variables)?;
            targets.push(match &argument.value {
                sqlparser::ast::Expr::Identifier(ident) if argument.output => Some(ident.value.to_lowercase()),
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
        let given: Vec<ArgumentValue> = parameters
            .iter()
            .map(|parameter| {
                let (value, natural) = from_wire(&parameter.value);
                let kind = match (parameter.kind, &parameter.value) {
                    (_, crate::value::Value::Null) => parameter.kind,
                    // The unscaled number keeps the scale with which it was sent.
                    (Some(SqlType::Decimal { precision, .. }), crate::value::Value::Decimal(_, scale)) => {
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
                if !error.settled
                    && error.number != crate::engine::run::INTERRUPTED
                    && self.session.nesting > 0
                    && error.scope == ErrorScope::Doom
                {
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
}

fn invalid(parameter: &str, procedure: &str) -> SqlError {
    SqlError::new(
        15021,
        format!("Invalid value given for parameter {parameter} of procedure {procedure}. Specify a valid parameter value."),
    )
}

fn owner(text: Option<&str>, procedure: &str) -> Result<LockDuration, SqlError> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("transaction") => Ok(LockDuration::Transaction),
        Some("session") => Ok(LockDuration::Session),
        Some(_) => Err(invalid("@LockOwner", procedure)),
    }
}

/// Returns the resource of an application lock. It belongs to a database and one of its principals; the user must be that
/// principal or a member of it.
fn resource(context: &Context, name: &str, principal: Option<&str>) -> Option<Resource> {
    let principal = match principal {
        None => PUBLIC,
        Some(name) => context.catalog.principal(name).map(|principal| principal.id)?,
    };
    let member = principal == PUBLIC || context.user.is_dbo() || context.user.principals.contains(&principal);
    // Names are significant to their 255th character and compare by their bytes.
    let name = name.chars().take(255).collect();
    member.then_some(Resource::Application(context.database.id, principal, name))
}

impl Execution<'_> {
    pub(super) fn sp_getapplock(&mut self, arguments: &Arguments<'_>) -> Result<ProcedureResult, SqlError> {
        let procedure = "sp_getapplock";
        let known = ["@resource", "@lockmode", "@lockowner", "@locktimeout", "@dbprincipal"];
        arguments.check(procedure, &known, 2)?;
        let name = arguments.text(0, known[0])?.ok_or_else(|| invalid("@Resource", procedure))?;
        let mode = match arguments.text(1, known[1])?.unwrap_or_default().to_ascii_lowercase().as_str() {
            "shared" => LockMode::Shared,
            "update" => LockMode::Update,
            "exclusive" => LockMode::Exclusive,
            "intentshared" => LockMode::IntentShared,
            "intentexclusive" => LockMode::IntentExclusive,
            _ => return Err(invalid("@LockMode", procedure)),
        };
        let until = owner(arguments.text(2, known[2])?.as_deref(), procedure)?;
        let limit = arguments.number(3, known[3])?.unwrap_or(self.session.settings.lock_timeout);
        if limit < -1 {
            return Err(invalid("@LockTimeout", procedure));
        }
        if until == LockDuration::Transaction && self.session.nesting == 0 {
            return Err(no_transaction());
        }
        let context = self.session.context()?;
        let Some(resource) = resource(&context, &name, arguments.text(4, known[4])?.as_deref()) else {
            return Ok(ProcedureResult { status: -999, outputs: Vec::new() });
        };
        let status = match self.session.take_lock(&resource, mode, until, limit) {
            LockOutcome::AtOnce => 0,
            LockOutcome::AfterWaiting => 1,
            LockOutcome::TimedOut => -1,
            LockOutcome::Deadlock => -3,
            LockOutcome::Interrupted => {
                return Err(SqlError::new(INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch));
            }
        };
        Ok(ProcedureResult { status, outputs: Vec::new() })
    }

    pub(super) fn sp_releaseapplock(&mut self, arguments: &Arguments<'_>) -> Result<ProcedureResult, SqlError> {
        let procedure = "sp_releaseapplock";
        let known = ["@resource", "@lockowner", "@dbprincipal"];
        arguments.check(procedure, &known, 1)?;
        let name = arguments.text(0, known[0])?.ok_or_else(|| invalid("@Resource", procedure))?;
        let until = owner(arguments.text(1, known[1])?.as_deref(), procedure)?;
        if until == LockDuration::Transaction && self.session.nesting == 0 {
            return Err(no_transaction());
        }
        let context = self.session.context()?;
        let principal = arguments.text(2, known[2])?;
        let released = resource(&context, &name, principal.as_deref())
            .is_some_and(|resource| self.session.engine.locks.release_one(self.session.info.id, &resource, until));
        if released {
            return Ok(ProcedureResult::default());
        }
        Err(SqlError::new(
            1223,
            format!(
                "Cannot release the application lock (Database Principal: '{}', Resource: '{name}') because it is not \
                 currently held.",
                principal.as_deref().unwrap_or("public")
            ),
        ))
    }
}

fn no_transaction() -> SqlError {
    SqlError::new(3918, "The statement or function must be executed in the context of a user transaction.").state(2)
}

/// SQL Server's limit of nested calls.
const LEVELS: usize = 32;

impl Execution<'_> {
    pub(super) fn execute_text(&mut self, parts: &[Expr], frame: &mut Frame) -> Result<(), SqlError> {
        let mut text = String::new();
        for part in parts {
            text.push_str(&self.text_value(part, &frame.variables)?);
        }
        self.run_nested(&text, &mut Frame { variables: BTreeMap::new() })
    }

    /// Runs dynamic SQL: settings and `USE` inside it end with it, and its compile errors can be caught outside.
    pub(super) fn run_nested(&mut self, text: &str, frame: &mut Frame) -> Result<(), SqlError> {
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
            Ok(Flow::Next | Flow::Return(_) | Flow::Break | Flow::Continue) => Ok(()),
            Err(mut error) => {
                if error.scope == ErrorScope::Compile {
                    error.scope = ErrorScope::Statement;
                    error.settled = false;
                }
                Err(error)
            }
        }
    }

    pub(super) fn print(&mut self, value: &Expr, frame: &Frame) -> Result<(), SqlError> {
        let text = match self.value_as(value, SqlType::NVarChar(None), &frame.variables)? {
            Stored::Text(text) => text,
            _ => String::new(),
        };
        self.send_info(0, &text);
        self.session.row_count = 0;
        Ok(())
    }

    pub(super) fn wait_for(&mut self, delay: &Expr, frame: &Frame) -> Result<(), SqlError> {
        let text = self.text_value(delay, &frame.variables)?;
        let wrong = || SqlError::new(148, format!("Incorrect time syntax in time string '{text}' used with WAITFOR.")).class(15);
        let spaced = if text.matches(':').count() == 0 { format!("{text}:00") } else { text.clone() };
        let (ticks, _) = instant::parse(&spaced).filter(|_| spaced.contains(':')).ok_or_else(wrong)?;
        let micros = u64::try_from(ticks % instant::DAY / 10).map_err(|_| wrong())?;
        if !self.session.pause(std::time::Duration::from_micros(micros)) {
            return Err(SqlError::new(INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch));
        }
        self.finish();
        Ok(())
    }

    pub(super) fn use_database(&mut self, name: &str) -> Result<(), SqlError> {
        let server = self.session.engine.server();
        let database = server.database(name).cloned().ok_or_else(|| no_database(name))?;
        self.session.engine.may_open(&database, &self.session.account, self.session.info.id)?;
        let old = std::mem::replace(&mut self.session.database_name, database.name.clone());
        self.session.database = database.id;
        self.session.register();
        self.send(Reply::Database { old, new: database.name.clone() });
        self.finish();
        Ok(())
    }
}

/// Creates error 911.
pub(super) fn no_database(name: &str) -> SqlError {
    SqlError::new(911, format!("Database '{name}' does not exist. Make sure that the name is entered correctly."))
}
