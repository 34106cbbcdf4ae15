//! The look before anything is written.

use std::time::Duration;

use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{Content, Heartbeat, Trouble};
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::plan::{Failure, Progress, StepKind};
use octopus_setup::world::{apply, journals};

use crate::apply_support::{Act, Bench, Call, INSTANCE, Server, key};
use crate::scene::{Case, before, go, install, plan};

/// A run that is refused leaves nothing on this machine and asks nothing more of the server.
async fn refused(bench: &Bench, case: Case, key: &MasterKey) -> Failure {
    let (files, server) = (bench.raw_files(), bench.database.server());
    let mut plan = plan(case, bench);
    plan.fingerprint = key.fingerprint();
    let mut last = None;
    let outcome = install(bench, &plan, Some(key), |progress| last = Some(progress.clone())).await.expect("no crash");
    let failure = outcome.expect_err("a failure");
    assert_eq!(last, Some(Progress::Failed(StepKind::ProveAgain, failure.clone())));
    assert_eq!((bench.raw_files(), bench.database.server()), (files, server));
    assert!([Call::Change, Call::Adopt].into_iter().all(|call| bench.database.count(call) == 0));
    failure
}

#[tokio::test]
async fn a_wrong_key_is_refused_before_any_file_is_written() {
    let wrong = MasterKey::from_bytes(&[8; 32]).expect("a key");
    for case in [Case::Insert, Case::Replace, Case::Adopt, Case::Plain, Case::EditElsewhere] {
        let bench = before(case).await;
        assert_eq!(refused(&bench, case, &wrong).await, Failure::WrongKey, "{case:?}");
        assert_eq!(journals::read(&bench.places, INSTANCE).expect("no error"), None);
    }
}

#[tokio::test]
async fn a_key_that_nothing_confirms_takes_the_operators_word_and_makes_no_registry() {
    for case in [Case::Plain, Case::Adopt] {
        let bench = before(case).await;
        bench.database.server.lock().unwrap().octopus_key = None;
        assert_eq!(refused(&bench, case, &key()).await, Failure::KeyUnverified);
        let mut accepted = plan(case, &bench);
        accepted.key_unverified = true;
        let outcome = install(&bench, &accepted, Some(&key()), |_| {}).await.expect("no crash");
        if case == Case::Plain {
            assert_eq!(outcome, Ok(()));
        } else {
            assert!(matches!(outcome, Err(Failure::Defect(_))), "{outcome:?}");
            assert_eq!(bench.database.count(Call::Adopt), 0);
        }
    }
}

#[tokio::test]
async fn a_word_for_a_key_does_not_make_a_wrong_one_right() {
    let bench = before(Case::Plain).await;
    let wrong = MasterKey::from_bytes(&[8; 32]).expect("a key");
    let mut plan = plan(Case::Plain, &bench);
    (plan.key_unverified, plan.fingerprint) = (true, wrong.fingerprint());
    let outcome = install(&bench, &plan, Some(&wrong), |_| {}).await.expect("no crash");
    assert_eq!(outcome, Err(Failure::WrongKey));
}

#[tokio::test]
async fn another_content_than_the_checks_saw_is_refused() {
    let octopus = Server { database: true, octopus: true, octopus_key: Some(key().fingerprint()), ..Server::default() };
    let foreign = Server { database: true, foreign: true, ..Server::default() };
    for case in [Case::Insert, Case::Edit] {
        let bench = before(case).await;
        let mut other = bench.database.server();
        other.cluster().id = ClusterId([1; 16]);
        for server in [Server::default(), octopus.clone(), foreign.clone(), other] {
            let content = server.content();
            *bench.database.server.lock().unwrap() = server;
            assert_eq!(refused(&bench, case, &key()).await, Failure::ContentChanged(Box::new(content)), "{case:?}");
        }
    }
    let bench = before(Case::Adopt).await;
    *bench.database.server.lock().unwrap() = foreign;
    assert!(matches!(refused(&bench, Case::Adopt, &key()).await, Failure::ContentChanged(_)));
}

