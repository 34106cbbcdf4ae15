//! `octopus-setup answers`: a template, a check, a schema.

use std::process::ExitCode;

use super::cli::Answers;
use super::complain;
use super::outside::Outside;

/// Runs what was asked for.
pub async fn run(_asked: &Answers, _outside: &Outside) -> ExitCode {
    complain("not built yet")
}
