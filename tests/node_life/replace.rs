//! A machine takes the place of a dead one.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_node_is_replaced_only_by_choice() {
    let scene = Scene::new().await;
    scene.join("web-old").await;
    scene.forget("web-old").await;
    let joined = "SELECT host, prefixes FROM octopus_setup.node WHERE name = N'web-old'";
    let before = scene.ask(joined).await;

    let mut engine = scene.joining_with("node-3", &[(FieldId::NodeName, "web-old")]);
    to(&mut engine, ScreenId::Cluster).await;
    assert!(engine.state().fields().contains(&FieldId::ReplaceNode), "{:?}", engine.state().fields());
    stays_shut(&mut engine, "cluster-node").await;

    type_in(&mut engine, FieldId::ReplaceNode, "true");
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.nodes().await, ["node-1", "web-old"]);
    assert_ne!(scene.ask(joined).await, before, "the row is still the old one's");
    assert_eq!(scene.history(1).await, ["replaced|web-old"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_came_back_to_life_is_not_replaced() {
    let scene = Scene::new().await;
    scene.join("web-old").await;
    scene.forget("web-old").await;
    let changes = [(FieldId::NodeName, "web-old"), (FieldId::ReplaceNode, "true")];
    let mut engine = scene.joining_with("node-3", &changes);
    to(&mut engine, ScreenId::Review).await;
    scene.ask("UPDATE octopus_setup.node SET last_seen = SYSUTCDATETIME() WHERE name = N'web-old'").await;
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Failed);
    let row = engine.state().run().failed().unwrap();
    assert_eq!(row.kind.id(), "join-cluster", "{row:?}");
    engine.handle(Event::Press(Action::Undo));
    engine.handle(Event::Reply(true));
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Undone);
    assert_eq!(scene.nodes().await, ["node-1", "web-old"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_node_is_removed_from_a_review_and_a_living_one_is_not() {
    let scene = Scene::new().await;
    scene.join("web-old").await;
    scene.join("web-new").await;
    scene.forget("web-old").await;
    let mut engine = scene.review("node-1").await;
    engine.handle(Event::Jump(ScreenId::Cluster));
    engine.run_until_idle().await;
    let names: Vec<String> =
        engine.state().facts.cluster.nodes.seen().unwrap().iter().map(|node| node.name.to_string()).collect();
    assert_eq!(names, ["node-1", "web-new", "web-old"]);
    for (item, removable) in [(0, false), (1, false), (2, true)] {
        engine.handle(Event::Focus(octopus_setup::wizard::state::Focus::Item(item)));
        assert_eq!(engine.state().actions().contains(&Action::RemoveNode), removable, "{}", names[item]);
    }
    engine.handle(Event::Press(Action::RemoveNode));
    engine.run_until_idle().await;
    install(&mut engine).await;
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.nodes().await, ["node-1", "web-new"]);
    assert_eq!(scene.history(1).await, ["removed|web-old"]);
    assert!(scene.site.journals().is_empty());
}
