//! Twenty thousand small files and five large ones, killed twice on their way.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use crate::scene::*;

/// A line of the manifest has more bytes than this.
const LINE: u64 = 100;

fn populate(scene: &Scene) {
    let mut state = 88_172_645_463_325_252u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for folder in 0..200 {
        let at = scene.home.join(if folder % 2 == 0 { "TaskLogs" } else { "Packages" }).join(format!("folder {folder}"));
        fs::create_dir_all(&at).unwrap();
        for file in 0..100 {
            let size = 200 + usize::try_from(random() % 2_000).unwrap();
            let content: Vec<u8> = std::iter::repeat_with(|| random().to_le_bytes()).take(size / 8 + 1).flatten().collect();
            fs::write(at.join(format!("{file}.txt")), content).unwrap();
        }
    }
    fs::create_dir_all(scene.home.join("Artifacts")).unwrap();
    let block: Vec<u8> = std::iter::repeat_with(|| random().to_le_bytes()).take(1 << 17).flatten().collect();
    for file in 0..5u8 {
        // More than what is synced early in one file (16 MiB).
        let mut content = Vec::with_capacity(20 << 20);
        for part in 0..20u8 {
            content.extend(block.iter().map(|byte| byte ^ part ^ (file << 6)));
        }
        fs::write(scene.home.join("Artifacts").join(format!("large {file}")), content).unwrap();
    }
}

/// Waits until the manifest has so many lines, and kills; `false` where the run ended before that.
fn kill_at(scene: &Scene, mut child: Child, lines: u64) -> bool {
    loop {
        if fs::metadata(scene.manifest()).is_ok_and(|met| met.len() > lines * LINE) {
            child.kill().unwrap();
            return child.wait().unwrap().signal() == Some(9);
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
}

#[test]
fn killed_twice_it_ends_complete_and_verified() {
    let scene = Scene::in_memory();
    populate(&scene);
    let before = tree(&scene.home);
    for lines in [1_500, 9_000] {
        let child = scene.command(&["--yes"]).stdout(Stdio::null()).spawn().unwrap();
        assert!(kill_at(&scene, child, lines), "it was killed on its way");
    }
    let output = scene.run(&["--yes", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let (plan, outcome) = (&of(&output, "plan")[0], &of(&output, "outcome")[0]);
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    assert_eq!((number(&plan["all"]["files"]), plan["resumes"].as_bool()), (20_005, Some(true)));
    assert!(number(&plan["there"]["files"]) >= 6_000, "what was done is not done again: {plan}");
    assert_eq!(number(&outcome["copied"]["files"]) + number(&outcome["there"]["files"]), 20_005);
    assert_eq!(outcome["complete"], true);
    assert_eq!(tree(&scene.share), before, "all is there, and nothing else");
    assert_eq!(tree(&scene.home), before, "the source is as it was");
}

#[test]
fn a_signal_ends_it_cleanly_with_seven_and_the_next_run_goes_on() {
    let scene = Scene::new();
    for number in 0..3_000 {
        scene.put(format!("d{}/f{number}", number % 10), number.to_string());
    }
    let child = scene.command(&["--yes", "--jobs", "1"]).spawn().unwrap();
    while fs::metadata(scene.manifest()).map_or(0, |met| met.len()) < 500 * LINE {
        std::thread::yield_now();
    }
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(said.contains("Not complete") && said.contains("Run the same command again"), "{said}");
    let parts = tree(&scene.share).into_keys().filter(|path| path.to_string_lossy().ends_with(".part")).count();
    assert_eq!(parts, 0, "what was under way was brought to an end");
    let output = scene.run(&["--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(tree(&scene.share), tree(&scene.home));
}
