//! Whether an edit changes anything.

use crate::catalog::settings;
use crate::model::answers::Raw;
use crate::model::node::Node;
use crate::model::node_config::NodeConfig;
use crate::model::registry::KeptRow;
use crate::model::target::SignIn;

use super::Proposal;

/// Whether the node config, one of its secrets or the registry's row would say something else afterwards.
pub fn anything(node: &Node, before: Option<&KeptRow>, proposal: &Proposal<'_>) -> bool {
    let facts = &proposal.facts.node;
    let Some(config) = facts.config.seen() else { return true };
    let SignIn::SqlLogin { password, .. } = &node.target.sign_in;
    differs(node, config)
        || facts.password.seen() != Some(&Raw::Secret(password.clone()))
        || facts.key.seen().is_none()
        || config.cluster.fingerprint != proposal.fingerprint
        || before.is_some_and(|before| row(node, before, proposal))
}

/// Whether the config says anything else than the node.
fn differs(node: &Node, config: &NodeConfig) -> bool {
    settings::all().any(|setting| match (setting.node, setting.config) {
        (Some(asked), Some(written)) => asked(node).unwrap_or_default() != written(config).unwrap_or_default(),
        _ => false,
    })
}

/// Whether this node's row in the registry would say something else. This program's own version does not count: a newer
/// one that changes nothing is no reason for a run.
pub fn row(node: &Node, before: &KeptRow, proposal: &Proposal<'_>) -> bool {
    let (row, machine) = (&before.row, &proposal.facts.machine);
    // What this machine does not tell is not known to differ.
    let is_another = |seen: &str, kept: &str| !seen.is_empty() && seen != kept;
    settings::all().any(|setting| match (setting.node, setting.row) {
        (Some(asked), Some(kept)) => asked(node).unwrap_or_default() != kept(row),
        _ => false,
    }) || row.address != node.web.prefix_texts().first().map(String::as_str).unwrap_or_default()
        || is_another(machine.host_name.as_str(), &row.host)
        || is_another(machine.system.as_str(), &row.system)
}
