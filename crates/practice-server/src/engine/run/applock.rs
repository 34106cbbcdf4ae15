//! `sp_getapplock` and `sp_releaseapplock`.

use super::super::catalog::PUBLIC;
use super::super::context::Context;
use super::super::fault::{Fault, INTERRUPTED, Reach};
use super::super::lock::{Granted, Mode, Resource, Until};
use super::Run;
use super::procedure::{Arguments, Outcome};

fn invalid(parameter: &str, procedure: &str) -> Fault {
    Fault::new(
        15021,
        format!("Invalid value given for parameter {parameter} of procedure {procedure}. Specify a valid parameter value."),
    )
}

fn owner(text: Option<&str>, procedure: &str) -> Result<Until, Fault> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("transaction") => Ok(Until::Transaction),
        Some("session") => Ok(Until::Session),
        Some(_) => Err(invalid("@LockOwner", procedure)),
    }
}

/// Locks are of a database and of one of its principals; whoever asks must be it or belong to it.
fn resource(context: &Context, name: &str, principal: Option<&str>) -> Option<Resource> {
    let principal = match principal {
        None => PUBLIC,
        Some(name) => context.catalog.principal(name).map(|principal| principal.id)?,
    };
    let member = principal == PUBLIC || context.who.dbo() || context.who.all.contains(&principal);
    // The name counts to its 255th character, in the bytes that it was given.
    let name = name.chars().take(255).collect();
    member.then_some(Resource::Application(context.database.id, principal, name))
}

impl Run<'_> {
    pub(super) fn sp_getapplock(&mut self, arguments: &Arguments<'_>) -> Result<Outcome, Fault> {
        let procedure = "sp_getapplock";
        let known = ["@resource", "@lockmode", "@lockowner", "@locktimeout", "@dbprincipal"];
        arguments.check(procedure, &known, 2)?;
        let name = arguments.text(0, known[0])?.ok_or_else(|| invalid("@Resource", procedure))?;
        let mode = match arguments.text(1, known[1])?.unwrap_or_default().to_ascii_lowercase().as_str() {
            "shared" => Mode::Shared,
            "update" => Mode::Update,
            "exclusive" => Mode::Exclusive,
            "intentshared" => Mode::IntentShared,
            "intentexclusive" => Mode::IntentExclusive,
            _ => return Err(invalid("@LockMode", procedure)),
        };
        let until = owner(arguments.text(2, known[2])?.as_deref(), procedure)?;
        let limit = arguments.number(3, known[3])?.unwrap_or(self.session.settings.lock_timeout);
        if limit < -1 {
            return Err(invalid("@LockTimeout", procedure));
        }
        if until == Until::Transaction && self.session.nesting == 0 {
            return Err(no_transaction());
        }
        let context = self.session.context()?;
        let Some(resource) = resource(&context, &name, arguments.text(4, known[4])?.as_deref()) else {
            return Ok(Outcome { status: -999, outputs: Vec::new() });
        };
        let status = match self.session.take(&resource, mode, until, limit) {
            Granted::AtOnce => 0,
            Granted::AfterWaiting => 1,
            Granted::TimedOut => -1,
            Granted::Deadlock => -3,
            Granted::Interrupted => return Err(Fault::new(INTERRUPTED, "The operation was cancelled.").reach(Reach::Batch)),
        };
        Ok(Outcome { status, outputs: Vec::new() })
    }

    pub(super) fn sp_releaseapplock(&mut self, arguments: &Arguments<'_>) -> Result<Outcome, Fault> {
        let procedure = "sp_releaseapplock";
        let known = ["@resource", "@lockowner", "@dbprincipal"];
        arguments.check(procedure, &known, 1)?;
        let name = arguments.text(0, known[0])?.ok_or_else(|| invalid("@Resource", procedure))?;
        let until = owner(arguments.text(1, known[1])?.as_deref(), procedure)?;
        if until == Until::Transaction && self.session.nesting == 0 {
            return Err(no_transaction());
        }
        let context = self.session.context()?;
        let principal = arguments.text(2, known[2])?;
        let released = resource(&context, &name, principal.as_deref())
            .is_some_and(|resource| self.session.engine.locks.give_back(self.session.facts.id, &resource, until));
        if released {
            return Ok(Outcome::default());
        }
        Err(Fault::new(
            1223,
            format!(
                "Cannot release the application lock (Database Principal: '{}', Resource: '{name}') because it is not \
                 currently held.",
                principal.as_deref().unwrap_or("public")
            ),
        ))
    }
}

fn no_transaction() -> Fault {
    Fault::new(3918, "The statement or function must be executed in the context of a user transaction.").state(2)
}
