//! System procedures that run no statements: their arguments, and application locks.

use rusqlite::types::Value as Stored;

use crate::engine::catalog::PUBLIC;
use crate::engine::context::Context;
use crate::engine::convert;
use crate::engine::error::{ErrorScope, INTERRUPTED, SqlError};
use crate::engine::lock::{LockDuration, LockMode, LockOutcome, Resource};
use crate::engine::run::execution::Execution;
use crate::value::SqlType;

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
