//! The program itself: what its command line takes, and its exit statuses.

use std::process::{Command, Output, Stdio};

fn run(words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    command.args(words).env("OCTOPUS_SETUP_STATE_DIR", folder.path()).stdin(Stdio::null());
    command.output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn what_goes_only_with_a_run_by_itself_is_usage_without_one() {
    for words in [&["join", "--output", "json"][..], &["first-node", "--accept", "sql-clock"]] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("goes with --yes or --dry-run"), "{said}");
    }
}

#[test]
fn missing_answers_and_slips_are_told_at_once_and_on_standard_output() {
    let output = run(&["join", "--yes", "--accept", "sql-clok"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(3), 0));
    let said = out(&output);
    for part in ["Did you mean `sql-clock`?", "server: ", "user: ", "password: ", "master-key: "] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

#[test]
fn a_dry_run_goes_before_yes_and_json_ends_with_its_status() {
    let output = run(&["first-node", "--yes", "--dry-run", "--output", "json"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(3), 0));
    let said = out(&output);
    let end: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((&end["event"], &end["exit"], &end["dry_run"]), (&"end".into(), &3.into(), &true.into()));
    assert!(said.contains("--key-file"), "{said}");
}
