//! A config that was copied from another machine is recognised, and its secrets are asked again.

use octopus_setup::model::facts::{SealTrouble, Trouble};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::node::{Maker, Subject};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event, StartChoice};

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_config_asks_for_its_secrets_and_is_sealed_anew() {
    let scene = Scene::new().await;
    // Another machine: other state, so another sealing key.
    let mut engine = scene.site.wizard_with_state("nobody", "other-machine", None);
    engine.run_until_idle().await;
    let subject = Subject { instance: "node-1".into(), config: scene.config_file("node-1"), maker: Maker::Wizard };
    engine.handle(Event::Begin(StartChoice::Review(subject.clone())));
    engine.run_until_idle().await;
    let sealed = engine.state().facts.node.clone();
    assert_eq!(sealed.password.trouble(), Some(&Trouble::Seal(SealTrouble::OtherMachine)));
    assert_eq!(sealed.key.trouble(), Some(&Trouble::Seal(SealTrouble::OtherMachine)));
    let told: String = findings(&engine, "node-seals").into_iter().map(|finding| finding.says).collect();
    assert!(told.contains("another machine"), "{told}");

    engine.handle(Event::Press(Action::Edit));
    engine.run_until_idle().await;
    assert_eq!(engine.state().flow(), Some(Flow::Edit));
    type_in(&mut engine, FieldId::Password, scene.site.password());
    to(&mut engine, ScreenId::Cluster).await;
    assert!(engine.state().fields().contains(&FieldId::MasterKey), "{:?}", engine.state().fields());
    type_in(&mut engine, FieldId::MasterKey, &scene.key_text());
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;

    let mut again = scene.site.wizard_with_state("nobody", "other-machine", None);
    again.run_until_idle().await;
    again.handle(Event::Begin(StartChoice::Review(subject)));
    again.run_until_idle().await;
    assert!(again.state().facts.node.password.seen().is_some());
    assert!(again.state().facts.node.key.seen().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_with_another_server_login_encryption_or_trust_does_not_open_its_password() {
    let scene = Scene::new().await;
    let path = scene.config_file("node-1");
    let good = std::fs::read_to_string(&path).unwrap();
    let other =
        practice_server::PracticeServer::start(practice_server::ServerOptions::new(scene.site.home("other"))).await.unwrap();
    let (port, other_port) = (scene.site.server.addr().port(), other.addr().port());
    let ca_file = format!("ca-file = \"{}\"", scene.site.server.ca_file().display());
    let before = scene.site.server.logins();
    for changed in [
        good.replace(&format!(",{port}\""), &format!(",{other_port}\"")),
        good.replace("user = \"octopus\"", "user = \"sa\""),
        good.replace(&ca_file, "ca-file = \"/etc/other-ca.pem\""),
        // The password would go out unencrypted.
        good.replace("encryption = \"mandatory\"", "encryption = \"optional\""),
    ] {
        assert_ne!(changed, good);
        std::fs::write(&path, changed).unwrap();
        let engine = scene.review("node-1").await;
        let password = engine.state().facts.node.password.trouble();
        assert_eq!(password, Some(&Trouble::Seal(SealTrouble::OtherDestination)));
        let told: String = findings(&engine, "node-seals").into_iter().map(|finding| finding.says).collect();
        assert!(told.contains("sealed for another server, login, encryption or trust"), "{told}");
        assert_eq!((other.logins(), scene.site.server.logins()), (0, before), "nothing was sent");
    }
    // Given again, it is sealed for what stands there now.
    let fingerprint = "[database.trust]\nfingerprint = ";
    std::fs::write(&path, good.replace(&ca_file, "ca-file = \"/etc/other-ca.pem\"")).unwrap();
    let mut engine = scene.review("node-1").await;
    engine.handle(Event::Press(Action::Edit));
    engine.run_until_idle().await;
    type_in(&mut engine, FieldId::Password, scene.site.password());
    type_in(&mut engine, FieldId::Trust, "none");
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("trust = \"none\"") && !written.contains(fingerprint), "{written}");
    let again = scene.review("node-1").await;
    assert!(again.state().facts.node.password.seen().is_some(), "{written}");
}
