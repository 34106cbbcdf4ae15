//! Whether an edit changes anything.

use crate::model::answers::Raw;
use crate::model::node::Node;
use crate::model::node_config::{NodeConfig, TrustSection};
use crate::model::registry::KeptRow;

use super::Proposal;

/// Whether the node config, one of its secrets or the registry's row would say something else afterwards.
pub fn anything(node: &Node, before: Option<&KeptRow>, proposal: &Proposal<'_>) -> bool {
    let facts = &proposal.facts.node;
    let Some(config) = facts.config.seen() else { return true };
    let password = Raw::Secret(node.target.password.clone());
    settings(node, config)
        || facts.password.seen() != Some(&password)
        || facts.key.seen().is_none()
        || config.cluster.fingerprint != proposal.fingerprint
        || before.is_some_and(|before| row(node, before, proposal))
}

fn settings(node: &Node, config: &NodeConfig) -> bool {
    let (target, web) = (&node.target, &node.web);
    let database = &config.database;
    target.address.to_string() != database.server
        || target.user != database.user
        || target.encryption != database.encryption
        || TrustSection::from(&target.trust) != database.trust
        || target.multi_subnet != database.multi_subnet
        || !prefixes(node).eq(config.web.listen_prefixes.iter().cloned())
        || web.force_ssl != config.web.force_ssl
        || (web.comms_port, web.grpc_port) != (config.comms.port, config.comms.grpc_port)
        || node.task_cap != config.node.task_cap
        || node.storage != config.storage
}

/// Whether this node's row in the registry would say something else. This program's own version does not count: a newer
/// one that changes nothing is no reason for a run.
pub fn row(node: &Node, before: &KeptRow, proposal: &Proposal<'_>) -> bool {
    let (row, machine) = (&before.row, &proposal.facts.machine);
    let all: Vec<String> = prefixes(node).collect();
    // What this machine does not tell is not known to differ.
    let differs = |seen: &str, kept: &str| !seen.is_empty() && seen != kept;
    row.address != all.first().map(String::as_str).unwrap_or_default()
        || row.prefixes != all.join(",")
        || (row.comms_port, row.grpc_port, row.task_cap) != (node.web.comms_port, node.web.grpc_port, node.task_cap)
        || differs(machine.host_name.as_str(), &row.host)
        || differs(machine.system.as_str(), &row.system)
}

fn prefixes(node: &Node) -> impl Iterator<Item = String> + '_ {
    node.web.prefixes.iter().map(ToString::to_string)
}
