//! The life of a cluster on a T-SQL server that others wrote, as the practice server plays one (`Personality::quirks`).

use octopus_setup::model::finding::Severity;
use octopus_setup::model::screen::ScreenId;

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
    let engine = scene.review("node-2").await;
    for screen in ScreenId::ALL {
        for (check, verdict) in engine.state().verdicts_of(screen) {
            assert_ne!(verdict.severity(), Some(Severity::Stop), "{check:?}: {verdict:#?}");
        }
    }
    let verdicts = engine.state().verdicts_of(ScreenId::Database);
    let version = verdicts.into_iter().find(|(check, _)| check.id() == "sql-version").map(|(_, verdict)| format!("{verdict:?}"));
    assert!(version.as_ref().is_some_and(|said| said.contains("Babelfish") && !said.contains("2014")), "{version:?}");
}
