//! What goes wrong between a join's steps: lines that are cut, servers that stop, locks that are refused. The run ends
//! finished, or failed in a way that Retry finishes; and the node has one row.

use octopus_setup::engine::Engine;
use octopus_setup::model::field::FieldId;
use octopus_setup::model::flow::Flow;
use octopus_setup::model::plan::StepKind;
use octopus_setup::model::screen::ScreenId;
use octopus_setup::wizard::event::{Action, Event};
use octopus_setup::wizard::run::Phase;
use practice_server::TlsPolicy;

use crate::scene::*;
use crate::shared::wire::Wire;

/// Presses Enter on the plan and waits for the end.
async fn run(engine: &mut Engine) -> Phase {
    engine.handle(Event::Next);
    engine.run_until_idle().await;
    engine.state().run().phase
}

async fn retried(engine: &mut Engine) {
    engine.handle(Event::Press(Action::Retry));
    engine.run_until_idle().await;
    assert_eq!(engine.state().run().phase, Phase::Finished, "{:#?}", engine.state().run().rows);
}

/// The run has come to its end by now: one row, a config of the same cluster, no journal.
async fn is_over(scene: &Scene, engine: &mut Engine, node: &str) {
    to(engine, ScreenId::Done).await;
    engine.run_until_idle().await;
    assert_eq!(scene.ask(&format!("SELECT name FROM octopus_setup.node WHERE name = N'{node}'")).await, [node]);
    let joined = format!("SELECT what FROM octopus_setup.history WHERE node = N'{node}'");
    assert_eq!(scene.ask(&joined).await, ["joined"], "{node}: it joined more than once");
    assert_eq!(scene.config(node).cluster, scene.config("node-1").cluster);
    assert!(scene.site.journals().is_empty());
}

/// Cuts the line behind each piece of the server's answers in turn, until an install gets through without.
async fn cut_everywhere(for_good: bool) {
    let scene = Scene::new().await;
    let wire = Wire::to(scene.site.server.addr()).await;
    let mut failed = Vec::new();
    for pieces in 0..64 {
        let node = format!("cut-{pieces}");
        let mut engine = scene.joining_with(&node, &[(FieldId::Server, &wire.server())]);
        to(&mut engine, ScreenId::Review).await;
        wire.cut_after(pieces, for_good);
        let phase = run(&mut engine).await;
        let cut = wire.was_cut();
        wire.mend();
        match phase {
            Phase::Finished => assert!(!(cut && for_good), "{node}: finished without a server"),
            Phase::Failed => {
                let row = engine.state().run().failed().unwrap();
                let said = engine.state().explain_step(row).unwrap();
                assert!(!said.says.is_empty() && !said.fix.is_empty(), "{said:?}");
                failed.push(row.kind);
                retried(&mut engine).await;
            }
            other => panic!("{node}: {other:?}"),
        }
        is_over(&scene, &mut engine, &node).await;
        if !cut {
            assert!(pieces > 6, "the line was cut in several places");
            if for_good {
                for kind in [StepKind::ProveAgain, StepKind::JoinCluster, StepKind::ConnectOnce] {
                    assert!(failed.contains(&kind), "{kind:?} never failed: {failed:?}");
                }
            }
            return;
        }
    }
    panic!("the install never got through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_cut_once_anywhere_leaves_one_row() {
    cut_everywhere(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_stays_cut_fails_and_retry_finishes() {
    cut_everywhere(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_between_plan_and_install_is_found_again_when_it_is_back() {
    let scene = Scene::new().await;
    let mut engine = scene.joining("node-2");
    to(&mut engine, ScreenId::Review).await;
    let Scene { site, key } = scene;
    let site = site
        .restarted_around(async || {
            assert_eq!(run(&mut engine).await, Phase::Failed, "{:#?}", engine.state().run().rows);
            assert_eq!(engine.state().run().failed().unwrap().kind, StepKind::ProveAgain);
        })
        .await;
    let scene = Scene { site, key };
    assert!(!scene.site.home("node-2").exists(), "something was written before the server was seen");
    retried(&mut engine).await;
    is_over(&scene, &mut engine, "node-2").await;
}

/// A cluster on a server without TLS, whose answers a wire can put in its place; and a wizard on its way to the plan.
async fn in_the_clear() -> (Scene, Wire, Vec<(FieldId, String)>) {
    let clear = [(FieldId::Encryption, "optional".to_owned()), (FieldId::Trust, "none".to_owned())];
    let site = crate::shared::walk::Site::with(|options| options.tls = TlsPolicy::Missing).await;
    let mut first = site.wizard("node-1", Some(Flow::FirstNode));
    for (field, text) in &clear {
        type_in(&mut first, *field, text);
    }
    to(&mut first, ScreenId::MasterKey).await;
    let proof = last_six(&first);
    type_in(&mut first, FieldId::KeyProof, &proof);
    to(&mut first, ScreenId::Done).await;
    first.run_until_idle().await;
    let key = first.state().custody().generated.as_ref().unwrap().key.clone();
    let wire = Wire::to(site.server.addr()).await;
    let changes = clear.into_iter().chain([(FieldId::Server, wire.server())]).collect();
    (Scene { site, key }, wire, changes)
}

async fn ready(scene: &Scene, node: &str, changes: &[(FieldId, String)]) -> Engine {
    let changes: Vec<(FieldId, &str)> = changes.iter().map(|(field, text)| (*field, text.as_str())).collect();
    let mut engine = scene.joining_with(node, &changes);
    to(&mut engine, ScreenId::Review).await;
    engine
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_or_a_lock_that_is_not_granted_is_tried_again_and_not_for_ever() {
    let (scene, wire, changes) = in_the_clear().await;
    let mut engine = ready(&scene, "victim-2", &changes).await;
    wire.refuse_joins(2, 1205);
    assert_eq!(run(&mut engine).await, Phase::Finished, "{:#?}", engine.state().run().rows);
    assert_eq!(wire.refused(), 2, "the join was not even tried");
    is_over(&scene, &mut engine, "victim-2").await;

    for (node, number) in [("victim-3", 1205), ("victim-4", 1222)] {
        wire.mend();
        let mut engine = ready(&scene, node, &changes).await;
        wire.refuse_joins(1_000, number);
        assert_eq!(run(&mut engine).await, Phase::Failed, "{:#?}", engine.state().run().rows);
        let row = engine.state().run().failed().unwrap();
        assert_eq!(row.kind, StepKind::JoinCluster);
        assert!((1..=4).contains(&wire.refused()), "tried {} times", wire.refused());
        assert!(engine.state().explain_step(row).unwrap().says.contains("Rehearsed"), "the server's own words are told");
        wire.mend();
        retried(&mut engine).await;
        is_over(&scene, &mut engine, node).await;
    }
}
