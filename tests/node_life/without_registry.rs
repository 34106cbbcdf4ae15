//! Joins to a database that Octopus Server made by itself: read, and not written.

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::Identity;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::Severity;
use octopus_setup::model::master_key::Fingerprint;
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::plan::StepKind;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::Event;
use octopus_setup::wizard::gate::Gate;
use octopus_setup::wizard::run::Phase;

use crate::scene::*;
use crate::shared::{cipher, octopus};

pub fn adopted(fingerprint: Fingerprint) -> ClusterId {
    ClusterId::adopted(fingerprint, &DatabaseName::parse(DATABASE).unwrap())
}

/// Joins as the key allows it, and expects that nothing has changed in the database.
async fn joins_and_writes_nothing(scene: &Scene, basis: &str) {
    let before = scene.everything().await;
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Cluster).await;
    assert!(matches!(engine.state().facts.cluster.identity.seen(), Some(Identity::Octopus { .. })));
    assert!(evidence(&engine, "cluster-key").contains(basis), "{}", evidence(&engine, "cluster-key"));
    assert!(engine.state().fields().contains(&FieldId::MakeRegistry), "{:?}", engine.state().fields());
    to(&mut engine, ScreenId::Review).await;
    let plan = engine.state().run().plan.clone().unwrap();
    let steps: Vec<StepKind> = plan.steps.iter().map(|step| step.kind).collect();
    assert_eq!(steps, [StepKind::ProveAgain, StepKind::CreateHome, StepKind::SealMasterKey, StepKind::WriteNodeConfig]);
    assert!(!plan.key_unverified);
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.everything().await, before, "something was written");
    let config = scene.config("node-2");
    assert_eq!((config.cluster.id, config.cluster.fingerprint), (adopted(scene.key.fingerprint()), scene.key.fingerprint()));
    assert!(scene.site.journals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_joins_by_octopus_own_certificate_and_its_review_says_what_it_cannot_compare() {
    let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    joins_and_writes_nothing(&scene, "certificate").await;

    let before = scene.everything().await;
    let mut engine = scene.review("node-2").await;
    engine.handle(Event::Jump(ScreenId::Proof));
    engine.run_until_idle().await;
    for screen in ScreenId::ALL {
        for (check, verdict) in engine.state().verdicts_of(screen) {
            assert_ne!(verdict.severity(), Some(Severity::Stop), "{check:?}: {verdict:#?}");
        }
    }
    engine.handle(Event::Jump(ScreenId::Drift));
    engine.run_until_idle().await;
    let told = evidence(&engine, "drift-row");
    assert!(told.contains("not compared") && told.contains("registry"), "{told}");
    assert_eq!(scene.everything().await, before, "the review wrote something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_documents_are_proof_as_well() {
    let key = octopus::key(9);
    let blob = cipher::compressed(&octopus::certificate_json(&key));
    let scene =
        Scene::of_octopus(&key, &[octopus::COMPRESSED, &octopus::blob_row("Certificate", "certificate-global", &blob)]).await;
    joins_and_writes_nothing(&scene, "certificate").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_values_are_proof_too() {
    let key = octopus::key(11);
    let accounts = octopus::accounts(&key, 3);
    let batches: Vec<&str> = std::iter::once(octopus::PLAIN).chain(accounts.iter().map(String::as_str)).collect();
    let scene = Scene::of_octopus(&key, &batches).await;
    joins_and_writes_nothing(&scene, "3 encrypted values").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_refused_whatever_is_chosen_besides() {
    let mut scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    scene.key = octopus::key(8);
    let before = scene.everything().await;
    let chosen = [(FieldId::UnverifiedKey, "true"), (FieldId::MakeRegistry, "true")];
    let mut engine = scene.joining_with("node-2", &chosen);
    to(&mut engine, ScreenId::Cluster).await;
    let found = stays_shut(&mut engine, "cluster-key").await;
    assert!(found.says.contains("does not open the server certificate"), "{}", found.says);
    for field in [FieldId::UnverifiedKey, FieldId::MakeRegistry] {
        assert!(!engine.state().fields().contains(&field), "{field:?} is offered");
    }
    assert_eq!(scene.everything().await, before);
    assert!(!scene.site.home("node-2").exists());
}

/// A key that nothing can confirm: shut, until the operator says so twice.
async fn is_taken_only_by_the_operators_own_word(scene: &Scene) {
    let before = scene.everything().await;
    // Asking for a registry beforehand must not get one.
    let mut engine = scene.joining_with("node-2", &[(FieldId::MakeRegistry, "true")]);
    to(&mut engine, ScreenId::Cluster).await;
    let found = stays_shut(&mut engine, "cluster-key").await;
    assert!(found.says.contains("cannot be verified"), "{}", found.says);
    let fields = engine.state().fields();
    assert!(fields.contains(&FieldId::UnverifiedKey) && !fields.contains(&FieldId::MakeRegistry), "{fields:?}");

    type_in(&mut engine, FieldId::UnverifiedKey, "true");
    engine.run_until_idle().await;
    assert!(matches!(engine.state().gate(), Gate::Warned(_)), "the warning is to be accepted too: {:?}", engine.state().gate());
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().place.here, ScreenId::Cluster, "one Enter is not enough");
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().place.here, ScreenId::Storage);
    to(&mut engine, ScreenId::Review).await;
    let plan = engine.state().run().plan.clone().unwrap();
    assert!(plan.key_unverified);
    assert!(plan.steps.iter().all(|step| step.kind != StepKind::AdoptCluster), "{:#?}", plan.steps);
    install(&mut engine).await;
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.everything().await, before, "something was written");
    assert_eq!(scene.config("node-2").cluster.id, adopted(scene.key.fingerprint()));

    let review = scene.review("node-2").await;
    let key = review.state().verdicts_of(ScreenId::Cluster).into_iter().find(|(check, _)| check.id() == "cluster-key").unwrap();
    assert_eq!(key.1.severity(), Some(Severity::Unproven), "{key:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_values_are_not_proof() {
    let key = octopus::key(13);
    let accounts = octopus::accounts(&key, 2);
    let scene = Scene::of_octopus(&key, &[octopus::PLAIN, &accounts[0], &accounts[1]]).await;
    is_taken_only_by_the_operators_own_word(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_encrypted_nothing_is_proven() {
    let scene = Scene::of_octopus(&octopus::key(15), &[octopus::PLAIN]).await;
    is_taken_only_by_the_operators_own_word(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_found_wrong_at_the_last_look_is_not_taken_although_the_unverified_one_was() {
    let key = octopus::key(17);
    let accounts = octopus::accounts(&key, 2);
    let scene = Scene::of_octopus(&key, &[octopus::PLAIN, &accounts[0], &accounts[1]]).await;
    let mut engine = scene.joining_with("node-2", &[(FieldId::UnverifiedKey, "true")]);
    to(&mut engine, ScreenId::Review).await;
    // Octopus makes its certificate in the meantime, with the true key.
    scene.ask(&octopus::row("Configuration", "certificate-global", &octopus::certificate_json(&octopus::key(18)))).await;
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Failed, "{:#?}", engine.state().run().rows);
    assert_eq!(engine.state().run().failed().unwrap().kind, StepKind::ProveAgain);
    assert!(!scene.site.home("node-2").exists(), "something was written");
}
