//! Room: told beforehand, and met on the way.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::scene::*;

/// A small file system in memory; `None` where this account may not mount one.
struct Tiny<'a>(&'a Path);

impl<'a> Tiny<'a> {
    fn mount(at: &'a Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output().ok()?;
        mounted.status.success().then_some(Self(at))
    }
}

impl Drop for Tiny<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

#[test]
fn a_disk_that_is_too_small_is_told_before_the_first_byte() {
    let scene = Scene::new();
    let Some(_tiny) = Tiny::mount(&scene.share, "size=1m") else { return };
    scene.put("a", vec![1u8; 3 << 20]);
    let output = scene.run(&["--yes"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("has room for 1.0 MiB, and 3.0 MiB are needed"), "{said}");
    assert_eq!(fs::read_dir(&scene.share).unwrap().count(), 0);
}

#[test]
fn too_few_inodes_are_told_before_the_first_byte() {
    let scene = Scene::new();
    let Some(_tiny) = Tiny::mount(&scene.share, "size=8m,nr_inodes=10") else { return };
    for number in 0..20 {
        scene.put(format!("f{number}"), "x");
    }
    let output = scene.run(&["--yes"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("inodes"), "{said}");
}

#[test]
fn a_disk_that_fills_up_on_the_way_ends_the_run_and_the_next_one_ends_it() {
    let scene = Scene::new();
    let Some(_tiny) = Tiny::mount(&scene.share, "size=12m") else { return };
    for number in 0..40 {
        scene.put(format!("f{number}"), vec![number; 256 << 10]);
    }
    let plan = scene.plan();
    assert!(plan.preview.room[0].free > Some(plan.preview.room[0].needed));
    // Somebody else takes the room between the look and the copy.
    let other = scene.share.join("other");
    fs::write(&other, vec![0; 6 << 20]).unwrap();
    let outcome = copy(&scene.migration(), plan, &Scene::watch()).unwrap();
    assert!(!outcome.is_complete() && outcome.failures < 10 && outcome.open > 0, "{outcome:?}");
    fs::remove_file(other).unwrap();
    let outcome = scene.copy();
    assert!(outcome.is_complete() && outcome.copied.files + outcome.existing.files == 40, "{outcome:?}");
    assert_eq!(tree(&scene.share.join("Packages")), tree(&scene.home.join("Packages")));
}

#[test]
fn a_share_that_is_unmounted_on_the_way_is_not_mistaken_for_its_empty_folder() {
    let scene = Scene::new();
    let Some(tiny) = Tiny::mount(&scene.share, "size=12m") else { return };
    scene.put("a", "x");
    let plan = scene.plan();
    drop(tiny);
    let outcome = copy(&scene.migration(), plan, &Scene::watch());
    assert!(outcome.is_err_and(|error| error.to_string().contains("another disk")));
    assert_eq!(fs::read_dir(&scene.share).unwrap().count(), 0);
}
