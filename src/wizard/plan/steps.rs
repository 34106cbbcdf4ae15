//! Which steps a plan has.

use crate::model::cluster::ClusterId;
use crate::model::facts::{DatabaseSeen, Identity, Occupant};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::key_verdict::KeyVerdict;
use crate::model::node::Node;
use crate::model::plan::StepKind;
use crate::model::registry::KeptRow;

use super::{Proposal, changed};

/// The steps, in order; `hands_over`: Octopus Server's own commands are among them.
pub fn of(node: &Node, before: Option<&KeptRow>, hands_over: bool, proposal: &Proposal<'_>) -> Vec<StepKind> {
    let is_needed = |kind: &StepKind| match proposal.flow {
        Flow::FirstNode => first_node(*kind, node, hands_over, proposal),
        Flow::Join => join(*kind, node, hands_over, proposal),
        Flow::Edit => edit(*kind, node, before, proposal),
        Flow::Leave => leave(*kind, before),
        Flow::Remove => *kind == StepKind::RemoveNode,
        Flow::Review => false,
    };
    let mut kinds: Vec<StepKind> = StepKind::ALL.into_iter().filter(is_needed).collect();
    // A first node's folders and canaries are there before the registry tells of them: it is told with the cluster, in one
    // turn. A node that joins leaves its canaries once the row of that name is its own.
    let made = kinds.iter().position(|kind| *kind == StepKind::InitialiseCluster);
    if let Some(made) = made {
        let is_of_storage = |kind: &StepKind| matches!(kind, StepKind::ShareStorage | StepKind::LeaveCanary);
        let behind = kinds.split_off(made);
        kinds.extend(behind.iter().filter(|kind| is_of_storage(kind)));
        kinds.extend(behind.iter().filter(|kind| !is_of_storage(kind)));
    }
    kinds
}

fn first_node(kind: StepKind, node: &Node, hands_over: bool, proposal: &Proposal<'_>) -> bool {
    match kind {
        StepKind::CreateHome => needs_home(proposal),
        StepKind::CreateDatabase => {
            let absent = matches!(proposal.facts.server.database.seen(), Some(DatabaseSeen::Absent));
            node.create_database && (proposal.resuming || absent)
        }
        StepKind::SealMasterKey | StepKind::InitialiseCluster | StepKind::WriteNodeConfig | StepKind::ConnectOnce => true,
        StepKind::ShareStorage | StepKind::LeaveCanary => !node.storage.is_none(),
        StepKind::OctopusAdmin => hands_over && node.administrator.is_some(),
        StepKind::OctopusLicence => hands_over && node.licensed,
        StepKind::OctopusPaths => hands_over && !node.storage.is_none(),
        StepKind::OctopusHold => false,
        _ => hands_over && of_octopus(kind, node),
    }
}

/// The steps of the hand-over that every node has. A node that is not started proves nothing, and is held back by nothing.
fn of_octopus(kind: StepKind, node: &Node) -> bool {
    match kind {
        StepKind::OctopusInstance
        | StepKind::OctopusDatabase
        | StepKind::OctopusConfigure
        | StepKind::OctopusService
        | StepKind::OctopusTaskCap => true,
        StepKind::OctopusHold | StepKind::AwaitPing | StepKind::AwaitBeat => node.start_service,
        _ => false,
    }
}

/// No step of these changes anything that another node depends on, but for the registry's own schema in a database of
/// Octopus', and that only where the operator says so.
fn join(kind: StepKind, node: &Node, hands_over: bool, proposal: &Proposal<'_>) -> bool {
    match kind {
        StepKind::CreateHome => needs_home(proposal),
        StepKind::ProveAgain | StepKind::SealMasterKey | StepKind::WriteNodeConfig => true,
        StepKind::AdoptCluster => adopts(node, proposal),
        // Without a registry there is no row to enter, and none by which a connection could tell that it is a member's.
        StepKind::JoinCluster | StepKind::ConnectOnce => is_registered(proposal) || adopts(node, proposal),
        StepKind::LeaveCanary => !node.storage.is_none() && is_registered(proposal),
        _ => hands_over && of_octopus(kind, node),
    }
}

fn edit(kind: StepKind, node: &Node, before: Option<&KeptRow>, proposal: &Proposal<'_>) -> bool {
    match kind {
        StepKind::ProveAgain | StepKind::WriteNodeConfig => true,
        // A key that opens stays as it is: were it this run's, undo would take it away.
        StepKind::SealMasterKey => proposal.facts.node.key.seen().is_none(),
        StepKind::UpdateRow => before.is_some_and(|before| proposal.resuming || changed::row(node, before, proposal)),
        // A connection tells that it is a member's by the row.
        StepKind::ConnectOnce => before.is_some(),
        _ => false,
    }
}

fn leave(kind: StepKind, before: Option<&KeptRow>) -> bool {
    match kind {
        StepKind::DrainNode | StepKind::RemoveRow => before.is_some(),
        StepKind::RemoveNodeConfig => true,
        _ => false,
    }
}

fn needs_home(proposal: &Proposal<'_>) -> bool {
    proposal.resuming || matches!(proposal.facts.home.folder.seen(), Some(Occupant::Creatable { .. }))
}

fn is_registered(proposal: &Proposal<'_>) -> bool {
    matches!(proposal.facts.cluster.identity.seen(), Some(Identity::Registered(_)))
}

/// Whether the registry is made in a database of Octopus'. An unproven key makes none: other nodes would be judged by it.
fn adopts(node: &Node, proposal: &Proposal<'_>) -> bool {
    let Proposal { facts, answers, .. } = proposal;
    let agreed = answers.is_on(FieldId::MakeRegistry) && matches!(facts.key.verdict.seen(), Some(KeyVerdict::Correct(_)));
    agreed
        && match facts.cluster.identity.seen() {
            Some(Identity::Octopus { .. }) => true,
            // Its own adoption, begun by an earlier start of this run.
            Some(Identity::Registered(cluster)) => {
                let adopted = ClusterId::adopted(proposal.fingerprint, &node.target.database);
                proposal.resuming && adopted == proposal.cluster && adopted == cluster.id
            }
            None => false,
        }
}
