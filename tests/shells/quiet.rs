//! Where nobody can answer, nobody is asked; where nobody can see colours, there are none.

use std::process::{Command, Stdio};

use super::manual::commands;
use super::{program, run};

/// Runs a command with standard input like this, for ten seconds at most; its status, 124 where it would not end.
fn ends(words: &[&str], stdin: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // `timeout` rather than a look at the clock: it is what says that something hangs.
    let output = Command::new("sh")
        .args(["-c", &format!("exec timeout 20 \"$0\" \"$@\" {stdin}"), env!("CARGO_BIN_EXE_octopus-setup")])
        .args(words)
        .args(if words.first() == Some(&"practice") { vec!["--data", data.to_str().unwrap()] } else { vec![] })
        .env("OCTOPUS_SETUP_STATE_DIR", folder.path().join("state"))
        .env("HOME", folder.path())
        .env("TERM", "xterm-256color")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(printed).unwrap())
}

/// Every command, with what it cannot do without.
fn invocations() -> Vec<Vec<String>> {
    let mut all = vec![vec![]];
    for path in commands() {
        let needs: &[&[&str]] = match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            // It ends with a signal; the tests of the practice server send one.
            ["practice", "serve"] => continue,
            ["answers", "template"] => &[&["first-node"], &["join"]],
            ["completions"] => &[&["bash"]],
            ["script"] => &[&["--format", "bash"], &["--format", "answers", "--flow", "join"]],
            ["first-node" | "join"] => &[&[], &["--yes"], &["--dry-run"], &["--yes", "--output", "json"], &["--plain"]],
            ["review"] => &[&[], &["--check"], &["--output", "json"]],
            ["answers", "check"] => &[&[], &["--flow", "join", "--output", "json"]],
            _ => &[&[]],
        };
        for more in needs {
            all.push(path.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect());
        }
    }
    all
}

#[test]
fn no_command_waits_for_an_answer_that_nobody_can_give() {
    let invocations = invocations();
    assert!(invocations.len() > 15, "{invocations:?}");
    for words in &invocations {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for stdin in ["</dev/null", "<&-"] {
            let (status, printed) = ends(&words, stdin);
            assert!([0, 2, 3, 4, 130].contains(&status), "{words:?} {stdin}: {status}, {printed}");
            assert!(!printed.contains('\u{1b}'), "{words:?}: {printed:?}");
        }
    }
}

#[test]
fn help_and_complaints_have_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["--help"][..], &["first-node", "--help"], &["--nothing"], &["revieww"], &["script"]] {
        for (name, value) in [("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"), ("TERM", "xterm-256color")] {
            let output = program(folder.path(), words).env(name, value).output().unwrap();
            let printed = [output.stdout, output.stderr].concat();
            assert!(!printed.is_empty() && !printed.contains(&0x1b), "{words:?} with {name}");
        }
    }
}

#[test]
fn a_reader_that_has_gone_is_no_defect() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["man"][..], &["completions", "zsh"], &["--help"], &["--version"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(folder.path(), words).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{words:?}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = program(folder.path(), &["man"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not be written"));
}

#[test]
fn completions_and_the_manual_need_no_home() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    let output = command.arg("man").env_clear().stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(run(&["completions", "fish"]).status.success());
}
