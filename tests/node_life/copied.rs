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
