//! The row that a plan takes over, changes or removes, as it was seen.

use crate::model::facts::Identity;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::node::Node;
use crate::model::registry::KeptRow;

use super::Proposal;

/// The row; `None` where the plan's row is to be new, or there is no registry.
pub fn row(node: &Node, proposal: &Proposal<'_>) -> Option<KeptRow> {
    let cluster = &proposal.facts.cluster;
    if proposal.resuming {
        // By now the row may be what the run itself made of it. Under another name it is another row's turn.
        let kept = proposal.kept.filter(|kept| proposal.flow != Flow::Join || kept.row.name.eq_ignore_ascii_case(&node.name));
        if kept.is_some() || proposal.flow != Flow::Join {
            return kept.cloned();
        }
    }
    match proposal.flow {
        Flow::FirstNode | Flow::Review => None,
        Flow::Join => cluster.replaceable(&node.name).filter(|_| proposal.answers.is_on(FieldId::ReplaceNode)).cloned(),
        // A node of the same name in another cluster is another node.
        Flow::Edit | Flow::Leave => match cluster.identity.seen()? {
            Identity::Registered(seen) if seen.id == proposal.cluster => cluster.node(&node.name)?.row.clone(),
            Identity::Registered(_) | Identity::Octopus { .. } => None,
        },
        Flow::Remove => proposal.kept.cloned(),
    }
}
