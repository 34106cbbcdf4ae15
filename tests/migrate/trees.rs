//! Names, links, special files, attributes, changes.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use crate::scene::*;

#[test]
fn every_name_and_every_attribute_survives_and_the_source_stays_as_it_was() {
    let scene = Scene::new();
    for name in [
        &b"plain"[..],
        b" blanks in it ",
        b"quotes'\"`$",
        b"new\nline\\%2f",
        b"Gr\xc3\xb6\xc3\x9fe/\xf0\x9f\x90\x99",
        b"bytes\xff\xfe/\x01",
        b"-rf",
        b"a/b/c/d",
    ] {
        scene.put(name, [name, b" content"].concat());
    }
    scene.put("empty", "");
    scene.put("large", vec![7u8; 5 << 20]);
    fs::create_dir(scene.home.join("Packages/empty folder")).unwrap();
    let (private, old) = (scene.put("private", "x"), scene.put("old", "y"));
    fs::set_permissions(&private, fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(scene.home.join("Packages/a"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::File::options()
        .write(true)
        .open(&old)
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH + std::time::Duration::new(7, 9))
        .unwrap();
    let before = tree(&scene.home.join("Packages"));
    let outcome = scene.copy();
    assert!(outcome.is_complete() && outcome.metadata_differs == 0, "{outcome:?}");
    assert_eq!(outcome.copied.files, 12);
    assert_eq!(tree(&scene.share.join("Packages")), before);
    assert_eq!(tree(&scene.home.join("Packages")), before);
    let again = scene.preview();
    assert_eq!((again.copy.files, again.existing.files, again.collisions.len(), again.gone), (0, 12, 0, 0));
}

#[test]
fn links_and_special_files_are_told_and_nothing_is_followed() {
    let scene = Scene::new();
    scene.put("a/file", "x");
    let at = |name: &str| scene.home.join("Packages").join(name);
    symlink("/etc", at("out")).unwrap();
    symlink("..", at("a/up")).unwrap();
    symlink("self", at("self")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    let preview = scene.preview();
    let told: Vec<_> = preview.skipped.iter().map(|left| (left.path.to_str().unwrap(), left.why.clone())).collect();
    let link = |to: &str| SkipReason::Link(to.into());
    assert_eq!(
        told,
        [
            ("a/up", link("..")),
            ("dangling", link("nowhere")),
            ("out", link("/etc")),
            ("self", link("self")),
            ("socket", SkipReason::Special)
        ]
    );
    assert!(scene.copy().is_complete());
    let there: Vec<_> = tree(&scene.share.join("Packages")).into_keys().collect();
    assert_eq!(there, [std::path::Path::new("a"), std::path::Path::new("a/file")]);
}

#[test]
fn a_source_that_is_a_link_is_not_followed_and_said_so() {
    let scene = Scene::new();
    fs::remove_dir(scene.home.join("Packages")).unwrap();
    symlink("/etc", scene.home.join("Packages")).unwrap();
    let output = scene.run(&["--dry-run"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("source-link") && said.contains("--folder packages=/etc"), "{said}");
}

#[test]
fn our_own_folder_is_left_out_at_the_top_only() {
    let scene = Scene::new();
    scene.put(".octopus-setup/web01.canary", "canary");
    scene.put("below/.octopus-setup/x", "somebody's");
    let outcome = scene.copy();
    assert_eq!(outcome.copied.files, 1);
    assert!(
        !scene.share.join("Packages/.octopus-setup").exists() && scene.share.join("Packages/below/.octopus-setup/x").exists()
    );
}

#[test]
fn what_changed_after_it_was_copied_is_copied_again_and_what_went_stays() {
    let scene = Scene::new();
    let (one, two) = (scene.put("one", "1"), scene.put("two", "2"));
    scene.put("three", "3");
    assert!(scene.copy().is_complete());
    fs::write(&one, "11").unwrap();
    fs::remove_file(&two).unwrap();
    let preview = scene.preview();
    assert_eq!((preview.copy.files, preview.existing.files, preview.gone, preview.collisions.len()), (1, 1, 1, 0));
    let outcome = scene.copy();
    assert_eq!((outcome.is_complete(), outcome.copied.files), (true, 1));
    assert_eq!(fs::read(scene.share.join("Packages/one")).unwrap(), b"11");
    assert!(scene.share.join("Packages/two").exists());
}

#[test]
fn a_file_that_is_written_to_between_the_look_and_the_copy_is_copied_as_it_is() {
    let scene = Scene::new();
    let (grows, goes) = (scene.put("grows", "1"), scene.put("goes", "2"));
    let plan = scene.plan();
    fs::write(&grows, vec![3; 3 << 20]).unwrap();
    fs::remove_file(&goes).unwrap();
    let outcome = copy(&scene.migration(), plan, &Scene::watch()).unwrap();
    assert_eq!((outcome.copied.files, outcome.copied.bytes, outcome.failures), (1, 3 << 20, 1));
    assert_eq!(outcome.failed[0].why, CopyFailure::Gone);
    assert!(!outcome.is_complete());
}

#[test]
fn a_file_that_never_stands_still_is_told_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let path = scene.put("log", vec![1u8; 64 << 20]);
    let plan = scene.plan();
    let done = std::sync::atomic::AtomicBool::new(false);
    let (telling, told) = std::sync::mpsc::channel();
    let outcome = std::thread::scope(|threads| {
        let done = &done;
        let path = &path;
        threads.spawn(move || {
            let mut file = fs::File::options().append(true).open(path).unwrap();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                std::io::Write::write_all(&mut file, b"more").unwrap();
                let _ = telling.send(());
                std::thread::yield_now();
            }
        });
        told.recv().unwrap();
        let outcome = copy(&scene.migration(), plan, &Scene::watch()).unwrap();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        outcome
    });
    assert_eq!((outcome.failures, &outcome.failed[0].why), (1, &CopyFailure::KeepsChanging));
    assert_eq!(fs::read_dir(scene.share.join("Packages")).unwrap().count(), 0);
}

#[test]
fn a_damaged_manifest_costs_a_comparison_and_no_file() {
    let scene = Scene::new();
    for number in 0..50 {
        scene.put(format!("f{number}"), number.to_string());
    }
    assert!(scene.copy().is_complete());
    let mut text = fs::read(scene.manifest()).unwrap();
    let middle = text.len() / 2;
    text[middle] ^= 1;
    text.truncate(text.len() - 20);
    fs::write(scene.manifest(), text).unwrap();
    let preview = scene.preview();
    assert_eq!((preview.copy.files, preview.existing.files, preview.collisions.len()), (0, 50, 0));
    fs::write(scene.manifest(), "something else").unwrap();
    assert_eq!(scene.preview().existing.files, 50);
    let _ = std::ffi::OsStr::from_bytes(b"x");
}

#[test]
fn what_is_written_after_its_copy_or_comes_after_the_look_is_not_called_complete() {
    for way in ["written to", "new", "in a new folder"] {
        let scene = Scene::new();
        let path = scene.put("a", "done by an earlier run");
        assert!(scene.copy().is_complete());
        scene.put("b", "copied by this one");
        let plan = scene.plan();
        match way {
            "written to" => fs::write(&path, "another content").unwrap(),
            "new" => drop(scene.put("came", "x")),
            _ => drop(scene.put("came/with it", "x")),
        }
        let outcome = copy(&scene.migration(), plan, &Scene::watch()).unwrap();
        assert_eq!((outcome.is_complete(), outcome.copied.files, outcome.failures), (false, 1, 1), "{way}: {outcome:?}");
        assert_eq!(outcome.failed[0].why, CopyFailure::Changed, "{way}");
        let outcome = scene.copy();
        assert_eq!((outcome.is_complete(), outcome.copied.files), (true, 1), "{way}: {outcome:?}");
        assert_eq!(tree(&scene.share.join("Packages")), tree(&scene.home.join("Packages")), "{way}");
    }
}

#[test]
fn task_logs_of_both_shapes_are_copied_and_one_task_may_have_files_on_both_sides() {
    let scene = Scene::new();
    // A file for each task, and from 2025.2.10530 on a folder of files (OctopusDeploy/Issues#9413). One task was run under both.
    for name in [
        "servertasks-12_abcdefghij.txt",
        "servertasks-370_klmnopqrst.txt",
        "servertasks-370_uvwxyzabcd/aaaaaaaaaa.tl.txt",
        "servertasks-370_uvwxyzabcd/bbbbbbbbbb.tl.txt",
        "servertasks-371_eeeeeeeeee/cccccccccc.tl.txt",
        "scheduledtasks_processsubscriptions.txt",
    ] {
        scene.put(name, format!("the log {name}"));
    }
    // Another node has begun to log one of the tasks at the destination; it wrote files of its own.
    let others = scene.put_there("servertasks-370_uvwxyzabcd/dddddddddd.tl.txt", "another node's");
    let preview = scene.preview();
    assert_eq!((preview.copy.files, preview.collisions.len(), preview.skipped.len()), (6, 0, 0), "{preview:?}");
    assert!(scene.copy().is_complete());
    let (there, here) = (tree(&scene.share.join("Packages")), tree(&scene.home.join("Packages")));
    assert!(here.iter().all(|(path, seen)| there.get(path).is_some_and(|other| other.0 == seen.0)), "{there:?}");
    assert_eq!(fs::read_to_string(others).unwrap(), "another node's");
    // A file in the place of a task's folder is told, and nothing is written over.
    let scene = Scene::new();
    scene.put("servertasks-1_x/a.tl.txt", "new shape");
    scene.put_there("servertasks-1_x", "in its place");
    let preview = scene.preview();
    assert_eq!(preview.collisions[0].obstacle, Obstacle::NoFolder, "{preview:?}");
}
