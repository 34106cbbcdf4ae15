//! The hand-over: the steps that run Octopus Server's own commands, and wait until its node is in.
//!
//! What a command has done cannot be seen from outside, and by Octopus' own words it may be run again. So a step that an
//! earlier start did is run again rather than believed, unless the node runs by now: nothing is configured behind the back
//! of a node that is up. Where something else is asked for by now than was then, the node is stopped first.

mod act;
mod awaiting;
mod instance;
mod server;
mod undo;

pub(super) use act::HandingOver;
pub(super) use undo::undo;

use crate::catalog::steps::{self, StepTarget};
use crate::model::plan::{Failure, Plan, StepKind};
use crate::render::Setup;
use crate::render::octopus::{OctopusCommand, commands};

use super::instance_lock::InstanceLock;
use server::Server;

/// The steps that tell Octopus Server what was answered, and that can do so once more.
pub(super) const CONFIGURE: [StepKind; 6] = [
    StepKind::OctopusDatabase,
    StepKind::OctopusConfigure,
    StepKind::OctopusPaths,
    StepKind::OctopusHold,
    StepKind::OctopusService,
    StepKind::OctopusTaskCap,
];

/// The command of a step.
fn command(plan: &Plan, kind: StepKind) -> Result<OctopusCommand, Failure> {
    let commands = commands(&Setup::from_plan(plan)).map_err(|unwritable| Failure::Defect(unwritable.to_string().into()))?;
    let found = commands.into_iter().find(|command| command.step == kind);
    found.ok_or_else(|| Failure::Defect(format!("There is no command for {}.", kind.id()).into()))
}

/// The first step of a plan's hand-over, and why its program cannot be run: a run is refused before it is begun rather than
/// stopped in the middle.
pub(super) async fn refused(lock: &std::sync::Arc<InstanceLock>, plan: &Plan) -> Option<(StepKind, Failure)> {
    let kind = plan.steps.iter().map(|step| step.kind).find(|kind| steps::row(*kind).target == StepTarget::Octopus)?;
    let refused = async {
        let server = Server::of(lock, plan, None)?;
        server.is_there(&command(plan, kind)?).await
    };
    refused.await.err().map(|failure| (kind, failure))
}
