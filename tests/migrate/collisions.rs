//! What stands in the way, before the first byte and after it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::scene::*;

#[test]
fn what_is_in_the_way_is_found_before_the_first_byte() {
    let scene = Scene::new();
    for name in ["same", "other", "longer", "folder", "link", "f/x", "l/x", "free"] {
        scene.put(name, name);
    }
    scene.put_there("same", "same");
    scene.put_there("other", "rehto");
    scene.put_there("longer", "longer by a word");
    scene.put_there("folder/in it", "x");
    scene.put_there("f", "a file");
    scene.put_there("stranger", "stays");
    symlink("/etc", scene.share.join("Packages/l")).unwrap();
    symlink("same", scene.share.join("Packages/link")).unwrap();
    let before = tree(&scene.share);
    let preview = scene.preview();
    let mut told: Vec<_> =
        preview.collisions.iter().map(|collision| (collision.path.to_str().unwrap(), collision.obstacle.clone())).collect();
    told.sort_by_key(|(path, _)| *path);
    assert_eq!(
        told,
        [
            ("f", Obstacle::NoFolder),
            ("folder", Obstacle::Folder),
            ("l", Obstacle::NoFolder),
            ("link", Obstacle::NoFile),
            ("longer", Obstacle::OtherContent),
            ("other", Obstacle::OtherContent),
        ]
    );
    assert_eq!((preview.existing.files, preview.collisions.len()), (1, 6));
    let output = scene.run(&["--yes"]);
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(tree(&scene.share), before, "nothing was written");
}

#[test]
fn what_comes_to_stand_in_the_way_later_is_not_overwritten() {
    let scene = Scene::new();
    scene.put("a", "ours");
    scene.put("b", "ours");
    let plan = scene.plan();
    scene.put_there("a", "theirs");
    let outcome = copy(&scene.migration(), plan, &Scene::watch()).unwrap();
    assert_eq!((outcome.failures, outcome.copied.files, &outcome.failed[0].why), (1, 1, &CopyFailure::Taken));
    assert_eq!(fs::read(scene.share.join("Packages/a")).unwrap(), b"theirs");
    assert_eq!(fs::read_dir(scene.share.join("Packages")).unwrap().count(), 2, "no part is left behind");
}

#[test]
fn what_was_changed_at_the_destination_since_is_a_collision() {
    let scene = Scene::new();
    let path = scene.put("a", "one");
    assert!(scene.copy().is_complete());
    fs::write(&path, "three").unwrap();
    fs::write(scene.share.join("Packages/a"), "somebody's own").unwrap();
    let preview = scene.preview();
    assert_eq!(preview.collisions[0].obstacle, Obstacle::OtherContent);
}

#[test]
fn a_dry_run_writes_nothing_at_all() {
    let scene = Scene::new();
    scene.put("a/b", "x");
    scene.put_there("old", "x");
    let before = (tree(&scene.share), tree(&scene.home));
    let output = scene.run(&["--dry-run", "--output", "json"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert_eq!((tree(&scene.share), tree(&scene.home)), before);
    assert!(!scene.state.join("migrations").exists());
    assert_eq!(of(&output, "plan")[0]["copy"]["files"], 1);
}

#[test]
fn places_that_lie_in_each_other_are_refused() {
    let scene = Scene::new();
    scene.put("a", "x");
    for to in [scene.home.clone(), scene.home.join("Packages"), scene.home.join("Packages").join("deeper")] {
        let mut command = scene.command(&["--yes"]);
        command.arg("--to").arg(&to);
        let output = std::process::Command::new(command.get_program())
            .args(["migrate", "--yes", "--from"])
            .arg(&scene.home)
            .arg("--to")
            .arg(&to)
            .env("OCTOPUS_SETUP_STATE_DIR", &scene.state)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains("entangled"), "{said}");
    }
    assert_eq!(tree(&scene.home).len(), 2);
    let _ = Path::new("x");
}

#[test]
fn what_was_ours_and_is_written_to_after_the_look_is_not_overwritten() {
    let scene = Scene::new();
    let path = scene.put("a", "one");
    assert!(scene.copy().is_complete());
    fs::write(&path, "second").unwrap();
    let plan = scene.plan();
    assert_eq!((plan.preview.copy.files, plan.preview.collisions.len()), (1, 0));
    fs::write(scene.share.join("Packages/a"), "somebody's own").unwrap();
    let outcome = copy(&scene.migration(), plan, &Scene::watch()).unwrap();
    assert_eq!((outcome.failures, &outcome.failed[0].why), (1, &CopyFailure::Taken));
    assert_eq!(fs::read(scene.share.join("Packages/a")).unwrap(), b"somebody's own");
    assert_eq!(fs::read_dir(scene.share.join("Packages")).unwrap().count(), 1, "no part is left behind");
}

#[test]
fn a_copy_on_its_way_is_no_leftover_to_another_machine_or_another_operator() {
    let scene = Scene::new();
    scene.put("a", "x");
    let plan = scene.plan();
    let id = plan.manifest().file_stem().unwrap().to_str().unwrap().to_owned();
    let part = scene.put_there(format!(".octopus-setup-{id}-0.part"), "half");
    // The same paths, another state directory: as root and as oneself, or on two nodes.
    let other = octopus_setup::world::places::Places::under(scene.home.parent().unwrap().join("other"));
    let outcome = copy(
        &scene.migration(),
        octopus_setup::migration::world::plan(&scene.migration(), &other, &Scene::watch()).unwrap(),
        &Scene::watch(),
    )
    .unwrap();
    assert!(outcome.is_complete() && part.exists(), "{outcome:?}");
    // And one's own leftover goes.
    assert!(scene.copy().is_complete() && !part.exists());
}

#[test]
fn a_second_run_of_the_same_move_is_told_before_it_looks() {
    let scene = Scene::new();
    scene.put("a", "x");
    let _held = octopus_setup::migration::world::lock(&scene.migration(), &scene.places()).unwrap();
    let output = scene.run(&["--yes", "--output", "json"]);
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(of(&output, "plan").is_empty() && of(&output, "end")[0]["says"][0].as_str().unwrap().contains("runs already"));
    assert_eq!(scene.run(&["--dry-run"]).status.code(), Some(0), "a dry run keeps nobody away, and nobody keeps it");
}
