//! The life of a cluster on a T-SQL server that others wrote, as the practice server plays one (`Personality::quirks`).

use octopus_setup::model::finding::Severity;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_node_a_join_and_a_review_go_through() {
    let scene = Scene::with(|options| {
        options.personality.quirks = true;
        options.personality.product_version = "12.0.2000.8".into();
    })
    .await;
    scene.join("node-2").await;
    assert_eq!(scene.nodes().await, ["node-1", "node-2"]);
    let mut engine = scene.review("node-2").await;
    engine.handle(Event::Jump(ScreenId::Database));
    engine.run_until_idle().await;
    for screen in ScreenId::ALL {
        for (check, verdict) in engine.state().verdicts_of(screen) {
            assert_ne!(verdict.severity(), Some(Severity::Stop), "{check:?}: {verdict:#?}");
        }
    }
    let says = findings(&engine, "sql-version").remove(0).says;
    assert!(says.contains("Babelfish") && !says.contains("2014"), "{says}");
}
