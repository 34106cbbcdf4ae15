//! Whether an edit changes anything.

use crate::catalog::steps::row_differs;
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
        || before.is_some_and(|before| row_differs(node, before, proposal))
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

fn prefixes(node: &Node) -> impl Iterator<Item = String> + '_ {
    node.web.prefixes.iter().map(ToString::to_string)
}
