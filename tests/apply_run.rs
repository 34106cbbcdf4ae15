//! A run as it goes: what is reported, what is written, what is left alone, and what stops it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod apply_support;

use apply_support::{Act, Bench, Call, Cluster, Fake, INSTANCE, Server, key};
use octopus_setup::model::cluster::ClusterId;
use octopus_setup::model::facts::{SqlTrouble, Trouble};
use octopus_setup::model::master_key::{Fingerprint, MasterKey};
use octopus_setup::model::plan::{Failure, Progress, StepKind, StepState};
use octopus_setup::model::registry::NodeRow;
use octopus_setup::world::apply::{self, Cancel};
use octopus_setup::world::lock::Lock;
use octopus_setup::world::{instances, journals, node_config};

fn states(bench: &Bench) -> Vec<StepState> {
    let journal = journals::read(&bench.places, INSTANCE).expect("read").expect("there");
    StepKind::FIRST_NODE.map(|kind| journal.state(kind)).to_vec()
}

#[tokio::test]
async fn a_run_reports_its_steps_in_order_and_proves_itself_with_what_is_on_disk() {
    let bench = Bench::new(Fake::default());
    let mut reports = Vec::new();
    bench.install(|progress| reports.push(progress.clone())).await.expect("no crash").expect("no failure");
    let expected = StepKind::FIRST_NODE.into_iter().flat_map(|kind| [format!("Begun {kind:?}"), format!("Done {kind:?} Done")]);
    let told = reports.iter().map(|report| match report {
        Progress::Begun(kind) => format!("Begun {kind:?}"),
        Progress::Done(kind, state, _) => format!("Done {kind:?} {state:?}"),
        other => format!("{other:?}"),
    });
    assert_eq!(told.collect::<Vec<_>>(), expected.chain(["Finished".to_owned()]).collect::<Vec<_>>());
    assert_eq!(*bench.database.proven_with.lock().unwrap(), Some(bench.plan().node.target));
    let entry = instances::find(&bench.places, INSTANCE).expect("read").expect("there");
    assert_eq!((entry.home, entry.config), (bench.home.clone(), node_config::path(&bench.home)));
    for (path, text) in bench.files() {
        assert!(!text.contains("hunter2") && !text.contains("correct horse"), "{path}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_written_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new(Fake::default());
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&bench.home), 0o750);
    for path in [
        node_config::path(&bench.home),
        bench.home.join("octopus-master-key.sealed"),
        bench.places.machine_key(),
        bench.places.journal(INSTANCE),
        bench.places.instance(INSTANCE),
    ] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let bench = Bench::new(Fake::default());
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    let read = |path: std::path::PathBuf| std::fs::read(path).expect("there");
    let before = [read(node_config::path(&bench.home)), read(bench.home.join("octopus-master-key.sealed"))];
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    assert_eq!([read(node_config::path(&bench.home)), read(bench.home.join("octopus-master-key.sealed"))], before);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn what_was_there_before_stays_when_all_else_is_undone() {
    let bench = Bench::new(Fake::default());
    std::fs::create_dir_all(&bench.home).expect("created");
    std::fs::write(bench.home.join("mine.txt"), "mine").expect("written");
    bench.database.server.lock().unwrap().database = true;
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    let mut expected = vec![StepState::Done; 6];
    expected[0] = StepState::Already;
    expected[2] = StepState::Already;
    assert_eq!(states(&bench), expected);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(bench.files().into_keys().collect::<Vec<_>>(), ["opt/octopus/mine.txt"]);
    assert!(bench.database.server().database);
}

#[tokio::test]
async fn a_home_with_somebody_elses_file_in_it_stays() {
    let bench = Bench::new(Fake::default());
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    std::fs::write(bench.home.join("mine.txt"), "mine").expect("written");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(bench.files().into_keys().collect::<Vec<_>>(), ["opt/octopus/mine.txt"]);
}

#[tokio::test]
async fn a_key_that_somebody_sealed_before_is_never_overwritten() {
    let bench = Bench::new(Fake::default());
    let path = bench.home.join("octopus-master-key.sealed");
    std::fs::create_dir_all(&bench.home).expect("created");
    std::fs::write(&path, "sealed:1:00000000:AAAA\n").expect("written");
    let outcome = bench.install(|_| {}).await.expect("no crash");
    assert!(matches!(outcome, Err(Failure::FileInTheWay { .. })), "{outcome:?}");
    assert_eq!(std::fs::read(&path).expect("there"), b"sealed:1:00000000:AAAA\n");
    assert!(bench.database.server().cluster.is_none());
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(std::fs::read(&path).expect("undo leaves it too"), b"sealed:1:00000000:AAAA\n");
}

#[tokio::test]
async fn a_config_that_nobody_can_read_is_in_the_way_and_undo_leaves_it() {
    let bench = Bench::new(Fake::default());
    let path = bench.home.join("octopus-node.toml");
    std::fs::create_dir_all(&bench.home).expect("created");
    std::fs::write(&path, "this is = not ours [").expect("written");
    let outcome = bench.install(|_| {}).await.expect("no crash");
    assert!(matches!(outcome, Err(Failure::FileInTheWay { .. })), "{outcome:?}");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(std::fs::read(&path).expect("there still"), b"this is = not ours [");
}

#[tokio::test]
async fn undo_leaves_the_key_of_the_cluster_that_was_there_before() {
    let bench = Bench::new(Fake::default());
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    apply::close(&bench.places, INSTANCE).await.expect("closed");
    let before = std::fs::read(bench.home.join("octopus-master-key.sealed")).expect("there");
    let other_key = MasterKey::from_bytes(&[8; 32]).expect("a key");
    let mut plan = apply_support::plan(&bench.home, &other_key);
    plan.cluster = ClusterId([1; 16]);
    let outcome = bench.install_as(&plan, &other_key, |_| {}).await.expect("no crash");
    assert!(matches!(outcome, Err(Failure::FileInTheWay { .. })), "{outcome:?}");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(std::fs::read(bench.home.join("octopus-master-key.sealed")).expect("there still"), before);
    assert!(node_config::path(&bench.home).exists());
}

#[tokio::test]
async fn a_config_of_another_cluster_is_in_the_way() {
    let bench = Bench::new(Fake::default());
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    apply::close(&bench.places, INSTANCE).await.expect("closed");
    std::fs::remove_file(bench.home.join("octopus-master-key.sealed")).expect("removed");
    bench.database.server.lock().unwrap().cluster = None;
    let before = std::fs::read(node_config::path(&bench.home)).expect("there");
    let mut plan = bench.plan();
    plan.cluster = ClusterId([1; 16]);
    let outcome = bench.install_as(&plan, &key(), |_| {}).await.expect("no crash");
    assert!(matches!(outcome, Err(Failure::FileInTheWay { .. })), "{outcome:?}");
    assert_eq!(std::fs::read(node_config::path(&bench.home)).expect("there"), before);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert_eq!(std::fs::read(node_config::path(&bench.home)).expect("there"), before);
    assert!(instances::find(&bench.places, INSTANCE).expect("read").is_some(), "the entry is that config's");
}

#[tokio::test]
async fn another_first_node_wins_and_undo_leaves_its_work_alone() {
    let bench = Bench::new(Fake::default());
    let theirs = Cluster::new(ClusterId([1; 16]), Fingerprint([1, 2, 3, 4]));
    let mut failed = None;
    let outcome = bench
        .install(|progress| match progress {
            Progress::Done(StepKind::CreateDatabase, ..) => {
                bench.database.server.lock().unwrap().cluster = Some(theirs.clone());
            }
            Progress::Lost(kind, _) => failed = Some(*kind),
            _ => {}
        })
        .await
        .expect("no crash");
    assert!(matches!(outcome, Err(Failure::AlreadyInitialised(seen)) if seen.id == theirs.id));
    assert_eq!(failed, Some(StepKind::InitialiseCluster));
    // We made the database, but theirs is in it now; so it stays, and nothing of ours is left.
    assert!(octopus_setup::world::journals::list(&bench.places).is_empty());
    assert_eq!(bench.database.server().cluster, Some(theirs));
    assert!(!bench.home.exists());
}

#[tokio::test]
async fn what_a_loser_cannot_take_back_is_told_and_stays_to_be_undone() {
    let bench = Bench::new(Fake::with(Call::Drop, Act::FailBefore(Trouble::Refused)));
    let theirs = Cluster::new(ClusterId([1; 16]), Fingerprint([1, 2, 3, 4]));
    let (mut left, mut whole) = (Vec::new(), None);
    let outcome = bench.install(|progress| match progress {
        Progress::Done(StepKind::CreateDatabase, ..) => bench.database.server.lock().unwrap().cluster = Some(theirs.clone()),
        Progress::UndoFailed(kind, _) => left.push(*kind),
        Progress::UndoEnded(ended) => whole = Some(*ended),
        _ => {}
    });
    assert!(matches!(outcome.await.expect("no crash"), Err(Failure::AlreadyInitialised(_))));
    assert_eq!((left, whole), (vec![StepKind::CreateDatabase], Some(false)));
    assert!(!bench.home.exists(), "all else is taken back");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(octopus_setup::world::journals::list(&bench.places).is_empty());
}

#[tokio::test]
async fn a_collation_that_the_server_gave_is_told() {
    let bench = Bench::new(Fake::of(Server { collation: Some("SQL_Latin1_General_CP1_CI_AS"), ..Server::default() }));
    let mut said = String::new();
    let outcome = bench.install(|progress| {
        if let Progress::Said(StepKind::CreateDatabase, lines) = progress {
            said = lines.iter().map(ToString::to_string).collect();
        }
    });
    outcome.await.expect("no crash").expect("no failure");
    assert!(said.contains("SQL_Latin1_General_CP1_CI_AS") && said.contains("not Latin1_General_CI_AS"), "{said}");
}

#[tokio::test]
async fn nothing_is_initialised_under_a_case_sensitive_collation_and_undo_drops_the_database() {
    let bench = Bench::new(Fake::of(Server { collation: Some("Latin1_General_CS_AS"), ..Server::default() }));
    let refused = Failure::CaseSensitive { collation: "Latin1_General_CS_AS".into() };
    // The second start finds the database that the first one created.
    for _ in 0..2 {
        assert_eq!(bench.install(|_| {}).await.expect("no crash"), Err(refused.clone()));
        assert!(bench.database.server().database && bench.database.server().cluster.is_none());
    }
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(!bench.database.server().database, "this run made it");
}

#[tokio::test]
async fn the_key_stays_when_its_cluster_cannot_be_undone() {
    let bench = Bench::new(Fake::with(Call::UndoInitialise, Act::FailBefore(Trouble::Refused)));
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    let mut failed = Vec::new();
    let whole = bench
        .undo(|progress| {
            if let Progress::UndoFailed(kind, failure) = progress {
                failed.push((*kind, matches!(failure, Failure::Kept { .. })));
            }
        })
        .await;
    assert_eq!(whole, Some(false));
    // In reverse order, and the config, on which nothing depends, is gone all the same.
    assert_eq!(
        failed,
        [
            (StepKind::InitialiseCluster, false),
            (StepKind::CreateDatabase, true),
            (StepKind::SealMasterKey, true),
            (StepKind::CreateHome, true)
        ]
    );
    let files = bench.files();
    assert_eq!(
        files.keys().map(String::as_str).collect::<Vec<_>>(),
        ["opt/octopus/octopus-master-key.sealed", "state/journals/my-node.toml"]
    );
    // The server answers again.
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn a_cluster_that_others_joined_is_not_undone() {
    let bench = Bench::new(Fake::default());
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    let first = bench.database.server().cluster().rows["web01"].row.clone();
    bench.database.server.lock().unwrap().cluster().enter(NodeRow { name: "web02".into(), ..first });
    assert_eq!(bench.undo(|_| {}).await, Some(false));
    assert!(bench.database.server().cluster.is_some());
    assert!(bench.home.join("octopus-master-key.sealed").exists());
}

#[tokio::test]
async fn a_database_that_the_dba_made_after_we_were_refused_is_not_ours_to_drop() {
    let refused = Trouble::Sql(SqlTrouble { number: 262, state: 1, class: 14, text: "CREATE DATABASE permission denied".into() });
    let bench = Bench::new(Fake::with(Call::Create, Act::FailBefore(refused)));
    assert!(bench.install(|_| {}).await.expect("no crash").is_err());
    bench.database.server.lock().unwrap().database = true;
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(bench.database.server().database);
}

#[tokio::test]
async fn an_answer_that_never_came_is_found_out_by_the_next_try() {
    for act in [Act::FailBefore(Trouble::ConnectionLost), Act::FailAfter(Trouble::ConnectionLost)] {
        for call in [Call::Create, Call::Initialise, Call::Prove] {
            let bench = Bench::new(Fake::with(call, act.clone()));
            let first = bench.install(|_| {}).await.expect("no crash");
            assert_eq!(first, Err(Failure::Server(Trouble::ConnectionLost)));
            bench.install(|_| {}).await.expect("no crash").expect("no failure");
            assert_eq!(bench.undo(|_| {}).await, Some(true), "{call:?}");
            assert!(!bench.database.server().database, "{call:?} {act:?}");
        }
    }
}

#[tokio::test]
async fn cancelling_stops_between_two_steps() {
    let bench = Bench::new(Fake::default());
    let (plan, key, cancel) = (bench.plan(), key(), Cancel::default());
    let mut last = None;
    let outcome = apply::install(&bench.places, &bench.database, &plan, Some(&key), &cancel, |progress| {
        if matches!(progress, Progress::Begun(StepKind::SealMasterKey)) {
            cancel.ask();
        }
        last = Some(progress);
    })
    .await;
    assert_eq!(outcome, Err(Failure::Cancelled));
    assert_eq!(last, Some(Progress::Failed(StepKind::CreateDatabase, Failure::Cancelled)));
    assert_eq!(states(&bench)[..3], [StepState::Done, StepState::Done, StepState::Planned]);
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
}

#[tokio::test]
async fn making_a_database_can_be_cancelled() {
    let bench = Bench::new(Fake::with(Call::Create, Act::Hang));
    let (plan, key, cancel) = (bench.plan(), key(), Cancel::default());
    let outcome = apply::install(&bench.places, &bench.database, &plan, Some(&key), &cancel, |progress| {
        if matches!(progress, Progress::Begun(StepKind::CreateDatabase)) {
            cancel.ask();
        }
    })
    .await;
    assert_eq!(outcome, Err(Failure::Cancelled));
    // Nobody knows whether the server has made it meanwhile.
    assert_eq!(states(&bench)[..3], [StepState::Done, StepState::Done, StepState::Begun]);
    bench.database.script.lock().unwrap().clear();
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
}

#[tokio::test]
async fn a_second_wizard_on_the_same_instance_is_told_who_the_first_is() {
    let bench = Bench::new(Fake::default());
    let _first = Lock::take(&bench.places, "my-node").expect("free");
    let pid = cfg!(unix).then(std::process::id);
    assert_eq!(bench.install(|_| {}).await.expect("no crash"), Err(Failure::Busy { pid }));
    assert_eq!(bench.undo(|_| {}).await, Some(false));
    assert!(!bench.home.exists());
}

#[tokio::test]
async fn an_unfinished_run_is_not_taken_over_by_another_plan() {
    let bench = Bench::new(Fake::with(Call::Prove, Act::FailBefore(Trouble::Refused)));
    assert!(bench.install(|_| {}).await.expect("no crash").is_err());
    let other_key = MasterKey::from_bytes(&[8; 32]).expect("a key");
    let elsewhere = bench.root.path().join("elsewhere");
    let mut other_database = bench.plan();
    other_database.node.target.database = octopus_setup::model::names::DatabaseName::parse("Other").expect("a name");
    for (plan, key) in [
        (apply_support::plan(&bench.home, &other_key), &other_key),
        (apply_support::plan(&elsewhere, &key()), &key()),
        (other_database, &key()),
    ] {
        let outcome = bench.install_as(&plan, key, |_| {}).await.expect("no crash");
        assert!(matches!(outcome, Err(Failure::OtherRun { .. })), "{outcome:?}");
    }
    assert!(!elsewhere.exists());
    bench.install(|_| {}).await.expect("no crash").expect("the run itself goes on");
}

#[tokio::test]
async fn an_unfinished_run_is_not_gone_on_with_under_another_instances_name() {
    let bench = Bench::new(Fake::with(Call::Prove, Act::FailBefore(Trouble::Refused)));
    assert!(bench.install(|_| {}).await.expect("no crash").is_err());
    let mut renamed = bench.plan();
    renamed.node.instance = "Other".into();
    renamed.node.home = bench.root.path().join("elsewhere");
    let outcome = bench.install_as(&renamed, &key(), |_| {}).await.expect("no crash");
    assert!(matches!(outcome, Err(Failure::OtherRun { .. })), "{outcome:?}");
    assert!(!renamed.node.home.exists() && journals::read(&bench.places, "Other").expect("read").is_none());
}

#[tokio::test]
async fn a_node_row_that_is_missing_fails_the_last_step() {
    let bench = Bench::new(Fake::default());
    let mut failed = None;
    let outcome = bench
        .install(|progress| match progress {
            Progress::Done(StepKind::WriteNodeConfig, ..) => {
                bench.database.server.lock().unwrap().cluster().rows.clear();
            }
            Progress::Failed(kind, _) => failed = Some(*kind),
            _ => {}
        })
        .await
        .expect("no crash");
    assert!(matches!(outcome, Err(Failure::ReadBack { .. })), "{outcome:?}");
    assert_eq!(failed, Some(StepKind::ConnectOnce));
}

#[tokio::test]
async fn a_database_that_may_be_ours_stays_ours_when_the_next_try_is_refused() {
    let bench = Bench::new(Fake::with(Call::Create, Act::FailAfter(Trouble::ConnectionLost)));
    bench.database.script.lock().unwrap().push((Call::Create, Act::FailBefore(Trouble::Refused)));
    for _ in 0..2 {
        assert!(bench.install(|_| {}).await.expect("no crash").is_err());
    }
    assert!(bench.database.server().database);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(!bench.database.server().database);
}

#[tokio::test]
async fn a_cluster_that_may_be_there_keeps_its_key_until_that_is_found_out() {
    // The commit's answer was lost, and the connection tries inside of the step then met a server that was down.
    let bench = Bench::new(Fake::with(Call::Initialise, Act::FailAfter(Trouble::Refused)));
    bench.database.script.lock().unwrap().push((Call::UndoInitialise, Act::FailBefore(Trouble::Refused)));
    assert!(bench.install(|_| {}).await.expect("no crash").is_err());
    assert!(bench.database.server().cluster.is_some());
    assert_eq!(bench.undo(|_| {}).await, Some(false));
    assert!(bench.home.join("octopus-master-key.sealed").exists());
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(bench.database.server().cluster.is_none() && bench.files().is_empty());
}

#[tokio::test]
async fn a_home_that_vanished_in_between_is_made_anew_and_is_then_ours() {
    let bench = Bench::new(Fake::default());
    std::fs::create_dir_all(&bench.home).expect("created");
    let (plan, key, cancel) = (bench.plan(), key(), Cancel::default());
    let stopped = apply::install(&bench.places, &bench.database, &plan, Some(&key), &cancel, |_| cancel.ask()).await;
    assert_eq!(stopped, Err(Failure::Cancelled));
    assert_eq!(states(&bench)[0], StepState::Already);
    std::fs::remove_dir(&bench.home).expect("removed");
    bench.install(|_| {}).await.expect("no crash").expect("no failure");
    assert_eq!(states(&bench)[0], StepState::Done);
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(!bench.home.exists() && bench.root.path().join("opt").exists());
}
