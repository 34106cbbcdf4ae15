//! A crash before, in and after every step and call, then going on or undo: it ends finished, or exactly as it was before.

use octopus_setup::model::facts::Trouble;
use octopus_setup::model::plan::{Progress, StepKind, StepState};
use octopus_setup::world::{apply, journals};

use crate::apply_support::{Act, Bench, Call, INSTANCE, Server, crash, key};
use crate::scene::{Case, assert_no_canary_is_missed, before, files, go, install, plan, storage};

/// Where a run is cut off.
#[derive(Debug, Clone)]
enum Cut {
    /// At the n-th report.
    Report(usize),
    /// In a call to the database, the first of its kind.
    Call(Call, Act),
    /// Between a step's effect and the journal's word of it.
    Unrecorded(StepKind),
}

fn cuts(case: Case) -> Vec<Cut> {
    // Begun and Done of each step, and Finished.
    let mut cuts: Vec<_> = (0..=case.steps().len() * 2).map(Cut::Report).collect();
    let call = if case.joins() { Call::Register } else { Call::Initialise };
    let lost = Trouble::ConnectionLost;
    for act in [Act::CrashBefore, Act::CrashAfter, Act::FailBefore(lost.clone()), Act::FailAfter(lost.clone())] {
        cuts.push(Cut::Call(call, act));
    }
    cuts.extend(case.steps().iter().copied().map(Cut::Unrecorded));
    cuts
}

async fn cut_off(bench: &Bench, case: Case, cut: &Cut) {
    if let Cut::Call(call, act) = cut {
        bench.database.plot(*call, act.clone());
    }
    let mut seen = 0;
    let key = key();
    let ended = install(bench, &plan(case, bench, &key), &key, |progress| {
        let now = match cut {
            Cut::Report(at) => seen == *at,
            Cut::Call(..) => false,
            Cut::Unrecorded(kind) => matches!(progress, Progress::Done(done, ..) if done == kind),
        };
        seen += 1;
        if now {
            crash();
        }
    })
    .await;
    assert!(!matches!(ended, Some(Ok(()))), "{case:?} {cut:?} did not cut");
    if let Cut::Unrecorded(kind) = cut {
        let mut journal = journals::read(&bench.places, INSTANCE).expect("read").expect("there");
        assert_eq!(journal.state(*kind), StepState::Done);
        journal.mark(*kind, StepState::Begun);
        journals::write(&bench.places, &journal).expect("written");
    }
}

async fn undisturbed(case: Case) -> Bench {
    let bench = before(case);
    go(case, &bench).await.expect("no failure");
    assert_no_canary_is_missed(&bench, "undisturbed");
    bench
}

/// The server, with the storage of this machine's root, which is proven to be that, left out.
fn rootless(case: Case, bench: &Bench) -> Server {
    let mut server = bench.database.server();
    let set = server.cluster().storage.take().map(|(shared, _)| shared);
    assert_eq!(set, Some(storage(case, bench)));
    server
}

#[tokio::test]
async fn whatever_cuts_a_run_off_going_on_ends_as_if_nothing_had() {
    for case in Case::ALL {
        let whole = undisturbed(case).await;
        let canaries = whole.database.server().cluster.unwrap().canaries.len();
        assert_eq!(
            canaries,
            match case {
                Case::Root => 6,
                Case::Folders => 3,
                Case::Join | Case::Replace => 12,
            }
        );
        for cut in cuts(case) {
            let context = format!("{case:?} {cut:?}");
            let bench = before(case);
            cut_off(&bench, case, &cut).await;
            assert_no_canary_is_missed(&bench, &context);
            assert_eq!(go(case, &bench).await, Ok(()), "{context}");
            assert_eq!(files(&bench), files(&whole), "{context}");
            assert_eq!(rootless(case, &bench), rootless(case, &whole), "{context}");
            assert_no_canary_is_missed(&bench, &context);
            apply::close(&bench.places, INSTANCE).await.expect("closed");
        }
    }
}

