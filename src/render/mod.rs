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
mod setup;
pub mod tentacles;

use crate::model::plan::Plan;

pub use crate::model::quote::Shell;
pub use secrets::{Clear, Secret, Secrets};
pub use setup::Setup;

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
