//! The node config, its sealed key and the instance list, in the flows that find them there already.

use octopus_setup::model::field::FieldId;
use octopus_setup::model::plan::{Failure, StepKind, StepState};
use octopus_setup::world::{apply, instances, node_config};

use crate::apply_support::{Call, INSTANCE};
use crate::scene::{Case, before, dated, go, install, plan};

#[tokio::test]
async fn a_config_that_cannot_be_read_is_never_overwritten_or_taken_away() {
    for case in [Case::Insert, Case::Edit, Case::EditElsewhere, Case::Leave] {
        let bench = before(case).await;
        let path = node_config::path(&bench.home);
        let whole = std::fs::read_to_string(&path).unwrap_or_else(|_| "format = 1\n".into());
        let unknown = format!("surplus = 1\n{whole}");
        let newer = whole.replace("format = 1\n", "format = 2\n");
        let cut = whole[..whole.len() / 2].to_owned();
        for text in ["this is = not ours [".to_owned(), unknown, newer, cut, "x".repeat(2 << 20)] {
            std::fs::create_dir_all(&bench.home).expect("created");
            std::fs::write(&path, &text).expect("written");
            let outcome = go(case, &bench).await;
            assert!(matches!(outcome, Err(Failure::FileInTheWay { .. })), "{case:?} {outcome:?}");
            assert!(std::fs::read_to_string(&path).expect("there") == text, "{case:?}");
            // A file that nobody can read stops undo, unless it is somebody's text; it stays in any case.
            bench.undo(|_| {}).await;
            assert!(std::fs::read_to_string(&path).expect("there") == text, "{case:?}");
        }
    }
}

#[tokio::test]
async fn an_edit_keeps_the_older_config_and_writes_the_new_one() {
    for case in [Case::Edit, Case::EditElsewhere] {
        let bench = before(case).await;
        let path = node_config::path(&bench.home);
        let older = std::fs::read_to_string(&path).expect("there");
        go(case, &bench).await.expect("no failure");
        assert_eq!(node_config::read(&bench.home).expect("read").comms.port, 10_999);
        assert!(dated(&bench).contains(&older), "{case:?}");
        assert!(instances::find(&bench.places, INSTANCE).expect("read").is_some());
        assert_eq!(bench.database.server().cluster().rows["web01"].row.comms_port, 10_999);
    }
}

#[tokio::test]
async fn a_key_that_another_machine_sealed_is_set_aside_by_an_edit_and_in_the_way_of_a_join() {
    let bench = before(Case::EditElsewhere).await;
    let path = bench.home.join("octopus-master-key.sealed");
    let older = std::fs::read_to_string(&path).expect("there");
    go(Case::EditElsewhere, &bench).await.expect("no failure");
    assert!(dated(&bench).contains(&older));
    assert_ne!(std::fs::read_to_string(&path).expect("there"), older);
    apply::close(&bench.places, INSTANCE).await.expect("closed");
    // What is sealed here now opens here, so the next edit needs no key.
    go(Case::Edit, &bench).await.expect("no failure");

    let joining = before(Case::Insert).await;
    std::fs::create_dir_all(&joining.home).expect("created");
    std::fs::write(joining.home.join("octopus-master-key.sealed"), &older).expect("written");
    assert!(matches!(go(Case::Insert, &joining).await, Err(Failure::FileInTheWay { .. })));
    assert_eq!(joining.database.count(Call::Change), 0);
}

#[tokio::test]
async fn a_key_that_is_damaged_is_in_the_way_of_an_edit_too() {
    let bench = before(Case::EditElsewhere).await;
    let path = bench.home.join("octopus-master-key.sealed");
    std::fs::write(&path, "not sealed at all\n").expect("written");
    // A machine with a key of its own, which can tell damage from another machine's seal.
    octopus_setup::world::seal::Sealer::open_or_create(&bench.places).expect("a machine key");
    assert!(matches!(go(Case::EditElsewhere, &bench).await, Err(Failure::FileInTheWay { .. })));
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "not sealed at all\n");
}

#[tokio::test]
async fn leaving_takes_the_config_and_leaves_a_dated_copy_and_the_sealed_key() {
    let bench = before(Case::Leave).await;
    let older = std::fs::read_to_string(node_config::path(&bench.home)).expect("there");
    go(Case::Leave, &bench).await.expect("no failure");
    apply::close(&bench.places, INSTANCE).await.expect("closed");
    assert!(!node_config::path(&bench.home).exists() && bench.home.join("octopus-master-key.sealed").exists());
    assert_eq!(dated(&bench), [older]);
    assert_eq!(instances::find(&bench.places, INSTANCE).expect("read"), None);
    assert!(!bench.database.server().cluster().has("web01"));
}

#[tokio::test]
async fn leaving_does_not_touch_another_clusters_config() {
    let bench = before(Case::Leave).await;
    let path = node_config::path(&bench.home);
    let other = std::fs::read_to_string(&path).expect("there").replace("id = \"0909", "id = \"0808");
    std::fs::write(&path, &other).expect("written");
    assert!(matches!(go(Case::Leave, &bench).await, Err(Failure::FileInTheWay { .. })));
    assert_eq!(std::fs::read_to_string(&path).expect("there"), other);
    assert!(instances::find(&bench.places, INSTANCE).expect("read").is_some());
}