/// What undoing a run leaves of what was there before it: everything, but for the canaries of a dead node that was replaced.
fn assert_back(case: Case, bench: &Bench, context: &str) {
    let origin = before(case);
    let (mut expected, mut server) = (files(&origin), origin.database.server());
    let mut found = files(bench);
    if case == Case::Replace {
        let cluster = server.cluster();
        cluster.canaries.retain(|canary| canary.node == "web00");
        let mut now = bench.database.server();
        now.cluster().canaries.retain(|canary| canary.node == "web00");
        cluster.storage.clone_from(&now.cluster().storage);
        assert_eq!(now, server, "{context}");
        for files in [&mut expected, &mut found] {
            files.retain(|path, _| !path.ends_with("web01.canary"));
        }
    } else {
        // The roots differ, and so do the paths in the registry.
        if let (Some(now), Some(cluster)) = (bench.database.server().cluster, &mut server.cluster) {
            cluster.storage = now.storage;
        }
        assert_eq!(bench.database.server(), server, "{context}");
    }
    assert_eq!(found, expected, "{context}");
    assert_no_canary_is_missed(bench, context);
}

#[tokio::test]
async fn whatever_cuts_a_run_off_undo_puts_everything_back() {
    for case in Case::ALL {
        for cut in cuts(case) {
            let context = format!("{case:?} {cut:?}");
            let bench = before(case);
            cut_off(&bench, case, &cut).await;
            assert_eq!(bench.undo(|_| {}).await, Some(true), "{context}");
            assert_back(case, &bench, &context);
        }
    }
}

#[tokio::test]
async fn an_undo_that_is_cut_off_itself_is_gone_on_with_or_turned_round() {
    for case in Case::ALL {
        let whole = undisturbed(case).await;
        for at in 0..=case.steps().len() * 2 {
            for forward in [false, true] {
                let context = format!("{case:?}, undo cut at {at}, forward: {forward}");
                let bench = before(case);
                go(case, &bench).await.expect("no failure");
                let mut seen = 0;
                let cut = bench
                    .undo(|_| {
                        seen += 1;
                        if seen > at {
                            crash();
                        }
                    })
                    .await;
                assert_eq!(cut, None, "{context}");
                assert_no_canary_is_missed(&bench, &context);
                if forward {
                    assert_eq!(go(case, &bench).await, Ok(()), "{context}");
                    assert_eq!(files(&bench), files(&whole), "{context}");
                    assert_no_canary_is_missed(&bench, &context);
                } else {
                    assert_eq!(bench.undo(|_| {}).await, Some(true), "{context}");
                    assert_back(case, &bench, &context);
                }
            }
        }
        for act in [Act::CrashBefore, Act::CrashAfter] {
            let context = format!("{case:?}, unregister {act:?}");
            let bench = before(case);
            go(case, &bench).await.expect("no failure");
            bench.database.plot(Call::Unregister, act);
            assert_eq!(bench.undo(|_| {}).await, None, "{context}");
            assert_no_canary_is_missed(&bench, &context);
            assert_eq!(bench.undo(|_| {}).await, Some(true), "{context}");
            assert_back(case, &bench, &context);
        }
    }
}

#[tokio::test]
async fn a_later_start_leaves_the_nonces_of_the_first() {
    let bench = before(Case::Root);
    cut_off(&bench, Case::Root, &Cut::Call(Call::Initialise, Act::CrashBefore)).await;
    let drawn = journals::read(&bench.places, INSTANCE).unwrap().unwrap().storage.unwrap().canaries;
    assert_eq!(drawn.len(), 6);
    assert!(drawn.iter().all(|one| drawn.iter().filter(|other| other.token == one.token).count() == 1), "{drawn:?}");
    go(Case::Root, &bench).await.expect("no failure");
    assert_eq!(bench.database.server().cluster().canaries, drawn);
}
