//! A crash before, in and after every step and call of every flow, then going on or undo: it ends finished, or exactly
//! as it was before.

use octopus_setup::model::flow::Flow;
use octopus_setup::model::plan::{Failure, Progress, StepKind, StepState};
use octopus_setup::world::{apply, journals};

use crate::apply_support::{Act, Bench, Call, INSTANCE, Server, crash};
use crate::scene::{Case, before, go, install, lasting, plan};

/// Where a run is cut off.
#[derive(Debug, Clone)]
enum Cut {
    /// At the n-th report.
    Report(usize),
    /// In a call to the database, the n-th of its kind.
    Call(Call, Act),
    /// Between a step's effect and the journal's word of it.
    Unrecorded(StepKind),
}

fn cuts(case: Case, asked: &[Call]) -> Vec<Cut> {
    // Begun and Done of each step, and Finished.
    let mut cuts: Vec<_> = (0..=case.steps().len() * 2).map(Cut::Report).collect();
    for call in asked {
        cuts.push(Cut::Call(*call, Act::CrashBefore));
        cuts.push(Cut::Call(*call, Act::CrashAfter));
    }
    cuts.extend(case.steps().iter().copied().map(Cut::Unrecorded));
    cuts
}

/// What a run that nothing disturbs leaves, with this machine's root in the files, and what it asks.
async fn undisturbed(case: Case) -> (Bench, Vec<Call>) {
    let bench = before(case).await;
    go(case, &bench).await.expect("no failure");
    let mut asked: Vec<Call> = Vec::new();
    for call in bench.database.asked.lock().unwrap().iter() {
        if !asked.contains(call) {
            asked.push(*call);
        }
    }
    (bench, asked)
}

