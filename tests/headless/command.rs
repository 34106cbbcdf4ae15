//! The program itself: exit statuses, and a reader that has gone.

use std::process::{Command, Output, Stdio};

fn program(state: &std::path::Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.args(words).env("OCTOPUS_SETUP_STATE_DIR", state).stdin(Stdio::null());
    command
}

fn run(words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), words).output().unwrap()
}

#[test]
fn a_machine_without_an_instance_could_not_be_looked_at() {
    let output = run(&["review", "--check", "--instance", "nobody-has-this-name"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("no instance nobody-has-this-name"));
}

#[test]
fn bad_usage_of_a_check_is_not_taken_for_a_finding() {
    for words in [&["review", "--check", "--nothing"][..], &["review", "--output", "yaml"], &["review", "--output=yaml"]] {
        assert_eq!(run(words).status.code(), Some(64), "{words:?}");
    }
    for words in [&["review", "--nothing"][..], &["--nothing"]] {
        assert_eq!(run(words).status.code(), Some(2), "{words:?}");
    }
    assert_eq!(run(&["review", "--check", "--help"]).status.code(), Some(0));
}

#[test]
fn json_implies_a_check_and_is_json_whatever_happens() {
    let output = run(&["review", "--output", "json", "--config", "/nowhere/octopus-node.toml"]);
    assert_eq!(output.status.code(), Some(3));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["checks"][0]["id"], "node-config");
    assert_eq!(value["checks"][0]["verdict"], "stop");
}

#[test]
fn a_reader_that_has_gone_is_no_defect() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = program(folder.path(), &["review", "--check", "--config", "/nowhere/octopus-node.toml"])
        .stdout(writer)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn joining_and_reviewing_on_screens_need_a_terminal() {
    for words in [&["join"][..], &["review"]] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("a terminal is needed"), "{words:?}");
    }
}
