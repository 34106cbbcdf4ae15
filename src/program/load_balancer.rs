//! `octopus-setup load-balancer`.

use std::process::ExitCode;

use super::cli::LoadBalancer;
use super::outside::Outside;

/// Runs what was asked for.
#[expect(clippy::unused_async, reason = "it is built next")]
pub async fn run(_asked: &LoadBalancer, _outside: &Outside) -> ExitCode {
    super::complain("this is not built yet")
}
