//! What may be changed of a node is changed by the same screens, the same proof and a plan.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ports_and_task_cap_are_changed_in_config_and_registry_with_a_backup() {
    let scene = Scene::new().await;
    let older = std::fs::read(scene.config_file("node-1")).unwrap();
    let (mut engine, port) = changing(&scene).await;
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;

    let config = scene.config("node-1");
    assert_eq!((config.comms.port, config.node.task_cap), (port, 7));
    assert_eq!(scene.ask("SELECT comms_port, task_cap FROM octopus_setup.node").await, [format!("{port}|7")]);
    assert_eq!(scene.history(1).await, ["changed|node-1"]);
    assert_eq!(backups(&scene), [older], "the older config is kept");
    assert!(scene.site.journals().is_empty());

    let engine = scene.review("node-1").await;
    let backups = engine.state().facts.node.backups.seen().unwrap().clone();
    assert_eq!(backups.len(), 1);
    let lines: Vec<&str> = backups[0].lines.iter().map(|line| line.text.as_str()).collect();
    assert!(lines.iter().any(|line| line.contains(&format!("port = {port}"))), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_last_step_fails_can_be_undone_byte_for_byte() {
    let scene = Scene::new().await;
    let older = std::fs::read(scene.config_file("node-1")).unwrap();
    let row = "SELECT name, host, prefixes, comms_port, task_cap, CONVERT(nvarchar(33), last_seen, 126) FROM octopus_setup.node";
    let before = scene.ask(row).await;
    let (mut engine, _) = changing(&scene).await;
    to(&mut engine, ScreenId::Review).await;
    engine.handle(Event::Next);
    // The install stops after the config is written and before it is proven.
    while engine.state().run().phase == Phase::Running {
        let event = engine.next_event().await;
        engine.handle(event);
        let written = |row: &octopus_setup::wizard::run::Row| {
            row.kind.id() == "write-node-config" && row.state == octopus_setup::model::plan::StepState::Done
        };
        if engine.state().run().rows.iter().any(written) {
            engine.handle(Event::Press(Action::Cancel));
        }
    }
    engine.run_until_idle().await;
    if engine.state().run().phase == Phase::Finished {
        // It was faster than the cancelling; nothing is left to undo then.
        return;
    }
    assert_eq!(engine.state().run().phase, Phase::Failed);
    engine.handle(Event::Press(Action::Undo));
    engine.handle(Event::Reply(true));
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Undone, "{:#?}", engine.state().run().rows);
    assert_eq!(std::fs::read(scene.config_file("node-1")).unwrap(), older);
    assert_eq!(scene.ask(row).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_nothing_makes_no_plan() {
    let scene = Scene::new().await;
    let mut engine = scene.review("node-1").await;
    engine.handle(Event::Press(Action::Edit));
    engine.run_until_idle().await;
    for _ in 0..8 {
        engine.handle(Event::Next);
        engine.run_until_idle().await;
    }
    assert!(engine.state().place.here != ScreenId::Install && engine.state().place.here != ScreenId::Done);
    assert_eq!(backups(&scene).len(), 0);
}

/// A review that has gone over to changing, with another port and task cap typed.
async fn changing(scene: &Scene) -> (octopus_setup::engine::Engine, u16) {
    let mut engine = scene.review("node-1").await;
    assert!(engine.state().actions().contains(&Action::Edit), "{:?}", engine.state().actions());
    engine.handle(Event::Press(Action::Edit));
    engine.run_until_idle().await;
    assert_eq!(engine.state().flow(), Some(Flow::Edit));
    let port = free_port();
    type_in(&mut engine, FieldId::CommsPort, &port.to_string());
    type_in(&mut engine, FieldId::TaskCap, "7");
    (engine, port)
}

/// What the kept configs hold.
fn backups(scene: &Scene) -> Vec<Vec<u8>> {
    let files = tree(&scene.site.home("node-1"));
    files.into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "bak")).map(|(_, bytes)| bytes).collect()
}