#[tokio::test]
async fn a_config_that_was_written_in_the_place_of_the_removed_one_stays() {
    let bench = before(Case::Leave).await;
    let path = node_config::path(&bench.home);
    go(Case::Leave, &bench).await.expect("no failure");
    std::fs::write(&path, "mine").expect("written");
    let mut failed = Vec::new();
    let whole = bench.undo(|progress| {
        if let octopus_setup::model::plan::Progress::UndoFailed(kind, failure) = progress {
            failed.push((*kind, matches!(failure, Failure::FileInTheWay { .. })));
        }
    });
    assert_eq!(whole.await, Some(false));
    assert_eq!(failed, [(StepKind::RemoveNodeConfig, true)]);
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "mine");
    assert!(bench.database.server().cluster().has("web01"));
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(bench.undo(|_| {}).await, Some(true));
    assert!(instances::find(&bench.places, INSTANCE).expect("read").is_some() && path.exists());
}

#[tokio::test]
async fn a_leave_that_stopped_before_its_last_record_is_known_to_be_done() {
    let bench = before(Case::Leave).await;
    go(Case::Leave, &bench).await.expect("no failure");
    let mut journal = octopus_setup::world::journals::read(&bench.places, INSTANCE).expect("read").expect("there");
    journal.mark(StepKind::RemoveNodeConfig, StepState::Begun);
    octopus_setup::world::journals::write(&bench.places, &journal).expect("written");
    let left = apply::resume(&bench.places, INSTANCE).await.expect("a run").journal;
    assert_eq!(left.state(StepKind::RemoveNodeConfig), StepState::Done, "the config is gone, and the password with it");
    bench.undo(|_| {}).await;
    let bench = before(Case::Leave).await;
    go(Case::Leave, &bench).await.expect("no failure");
    std::fs::write(node_config::path(&bench.home), "mine").expect("written");
    octopus_setup::world::journals::write(&bench.places, &journal).expect("written");
    let left = apply::resume(&bench.places, INSTANCE).await.expect("a run").journal;
    assert_eq!(left.state(StepKind::RemoveNodeConfig), StepState::Begun);
}

#[tokio::test]
async fn an_edit_that_stopped_before_it_wrote_has_the_passwords_that_it_leaves_as_they_are() {
    let kept = [FieldId::Password];
    for (stopped, changed, expected) in [
        (StepState::Planned, false, &kept[..]),
        (StepState::Planned, true, &[]),
        (StepState::Begun, true, &[]),
        (StepState::Done, true, &[FieldId::Password, FieldId::ServicePassword]),
    ] {
        let bench = before(Case::Edit).await;
        let mut edit = plan(Case::Edit, &bench);
        edit.kept_passwords = if changed { Vec::new() } else { kept.to_vec() };
        edit.answers.insert(FieldId::User.id().to_owned(), "octo".to_owned());
        install(&bench, &edit, None, |_| {}).await.expect("no crash").expect("edited");
        let mut journal = octopus_setup::world::journals::read(&bench.places, INSTANCE).expect("read").expect("there");
        journal.mark(StepKind::WriteNodeConfig, stopped);
        octopus_setup::world::journals::write(&bench.places, &journal).expect("written");
        let left = apply::resume(&bench.places, INSTANCE).await.expect("a run");
        let fields: Vec<FieldId> = left.passwords.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, expected, "{stopped:?} {changed}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_home_that_is_swapped_for_a_link_in_the_middle_moves_nothing() {
    use octopus_setup::model::plan::Progress;
    for at in [StepKind::CreateHome, StepKind::SealMasterKey, StepKind::JoinCluster] {
        let bench = before(Case::Insert).await;
        let (home, moved, trap) = (bench.home.clone(), bench.home.with_extension("moved"), bench.home.with_extension("trap"));
        let plan = plan(Case::Insert, &bench);
        let outcome = install(&bench, &plan, Case::Insert.key().as_ref(), |progress| {
            if matches!(progress, Progress::Done(done, _, _) if *done == at) {
                std::fs::rename(&home, &moved).expect("moved");
                std::fs::create_dir(&trap).expect("made");
                std::os::unix::fs::symlink(&trap, &home).expect("swapped");
            }
        })
        .await
        .expect("no crash");
        let Err(Failure::File { path, said }) = outcome else { panic!("{at:?}: {outcome:?}") };
        assert_eq!(path.as_str(), bench.home.to_string_lossy(), "{at:?}: by its own name");
        assert!(said.as_str().contains("another folder now"), "{said}");
        assert_eq!(std::fs::read_dir(&trap).expect("there").count(), 0, "{at:?}: nothing is written where the link leads");
        // Put back, the same run goes on.
        std::fs::remove_file(&bench.home).and_then(|()| std::fs::rename(&moved, &bench.home)).expect("put back");
        go(Case::Insert, &bench).await.expect("gone on with");
    }
}

#[tokio::test]
async fn a_failure_names_the_file_that_failed_and_not_the_steps() {
    let bench = before(Case::Insert).await;
    std::fs::create_dir_all(bench.places.state.parent().expect("a folder")).expect("made");
    std::fs::write(&bench.places.state, "a file in the way").expect("written");
    let failure = go(Case::Insert, &bench).await.expect_err("no state directory");
    let Failure::StateFile { path, .. } = &failure else { panic!("{failure:?}") };
    assert!(path.as_str().starts_with(&*bench.places.state.to_string_lossy()), "{path}");
    let said = octopus_setup::catalog::failures::explain_step(StepKind::CreateHome, &failure).says;
    assert!(said.contains("in its state directory") && !said.contains("home directory"), "{said}");

    let bench = before(Case::Insert).await;
    let journal = bench.places.journal(INSTANCE);
    std::fs::create_dir_all(&journal).expect("a folder in its place");
    let failure = go(Case::Insert, &bench).await.expect_err("no journal");
    assert!(matches!(&failure, Failure::StateFile { path, .. } if path.as_str() == journal.to_string_lossy()), "{failure:?}");
}
