//! A node is reviewed: everything is looked at again, and nothing is written.

use octopus_setup::catalog::flow;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::finding::{Severity, Verdict};
use octopus_setup::model::flow::Flow;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};

use crate::scene::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_nodes_are_found_and_nothing_stands_against_them() {
    let scene = Scene::new().await;
    scene.join("node-2").await;
    let machine = tree(scene.site.home("state").parent().unwrap());
    for node in ["node-1", "node-2"] {
        let mut engine = scene.review(node).await;
        assert_eq!(engine.state().flow(), Some(Flow::Review));
        assert_eq!(engine.state().answers.text(FieldId::NodeName), node);
        assert_eq!(engine.state().answers.text(FieldId::Database), DATABASE);
        for screen in flow::path(Flow::Review) {
            engine.handle(Event::Jump(*screen));
            engine.run_until_idle().await;
            assert_eq!(engine.state().place.here, *screen, "every section opens at once");
        }
        for screen in ScreenId::ALL {
            for (check, verdict) in engine.state().verdicts_of(screen) {
                // A new key's own business, and that of a node which is handed over to Octopus Server.
                let elsewhere = matches!(check.id(), "key-file" | "key-kept")
                    || octopus_setup::catalog::checks::row(check).screen == ScreenId::Octopus;
                assert!(!matches!(verdict, Verdict::NotYet | Verdict::Running) || elsewhere, "{node}: {check:?}");
                assert_ne!(verdict.severity(), Some(Severity::Stop), "{node}: {verdict:#?}");
            }
        }
        engine.wind_down(std::time::Duration::from_secs(60)).await;
    }
    let unchanged = |files: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<_> {
        // The practice server keeps its own data beside the machine's.
        files.into_iter().filter(|(path, _)| !path.to_string_lossy().contains("/server/")).collect()
    };
    assert_eq!(unchanged(tree(scene.site.home("state").parent().unwrap())), unchanged(machine), "a review wrote something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_shown_only_after_the_name_was_typed_again() {
    let scene = Scene::new().await;
    let mut engine = scene.review("node-1").await;
    engine.handle(Event::Jump(ScreenId::Key));
    engine.run_until_idle().await;
    engine.handle(Event::Press(Action::Reveal));
    assert!(!engine.state().custody().revealed);
    type_in(&mut engine, FieldId::KeyConfirm, "NODE-1");
    engine.handle(Event::Press(Action::Reveal));
    assert!(!engine.state().custody().revealed, "the case of the letters counts");
    type_in(&mut engine, FieldId::KeyConfirm, "node-1");
    engine.handle(Event::Press(Action::Reveal));
    assert!(engine.state().custody().revealed);
    assert!(engine.state().custody().generated.as_ref().unwrap().key == scene.key);
    engine.handle(Event::Next);
    assert!(!engine.state().custody().revealed);
    engine.handle(Event::Jump(ScreenId::Key));
    engine.handle(Event::Press(Action::Reveal));
    assert!(!engine.state().custody().revealed, "the name is to be typed each time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_changed_is_drift_and_is_told_with_both_sides() {
    let scene = Scene::new().await;
    scene.ask("UPDATE octopus_setup.node SET comms_port = 10999, prefixes = N'http://elsewhere/'").await;
    let mut engine = scene.review("node-1").await;
    engine.handle(Event::Jump(ScreenId::Drift));
    engine.run_until_idle().await;
    let told: Vec<String> = findings(&engine, "drift-row").into_iter().map(|finding| finding.says + &finding.fix).collect();
    let told = told.join("\n");
    assert!(told.contains("10999") && told.contains("http://elsewhere/"), "{told}");
    let own = scene.config("node-1");
    assert!(told.contains(&own.comms.port.to_string()), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_with_a_newer_registry_can_still_be_reviewed_and_not_changed() {
    let scene = Scene::new().await;
    scene.ask("UPDATE octopus_setup.version SET version = 3").await;
    let engine = scene.review("node-1").await;
    let content =
        engine.state().verdicts_of(ScreenId::Database).into_iter().find(|(check, _)| check.id() == "db-content").unwrap();
    let Verdict::Found(findings) = content.1 else { panic!("{:?}", content.1) };
    assert!(findings[0].says.contains('3'), "{}", findings[0].says);
    assert_eq!(findings[0].severity, Severity::Warn, "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_than_at_the_last_run_is_told_until_the_config_knows_it() {
    let Scene { site, key } = Scene::new().await;
    let folder = site.server.data().to_owned();
    let site = site.restarted_around(async || std::fs::remove_file(folder.join("tls/server.pem")).unwrap()).await;
    let scene = Scene { site, key };
    let at_database = async || {
        let mut engine = scene.review("node-1").await;
        engine.handle(Event::Jump(ScreenId::Proof));
        engine.run_until_idle().await;
        engine
    };
    let known = scene.config("node-1").database.known_certificate().unwrap();
    let mut engine = at_database().await;
    let shown = engine.state().facts.server.certificate.as_ref().unwrap().sha256;
    assert_ne!(known, shown);
    let found = findings(&engine, "sql-tls").remove(0);
    assert_eq!(found.severity, Severity::Note, "its authority is trusted: {found:#?}");
    assert!(found.says.contains("another certificate than when this node's config was written"), "{found:#?}");

    engine.handle(Event::Press(Action::Edit));
    engine.run_until_idle().await;
    to(&mut engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.config("node-1").database.known_certificate(), Some(shown));
    assert!(evidence(&at_database().await, "sql-tls").contains("SHA-256"));
}
