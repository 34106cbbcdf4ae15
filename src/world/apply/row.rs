//! The steps that change one row of the registry, and their undoing.

use super::database::ClusterDatabase;
use super::run_journal::touched;
use crate::catalog::steps::{self, StepTarget as Changes};
use crate::model::facts::{Content, Heartbeat, NodeSeen};
use crate::model::journal::Journal;
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::model::registry::{KeptRow, NodeRow, RowChange, RowChangeOutcome, RowOperation};
use crate::model::target::Target;
use crate::world::host;
use crate::world::places::Places;

/// Whether any step on a row has, or may have, done something, `but` left out.
pub(super) fn is_touched(journal: &Journal, but: Option<StepKind>) -> bool {
    steps::kinds_on(Changes::Row).any(|kind| Some(kind) != but && touched(journal.state(kind)))
}

/// This machine's row, as the plan and the host have it.
pub(super) fn of(places: &Places, plan: &Plan) -> NodeRow {
    let web = &plan.node.web;
    let prefixes: Vec<String> = web.prefixes.iter().map(ToString::to_string).collect();
    NodeRow {
        name: plan.node.name.clone(),
        address: prefixes.first().cloned().unwrap_or_default(),
        host: host::name(),
        system: host::system(&places.os_release),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        prefixes: prefixes.join(","),
        comms_port: web.comms_port,
        grpc_port: web.grpc_port,
        task_cap: plan.node.task_cap,
    }
}

/// What a step does to the row, as the journal knows it; so a later start, and undo, mean the same deed.
pub(super) fn change(journal: &Journal, kind: StepKind) -> Result<RowChange, Failure> {
    let deed = match (kind, journal.before.clone(), journal.after.clone()) {
        (StepKind::JoinCluster, None, Some(row)) => RowOperation::Insert(row),
        (StepKind::JoinCluster, Some(before), Some(after)) => RowOperation::Replace { before, after },
        (StepKind::UpdateRow, Some(before), Some(after)) => RowOperation::Update { before, after },
        (StepKind::DrainNode, Some(before), _) => RowOperation::Drain { before },
        (StepKind::RemoveRow | StepKind::RemoveNode, Some(before), _) => RowOperation::Remove { before },
        _ => return Err(Failure::Defect(format!("The row for {} is not in the plan.", kind.id()).into())),
    };
    Ok(RowChange { cluster: journal.cluster, run: journal.run.clone(), host: host::name(), deed })
}

/// Refuses to take the row or the name of a node whose heart beats, or that nobody can tell of any more.
///
/// The survey saw it dead, perhaps an hour ago. The transaction compares the registry's row with what was seen, but a node
/// that comes back to life changes only Octopus' own tables: so those are looked at again. A row that stands otherwise than
/// it was seen is another's by now, or this very run's, whose heart may beat; the transaction tells which.
pub(super) async fn is_dead(
    database: &impl ClusterDatabase,
    target: &Target,
    name: &str,
    before: Option<&KeptRow>,
) -> Result<(), Failure> {
    let Some(node) = database.node(target, name).await.map_err(Failure::Server)? else { return Ok(()) };
    let as_seen = match (before, &node.row) {
        (None, None) => true,
        (Some(before), Some(now)) => {
            (&before.row.host, &before.joined, &before.last_seen) == (&now.row.host, &now.joined, &now.last_seen)
        }
        _ => false,
    };
    let beat = match node.beat {
        Heartbeat::Ago(age) if age <= NodeSeen::BEAT => Some(age),
        Heartbeat::Unreadable => None,
        Heartbeat::Ago(_) | Heartbeat::Never => return Ok(()),
    };
    if as_seen { Err(Failure::NodeAlive { node: node.name, beat }) } else { Ok(()) }
}

/// Makes a change, or finds it made by an earlier start.
pub(super) async fn make(
    database: &impl ClusterDatabase,
    target: &Target,
    change: &RowChange,
    earlier: StepState,
) -> Result<StepState, Failure> {
    match database.change(target, change).await.map_err(Failure::Server)? {
        RowChangeOutcome::Made | RowChangeOutcome::Ours => Ok(StepState::Done),
        RowChangeOutcome::Taken(row) => Err(Failure::RowTaken(row)),
        // What an earlier start was to take away is away. By whom, the history tells undo.
        RowChangeOutcome::Gone if matches!(change.deed, RowOperation::Remove { .. }) && touched(earlier) => Ok(StepState::Done),
        RowChangeOutcome::Gone => Err(Failure::RowGone { node: change.deed.node().into() }),
        RowChangeOutcome::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Takes a change back. One that was never made is taken back already, and so is one whose cluster is not there any more.
pub(super) async fn take_back(database: &impl ClusterDatabase, target: &Target, change: &RowChange) -> Result<(), Failure> {
    match database.unchange(target, change).await.map_err(Failure::Server)? {
        RowChangeOutcome::Taken(row) => Err(Failure::RowTaken(row)),
        RowChangeOutcome::NotThere(content) if may_hold_the_row(&content, change) => {
            Err(Failure::ContentChanged(Box::new(content)))
        }
        RowChangeOutcome::Made | RowChangeOutcome::Ours | RowChangeOutcome::Gone | RowChangeOutcome::NotThere(_) => Ok(()),
    }
}

/// Whether the row may be in there although the database did not get to it.
fn may_hold_the_row(content: &Content, change: &RowChange) -> bool {
    match content {
        Content::Cluster(seen) => seen.id == change.cluster,
        Content::NewerRegistry { .. } => true,
        Content::Empty | Content::RegistryOnly | Content::Octopus { .. } | Content::Foreign { .. } => false,
    }
}

/// Whether a failure says that the database was reached and nothing was changed in it.
pub(super) fn was_refused(failure: &Failure) -> bool {
    matches!(failure, Failure::RowTaken(_) | Failure::RowGone { .. } | Failure::ContentChanged(_) | Failure::NodeAlive { .. })
}
