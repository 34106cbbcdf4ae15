//! For scripts and shells: completions, the manual page, the log, and what is printed where nobody can answer.
#![cfg(all(unix, feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod completions;
mod log;
mod log_file;
mod manual;
mod practice;
mod quiet;
mod recording;
mod usage;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program with these words, a state directory of its own, and nobody there to ask.
fn program(state: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.args(words).env("OCTOPUS_SETUP_STATE_DIR", state).env_remove("OCTOPUS_SETUP_LOG").stdin(Stdio::null());
    command
}

fn run(words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), words).output().unwrap()
}

/// What a run prints that ends well and has nothing to complain about.
fn printed(words: &[&str]) -> String {
    let output = run(words);
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether a tool is there; where they are required, as in CI, it has to be.
fn have(tool: &str) -> bool {
    let there = Command::new("sh").args(["-c", &format!("command -v {tool}")]).stdout(Stdio::null()).status().unwrap().success();
    assert!(there || std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_none(), "{tool} is not there");
    there
}
