//! Instances that are already on this machine, the wizard's and Octopus Server's.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::world::places::Places;

use crate::scene::{Scene, to, type_in};
use crate::shared::walk::last_six;

/// A scene with the instance and node `web01` installed.
async fn with_web01() -> Scene {
    let mut scene = Scene::new().await;
    let mut first = scene.site.wizard("web01", Some(Flow::FirstNode));
    to(&mut first, ScreenId::MasterKey).await;
    let proof = last_six(&first);
    type_in(&mut first, FieldId::KeyProof, &proof);
    to(&mut first, ScreenId::Done).await;
    drop(first);
    scene.remember().await;
    scene
}

#[tokio::test]
async fn an_installed_instance_and_its_home_are_taken() {
    let scene = with_web01().await;
    let home = scene.path("web01").display().to_string();
    for name in ["web01", "WEB01"] {
        let mut engine = scene.wizard(&[(FieldId::Instance, name)]);
        engine.run_until_idle().await;
        let found = scene.stays_shut(&mut engine, "home-instance").await;
        assert!(found.says.contains(name) && found.says.contains(&home), "{found:#?}");
        assert!(found.fix.contains("another name") && found.about == Some(FieldId::Instance), "{found:#?}");
    }
    let mut engine = scene.wizard(&[(FieldId::Home, &home)]);
    engine.run_until_idle().await;
    let found = scene.stays_shut(&mut engine, "home-path").await;
    assert!(found.says.contains(&home) && found.says.contains("instance web01 already"), "{found:#?}");
}

#[tokio::test]
async fn an_instance_of_octopus_server_is_taken() {
    let scene = Scene::new().await;
    let records = scene.path("octopus-instances");
    std::fs::create_dir(&records).unwrap();
    let record = r#"{"Name":"My Server","ConfigurationFilePath":"/etc/octopus/my-server.config"}"#;
    std::fs::write(records.join("my-server.config"), record).unwrap();
    let mut places = Places::under(scene.path("state"));
    places.octopus_instances = records;
    let mut engine = scene.wizard_in(places, &[(FieldId::Instance, "my-server")]);
    engine.run_until_idle().await;
    let found = scene.stays_shut(&mut engine, "home-instance").await;
    assert!(found.says.contains("my-server") && found.says.contains("/etc/octopus/my-server.config"), "{found:#?}");
    type_in(&mut engine, FieldId::Instance, "Other");
    to(&mut engine, ScreenId::Service).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_is_reported() {
    let scene = Scene::new().await;
    let mut crashing = scene.site.wizard("web01", Some(Flow::FirstNode));
    to(&mut crashing, ScreenId::Review).await;
    crashing.handle(Event::Next);
    for _ in 0..4 {
        let event = crashing.next_event().await;
        crashing.handle(event);
    }
    drop(crashing);
    scene.site.wait_until_nobody_works("web01").await;
    let mut engine = scene.wizard(&[(FieldId::Instance, "Web01")]);
    engine.run_until_idle().await;
    let found = crate::scene::finding(&engine, "home-instance");
    assert!(found.says.contains("stopped in the middle") && found.fix.contains("Continue"), "{found:#?}");
    for _ in 0..3 {
        engine.handle(Event::Next);
        engine.run_until_idle().await;
    }
    assert_eq!(engine.state().place.here, ScreenId::Home);
}
