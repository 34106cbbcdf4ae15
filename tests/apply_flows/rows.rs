//! The registry's rows: who wins one, who is told, and what is left alone.

use octopus_setup::model::facts::Trouble;
use octopus_setup::model::plan::{Failure, Plan, StepKind, StepState};
use octopus_setup::world::{apply, journals};

use crate::apply_support::{Act, Bench, Call, Fake, INSTANCE, key};
use crate::scene::{Case, before, go, install, plan, row, seen};

fn state(bench: &Bench, kind: StepKind) -> StepState {
    journals::read(&bench.places, INSTANCE).expect("read").expect("there").state(kind)
}

#[tokio::test]
async fn the_row_says_what_the_node_is() {
    let bench = before(Case::Insert).await;
    go(Case::Insert, &bench).await.expect("no failure");
    let joined = seen(&bench, "web01").expect("a row").row;
    assert_eq!((joined.prefixes.as_str(), joined.comms_port, joined.task_cap), ("https://web01:443/", 10_943, 5));
    assert!(!joined.host.is_empty() && !joined.system.is_empty());
    let journal = journals::read(&bench.places, INSTANCE).expect("read").expect("there");
    assert_eq!((journal.before, journal.after), (None, Some(joined)));
    assert!(journal.run.len() == 32 && journal.run.bytes().all(|digit| digit.is_ascii_hexdigit()), "{}", journal.run);
}

#[tokio::test]
async fn two_wizards_that_join_one_instance_exclude_each_other() {
    let bench = before(Case::Insert).await;
    let (plan, key) = (plan(Case::Insert, &bench), key());
    let start = || install(&bench, &plan, Some(&key), |_| {});
    let (one, two) = tokio::join!(start(), start());
    let outcomes = [one.expect("no crash"), two.expect("no crash")];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(Failure::Busy { .. }))), "{outcomes:?}");
    assert_eq!(bench.database.count(Call::Change), 1);
}

