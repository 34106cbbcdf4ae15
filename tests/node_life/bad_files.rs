//! Files that are no node config, by the command line and by the screens: told with file and line, never taken for one,
//! never changed.

use std::path::Path;
use std::process::Command;

use octopus_setup::engine::Engine;
use octopus_setup::model::answers::Answers;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::review::Wanted;
use octopus_setup::world::World;
use octopus_setup::world::clipboard::Surroundings;

use crate::scene::*;

/// The status and both outputs of `review --check`. It must come to an end by itself; `timeout` would say 124.
fn check(scene: &Scene, path: &Path) -> (Option<i32>, String) {
    let output = Command::new("timeout")
        .args(["60", env!("CARGO_BIN_EXE_octopus-setup"), "review", "--check", "--config"])
        .arg(path)
        .env("OCTOPUS_SETUP_STATE_DIR", scene.site.home("state"))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code(), said)
}

/// The findings of the config's own check on the screens, and that nothing is offered there that would write.
async fn on_screen(scene: &Scene, path: &Path) -> String {
    let world = World::new(scene.site.places(), Surroundings::default());
    let mut engine = Engine::review(world, Answers::new(octopus_setup::world::host::platform()), Wanted::File(path.to_owned()));
    engine.run_until_idle().await;
    engine.handle(Event::Jump(ScreenId::Node));
    engine.run_until_idle().await;
    for action in [Action::Edit, Action::LeaveCluster] {
        assert!(!engine.state().actions().contains(&action), "{action:?} is offered for {}", path.display());
        // And pressing the key all the same leads nowhere.
        engine.handle(Event::Press(action));
        engine.run_until_idle().await;
        assert_eq!(engine.state().place.here, ScreenId::Node);
    }
    findings(&engine, "node-config").into_iter().map(|finding| finding.says).collect()
}

/// A bad file in a folder of its own, looked at both ways; every part has to be told by both.
async fn refused(scene: &Scene, bytes: &[u8], parts: &[&str]) {
    let path = scene.site.home("bad").join("octopus-node.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    refused_at(scene, &path, parts).await;
    assert_eq!(tree(path.parent().unwrap()), [(path.clone(), bytes.to_vec())], "the file was changed, or has got company");
}

async fn refused_at(scene: &Scene, path: &Path, parts: &[&str]) {
    let (status, printed) = check(scene, path);
    assert_eq!(status, Some(3), "{printed}");
    let shown = on_screen(scene, path).await;
    for said in [&printed.split_whitespace().collect::<Vec<_>>().join(" "), &shown] {
        assert!(!said.contains("panicked") && !said.contains("a defect in"), "{said}");
        for part in parts.iter().copied().chain([path.to_str().unwrap()]) {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_a_config_is_told_with_file_and_line() {
    let scene = Scene::new().await;
    let good = std::fs::read_to_string(scene.config_file("node-1")).unwrap();
    let line = |start: &str| format!("line {}", good.lines().position(|line| line.starts_with(start)).unwrap() + 1);
    let port = scene.config("node-1").comms.port;
    for (from, to, parts) in [
        (
            "[web]\n",
            "[web]\nnews = true\n".to_owned(),
            [format!("line {}", good[..good.find("[web]").unwrap()].lines().count() + 2), "news".into()],
        ),
        ("force_ssl = false", "force_ssl = \"no\"".to_owned(), [line("force_ssl"), "web.force_ssl".into()]),
        (&*format!("port = {port}"), "port = 70000".to_owned(), [line(&format!("port = {port}")), "comms.port".into()]),
        ("format = 1", "format = 9".to_owned(), ["format 9".into(), "1".into()]),
        ("instance = ", "instance = =".to_owned(), [line("instance"), "instance".into()]),
    ] {
        let bad = good.replacen(from, &to, 1);
        assert_ne!(bad, good, "{from}");
        refused(&scene, bad.as_bytes(), &[&*parts[0], &*parts[1]]).await;
    }
    refused(&scene, b"", &["it is empty"]).await;
    refused(&scene, good.replacen("node-1", "n\u{f6}de-1", 1).replace('\u{f6}', "\u{0}").as_bytes(), &["line "]).await;
    let mut latin = good.clone().into_bytes();
    let at = good.find("\ninstance").unwrap() + 1;
    latin[at] = 0xfc;
    refused(&scene, &latin, &["not UTF-8", &line("instance")]).await;
    assert_eq!(std::fs::read_to_string(scene.config_file("node-1")).unwrap(), good);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_that_was_cut_is_never_taken_for_whole() {
    let scene = Scene::new().await;
    let good = std::fs::read(scene.config_file("node-1")).unwrap();
    // The last value's own digits too: a port without its last digit is a port.
    let ends = (0..good.len()).step_by(97).chain(good.len() - 5..good.len());
    for end in ends {
        refused(&scene, &good[..end], &[]).await;
    }
    let path = scene.site.home("bad").join("octopus-node.toml");
    std::fs::write(&path, &good).unwrap();
    let (status, printed) = check(&scene, &path);
    assert!(matches!(status, Some(0..=2)), "the whole one can be looked at: {printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_small_file_is_told_and_hangs_nothing() {
    let scene = Scene::new().await;
    let folder = scene.site.home("bad");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("octopus-node.toml");
    refused_at(&scene, &path, &["There is no"]).await;

    std::fs::File::create(&path).unwrap().set_len(100 << 20).unwrap();
    refused_at(&scene, &path, &["larger than"]).await;
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 100 << 20);
    std::fs::remove_file(&path).unwrap();

    std::fs::create_dir(&path).unwrap();
    refused_at(&scene, &path, &["not a file"]).await;
    std::fs::remove_dir(&path).unwrap();

    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    refused_at(&scene, &path, &["not a file"]).await;
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "something was written beside it");
}

/// The same of Octopus' own XML, which is only ever read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_octopus_server_config_that_is_none_is_told_too() {
    let scene = Scene::new().await;
    let folder = scene.site.home("theirs");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("OctopusServer.config");
    let whole = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<octopus-settings>\n  <set key=\"Octopus.Home\">/srv</set>\n</octopus-settings>\n";
    for end in (0..whole.len() - 1).step_by(17) {
        std::fs::write(&path, &whole.as_bytes()[..end]).unwrap();
        let (status, printed) = check(&scene, &path);
        assert!(matches!(status, Some(2 | 3)), "cut at {end}: {status:?} {printed}");
        assert!(!printed.contains("panicked") && !printed.contains("a defect in"), "{printed}");
        assert_eq!(std::fs::read(&path).unwrap(), &whole.as_bytes()[..end]);
    }
    for bytes in [&b"\xff\xfe\x00"[..], b"<a><a><a>", b"not xml at all"] {
        std::fs::write(&path, bytes).unwrap();
        let (status, printed) = check(&scene, &path);
        assert!(matches!(status, Some(2 | 3)), "{printed}");
        assert!(printed.contains(path.to_str().unwrap()), "{printed}");
    }
}
