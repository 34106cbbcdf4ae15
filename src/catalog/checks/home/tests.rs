//! `state-folder`, verdict by verdict.

use super::*;
use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop};
use crate::catalog::samples;
use crate::model::facts::{StateFolder, Trouble};
use crate::model::finding::Severity;
use crate::model::platform::Platform;

fn of(change: impl FnOnce(&mut StateFolder)) -> Verdict {
    let mut seen = samples::state_folder();
    change(&mut seen);
    of_fact(Fact::Seen(seen))
}

fn of_fact(fact: Fact<StateFolder>) -> Verdict {
    let mut facts = samples::facts();
    facts.machine.state_folder = fact;
    judged(CheckId::StateFolder, &samples::answers(), &facts)
}

fn refused(trial: StateTrial, said: &str) -> Finding {
    stop(&of(|seen| seen.refused = Some((trial, said.into()))))
}

#[test]
fn a_directory_as_it_should_be_is_good_and_what_cannot_be_told_is_said() {
    assert_eq!(evidence(&of(|_| {})), "written, synced and locked; closed to others");
    let unknown = of(|seen| (seen.mode, seen.free) = (None, None));
    assert_eq!(evidence(&unknown), "written, synced and locked; whether others can open it cannot be told here");
    let absent = of(|seen| (seen.above, seen.mode) = (Some("/var/lib".into()), None));
    assert!(evidence(&absent).ends_with("made when it is first needed"), "{absent:?}");
}

#[test]
fn what_is_not_known_yet_is_never_good() {
    assert_eq!(of_fact(Fact::Unknown), Verdict::NotYet);
    let (answers, facts) = (samples::answers(), crate::model::facts::Facts::default());
    let running = Case { running: true, ..case(&answers, &facts) };
    assert_eq!(judged_in(&running, CheckId::StateFolder), Verdict::Running);
}

#[test]
fn each_trial_that_fails_names_the_path_what_failed_and_what_to_type() {
    for (trial, says) in [
        (StateTrial::Folder, "is not a folder"),
        (StateTrial::Write, "cannot write"),
        (StateTrial::Sync, "cannot be synced"),
        (StateTrial::Lock, "cannot be locked"),
    ] {
        let finding = refused(trial, "No (os error 1)");
        assert!(finding.says.contains(says) && finding.says.contains("/var/lib/state"), "{finding:?}");
        assert!(finding.says.ends_with("No (os error 1)."), "{finding:?}");
        assert!(finding.fix.contains("OCTOPUS_SETUP_STATE_DIR"), "{finding:?}");
    }
    let write = refused(StateTrial::Write, "no").remedy;
    assert!(write.is_some_and(|remedy| remedy.text() == "sudo install -d -m 0700 -o \"$(id -un)\" /var/lib/state"));
}

#[test]
fn a_directory_that_is_yet_to_be_made_is_tried_above() {
    let finding = stop(&of(|seen| {
        (seen.above, seen.refused) = (Some("/var/lib".into()), Some((StateTrial::Write, "Read-only file system".into())));
    }));
    assert!(finding.says.contains("Creating a file in /var/lib failed: Read-only file system."), "{finding:?}");
}

#[test]
fn windows_is_given_no_command_of_unix() {
    let mut facts = samples::facts();
    let path = r"C:\ProgramData\octopus-setup".into();
    let refused = Some((StateTrial::Write, "Access is denied".into()));
    facts.machine.state_folder = Fact::Seen(StateFolder { path, refused, ..StateFolder::default() });
    let answers = samples::with_on(Platform::Windows, &[]);
    assert_eq!(stop(&judged(CheckId::StateFolder, &answers, &facts)).remedy, None);
}

#[test]
fn whose_it_is_who_may_open_it_and_its_room_are_each_told() {
    let owned = stop(&of(|seen| seen.owner = Some(1000)));
    assert!(owned.says.contains("another account (user number 1000)"), "{owned:?}");
    assert!(owned.remedy.is_some_and(|remedy| remedy.text() == "sudo chown -R \"$(id -un)\" /var/lib/state"));
    for (mode, shown) in [(0o755, "0755"), (0o710, "0710"), (0o1777, "1777")] {
        let open = stop(&of(|seen| seen.mode = Some(mode)));
        assert!(open.says.contains(shown), "{open:?}");
        assert!(open.remedy.is_some_and(|remedy| remedy.text() == "chmod 0700 /var/lib/state"));
    }
    assert!(stop(&of(|seen| seen.free = Some(STATE_ROOM - 1))).says.contains("full"));
    assert!(matches!(of(|seen| seen.free = Some(STATE_ROOM)), Verdict::Good(_)));
    let Verdict::Found(all) = of(|seen| (seen.owner, seen.mode, seen.free) = (Some(0), Some(0o777), Some(0))) else { panic!() };
    assert!(all.len() == 3 && all.iter().all(|finding| finding.severity == Severity::Stop));
}

#[test]
fn a_disk_that_hangs_stops() {
    let hangs = stop(&of_fact(Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) })));
    assert!(hangs.says.contains("state directory") && hangs.fix.contains("OCTOPUS_SETUP_STATE_DIR"), "{hangs:?}");
}
