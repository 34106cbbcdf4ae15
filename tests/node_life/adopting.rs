//! Joins that make a registry beside Octopus' own tables, because the operator said so and the key is proven.

use octopus_setup::model::facts::{Evidence, Liveness};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::plan::StepKind;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;

use crate::scene::*;
use crate::shared::octopus;
use crate::without_registry::adopted;

const REGISTRY: [(FieldId, &str); 1] = [(FieldId::MakeRegistry, "true")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_is_made_and_the_next_one_joins_by_it() {
    let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    let before = scene.octopus_rows().await;
    let mut engine = scene.joining_with("node-1", &REGISTRY);
    to(&mut engine, ScreenId::Review).await;
    let steps: Vec<StepKind> = engine.state().run().plan.as_ref().unwrap().steps.iter().map(|step| step.kind).collect();
    assert_eq!(
        steps,
        [
            StepKind::ProveAgain,
            StepKind::CreateHome,
            StepKind::SealMasterKey,
            StepKind::AdoptCluster,
            StepKind::JoinCluster,
            StepKind::WriteNodeConfig,
            StepKind::ConnectOnce
        ]
    );
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    let id = adopted(scene.key.fingerprint());
    let known = scene.ask("SELECT id, fingerprint FROM octopus_setup.cluster").await;
    assert_eq!(known, [format!("{id}|{}", scene.key.fingerprint())]);
    assert_eq!(scene.nodes().await, ["node-1"]);

    let mut second = scene.joining("node-2");
    to(&mut second, ScreenId::Cluster).await;
    assert_eq!(second.state().facts.cluster.evidence.seen(), Some(&Evidence::Verifier));
    assert!(evidence(&second, "cluster-key").contains("verifier"), "{}", evidence(&second, "cluster-key"));
    assert!(!second.state().fields().contains(&FieldId::MakeRegistry));
    to(&mut second, ScreenId::Done).await;
    second.run_until_idle().await;
    assert_eq!(scene.nodes().await, ["node-1", "node-2"]);
    assert_eq!(scene.config("node-1").cluster, scene.config("node-2").cluster);
    assert_eq!(scene.octopus_rows().await, before, "a table of Octopus' was written");

    let mut wrong = scene.joining("node-3");
    type_in(&mut wrong, FieldId::MasterKey, secrecy::ExposeSecret::expose_secret(&octopus::key(8).to_base64()));
    to(&mut wrong, ScreenId::Cluster).await;
    assert!(stays_shut(&mut wrong, "cluster-key").await.says.contains("does not match the verifier"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_joined_before_there_was_a_registry_finds_its_cluster_again() {
    let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    scene.join("node-1").await;
    let mut second = scene.joining_with("node-2", &REGISTRY);
    to(&mut second, ScreenId::Done).await;
    second.run_until_idle().await;
    assert_eq!(scene.config("node-1").cluster, scene.config("node-2").cluster);
    let review = scene.review("node-1").await;
    let verdict = |id: &str| {
        let all = ScreenId::ALL.into_iter().flat_map(|screen| review.state().verdicts_of(screen));
        all.into_iter().find(|(check, _)| check.id() == id).unwrap().1
    };
    for check in ["db-content", "cluster-key"] {
        assert_eq!(verdict(check).severity(), None, "{:#?}", verdict(check));
    }
    let octopus_setup::model::finding::Verdict::Found(found) = verdict("cluster-node") else { panic!("no row, no finding") };
    assert!(found[0].says.contains("no row"), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_adopt_at_once_both_are_members_of_one_cluster() {
    let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    let mut one = scene.joining_with("node-1", &REGISTRY);
    let mut two = scene.joining_with("node-2", &REGISTRY);
    to(&mut one, ScreenId::Review).await;
    to(&mut two, ScreenId::Review).await;
    one.handle(Event::Next);
    two.handle(Event::Next);
    tokio::join!(one.run_until_idle(), two.run_until_idle());
    for engine in [&one, &two] {
        assert_eq!(engine.state().run().phase, Phase::Finished, "{:#?}", engine.state().run().rows);
    }
    assert_eq!(scene.nodes().await, ["node-1", "node-2"]);
    assert_eq!(scene.ask("SELECT COUNT(*) FROM octopus_setup.cluster").await, ["1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn octopus_own_heart_beats_tell_who_is_alive() {
    let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    scene.beat("web01", 20).await;
    scene.beat("web02", 19 * 86_400).await;
    let before = scene.octopus_rows().await;
    let mut engine = scene.joining_with("node-1", &[(FieldId::NodeName, "WEB01"), REGISTRY[0]]);
    to(&mut engine, ScreenId::Cluster).await;
    let lives: Vec<(String, Liveness)> =
        engine.state().facts.cluster.nodes.seen().unwrap().iter().map(|node| (node.name.to_string(), node.life())).collect();
    assert_eq!(lives, [("web01".to_owned(), Liveness::Alive), ("web02".to_owned(), Liveness::Dead)]);
    let found = stays_shut(&mut engine, "cluster-node").await;
    assert!(found.says.contains("web01"), "{}", found.says);

    // Octopus alone knows the dead one: there is no row of ours to take over, and its own stays.
    type_in(&mut engine, FieldId::NodeName, "web02");
    engine.run_until_idle().await;
    assert!(!engine.state().fields().contains(&FieldId::ReplaceNode));
    let found = findings(&engine, "cluster-node").remove(0);
    assert!(found.says.contains("Octopus' own row of it stays"), "{}", found.says);
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.nodes().await, ["web02"]);
    assert_eq!(scene.octopus_rows().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_node_whose_heart_beats_again_before_the_install_is_not_replaced() {
    let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
    let mut old = scene.joining_with("node-1", &[(FieldId::NodeName, "web-old"), REGISTRY[0]]);
    to(&mut old, ScreenId::Done).await;
    old.run_until_idle().await;
    scene.forget("web-old").await;
    scene.beat("web-old", 19 * 86_400).await;
    let changes = [(FieldId::NodeName, "web-old"), (FieldId::ReplaceNode, "true")];
    let mut engine = scene.joining_with("node-3", &changes);
    to(&mut engine, ScreenId::Review).await;
    let before = scene.ask("SELECT host, prefixes FROM octopus_setup.node").await;
    scene.beat("web-old", 1).await;
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Failed, "a living node's row was taken: {:#?}", engine.state().run().rows);
    assert_eq!(scene.ask("SELECT host, prefixes FROM octopus_setup.node").await, before);
}

/// Joins and drops everything after so many pieces of the install's news; how many there were where it was faster.
async fn cut(scene: &Scene, news: usize) -> Option<usize> {
    scene.site.cut_off(scene.joining_with("node-1", &REGISTRY), "node-1", news).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_crash_of_an_adopting_join_leaves_is_finished_or_undone() {
    for news in 3..13 {
        let scene = Scene::of_octopus_with_certificate(&octopus::key(7)).await;
        let (before, octopus) = (scene.everything().await, scene.octopus_rows().await);
        let ended = cut(&scene, news).await;
        let mut next =
            scene.site.next_start("node-1", &scene.key_text()).await.filter(|next| next.state().place.here != ScreenId::Done);
        match &mut next {
            Some(next) if news % 2 == 0 => {
                to(next, ScreenId::Done).await;
                next.run_until_idle().await;
                assert_eq!(scene.nodes().await, ["node-1"], "after {news} pieces of news");
                assert_eq!(scene.config("node-1").cluster.id, adopted(scene.key.fingerprint()));
            }
            Some(next) => {
                to(next, ScreenId::Review).await;
                next.handle(Event::Press(Action::Undo));
                next.handle(Event::Reply(true));
                next.run_until_idle().await;
                assert_eq!(next.state().run().phase, Phase::Undone, "after {news}: {:#?}", next.state().run().rows);
                assert_eq!(scene.everything().await, before, "after {news} pieces of news");
                assert!(!scene.site.home("node-1").exists(), "after {news} pieces of news");
            }
            None => assert!(ended.is_some() || news < 4, "after {news} pieces of news nothing is to be gone on with"),
        }
        assert_eq!(scene.octopus_rows().await, octopus, "after {news} pieces of news");
        if ended.is_some() {
            return;
        }
    }
}
