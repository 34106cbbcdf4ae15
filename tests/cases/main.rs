//! The cases of `tests/fixtures/cases` that are about this machine and its files; each test plays the input of one. `README.md`
//! there lists all cases and where each is held.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod files;
#[cfg(unix)]
mod state;
mod texts;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A case's folder.
fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases").join(name)
}

/// The program, with a state directory of its own and none of our variables.
fn program(state: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OCTOPUS_SETUP_") {
            command.env_remove(name);
        }
    }
    command.args(words).env("OCTOPUS_SETUP_STATE_DIR", state).env("P", "Made-Up-0815").stdin(Stdio::null());
    command
}

/// Its exit status, and all that it printed.
fn run(mut command: Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let table = std::fs::read_to_string(case("README.md")).unwrap();
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| test |")) {
        rows += 1;
        let tests: Vec<_> = row.split('`').skip(1).step_by(2).filter_map(|test| test.split_once("::")).collect();
        assert!(!tests.is_empty(), "{row}");
        for (file, test) in tests {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {test}(")), "{file} has no test {test}");
        }
    }
    assert!(rows >= 68, "{rows}");
}