#[tokio::test]
async fn of_two_machines_with_one_name_one_wins_and_the_others_undo_leaves_it_alone() {
    let (first, second) = (before(Case::Insert).await, Bench::new(Fake::default()));
    // Both have looked before either writes.
    let theirs = plan(Case::Insert, &second);
    go(Case::Insert, &first).await.expect("no failure");
    *second.database.server.lock().unwrap() = first.database.server();
    let outcome = install(&second, &theirs, Some(&key()), |_| {}).await.expect("no crash");
    assert_eq!(outcome, Err(Failure::RowTaken(Box::new(seen(&first, "web01").expect("a row")))));
    assert_eq!(state(&second, StepKind::JoinCluster), StepState::Planned);
    assert_eq!(second.undo(|_| {}).await, Some(true));
    assert_eq!((second.database.server(), second.database.count(Call::Unchange)), (first.database.server(), 0));
    assert!(second.files().is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_the_next_try_or_taken_back() {
    for case in [Case::Insert, Case::Replace, Case::Adopt, Case::Edit, Case::Leave, Case::Remove] {
        for act in [Act::FailBefore(Trouble::ConnectionLost), Act::FailAfter(Trouble::ConnectionLost)] {
            for forward in [false, true] {
                let bench = before(case).await;
                let server = bench.database.server();
                bench.database.plot(Call::Change, act.clone());
                assert_eq!(go(case, &bench).await, Err(Failure::Server(Trouble::ConnectionLost)));
                if forward {
                    assert_eq!(go(case, &bench).await, Ok(()), "{case:?} {act:?}");
                }
                assert_eq!(bench.undo(|_| {}).await, Some(true), "{case:?} {act:?}");
                assert_eq!(bench.database.server(), server, "{case:?} {act:?}");
            }
        }
    }
}

#[tokio::test]
async fn another_name_on_the_next_try_leaves_no_row_of_the_first() {
    let bench = before(Case::Replace).await;
    let origin = bench.database.server();
    bench.database.plot(Call::Prove, Act::FailBefore(Trouble::Refused));
    assert!(go(Case::Replace, &bench).await.is_err());
    let mut renamed = plan(Case::Insert, &bench);
    renamed.node.name = "web02".into();
    renamed.before = None;
    install(&bench, &renamed, Some(&key()), |_| {}).await.expect("no crash").expect("no failure");
    assert_eq!(seen(&bench, "web01"), origin.cluster.as_ref().and_then(|cluster| cluster.rows.get("web01").cloned()));
    assert_eq!(seen(&bench, "web02").map(|kept| kept.row.name), Some("web02".into()));
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(bench.database.server(), origin);
}

#[tokio::test]
async fn other_ports_on_the_next_try_are_what_the_row_says_in_the_end() {
    for case in [Case::Insert, Case::Edit] {
        let bench = before(case).await;
        let origin = bench.database.server();
        bench.database.plot(Call::Prove, Act::FailBefore(Trouble::Refused));
        assert!(go(case, &bench).await.is_err());
        let mut changed = plan(case, &bench);
        changed.node.web.comms_port = 10_111;
        install(&bench, &changed, Some(&key()), |_| {}).await.expect("no crash").expect("no failure");
        assert_eq!(seen(&bench, "web01").map(|kept| kept.row.comms_port), Some(10_111));
        assert_eq!(bench.undo(|_| {}).await, Some(true));
        assert_eq!(bench.database.server(), origin, "{case:?}");
    }
}

#[tokio::test]
async fn a_row_that_changed_since_it_was_seen_is_left_alone_until_it_is_seen_again() {
    for case in [Case::Replace, Case::Edit, Case::Leave, Case::Remove] {
        let bench = before(case).await;
        let (old, name) = (plan(case, &bench), if case == Case::Remove { "web09" } else { "web01" });
        bench.database.server.lock().unwrap().cluster().rows.get_mut(name).unwrap().row.task_cap = 50;
        let server = bench.database.server();
        let outcome = install(&bench, &old, case.key().as_ref(), |_| {}).await.expect("no crash");
        assert!(matches!(&outcome, Err(Failure::RowTaken(row)) if row.row.task_cap == 50), "{case:?} {outcome:?}");
        assert_eq!(bench.database.server(), server);
        assert_eq!(go(case, &bench).await, Ok(()), "{case:?}");
        assert_eq!(bench.undo(|_| {}).await, Some(true));
        assert_eq!(bench.database.server(), server, "{case:?}");
    }
}

#[tokio::test]
async fn a_row_that_changed_after_an_answer_was_lost_does_not_block_the_run_for_ever() {
    let bench = before(Case::Replace).await;
    bench.database.plot(Call::Change, Act::FailBefore(Trouble::ConnectionLost));
    assert!(go(Case::Replace, &bench).await.is_err());
    bench.database.server.lock().unwrap().cluster().rows.get_mut("web01").unwrap().row.task_cap = 50;
    assert!(matches!(go(Case::Replace, &bench).await, Err(Failure::RowTaken(_))));
    assert_eq!(state(&bench, StepKind::JoinCluster), StepState::Undone);
    assert_eq!(go(Case::Replace, &bench).await, Ok(()));
}

#[tokio::test]
async fn a_row_that_is_gone_is_told_and_nothing_is_done() {
    for case in [Case::Replace, Case::Edit, Case::Leave, Case::Remove] {
        let bench = before(case).await;
        let (old, name) = (plan(case, &bench), if case == Case::Remove { "web09" } else { "web01" });
        bench.database.server.lock().unwrap().cluster().rows.remove(name);
        let outcome = install(&bench, &old, case.key().as_ref(), |_| {}).await.expect("no crash");
        assert!(matches!(outcome, Err(Failure::RowGone { .. })), "{case:?} {outcome:?}");
        assert_eq!(bench.undo(|_| {}).await, Some(true), "{case:?}");
        assert_eq!(bench.database.count(Call::Unchange), 0, "{case:?}");
    }
}

#[tokio::test]
async fn a_row_that_somebody_took_in_between_is_not_overwritten_by_undo() {
    let bench = before(Case::Remove).await;
    go(Case::Remove, &bench).await.expect("no failure");
    bench.database.server.lock().unwrap().cluster().enter(row("WEB09"));
    let server = bench.database.server();
    let mut failure = None;
    let whole = bench.undo(|progress| {
        if let octopus_setup::model::plan::Progress::UndoFailed(_, told) = progress {
            failure = Some(told.clone());
        }
    });
    assert_eq!(whole.await, Some(false));
    assert!(matches!(failure, Some(Failure::RowTaken(_))), "{failure:?}");
    assert_eq!(bench.database.server(), server);
}

#[tokio::test]
async fn a_registry_that_others_use_by_now_is_not_taken_away() {
    let bench = before(Case::Adopt).await;
    go(Case::Adopt, &bench).await.expect("no failure");
    for name in ["web02", "web03"] {
        bench.database.server.lock().unwrap().cluster().enter(row(name));
    }
    // Nothing in it is this run's any more, so the run is over: else it would be unfinished as long as the others live.
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(bench.database.server().cluster().rows.keys().collect::<Vec<_>>(), ["web02", "web03"]);
    assert_eq!(journals::read(&bench.places, INSTANCE).expect("no error"), None);
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_no_folder_that_could_not_be_removed() {
    let bench = before(Case::Leave).await;
    go(Case::Leave, &bench).await.expect("no failure");
    std::fs::write(bench.places.journal(INSTANCE), "format = 9").expect("written");
    let mut failed = Vec::new();
    let whole = bench.undo(|progress| {
        if let octopus_setup::model::plan::Progress::UndoFailed(kind, failure) = progress {
            failed.push((*kind, matches!(failure, Failure::StateFile { .. })));
        }
    });
    assert_eq!(whole.await, Some(false));
    assert_eq!(failed, [(StepKind::ProveAgain, true)], "its words are about the run's own record");
}

#[tokio::test]
async fn an_unfinished_run_is_not_gone_on_with_by_another_flow_or_about_another_row() {
    let bench = before(Case::Remove).await;
    bench.database.plot(Call::Change, Act::FailAfter(Trouble::ConnectionLost));
    assert!(go(Case::Remove, &bench).await.is_err());
    let other_row = Plan { before: seen(&bench, "web00"), ..plan(Case::Remove, &bench) };
    for (plan, key) in [(other_row, None), (plan(Case::Edit, &bench), None), (plan(Case::Insert, &bench), Some(key()))] {
        let server = bench.database.server();
        let outcome = install(&bench, &plan, key.as_ref(), |_| {}).await.expect("no crash");
        assert!(matches!(outcome, Err(Failure::OtherRun { .. })), "{outcome:?}");
        assert_eq!(bench.database.server(), server);
    }
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(go(Case::Edit, &bench).await, Ok(()), "a run that was undone is over");
}

#[tokio::test]
async fn two_instances_of_one_machine_can_join_one_cluster_at_a_time() {
    let bench = before(Case::Insert).await;
    bench.database.plot(Call::Prove, Act::FailBefore(Trouble::Refused));
    assert!(go(Case::Insert, &bench).await.is_err());
    let mut second = plan(Case::Insert, &bench);
    (second.node.instance, second.node.name) = ("Other".into(), "web02".into());
    second.node.home = bench.root.path().join("other");
    second.before = None;
    install(&bench, &second, Some(&key()), |_| {}).await.expect("no crash").expect("no failure");
    assert_eq!(go(Case::Insert, &bench).await, Ok(()));
    apply::close(&bench.places, "Other").await.expect("closed");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(seen(&bench, "web01").is_none() && seen(&bench, "web02").is_some());
}
