//! What another process can see of the program: its environment, its memory, its core. `/proc` tells all of it on Linux only.
#![cfg(all(target_os = "linux", feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod memory;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const CANARY: &str = "Canary-9w-Kz41-Xp77";

/// The program with nothing of ours in its environment but its state directory.
fn program(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octopus-setup"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OCTOPUS_SETUP_")) {
        command.env_remove(name);
    }
    command.args(words).current_dir(folder).env("OCTOPUS_SETUP_STATE_DIR", folder.join("state"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits until something holds, and fails when it does not within a minute.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

fn proc(child: &Child, file: &str) -> Vec<u8> {
    std::fs::read(format!("/proc/{}/{file}", child.id())).unwrap_or_default()
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// An unattended run that waits for a line of standard input, which it reads after the variables.
fn waits(folder: &Path) -> Command {
    let words = ["first-node", "--yes", "--node-name=a", "--server=sql01.invalid", "--user=u", "--admin-password-from=env:VAULT"];
    let mut command = program(folder, &[&words[..], &["--password-from=stdin"]].concat());
    command.env("VAULT", CANARY).env("OCTOPUS_SETUP_LICENCE", "x").env("ORDINARY", "stays");
    command
}

#[test]
fn variables_that_answers_are_read_from_are_not_in_the_environment_that_the_system_shows() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = waits(folder.path()).spawn().unwrap();
    // It starts itself anew without them, and still knows what its command line was.
    until("the variables are still there", || {
        let environment = proc(&child, "environ");
        holds(&environment, "ORDINARY=stays") && !holds(&environment, CANARY) && !holds(&environment, "OCTOPUS_SETUP_LICENCE")
    });
    assert!(holds(&proc(&child, "cmdline"), "--password-from=stdin"));
    assert_eq!(String::from_utf8(proc(&child, "comm")).unwrap().trim(), "octopus-setup", "the same process goes on, by its name");
    child.stdin.take().unwrap().write_all(b"pw\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!said(&output).contains("is not set"), "they come to it all the same: {}", said(&output));
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_long_variable_and_one_from_an_answer_file_are_taken_too() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(100_000);
    let file = folder.path().join("a.toml");
    std::fs::write(&file, "flow = 'first-node'\nnode-name = 'a'\nserver = 's'\nuser = 'u'\npassword = { env = 'DEEP' }\nlicence = { env = 'LONG' }\n").unwrap();
    let mut command = program(folder.path(), &["answers", "check", "--answers", "a.toml"]);
    // A command that shows what it inherits.
    std::fs::write(
        folder.path().join("b.toml"),
        format!("service-account = 'custom'\nservice-user = 'u'\nservice-password = {{ command = ['sh', '-c', 'env > {}; echo pw'] }}\n", folder.path().join("seen").display()),
    )
    .unwrap();
    command.args(["--answers", "b.toml"]).env("DEEP", CANARY).env("LONG", &long).env("ORDINARY", "stays");
    let output = command.output().unwrap();
    let seen = std::fs::read_to_string(folder.path().join("seen")).unwrap_or_else(|_| panic!("{}", said(&output)));
    assert!(
        seen.contains("ORDINARY=stays")
            && !seen.contains(CANARY)
            && !seen.contains("LONG=")
            && !seen.contains("OCTOPUS_SETUP_STATE_DIR"),
        "{seen}"
    );
    assert!(!said(&output).contains("is not set") && said(&output).contains("whose command was run"), "{}", said(&output));
}

#[test]
fn other_processes_of_the_account_cannot_look_into_it_unless_that_is_allowed() {
    use std::os::unix::process::CommandExt;
    // As another account than root, which may look into everything.
    let folder = tempfile::tempdir().unwrap();
    let nobody = 65_534;
    if std::os::unix::fs::chown(folder.path(), Some(nobody), Some(nobody)).is_err() {
        return;
    }
    let copy = folder.path().join("octopus-setup");
    std::fs::copy(env!("CARGO_BIN_EXE_octopus-setup"), &copy).unwrap();
    for allowed in [false, true] {
        let mut command = Command::new(&copy);
        command.args(["answers", "check", "--answers", "-"]).current_dir(folder.path()).env_clear().env("HOME", folder.path());
        command.uid(nobody).gid(nobody).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if allowed {
            command.env("OCTOPUS_SETUP_CORE_DUMPS", "1");
        }
        let mut child = command.spawn().unwrap();
        // It waits for its answers, and has done what it does at its start.
        until("it does not read", || {
            String::from_utf8_lossy(&proc(&child, "wchan")).contains("pipe_read") || proc(&child, "syscall").starts_with(b"0 0x0")
        });
        let path = format!("/proc/{}/environ", child.id());
        let look = Command::new("cat").arg(path).uid(nobody).gid(nobody).output().unwrap();
        assert_eq!(look.status.success(), allowed, "allowed: {allowed}: {}", String::from_utf8_lossy(&look.stderr));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

#[test]
fn what_an_account_may_not_look_at_is_told_with_path_and_owner_and_is_neither_there_nor_absent() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let nobody = 65_534;
    if std::os::unix::fs::chown(folder.path(), Some(nobody), Some(nobody)).is_err() {
        return;
    }
    let copy = folder.path().join("octopus-setup");
    std::fs::copy(env!("CARGO_BIN_EXE_octopus-setup"), &copy).unwrap();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let home = closed.join("home");
    let state = closed.join("state");
    for (words, state, shut) in [
        (
            vec!["first-node".to_owned(), "--dry-run".to_owned(), format!("--home={}", home.display())],
            folder.path().join("s"),
            &home,
        ),
        (vec!["review".to_owned(), "--check".to_owned(), "--instance=web01".to_owned()], state.clone(), &state),
    ] {
        let mut command = Command::new(&copy);
        command.args(&words).current_dir(folder.path()).env_clear().env("HOME", folder.path());
        command.env("OCTOPUS_SETUP_STATE_DIR", state).env("OCTOPUS_SETUP_PASSWORD", "x").uid(nobody).gid(nobody);
        command.args(if words[0] == "review" {
            &[][..]
        } else {
            &["--node-name=a", "--server=127.0.0.1,1", "--user=u", "--key-file=/nowhere/key"]
        });
        let output = command.stdin(Stdio::null()).output().unwrap();
        let told = said(&output);
        assert!(!output.status.success());
        assert!(told.contains(&*shut.to_string_lossy()) && told.contains("Permission denied"), "{words:?}: {told}");
        assert!(told.contains("belongs to another account (root)"), "{words:?}: {told}");
        assert!(!told.contains("already"), "{words:?}: {told}");
    }
}
