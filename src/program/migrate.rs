//! `octopus-setup migrate`.

use std::process::ExitCode;

use super::cli::Migrate;
use super::outside::Outside;

/// Runs what was asked for.
#[expect(clippy::unused_async, reason = "it is built next")]
pub async fn run(_asked: &Migrate, _outside: &Outside) -> ExitCode {
    super::complain("this is not built yet")
}