#[tokio::test]
async fn it_is_looked_at_on_every_start() {
    let bench = before(Case::Insert).await;
    bench.database.plot(Call::Prove, Act::FailBefore(Trouble::Refused));
    assert_eq!(go(Case::Insert, &bench).await, Err(Failure::Server(Trouble::Refused)));
    // The key was changed in between, by whoever can.
    bench.database.server.lock().unwrap().cluster().fingerprint = MasterKey::from_bytes(&[8; 32]).expect("a key").fingerprint();
    assert_eq!(go(Case::Insert, &bench).await, Err(Failure::WrongKey));
    assert_eq!(bench.database.count(Call::Verify), 2);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn a_connection_that_is_lost_at_the_look_leaves_nothing() {
    let bench = before(Case::Insert).await;
    bench.database.plot(Call::Verify, Act::FailBefore(Trouble::ConnectionLost));
    assert_eq!(refused(&bench, Case::Insert, &key()).await, Failure::Server(Trouble::ConnectionLost));
    assert_eq!(go(Case::Insert, &bench).await, Ok(()));
}

#[tokio::test]
async fn a_machine_without_the_key_cannot_prove_it() {
    let bench = before(Case::Edit).await;
    std::fs::remove_file(bench.home.join("octopus-master-key.sealed")).expect("removed");
    assert!(matches!(go(Case::Edit, &bench).await, Err(Failure::Defect(_))));
}

#[tokio::test]
async fn a_join_whose_sealed_key_is_gone_asks_for_it_again() {
    let bench = before(Case::Insert).await;
    bench.database.plot(Call::Prove, Act::FailBefore(Trouble::Refused));
    assert!(go(Case::Insert, &bench).await.is_err());
    std::fs::remove_file(bench.home.join("octopus-master-key.sealed")).expect("removed");
    let left = apply::resume(&bench.places, INSTANCE).await.expect("no catastrophe");
    assert!(left.key.is_none());
    assert_eq!(go(Case::Insert, &bench).await, Ok(()));
    assert!(matches!(bench.database.server().content(), Content::Cluster(_)));
}

/// A heart that beats, and one that nobody can hear any more.
const NOT_DEAD: [Heartbeat; 2] = [Heartbeat::Ago(Duration::from_secs(7)), Heartbeat::Unreadable];

fn alive(node: &str, beat: Heartbeat) -> Failure {
    let beat = if let Heartbeat::Ago(age) = beat { Some(age) } else { None };
    Failure::NodeAlive { node: node.into(), beat }
}

#[tokio::test]
async fn a_node_whose_heart_beats_again_is_not_replaced_and_its_name_is_not_taken() {
    for case in [Case::Replace, Case::Insert, Case::Adopt, Case::Plain] {
        for beat in NOT_DEAD {
            let bench = before(case).await;
            bench.database.server.lock().unwrap().beats.insert("web01".into(), beat);
            assert_eq!(refused(&bench, case, &key()).await, alive("web01", beat), "{case:?}");
            bench.database.server.lock().unwrap().beats.insert("web01".into(), Heartbeat::Ago(Duration::from_secs(301)));
            assert_eq!(go(case, &bench).await, Ok(()), "{case:?}");
        }
    }
}

#[tokio::test]
async fn a_node_that_came_back_behind_the_look_is_not_replaced_either() {
    let bench = before(Case::Replace).await;
    let server = bench.database.server();
    let (plan, key) = (plan(Case::Replace, &bench), key());
    let outcome = install(&bench, &plan, Some(&key), |progress| {
        if matches!(progress, Progress::Done(StepKind::SealMasterKey, ..)) {
            bench.database.server.lock().unwrap().beats.insert("web01".into(), NOT_DEAD[0]);
        }
    });
    assert_eq!(outcome.await.expect("no crash"), Err(alive("web01", NOT_DEAD[0])));
    assert_eq!(bench.database.count(Call::Change), 0);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(bench.database.server().cluster, server.cluster);
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn a_node_whose_heart_beats_again_is_not_removed() {
    for beat in NOT_DEAD {
        let bench = before(Case::Remove).await;
        bench.database.server.lock().unwrap().beats.insert("web09".into(), beat);
        let server = bench.database.server();
        assert_eq!(go(Case::Remove, &bench).await, Err(alive("web09", beat)));
        assert_eq!((bench.database.server(), bench.database.count(Call::Change)), (server, 0));
        bench.database.server.lock().unwrap().beats.clear();
        assert_eq!(go(Case::Remove, &bench).await, Ok(()));
    }
}

#[tokio::test]
async fn a_run_that_is_gone_on_with_is_not_stopped_by_its_own_nodes_heart() {
    for case in [Case::Replace, Case::Insert, Case::Adopt, Case::Plain] {
        let bench = before(case).await;
        let old = plan(case, &bench);
        assert_eq!(install(&bench, &old, Some(&key()), |_| {}).await.expect("no crash"), Ok(()));
        bench.database.server.lock().unwrap().beats.insert("web01".into(), NOT_DEAD[0]);
        assert_eq!(install(&bench, &old, Some(&key()), |_| {}).await.expect("no crash"), Ok(()), "{case:?}");
    }
}

#[tokio::test]
async fn whoever_leaves_may_be_alive() {
    let bench = before(Case::Leave).await;
    bench.database.server.lock().unwrap().beats.insert("web01".into(), NOT_DEAD[0]);
    assert_eq!(go(Case::Leave, &bench).await, Ok(()));
    assert_eq!(bench.database.count(Call::Node), 0);
}
