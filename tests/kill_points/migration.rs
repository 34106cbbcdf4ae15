//! A migration: killed at any system call, or with a full disk from it on, the same command brings all files to where an undisturbed one does.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::machine::Fault;
use crate::support::canaries::files;
use crate::{points, sample};

/// A home with files to move, and the share that they are moved to.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["Packages", "TaskLogs/ServerTasks-1", "Artifacts"] {
            let at = root.path().join("home").join(folder);
            std::fs::create_dir_all(&at).unwrap();
            for file in 0..4 {
                std::fs::write(at.join(format!("{file}.txt")), format!("{folder} {file}").repeat(100)).unwrap();
            }
        }
        std::fs::create_dir(root.path().join("share")).unwrap();
        Self(root)
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn words(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("OCTOPUS_SETUP_STATE_DIR", self.at("state")).env("KILL_POINTS_COUNT", self.at("count")).stdin(Stdio::null());
        command
    }

    fn migrate(&self, command: &mut Command) -> Output {
        command.arg("migrate").arg("--yes").arg("--from").arg(self.at("home")).arg("--to").arg(self.at("share")).output().unwrap()
    }

    fn disturbed_at(&self, fault: Fault, point: usize) -> (Option<i32>, usize) {
        let injector = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kill_points/injector.py");
        let mut command = self.words("python3");
        command.args([injector, fault.word(), &point.to_string(), env!("CARGO_BIN_EXE_octopus-setup")]);
        let output = self.migrate(&mut command);
        let count = std::fs::read_to_string(self.at("count")).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (output.status.code(), count.parse().unwrap())
    }
}

fn tree(folder: &Path) -> BTreeMap<String, String> {
    let short = |path: &Path| path.strip_prefix(folder).unwrap().display().to_string();
    files(folder).iter().map(|path| (short(path), std::fs::read_to_string(path).unwrap())).collect()
}

fn each_point_is_survived(fault: Fault, share: usize) {
    let undisturbed = Scene::new();
    let (status, calls) = undisturbed.disturbed_at(fault, 0);
    assert_eq!(status, Some(0));
    let (end, source) = (tree(&undisturbed.at("share")), tree(&undisturbed.at("home")));
    assert_eq!(end.len(), 12, "{end:?}");
    let (mut cut, mut failed) = (0, Vec::new());
    let points = points(calls, sample(share));
    for point in &points {
        let scene = Scene::new();
        let (disturbed, _) = scene.disturbed_at(fault, *point);
        cut += usize::from(disturbed != Some(0));
        let again = scene.migrate(&mut scene.words(env!("CARGO_BIN_EXE_octopus-setup")));
        if (fault == Fault::Killed && !matches!(disturbed, Some(0 | 137))) || !again.status.success() {
            failed.push(format!("{point} of {calls}: {disturbed:?}, then {again:?}"));
        }
        if tree(&scene.at("share")) != end || tree(&scene.at("home")) != source {
            failed.push(format!("{point} of {calls}: another end: {:?}", tree(&scene.at("share")).keys()));
        }
    }
    println!(
        "Migrate, {fault:?}: {} of {calls} system calls were points, {cut} cut the run off; {} failed",
        points.len(),
        failed.len()
    );
    assert!(cut > 0, "nothing was disturbed");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_migration_survives_a_kill_at_any_system_call() {
    each_point_is_survived(Fault::Killed, 10);
}

#[test]
fn a_migration_survives_a_full_disk_at_any_system_call() {
    each_point_is_survived(Fault::DiskFull, 10);
}
