//! A crash before, in and after every step, followed by going on or by undo: it ends finished or clean.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod apply_support;

use apply_support::{Act, Bench, Call, Fake, INSTANCE, Server, crash, key};
use octopus_setup::model::master_key::MasterKey;
use octopus_setup::model::plan::{Progress, StepKind, StepState};
use octopus_setup::world::{apply, journals};

/// Where a run is cut off.
#[derive(Debug, Clone)]
enum Cut {
    /// At the n-th report.
    Report(usize),
    /// In a call to the database.
    Call(Call, Act),
    /// Between a step's effect and the journal's word of it.
    Unrecorded(StepKind),
}

/// Every way to cut a first node's run.
fn cuts() -> Vec<Cut> {
    // Begun and Done of six steps, and Finished.
    let mut cuts: Vec<_> = (0..13).map(Cut::Report).collect();
    for call in [Call::Create, Call::Initialise, Call::Prove] {
        cuts.push(Cut::Call(call, Act::CrashBefore));
        cuts.push(Cut::Call(call, Act::CrashAfter));
    }
    cuts.extend(StepKind::FIRST_NODE.map(Cut::Unrecorded));
    cuts
}

/// A machine on which a run was cut off.
async fn cut_off(cut: &Cut) -> Bench {
    let bench = Bench::new(match cut {
        Cut::Call(call, act) => Fake::with(*call, act.clone()),
        _ => Fake::default(),
    });
    let mut seen = 0;
    let survived = bench
        .install(|progress| {
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
    assert!(survived.is_none(), "{cut:?} did not cut");
    if let Cut::Unrecorded(kind) = cut {
        let mut journal = journals::read(&bench.places, INSTANCE).expect("read").expect("there");
        assert_eq!(journal.state(*kind), StepState::Done);
        journal.mark(*kind, StepState::Begun);
        journals::write(&bench.places, &journal).expect("written");
    }
    bench
}

/// What must hold at every moment: no cluster without its key in safe hands on this disk.
async fn assert_no_key_is_lost(bench: &Bench, cut: &Cut) {
    if let Some(cluster) = bench.database.server().cluster {
        let left = apply::resume(&bench.places, INSTANCE).await.expect("the run is known");
        assert_eq!(left.key.map(|key| key.fingerprint()), Some(cluster.fingerprint), "{cut:?}");
    }
}

/// The files of an undisturbed run with this key.
async fn undisturbed(key: &MasterKey) -> (Bench, Server) {
    let bench = Bench::new(Fake::default());
    let plan = apply_support::plan(&bench.home, key);
    bench.install_as(&plan, key, |_| {}).await.expect("no crash").expect("no failure");
    let server = bench.database.server();
    (bench, server)
}

#[tokio::test]
async fn whatever_cuts_a_run_off_going_on_ends_as_if_nothing_had() {
    for cut in cuts() {
        let bench = cut_off(&cut).await;
        assert_no_key_is_lost(&bench, &cut).await;
        let (key, outcome) = bench.resume().await;
        assert_eq!(outcome, Ok(()), "{cut:?}");
        let (other, server) = undisturbed(&key).await;
        // The roots differ, and so do the paths in the files.
        let expected = other.files().into_iter().map(|(path, text)| {
            let root = |bench: &Bench| bench.root.path().to_string_lossy().into_owned();
            (path, text.replace(&root(&other), &root(&bench)))
        });
        assert_eq!(bench.files(), expected.collect(), "{cut:?}");
        assert_eq!(bench.database.server(), server, "{cut:?}");

        apply::close(&bench.places, INSTANCE).await.expect("closed");
        let files = bench.files();
        let left: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            left,
            ["opt/octopus/octopus-master-key.sealed", "opt/octopus/octopus-node.toml", "state/instances/my-node.toml"],
            "{cut:?}"
        );
    }
}

#[tokio::test]
async fn whatever_cuts_a_run_off_undo_leaves_nothing() {
    for cut in cuts() {
        let bench = cut_off(&cut).await;
        assert_eq!(bench.undo(|_| {}).await, Some(true), "{cut:?}");
        assert_clean(&bench, &format!("{cut:?}"));
    }
}

#[tokio::test]
async fn an_undo_that_is_cut_off_itself_is_gone_on_with() {
    // Undoing and Undone of six steps, and the end.
    for at in 0..13 {
        let bench = Bench::new(Fake::default());
        bench.install(|_| {}).await.expect("no crash").expect("no failure");
        let mut seen = 0;
        let cut = bench
            .undo(|_| {
                seen += 1;
                if seen > at {
                    crash();
                }
            })
            .await;
        assert_eq!(cut, None, "{at}");
        assert_no_key_is_lost(&bench, &Cut::Report(at)).await;
        assert_eq!(bench.undo(|_| {}).await, Some(true), "{at}");
        assert_clean(&bench, &format!("undo cut at {at}"));
    }
    for call in [Call::UndoInitialise, Call::Drop] {
        for act in [Act::CrashBefore, Act::CrashAfter] {
            let bench = Bench::new(Fake::with(call, act.clone()));
            bench.install(|_| {}).await.expect("no crash").expect("no failure");
            assert_eq!(bench.undo(|_| {}).await, None);
            assert_eq!(bench.undo(|_| {}).await, Some(true), "{call:?} {act:?}");
            assert_clean(&bench, &format!("{call:?} {act:?}"));
        }
    }
}

#[tokio::test]
async fn a_half_undone_run_can_be_gone_on_with_too() {
    for at in 0..12 {
        let bench = Bench::new(Fake::default());
        bench.install(|_| {}).await.expect("no crash").expect("no failure");
        let mut seen = 0;
        bench
            .undo(|_| {
                seen += 1;
                if seen > at {
                    crash();
                }
            })
            .await;
        let (key, outcome) = bench.resume().await;
        assert_eq!(outcome, Ok(()), "{at}");
        assert_eq!(bench.database.server().cluster.map(|cluster| cluster.fingerprint), Some(key.fingerprint()), "{at}");
    }
}

#[tokio::test]
async fn torn_files_of_a_killed_write_are_swept_away() {
    let bench = cut_off(&Cut::Report(9)).await;
    for name in [".octopus-node.toml.Xy1234.octopus-setup-tmp", ".octopus-master-key.sealed.Xy1234.octopus-setup-tmp"] {
        std::fs::write(bench.home.join(name), "torn").expect("written");
    }
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_clean(&bench, "torn files");
}

#[tokio::test]
async fn a_machine_that_lost_its_machine_key_says_so_and_keeps_everything() {
    let bench = cut_off(&Cut::Call(Call::Prove, Act::CrashBefore)).await;
    let before = bench.files();
    std::fs::remove_file(bench.places.machine_key()).expect("removed");
    let lost = apply::resume(&bench.places, INSTANCE).await.map(|_| ());
    assert!(matches!(lost, Err(octopus_setup::model::plan::Failure::SealBroken { .. })), "{lost:?}");
    let again = bench.install(|_| {}).await.expect("no crash");
    assert!(matches!(again, Err(octopus_setup::model::plan::Failure::SealBroken { .. })), "{again:?}");
    let without_journal = |mut files: std::collections::BTreeMap<String, String>| {
        files.remove("state/journals/my-node.toml");
        files
    };
    assert_eq!(without_journal(bench.files()), without_journal(before));
    assert_eq!(key().fingerprint(), bench.plan().fingerprint);
}

fn assert_clean(bench: &Bench, context: &str) {
    assert_eq!(bench.files(), std::collections::BTreeMap::new(), "{context}");
    assert!(!bench.root.path().join("opt").exists(), "{context}: the home's parent was made by the run");
    assert_eq!(bench.database.server(), Server::default(), "{context}");
}