async fn cut_off(case: Case, cut: &Cut) -> Bench {
    let bench = before(case).await;
    if let Cut::Call(call, act) = cut {
        bench.database.plot(*call, act.clone());
    }
    let mut seen = 0;
    let survived = install(&bench, &plan(case, &bench), case.key().as_ref(), |progress| {
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
    assert!(survived.is_none(), "{case:?} {cut:?} did not cut");
    if let Cut::Unrecorded(kind) = cut {
        let mut journal = journals::read(&bench.places, INSTANCE).expect("read").expect("there");
        assert_eq!(journal.state(*kind), StepState::Done);
        journal.mark(*kind, StepState::Begun);
        journals::write(&bench.places, &journal).expect("written");
    }
    bench
}

/// Goes on as the wizard does, from what is to be seen by now.
async fn go_on(case: Case, bench: &Bench, context: &str) {
    match apply::resume(&bench.places, INSTANCE).await {
        Ok(left) => {
            if let (Some(key), Some(given)) = (left.key, case.key()) {
                assert!(key.same_as(&given), "{context}");
            }
        }
        // The crash came before the journal.
        Err(Failure::ReadBack { .. }) => {}
        Err(other) => panic!("{context}: {other:?}"),
    }
    assert_eq!(go(case, bench).await, Ok(()), "{context}");
}

fn assert_finished(bench: &Bench, whole: &Bench, context: &str) {
    let root = |bench: &Bench| bench.root.path().to_string_lossy().into_owned();
    let files = |bench: &Bench| {
        let mut files = lasting(bench.files());
        files.retain(|path, _| !path.starts_with("state/journals/"));
        files
    };
    let expected = files(whole).into_iter().map(|(path, text)| (path, text.replace(&root(whole), &root(bench))));
    assert_eq!(files(bench), expected.collect(), "{context}");
    assert_eq!(bench.database.server(), whole.database.server(), "{context}");
}

async fn assert_closes(bench: &Bench, context: &str) {
    apply::close(&bench.places, INSTANCE).await.expect("closed");
    assert_eq!(std::fs::read_dir(bench.places.journals()).expect("a folder").count(), 0, "{context}");
}

/// Files and server before a flow; the seals are fresh each time, so each machine has its own.
struct Origin {
    files: std::collections::BTreeMap<String, String>,
    server: Server,
}

impl Origin {
    fn of(bench: &Bench) -> Self {
        Self { files: bench.raw_files(), server: bench.database.server() }
    }

    fn assert_back(&self, bench: &Bench, context: &str) {
        assert_eq!(lasting(bench.raw_files()), self.files, "{context}");
        assert_eq!(bench.database.server(), self.server, "{context}");
    }
}

#[tokio::test]
async fn whatever_cuts_a_flow_off_going_on_ends_as_if_nothing_had() {
    for case in Case::ALL {
        let (whole, asked) = undisturbed(case).await;
        for cut in cuts(case, &asked) {
            let context = format!("{case:?} {cut:?}");
            let bench = cut_off(case, &cut).await;
            go_on(case, &bench, &context).await;
            assert_finished(&bench, &whole, &context);
            assert_closes(&bench, &context).await;
        }
    }
}

#[tokio::test]
async fn whatever_cuts_a_flow_off_undo_puts_everything_back() {
    for case in Case::ALL {
        let (_, asked) = undisturbed(case).await;
        for cut in cuts(case, &asked) {
            let context = format!("{case:?} {cut:?}");
            // Cut off before it began, the machine is as it was; its seals are compared byte by byte.
            let bench = before(case).await;
            let origin = Origin::of(&bench);
            drop(cut_and_undo(case, &cut, bench, &context).await.map(|bench| origin.assert_back(&bench, &context)));
        }
    }
}

/// Cuts a run off on this very machine, and undoes it.
async fn cut_and_undo(case: Case, cut: &Cut, bench: Bench, context: &str) -> Option<Bench> {
    let survived = {
        if let Cut::Call(call, act) = cut {
            bench.database.plot(*call, act.clone());
        }
        let mut seen = 0;
        install(&bench, &plan(case, &bench), case.key().as_ref(), |progress| {
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
        .await
    };
    assert!(survived.is_none(), "{context} did not cut");
    assert_eq!(bench.undo(|_| {}).await, Some(true), "{context}");
    Some(bench)
}

#[tokio::test]
async fn an_undo_that_is_cut_off_itself_is_gone_on_with_or_turned_round() {
    for case in Case::ALL {
        let (whole, _) = undisturbed(case).await;
        // Undoing and Undone of each step, and the end.
        for at in 0..=case.steps().len() * 2 {
            for forward in [false, true] {
                let context = format!("{case:?}, undo cut at {at}, forward: {forward}");
                let bench = before(case).await;
                let origin = Origin::of(&bench);
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
                if forward {
                    go_on(case, &bench, &context).await;
                    assert_finished(&bench, &whole, &context);
                } else {
                    assert_eq!(bench.undo(|_| {}).await, Some(true), "{context}");
                    origin.assert_back(&bench, &context);
                }
            }
        }
        for act in [Act::CrashBefore, Act::CrashAfter] {
            let context = format!("{case:?}, unchange {act:?}");
            let bench = before(case).await;
            let origin = Origin::of(&bench);
            go(case, &bench).await.expect("no failure");
            bench.database.plot(Call::Unchange, act);
            assert_eq!(bench.undo(|_| {}).await, (case == Case::Plain).then_some(true), "{context}");
            assert_eq!(bench.undo(|_| {}).await, Some(true), "{context}");
            origin.assert_back(&bench, &context);
        }
    }
}

#[tokio::test]
async fn only_a_first_node_makes_a_database_or_a_cluster() {
    for case in Case::ALL {
        let bench = before(case).await;
        go(case, &bench).await.expect("no failure");
        assert_eq!(bench.undo(|_| {}).await, Some(true), "{case:?}");
        for call in [Call::Create, Call::Initialise, Call::Drop] {
            assert_eq!(bench.database.count(call), 0, "{case:?} {call:?}");
        }
        let adopts = usize::from(case == Case::Adopt);
        assert_eq!((bench.database.count(Call::Adopt), bench.database.count(Call::UndoInitialise)), (adopts, adopts), "{case:?}");
        if plan(case, &bench).flow != Flow::Join && case != Case::EditElsewhere {
            assert!(case.key().is_none());
        }
    }
}
