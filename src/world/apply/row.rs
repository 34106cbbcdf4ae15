//! The steps that change one row of the registry, and their undoing.

use super::database::ClusterDatabase;
use super::ledger::touched;
use crate::model::facts::Content;
use crate::model::journal::Journal;
use crate::model::plan::{Failure, Plan, StepKind, StepState};
use crate::model::registry::{Changed, Deed, NodeRow, RowChange};
use crate::model::target::Target;
use crate::world::host;
use crate::world::places::Places;

/// The steps that change a row.
pub(super) const KINDS: [StepKind; 5] =
    [StepKind::JoinCluster, StepKind::UpdateRow, StepKind::DrainNode, StepKind::RemoveRow, StepKind::RemoveNode];

/// Whether a step changes a row.
pub(super) fn is_changed_by(kind: StepKind) -> bool {
    KINDS.contains(&kind)
}

/// Whether any of them has, or may have, done something, `but` left out.
pub(super) fn is_touched(journal: &Journal, but: Option<StepKind>) -> bool {
    KINDS.into_iter().any(|kind| Some(kind) != but && touched(journal.state(kind)))
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
        (StepKind::JoinCluster, None, Some(row)) => Deed::Insert(row),
        (StepKind::JoinCluster, Some(before), Some(after)) => Deed::Replace { before, after },
        (StepKind::UpdateRow, Some(before), Some(after)) => Deed::Update { before, after },
        (StepKind::DrainNode, Some(before), _) => Deed::Drain { before },
        (StepKind::RemoveRow | StepKind::RemoveNode, Some(before), _) => Deed::Remove { before },
        _ => return Err(Failure::Defect(format!("The row for {} is not in the plan.", kind.id()).into())),
    };
    Ok(RowChange { cluster: journal.cluster, run: journal.run.clone(), host: host::name(), deed })
}

/// Makes a change, or finds it made by an earlier start.
pub(super) async fn make(
    database: &impl ClusterDatabase,
    target: &Target,
    change: &RowChange,
    earlier: StepState,
) -> Result<StepState, Failure> {
    match database.change(target, change).await.map_err(Failure::Server)? {
        Changed::Made | Changed::Ours => Ok(StepState::Done),
        Changed::Taken(row) => Err(Failure::RowTaken(row)),
        // What an earlier start was to take away is away. By whom, the history tells undo.
        Changed::Gone if matches!(change.deed, Deed::Remove { .. }) && touched(earlier) => Ok(StepState::Done),
        Changed::Gone => Err(Failure::RowGone { node: change.deed.node().into() }),
        Changed::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Takes a change back. One that was never made is taken back already, and so is one whose cluster is not there any more.
pub(super) async fn take_back(database: &impl ClusterDatabase, target: &Target, change: &RowChange) -> Result<(), Failure> {
    match database.unchange(target, change).await.map_err(Failure::Server)? {
        Changed::Made | Changed::Ours | Changed::Gone => Ok(()),
        Changed::Taken(row) => Err(Failure::RowTaken(row)),
        Changed::NotThere(Content::Cluster(seen)) if seen.id != change.cluster => Ok(()),
        Changed::NotThere(Content::Octopus { .. } | Content::Foreign { .. } | Content::RegistryOnly | Content::Empty) => Ok(()),
        Changed::NotThere(content) => Err(Failure::ContentChanged(Box::new(content))),
    }
}

/// Whether a failure says that the database was reached and nothing was changed in it.
pub(super) fn was_refused(failure: &Failure) -> bool {
    matches!(failure, Failure::RowTaken(_) | Failure::RowGone { .. } | Failure::ContentChanged(_))
}
