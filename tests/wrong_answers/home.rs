//! Wrong answers on the home screen.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Remedy;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::gate::Gate;
use octopus_setup::wizard::state::Focus;

use crate::scene::{Scene, again, finding, is_good, to, type_in};

/// Opens the home screen with this home directory and waits for its checks.
async fn at_home(scene: &Scene, home: &str) -> Engine {
    let mut engine = scene.wizard(&[(FieldId::Home, home)]);
    engine.run_until_idle().await;
    assert_eq!(engine.state().place.here, ScreenId::Home);
    engine
}

#[tokio::test]
async fn a_home_that_is_a_file_or_inside_a_file() {
    let scene = Scene::new().await;
    let file = scene.path("a-file");
    std::fs::write(&file, "mine").unwrap();
    for home in [file.clone(), file.join("inside")] {
        let text = home.display().to_string();
        let mut engine = at_home(&scene, &text).await;
        let found = scene.stays_shut(&mut engine, "home-path").await;
        assert!(found.says.contains(&text) && found.says.contains("not a folder"), "{found:#?}");
        assert_eq!(found.about, Some(FieldId::Home));
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    // Out of the way, F5, and on.
    let mut engine = at_home(&scene, &file.display().to_string()).await;
    std::fs::remove_file(&file).unwrap();
    again(&mut engine).await;
    is_good(&engine, "home-path");
    to(&mut engine, ScreenId::Service).await;
}

#[tokio::test]
async fn a_link_that_leads_nowhere() {
    let scene = Scene::new().await;
    let link = scene.path("link");
    std::os::unix::fs::symlink(scene.path("nowhere"), &link).unwrap();
    let mut engine = at_home(&scene, &link.display().to_string()).await;
    let found = scene.stays_shut(&mut engine, "home-path").await;
    assert!(found.says.contains("not a folder"), "{found:#?}");
}

#[tokio::test]
async fn paths_that_cannot_be_a_home() {
    let scene = Scene::new().await;
    for (home, says) in [("/", "root of the disk"), ("/var/lib/../octopus", ".."), ("//server/share/octopus", "network")] {
        let mut engine = at_home(&scene, home).await;
        let found = scene.stays_shut(&mut engine, "home-path").await;
        assert!(found.says.contains(says) && !found.fix.is_empty(), "{found:#?}");
    }
}

#[tokio::test]
async fn a_relative_path_is_malformed() {
    let scene = Scene::new().await;
    let mut engine = at_home(&scene, "octopus/home").await;
    assert_eq!(engine.state().gate(), Gate::Malformed(vec![FieldId::Home]));
    engine.handle(Event::Next);
    assert_eq!(engine.state().place.here, ScreenId::Home);
    assert_eq!(engine.state().place.focus, Focus::Field(FieldId::Home));
    let said = engine.state().shown_problem(FieldId::Home).unwrap();
    assert!(said.contains("absolute path") && said.contains("/var/lib/"), "{said}");
    scene.untouched().await;
}

/// Nobody can create a folder in `/proc`, not even root.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_path_that_cannot_be_created() {
    let scene = Scene::new().await;
    let mut engine = at_home(&scene, "/proc/octopus").await;
    let found = finding(&engine, "home-writable");
    assert!(found.says.contains("cannot write in /proc:"), "{found:#?}");
    assert!(found.fix.contains("sudo"), "{found:#?}");
    assert!(matches!(&found.remedy, Some(Remedy::Command(command)) if command.contains("'/proc/octopus'")), "{found:#?}");
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert!(matches!(engine.state().gate(), Gate::Shut(_)));
    scene.untouched().await;
}

#[tokio::test]
async fn a_folder_that_this_user_may_not_write_to() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new().await;
    let folder = scene.path("closed");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        eprintln!("skipped: this user (root?) may write anywhere");
        return;
    }
    let mut engine = at_home(&scene, &folder.join("home").display().to_string()).await;
    let found = scene.stays_shut(&mut engine, "home-writable").await;
    assert!(found.says.contains(&folder.display().to_string()), "{found:#?}");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    again(&mut engine).await;
    is_good(&engine, "home-writable");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_memory_file_system_is_a_warning() {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    if !mounts.lines().any(|line| line.contains(" /dev/shm tmpfs ")) {
        eprintln!("skipped: /dev/shm is no tmpfs here");
        return;
    }
    let scene = Scene::new().await;
    let mut engine = at_home(&scene, "/dev/shm/octopus-setup-never-made").await;
    let found = scene.takes_acceptance(&mut engine, "home-disk").await;
    assert!(found.says.contains("in memory (tmpfs)") && found.says.contains("next boot"), "{found:#?}");
    assert!(!std::path::Path::new("/dev/shm/octopus-setup-never-made").exists());
}

#[tokio::test]
async fn a_folder_that_is_not_empty_must_be_accepted() {
    let scene = Scene::new().await;
    let home = scene.path("busy");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(home.join("letters.txt"), "dear").unwrap();
    let mut engine = at_home(&scene, &home.display().to_string()).await;
    let found = scene.takes_acceptance(&mut engine, "home-path").await;
    assert!(found.says.contains(&home.display().to_string()) && found.says.contains("1 entry"), "{found:#?}");
    assert_eq!(std::fs::read_dir(&home).unwrap().count(), 1, "nothing was left behind");
}

#[tokio::test]
async fn instance_and_node_names() {
    let scene = Scene::new().await;
    for (field, text) in [(FieldId::Instance, "a/b"), (FieldId::NodeName, "web 01"), (FieldId::NodeName, "")] {
        let mut engine = scene.wizard(&[(field, text)]);
        engine.run_until_idle().await;
        // An empty node name is filled with the machine's.
        if engine.state().answers.text(field).is_empty() || !text.is_empty() {
            engine.handle(Event::Next);
            assert_eq!(engine.state().place.here, ScreenId::Home);
            assert_eq!(engine.state().focused(), Some(field), "{text:?}");
        }
        type_in(&mut engine, field, "fine");
        to(&mut engine, ScreenId::Service).await;
    }
}
