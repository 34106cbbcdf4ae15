//! What the README shows of scripts is what it says: the very text is run, with the program itself, in a shell.
#![cfg(all(unix, feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod next;
mod plain;
mod script;

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folder of the program under test, so that scripts find it by its name.
fn programs() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_octopus-setup")).parent().unwrap().to_owned()
}

/// Runs a script of the repository with `sh`, one at a time. A machine that is busy with other tests is slow to answer, of which
/// the checks rightly warn; the script is run again then, for it is not what the script is about.
fn run(script: &str, folder: &Path) -> Output {
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for _ in 0..5 {
        let output = once(script, folder);
        if !String::from_utf8_lossy(&output.stdout).contains("One round trip to the server takes") {
            return output;
        }
    }
    once(script, folder)
}

/// Runs a script of the repository with `sh`, with the program on its path, no terminal, and every file of its own in a
/// folder that goes away.
fn once(script: &str, folder: &Path) -> Output {
    let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).current_dir(folder);
    command.env("PATH", path).env("TMPDIR", folder).env("HOME", folder).env_remove("TERM");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OCTOPUS_SETUP_")) {
        command.env_remove(name);
    }
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

/// Runs a script that builds a cluster of two nodes and reviews it; what it printed.
fn builds_two_nodes(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = run(script, folder.path());
    // The review at its end may warn on a busy machine: of a round trip that took long.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(out.contains("Nodes of the cluster: 2"), "{}", told(&output));
    assert!(out.contains("web01") && out.contains("web02"), "{}", told(&output));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let is_clean = left.iter().all(|name| !name.to_string_lossy().starts_with("two-nodes."));
    assert!(is_clean, "the script leaves nothing behind: {left:?}");
    out
}

/// What it printed, whole, for a failure.
fn told(output: &Output) -> String {
    format!(
        "{}\n--- out\n{}\n--- err\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
