//! Load balancers and polling Tentacles: what is written for them, and what the real nginx and HAProxy do with it between two
//! stand-ins for nodes.
//!
//! A program that is not installed is skipped with a word; with `OCTOPUS_SETUP_REQUIRE_CLIENTS=1` that is a failure.
#![cfg(all(unix, feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod live;
mod running;
mod stand_in;
mod tentacles;
mod texts;

use std::process::{Command, Stdio};

/// Whether a program is there; where programs are required, as in CI, it has to be.
fn have(program: &str) -> bool {
    let mut probe = Command::new("sh");
    // Debian has these where only root looks.
    probe.args(["-c", &format!("PATH=$PATH:/usr/sbin; command -v {program}")]).stdout(Stdio::null());
    let there = probe.status().unwrap().success();
    let required = std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(there || !required, "{program} is required and not installed");
    if !there {
        eprintln!("skipped: {program} is not installed");
    }
    there
}
