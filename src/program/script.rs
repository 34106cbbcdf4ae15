//! `octopus-setup script`: what Octopus Server's own command line, or a container, would need.

use std::process::ExitCode;

use super::cli::Script;
use super::complain;
use super::outside::Outside;

/// Runs what was asked for.
pub async fn run(_asked: &Script, _outside: &Outside) -> ExitCode {
    complain("not built yet")
}
