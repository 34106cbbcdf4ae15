//! Renderings of a node for others to run: scripts for Octopus Server's own command line, a compose file for its container,
//! and the headless command for the next node. Pure text in, pure text out; templates are in `assets/`, and a value cannot
//! stand in one unquoted, since each shell's escaper makes it one word.
//!
//! Secrets are references to environment variables, unless they are handed over to stand there in the clear; what holds
//! them is a secret then as a whole.

pub mod compose;
pub mod load_balancer;
pub mod next_node;
pub mod octopus;
pub mod script;
mod secrets;
pub mod tentacles;

use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::node::Node;
use crate::model::plan::Plan;

pub use crate::model::quote::Shell;
pub use secrets::{Clear, Secret, Secrets};

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

/// A value cannot be rendered: there is a NUL in it, which no shell, no environment and no command line can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("One of the answers has a NUL character in it, which neither a shell nor a command line can carry.")]
pub struct Unwritable;

/// The script of a plan for Octopus Server's own command line, its secrets as references to the environment.
pub fn script(plan: &Plan, shell: Shell) -> String {
    script::by_reference(&Setup::of(plan), shell).unwrap_or_else(|unwritable| format!("# {unwritable}\n"))
}

/// The exact command by which `octopus-setup` adds the next node of the plan's cluster, in one line for the shell of its
/// platform. Secrets are references to the environment; what the next node has to choose by itself stands between `<` and `>`.
pub fn next_node(plan: &Plan) -> String {
    next_node::words(&Setup::of(plan), Shell::of(plan.node.platform)).join(" ")
}
