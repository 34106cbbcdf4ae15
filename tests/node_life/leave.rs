//! A node leaves its cluster.

use octopus_setup::model::flow::Flow;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::plan::StepKind;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event, StartChoice};

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_drained_struck_off_and_its_config_kept_aside() {
    let scene = Scene::new().await;
    scene.join("node-2").await;
    let config = std::fs::read(scene.config_file("node-2")).unwrap();
    let mut engine = scene.review("node-2").await;
    engine.handle(Event::Press(Action::LeaveCluster));
    engine.run_until_idle().await;
    assert_eq!(engine.state().flow(), Some(Flow::Leave));
    let steps: Vec<StepKind> = engine.state().run().plan.as_ref().unwrap().steps.iter().map(|step| step.kind).collect();
    assert_eq!(steps, [StepKind::DrainNode, StepKind::RemoveRow, StepKind::RemoveNodeConfig]);
    install(&mut engine).await;
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;

    assert_eq!(scene.nodes().await, ["node-1"]);
    assert_eq!(scene.history(2).await, ["removed|node-2", "drained|node-2"]);
    assert!(!scene.config_file("node-2").exists());
    let kept = tree(&scene.site.home("node-2"));
    assert!(kept.iter().any(|(path, bytes)| path.extension().is_some_and(|end| end == "bak") && *bytes == config), "{kept:?}");
    assert!(scene.site.home("node-2").join(NodeConfig::KEY_FILE).exists(), "the sealed key stays");
    assert!(scene.site.journals().is_empty());

    let mut start = scene.site.wizard("nobody", None);
    start.run_until_idle().await;
    let reviewable = |choice: &StartChoice| matches!(choice, StartChoice::Review(subject) if subject.instance == "node-2");
    assert!(!start.state().start_choices().iter().any(reviewable), "{:?}", start.state().start_choices());
    // And the cluster takes it again.
    scene.join("node-2").await;
    assert_eq!(scene.nodes().await, ["node-1", "node-2"]);
}
