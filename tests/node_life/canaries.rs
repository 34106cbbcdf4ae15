//! Canaries while other nodes join and are reviewed: none of them may be taken for missing.

use std::sync::Arc;

use octopus_setup::engine::Engine;
use octopus_setup::model::check::CheckId;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;

use crate::scene::*;

const JOINS: usize = 6;

/// A cluster whose nodes share a folder.
async fn sharing() -> Scene {
    let site = Site::start().await;
    let root = site.home("share").display().to_string();
    std::fs::create_dir(&root).unwrap();
    let mut first = site.wizard("node-1", Some(Flow::FirstNode));
    type_in(&mut first, FieldId::Storage, "root");
    type_in(&mut first, FieldId::StorageRoot, &root);
    to(&mut first, ScreenId::MasterKey).await;
    let proof = last_six(&first);
    type_in(&mut first, FieldId::KeyProof, &proof);
    first.handle(Event::Next);
    first.run_until_idle().await;
    let key = first.state().custody().generated.as_ref().unwrap().key.clone();
    Scene { site, key }
}

/// What is said against the shared folders, at whatever moment.
fn worst(engine: &Engine) -> Option<Severity> {
    engine.state().verdict(CheckId::StorageShared).severity()
}

/// Six joins and six reviews of the first node at once, so often; returns the stops and warnings that were seen.
async fn rounds(count: usize) -> Vec<String> {
    let scene = Arc::new(sharing().await);
    let mut seen = Vec::new();
    for round in 0..count {
        let joins = (0..JOINS).map(|number| {
            let scene = scene.clone();
            let node = format!("node-{round}-{number}");
            tokio::spawn(async move {
                let mut engine = scene.joining(&node);
                to(&mut engine, ScreenId::Storage).await;
                engine.run_until_idle().await;
                let storage = worst(&engine);
                to(&mut engine, ScreenId::Done).await;
                engine.run_until_idle().await;
                (node, storage)
            })
        });
        let reviews = (0..JOINS).map(|number| {
            let scene = scene.clone();
            tokio::spawn(async move {
                let engine = scene.review("node-1").await;
                (format!("review {round}-{number}"), worst(&engine))
            })
        });
        let runs: Vec<_> = joins.collect::<Vec<_>>().into_iter().chain(reviews.collect::<Vec<_>>()).collect();
        for run in runs {
            let (who, severity) = run.await.unwrap();
            if severity >= Some(Severity::Warn) {
                seen.push(format!("{who}: {severity:?}"));
            }
        }
    }
    assert_eq!(scene.nodes().await.len(), 1 + JOINS * count);
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn six_joins_and_reviews_at_once_see_no_canary_missing() {
    assert_eq!(rounds(2).await, Vec::<String>::new());
}

/// The long form; `cargo nextest run --run-ignored only` runs it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a hundred rounds take minutes"]
async fn a_hundred_rounds_of_them() {
    assert_eq!(rounds(100).await, Vec::<String>::new());
}
