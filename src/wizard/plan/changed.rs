//! Whether an edit changes anything.

use crate::catalog::settings;
use crate::catalog::steps::row_differs;
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
        || before.is_some_and(|before| row_differs(node, before, proposal))
}

/// Whether the config says anything else than the node.
fn differs(node: &Node, config: &NodeConfig) -> bool {
    settings::all().any(|setting| match (setting.node, setting.config) {
        (Some(asked), Some(written)) => asked(node).unwrap_or_default() != written(config).unwrap_or_default(),
        _ => false,
    })
}
