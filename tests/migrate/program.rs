//! The program: its command line, whose files they are, what comes after.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output, Stdio};

use crate::scene::*;

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn warnings_want_their_names_said_and_slips_are_told() {
    let scene = Scene::new();
    scene.put("a", "x");
    symlink("/etc", scene.home.join("Packages/l")).unwrap();
    let refused = scene.run(&["--yes"]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(said(&refused).contains("--accept links"), "{}", said(&refused));
    let slip = scene.run(&["--yes", "--accept", "link"]);
    assert!(slip.status.code() == Some(2) && said(&slip).contains("octopus-running, links"), "{}", said(&slip));
    assert_eq!(scene.run(&["--yes", "--accept", "collision"]).status.code(), Some(2), "a stop cannot be accepted");
    let accepted = scene.run(&["--yes", "--accept", "links"]);
    assert_eq!(accepted.status.code(), Some(0), "{}", said(&accepted));
}

#[test]
fn nobody_there_and_no_yes_is_usage() {
    let scene = Scene::new();
    let output = scene.run(&[]);
    assert!(output.status.code() == Some(2) && said(&output).contains("--yes"), "{}", said(&output));
}

#[test]
fn without_a_node_it_says_how_to_name_the_files() {
    let scene = Scene::new();
    let output = Command::new(env!("CARGO_BIN_EXE_octopus-setup"))
        .args(["migrate", "--yes", "--to"])
        .arg(&scene.share)
        .env("OCTOPUS_SETUP_STATE_DIR", &scene.state)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.code() == Some(3) && said(&output).contains("--from"), "{}", said(&output));
}

/// A home of Octopus Server's own, and a program that writes down what it is told.
fn of_octopus(scene: &Scene, status: u8) -> (std::path::PathBuf, std::path::PathBuf, std::path::PathBuf) {
    let config = scene.home.join("OctopusServer.config");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<octopus-settings xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n  \
         <set key=\"Octopus.Home\">{}</set>\n</octopus-settings>\n",
        scene.home.display()
    );
    fs::write(&config, text).unwrap();
    let (program, heard) = (scene.home.join("Octopus.Server"), scene.home.join("heard"));
    fs::write(
        &program,
        format!("#!/bin/sh\nprintf '%s|' \"$@\" >> '{}'\necho no such instance\nexit {status}\n", heard.display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (config, program, heard)
}

fn run(scene: &Scene, config: &std::path::Path, program: &std::path::Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_octopus-setup"))
        .args(["migrate", "--yes", "--to"])
        .arg(&scene.share)
        .arg("--config")
        .arg(config)
        .arg("--octopus-server")
        .arg(program)
        .env("OCTOPUS_SETUP_STATE_DIR", &scene.state)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn octopus_is_told_once_when_all_is_there() {
    let scene = Scene::new();
    scene.put("a", "x");
    let (config, program, heard) = of_octopus(&scene, 0);
    let output = run(&scene, &config, &program);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = format!("path|--config|{}|--clusterShared|{}|", config.display(), scene.share.display());
    assert_eq!(fs::read_to_string(&heard).unwrap(), told);
    let output = run(&scene, &config, &program);
    assert!(output.status.code() == Some(0) && said(&output).contains("Already done"), "{}", said(&output));
    assert_eq!(fs::read_to_string(&heard).unwrap(), told, "it is not told twice");
}

#[test]
fn a_refusal_of_octopus_leaves_it_unfinished_and_the_next_run_tells_it_again() {
    let scene = Scene::new();
    scene.put("a", "x");
    let (config, program, _) = of_octopus(&scene, 1);
    let output = run(&scene, &config, &program);
    assert!(output.status.code() == Some(7) && said(&output).contains("no such instance"), "{}", said(&output));
    let (config, program, heard) = of_octopus(&scene, 0);
    let output = run(&scene, &config, &program);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(fs::read_to_string(heard).unwrap().matches("path|").count(), 2);
}

#[test]
fn without_its_program_the_command_is_told() {
    let scene = Scene::new();
    scene.put("a", "x");
    let output = scene.run(&["--yes"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said(&output).contains(&format!("Octopus.Server path --clusterShared {}", scene.share.display())),
        "{}",
        said(&output)
    );
}

#[test]
fn a_folder_of_its_own_lands_where_octopus_looks() {
    let scene = Scene::new();
    let elsewhere = scene.home.parent().unwrap().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("x.nupkg"), "x").unwrap();
    let folder = format!("Packages={}", elsewhere.display());
    let output = scene.run(&["--yes", "--folder", &folder]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(scene.share.join("Packages/x.nupkg").exists());
    let output = scene.run(&["--yes", "--folder", "imports=/nowhere/at/all"]);
    assert!(output.status.code() == Some(4) && said(&output).contains("source-missing"), "{}", said(&output));
}
