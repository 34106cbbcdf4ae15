//! Further nodes join.

use octopus_setup::catalog::steps;
use octopus_setup::model::facts::Liveness;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::plan::{Scope, StepKind};
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_node_joins_and_has_the_cluster_s_key() {
    let scene = Scene::new().await;
    let before = scene.ask("SELECT id, fingerprint FROM octopus_setup.cluster").await;
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Cluster).await;
    let nodes = engine.state().facts.cluster.nodes.seen().unwrap().clone();
    assert_eq!(nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["node-1"]);
    assert_eq!(nodes[0].life(), Liveness::Alive);
    assert!(evidence(&engine, "cluster-key").contains(&scene.key.fingerprint().to_string()));
    to(&mut engine, ScreenId::Review).await;
    let plan = engine.state().run().plan.clone().unwrap();
    assert!(plan.steps.iter().all(|step| (steps::row(step.kind).scope)(plan.flow) != Scope::Cluster), "{:#?}", plan.steps);
    assert_eq!(plan.steps.iter().filter(|step| (steps::row(step.kind).scope)(plan.flow) == Scope::Row).count(), 1);
    assert_eq!(plan.steps.first().unwrap().kind, StepKind::ProveAgain);
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;

    let (one, two) = (scene.config("node-1"), scene.config("node-2"));
    assert_eq!(one.cluster, two.cluster);
    assert_eq!(scene.nodes().await, ["node-1", "node-2"]);
    assert_eq!(scene.ask("SELECT id, fingerprint FROM octopus_setup.cluster").await, before, "the cluster's row was touched");
    assert_eq!(scene.history(1).await, ["joined|node-2"]);
    assert!(scene.site.journals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_joiners_with_one_name_exactly_one_wins_and_the_other_can_undo() {
    let scene = Scene::new().await;
    let mut one = scene.joining_with("node-2", &[(FieldId::NodeName, "web02")]);
    let mut two = scene.joining_with("node-3", &[(FieldId::NodeName, "WEB02")]);
    to(&mut one, ScreenId::Review).await;
    to(&mut two, ScreenId::Review).await;
    one.handle(Event::Next);
    two.handle(Event::Next);
    tokio::join!(one.run_until_idle(), two.run_until_idle());
    let mut phases = [one.state().run().phase, two.state().run().phase];
    phases.sort_by_key(|phase| *phase == Phase::Failed);
    assert_eq!(phases, [Phase::Finished, Phase::Failed]);
    assert_eq!(scene.nodes().await.len(), 2);

    let (loser, node) = if one.state().run().phase == Phase::Failed { (&mut one, "node-2") } else { (&mut two, "node-3") };
    let row = loser.state().run().failed().unwrap();
    assert_eq!(row.kind, StepKind::JoinCluster);
    let said = loser.state().explain_step(row).unwrap();
    assert!(said.says.to_lowercase().contains("web02"), "{}", said.says);
    loser.handle(Event::Press(Action::Undo));
    loser.handle(Event::Reply(true));
    loser.run_until_idle().await;
    assert_eq!(loser.state().run().phase, Phase::Undone, "{:?}", loser.state().run().rows);
    assert!(!scene.site.home(node).exists(), "the loser's home is still there");
    assert_eq!(scene.nodes().await.len(), 2, "the winner's row went with the loser's undo");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_machines_join_at_once() {
    let scene = Scene::new().await;
    let key = scene.key_text();
    let mut engines = Vec::new();
    for number in 2..14 {
        let node = format!("node-{number}");
        let mut engine = scene.site.wizard_with_state(&node, &format!("state-{number}"), Some(Flow::Join));
        type_in(&mut engine, FieldId::MasterKey, &key);
        to(&mut engine, ScreenId::Review).await;
        engine.handle(Event::Next);
        engines.push(engine);
    }
    let mut ended = Vec::new();
    for mut engine in engines {
        ended.push(tokio::spawn(async move {
            engine.run_until_idle().await;
            (engine.state().run().phase, format!("{:?}", engine.state().run().rows))
        }));
    }
    for end in ended {
        let (phase, rows) = end.await.unwrap();
        assert_eq!(phase, Phase::Finished, "{rows}");
    }
    assert_eq!(scene.nodes().await.len(), 13);
}
