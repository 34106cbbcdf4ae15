//! What is rendered: a node, and as which one of its cluster it is set up.

use crate::model::fingerprint::Fingerprint;
use crate::model::flow::Flow;
use crate::model::node::Node;
use crate::model::plan::Plan;

/// A node that is to be set up.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// As which one. [`Flow::FirstNode`] alone has what concerns the whole cluster.
    pub flow: Flow,
    /// The node. Its secrets are never read here: they may be empty.
    pub node: &'a Node,
    /// The master key's fingerprint, by which its holder tells it from others; `None` where it is not known.
    pub fingerprint: Option<Fingerprint>,
}

impl<'a> Setup<'a> {
    /// What a plan sets up.
    pub fn of(plan: &'a Plan) -> Self {
        Self { flow: plan.flow, node: &plan.node, fingerprint: Some(plan.fingerprint) }
    }

    /// Whether it is the first node, with which the cluster begins.
    pub fn is_first(&self) -> bool {
        self.flow == Flow::FirstNode
    }
}
