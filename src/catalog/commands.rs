//! Commands as texts name them: this program's own, and Octopus Server's.

use crate::model::flow::Flow;
use crate::model::platform::Platform;
use crate::model::quote::Shell;

/// The beginning of a command of Octopus Server's own for an instance: `Octopus.Server service --instance OctopusServer`.
pub fn server(platform: Platform, verb: &str, instance: &str) -> String {
    format!("{} {verb} --instance {}", platform.server_program(), Shell::of(platform).word(instance))
}

/// The command that prints the script for Octopus Server itself. Without the flow it would be a further node's, which makes
/// no database, sets no licence and no folders.
pub fn script(flow: Flow, platform: Platform, by: &str, what: &str) -> String {
    let shell = Shell::of(platform);
    let first = if flow == Flow::FirstNode { " --flow first-node" } else { "" };
    format!("octopus-setup script --format {}{first} {by} {}", shell.name().to_lowercase(), shell.word(what))
}
