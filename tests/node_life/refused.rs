//! What must not join does not: wrong keys, taken names, databases without a cluster.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::gate::Gate;
use octopus_setup::wizard::run::Phase;

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_and_a_truncated_one_are_refused_with_the_right_words() {
    let scene = Scene::new().await;
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Cluster).await;

    type_in(&mut engine, FieldId::MasterKey, "5qJcW9E6B99teMmrOzaYNA==");
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    let found = stays_shut(&mut engine, "cluster-key").await;
    assert!(found.says.contains(&scene.key.fingerprint().to_string()), "both fingerprints are told: {}", found.says);

    let key = scene.key_text();
    type_in(&mut engine, FieldId::MasterKey, &key[..30]);
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().gate(), Gate::Malformed(vec![FieldId::MasterKey]));
    let problem = engine.state().shown_problem(FieldId::MasterKey).unwrap();
    assert!(problem.contains("30"), "{problem}");

    // The same key with the blanks and line breaks of a paste is the key.
    type_in(&mut engine, FieldId::MasterKey, &format!("  {}\r\n{}\n", &key[..20], &key[20..]));
    engine.handle(Event::Next);
    assert_eq!(engine.state().shown_problem(FieldId::MasterKey), None);
    to(&mut engine, ScreenId::Octopus).await;
    assert!(!scene.site.home("node-2").exists(), "nothing was written");
    assert_eq!(scene.nodes().await, ["node-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_a_living_node_is_taken_in_any_case_of_letters() {
    let scene = Scene::new().await;
    let mut engine = scene.joining_with("node-2", &[(FieldId::NodeName, "NODE-1")]);
    to(&mut engine, ScreenId::Cluster).await;
    let found = stays_shut(&mut engine, "cluster-node").await;
    assert!(found.says.contains("node-1"), "the stored spelling is told: {}", found.says);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_has_no_cluster_to_join() {
    let site = Site::start().await;
    let mut engine = site.wizard("node-2", Some(Flow::Join));
    to(&mut engine, ScreenId::Database).await;
    assert!(matches!(engine.state().gate(), Gate::Shut(_)), "{:#?}", engine.state().verdicts());
    let finding = engine.state().foremost().unwrap();
    assert!(finding.fix.contains("Getting started") || finding.says.contains("no database"), "{finding:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_registry_is_not_joined() {
    let scene = Scene::new().await;
    scene.ask("UPDATE octopus_setup.version SET version = 3").await;
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Database).await;
    let found = stays_shut(&mut engine, "db-content").await;
    assert!(found.says.contains('3'), "{}", found.says);
    assert!(!scene.site.home("node-2").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_between_verdict_and_install_stops_it_before_the_first_step() {
    let scene = Scene::new().await;
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Review).await;
    // Somebody put another cluster's verifier there in the meantime.
    scene.ask("UPDATE octopus_setup.cluster SET key_verifier = CAST(REPLICATE('x', 48) AS varbinary(64))").await;
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Failed);
    let row = engine.state().run().failed().unwrap();
    assert_eq!(row.kind.id(), "prove-again");
    assert!(engine.state().explain_step(row).unwrap().says.contains("not this cluster's"));
    assert!(!scene.site.home("node-2").exists(), "something was written");
    assert_eq!(scene.nodes().await, ["node-1"]);
}
