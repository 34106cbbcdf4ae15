//! `--log` of the program itself: where it goes, how much there is, and what is refused.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Output;

use super::program;
use super::support::pty::Pty;

/// A check of a node that is not there, with a log: it runs the engine, and needs neither terminal nor server.
fn check(folder: &Path, log: &Path, level: Option<&str>) -> Output {
    let mut command = program(&folder.join("state"), &["review", "--check", "--config", "/nowhere/octopus-node.toml"]);
    command.arg("--log").arg(log).current_dir(folder);
    if let Some(level) = level {
        command.env("OCTOPUS_SETUP_LOG", level);
    }
    command.output().unwrap()
}

#[test]
fn it_is_made_for_its_owner_alone_and_says_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("setup.log");
    for runs in 1..=2 {
        let output = check(folder.path(), Path::new("setup.log"), None);
        assert_eq!((output.status.code(), output.stderr.len()), (Some(3), 0));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("program started").count(), runs, "appended: {text}");
        assert_eq!(text.matches("program ended status=3").count(), runs, "{text}");
        assert!(text.contains("survey ended survey=Node") && text.contains("stops=node-config"), "{text}");
        assert!(!text.contains("DEBUG"), "{text}");
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_environment_says_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let mut lengths = Vec::new();
    for level in ["off", "error", "warn", "info", "debug", "TRACE", ""] {
        let path = folder.path().join(format!("{level}.log"));
        assert_eq!(check(folder.path(), &path, Some(level)).status.code(), Some(3));
        lengths.push(std::fs::read_to_string(&path).map(|text| text.lines().count()).ok());
    }
    let [off, error, warn, info, debug, trace, unset] = lengths[..] else { panic!("{lengths:?}") };
    assert_eq!((off, error, warn), (None, Some(0), Some(0)), "nothing failed");
    assert!(Some(0) < info && info < debug && debug <= trace, "{lengths:?}");
    assert_eq!(unset, info, "info when nothing is said");
}

#[test]
fn a_level_that_is_none_is_refused_with_those_that_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let output = check(folder.path(), &path, Some("verb\u{1b}ose"));
    assert_eq!(output.status.code(), Some(64), "bad usage of a check");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("off, error, warn, info, debug, trace") && !said.contains('\u{1b}'), "{said:?}");
    assert!(!path.exists());
    let output = program(folder.path(), &["join", "--log", "log"]).env("OCTOPUS_SETUP_LOG", "all").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_file_that_cannot_be_used_is_told_before_anything_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open.log");
    std::fs::write(&open, "").unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let link = folder.path().join("link.log");
    symlink(folder.path().join("elsewhere"), &link).unwrap();
    for path in [Path::new("/nowhere/setup.log"), folder.path(), &open, &link, Path::new("/dev/stderr")] {
        let path = path.to_str().unwrap();
        let output = program(&folder.path().join("state"), &["first-node", "--log", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{path}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("log file") && said.contains(path) && said.lines().count() == 1, "{said}");
    }
    assert!(!folder.path().join("elsewhere").exists());
}

#[test]
fn a_defect_leaves_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let (state, log) = (folder.path().join("state"), folder.path().join("log"));
    let environment = [("OCTOPUS_SETUP_STATE_DIR", state.to_str().unwrap()), ("OCTOPUS_SETUP_REHEARSE_PANIC", "task")];
    let mut pty = Pty::start(&["--log", log.to_str().unwrap()], &environment, 24, 80);
    assert_eq!(pty.exit().exit_code(), 101);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("ERROR program::panic  a defect ended the program place="), "{text}");
    assert!(text.contains("program started") && text.contains("screen=start"), "{text}");
    assert!(!text.contains("must not be shown"), "{text}");
}
