//! This program's own commands, as texts name them.

use crate::model::flow::Flow;
use crate::model::platform::Platform;
use crate::model::quote::Shell;

/// The command that prints the script for Octopus Server itself. Without the flow it would be a further node's, which makes
/// no database, sets no licence and no folders.
pub fn script(flow: Flow, platform: Platform, by: &str, what: &str) -> String {
    let shell = Shell::of(platform);
    let first = if flow == Flow::FirstNode { " --flow first-node" } else { "" };
    format!("octopus-setup script --format {}{first} {by} {}", shell.name().to_lowercase(), shell.word(what))
}
