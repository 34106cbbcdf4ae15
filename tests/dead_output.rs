//! What the program says where nobody can read it any more: it ends as it should, and neither panics nor aborts.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;
use std::process::{Command, Stdio};

/// An output on which every write fails.
fn dead() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.stdin(Stdio::null()).stdout(dead()).stderr(dead());
    command
}

#[test]
fn a_complaint_that_cannot_be_written_is_still_a_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let status = program().env("OCTOPUS_SETUP_STATE_DIR", folder.path()).status().unwrap();
    assert_eq!(status.code(), Some(2), "{status}");
}

#[cfg(feature = "practice")]
#[test]
fn a_server_that_cannot_say_where_it_is_ends() {
    let folder = tempfile::tempdir().unwrap();
    let status = program().args(["practice", "serve", "--data"]).arg(folder.path()).status().unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
}
