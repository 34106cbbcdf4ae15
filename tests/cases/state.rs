//! `state-of-another-user` and `state-unwritable`.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::{program, run};

/// The account that may do nothing.
const NOBODY: u32 = 65_534;

/// Runs it as another account, where this one may do so. Otherwise rights that are taken away have to do.
fn as_nobody(mut command: Command) -> Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder that every account may look into.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    mode(folder.path(), 0o755);
    folder
}

/// The command of a first node, whose database nobody serves: its state directory is looked at all the same.
fn first_node(state: &Path, folder: &Path, how: &str) -> Command {
    let home = folder.join("home").display().to_string();
    let key = folder.join("key.txt").display().to_string();
    let words = [
        "first-node",
        how,
        "--instance",
        "S2",
        "--node-name",
        "web01",
        "--home",
        &home,
        "--server",
        "localhost,1",
        "--user",
        "octopus",
        "--password-from",
        "env:P",
        "--key-file",
        &key,
    ];
    program(state, &words)
}

/// Everything below a folder.
fn entries(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path().display().to_string());
        found.extend(entries(&entry.path()));
    }
    found.sort();
    found
}

#[test]
fn a_state_directory_of_another_account_is_told_with_its_owner_and_no_list_is_taken_for_empty() {
    let folder = folder();
    let state = folder.path().join("state");
    std::fs::create_dir_all(state.join("instances")).unwrap();
    let entry = "format = 1\nname = \"S1\"\nhome = \"/opt/o\"\nconfig = \"/opt/o/octopus-node.toml\"\n";
    std::fs::write(state.join("instances/s1.toml"), entry).unwrap();
    mode(&state, if is_root() { 0o700 } else { 0 });

    let review = ["review", "--check"];
    let (status, said) = run(as_nobody(program(&state, &review)));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("cannot be read: Permission denied"), "{said}");
    assert!(said.contains(&state.display().to_string()), "{said}");
    assert!(!said.contains("nothing to review"), "{said}");
    assert!(!is_root() || said.contains("belongs to another account (root)"), "{said}");

    for how in ["--dry-run", "--yes"] {
        let (status, said) = run(as_nobody(first_node(&state, folder.path(), how)));
        assert_eq!(status, Some(4), "{said}");
        assert!(said.contains("state-folder") && said.contains("Nothing was written."), "{said}");
        assert!(!said.contains("already; its config is") && !said.contains("is free on this machine"), "{said}");
        let told = said.lines().find(|line| line.contains("state-folder")).unwrap_or_default();
        assert!(!is_root() || told.contains("belongs to another account (root)"), "{said}");
    }
    mode(&state, 0o700);
}

#[test]
fn where_not_even_the_folder_above_may_be_entered_its_owner_is_told() {
    let folder = folder();
    let above = folder.path().join("above");
    let state = above.join("state");
    std::fs::create_dir_all(&state).unwrap();
    mode(&above, if is_root() { 0o700 } else { 0 });
    let (status, said) = run(as_nobody(first_node(&state, folder.path(), "--dry-run")));
    assert_eq!(status, Some(4), "{said}");
    let stop = said.lines().find(|line| line.contains("stop") && line.contains("state-folder")).unwrap_or_default();
    assert!(stop.contains("Permission denied") && (!is_root() || stop.contains("root")), "{said}");
    let remedy = said.split_once("state-folder").unwrap().1.split_once("Service account").unwrap().0;
    assert!(!remedy.contains("install -d") && !remedy.contains("chown"), "what is hidden is not to be replaced: {remedy}");
    assert!(!said.contains("is free on this machine"), "{said}");
    let (status, said) = run(as_nobody(program(&state, &["review", "--check"])));
    assert!(status == Some(3) && said.contains("Permission denied"), "{said}");
    mode(&above, 0o700);
}

#[test]
fn a_state_directory_that_a_run_could_not_use_refuses_before_the_first_step() {
    for (variant, says) in [
        ("locks is a file", "locks is not a folder"),
        ("machine.key empty", "machine.key"),
        ("machine.key open", "others may read it"),
        ("journals is a file", "journals is not a folder"),
        ("no home to write to", "cannot write its state directory"),
        #[cfg(target_os = "linux")]
        ("read-only", "cannot write its state directory"),
    ] {
        let folder = folder();
        let mut state = folder.path().join("state");
        std::fs::create_dir(&state).unwrap();
        mode(&state, 0o700);
        match variant {
            "locks is a file" => std::fs::write(state.join("locks"), "x").unwrap(),
            "journals is a file" => std::fs::write(state.join("journals"), "x").unwrap(),
            "machine.key empty" => {
                std::fs::write(state.join("machine.key"), "").unwrap();
                mode(&state.join("machine.key"), 0o600);
            }
            "machine.key open" => {
                let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
                std::fs::write(state.join("machine.key"), key).unwrap();
                mode(&state.join("machine.key"), 0o644);
            }
            "no home to write to" => {
                mode(&state, 0o555);
                state.push("octopus-setup");
            }
            // The kernel's own file systems take no file from anybody.
            _ => state = "/proc/octopus-setup".into(),
        }
        let before = entries(folder.path());
        for how in ["--dry-run", "--yes"] {
            let command = first_node(&state, folder.path(), how);
            let command = if variant == "no home to write to" { as_nobody(command) } else { command };
            let (status, said) = run(command);
            assert_eq!(status, Some(4), "{variant}: {said}");
            let stop = said.lines().find(|line| line.contains("stop") && line.contains("state-folder")).unwrap_or_default();
            assert!(stop.contains(says), "{variant}: {said}");
            assert!(said.contains("Nothing was written."), "{variant}: {said}");
            assert_eq!(entries(folder.path()), before, "{variant}");
        }
    }
}
