//! `state-folder`: the wizard's own state directory.

use crate::catalog::checks::{Case, report, report_or};
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, StateFolder, StateTrial};
use crate::model::finding::{Finding, Verdict};
use crate::model::quote::Shell;

/// The journal of a run, its copies and the instance's entry take some kilobytes; with less than this, a write may fail in the
/// middle of a run.
const STATE_ROOM: u64 = 1 << 20;

/// The wizard's own state directory can be written, synced and locked, has room, and is this account's alone. The machine key
/// that every sealed secret opens with is in it.
pub fn judge(case: &Case<'_>) -> Verdict {
    let seen = match &case.facts.machine.state_folder {
        Fact::Unknown => return case.pending(),
        Fact::Seen(seen) => seen,
        Fact::Missing(trouble) => {
            let said = failures::explain_trouble(trouble).says;
            return report(stop(format!("The wizard's state directory cannot be used: {said}"), ELSEWHERE));
        }
    };
    let path = &seen.path;
    let quoted = Shell::of(case.platform()).word(path.as_str());
    if let Some((trial, said)) = &seen.refused {
        return report(refused(case, seen, *trial, &format::sentence(said.as_str())));
    }
    let mut findings = Vec::new();
    if let Some(owner) = seen.owner {
        let says = format!("The wizard's state directory {path} belongs to {}.", format::account(owner));
        findings.push(of_another(case, seen, says));
    }
    if let Some(mode) = seen.mode.filter(|mode| mode & 0o077 != 0) {
        findings.push(
            stop(
                format!("The wizard's state directory {path} is open to other accounts (mode {mode:04o}); it has this machine's sealing key in it."),
                "Close it to everybody but its owner.",
            )
            .command(format!("chmod 0700 {quoted}")),
        );
    }
    if let Some(free) = seen.free.filter(|free| *free < STATE_ROOM) {
        findings.push(stop(
            format!("The disk of the wizard's state directory {path} is full: {} are free.", format::size(free)),
            format!("Make room for at least {}. {ELSEWHERE}", format::size(STATE_ROOM)),
        ));
    }
    report_or(findings, || match (&seen.above, seen.mode) {
        (Some(_), _) => {
            Verdict::Good("written, synced and locked in the folder above it; it is made when it is first needed".to_owned())
        }
        (None, Some(_)) => Verdict::Good("written, synced and locked; closed to others".to_owned()),
        (None, None) => {
            Verdict::Unknown("written, synced and locked; this machine cannot tell whether others can open it".to_owned())
        }
    })
}

/// What a run could not do there.
fn refused(case: &Case<'_>, seen: &StateFolder, trial: StateTrial, said: &str) -> Finding {
    let path = &seen.path;
    let place = seen.part.as_ref().unwrap_or(path);
    let named = match &seen.part {
        Some(part) => format!("{part}, which belongs to the wizard's state directory,"),
        None => format!("The wizard's state directory {path}"),
    };
    match (trial, seen.owner) {
        (_, owner) if seen.hidden => {
            let folder = seen.above.as_ref().unwrap_or(path);
            let whose = owner.map(|owner| format!(" {folder} belongs to {}.", format::account(owner))).unwrap_or_default();
            stop(
                format!("The wizard cannot tell whether its state directory {path} is there: {said}{whose}"),
                format!("Start the wizard as the account that it belongs to. {ELSEWHERE}"),
            )
        }
        (StateTrial::Write | StateTrial::Lock | StateTrial::Sync, Some(owner)) => {
            let says = format!(
                "The wizard's state directory {path} belongs to {}, and this one cannot use it: {said}",
                format::account(owner)
            );
            of_another(case, seen, says)
        }
        (StateTrial::Folder, _) if seen.part.is_some() => stop(
            format!("{place} is not a folder, and the wizard's state directory needs one there: {said}"),
            format!("Move away what is in its place. {ELSEWHERE}"),
        ),
        (StateTrial::Folder, _) => stop(
            format!("The wizard's state directory {path} is not a folder, and none can be made there: {said}"),
            format!("Move away what is in its place. {ELSEWHERE}"),
        ),
        (StateTrial::Write, _) => {
            let place = seen.part.as_ref().or(seen.above.as_ref()).unwrap_or(path);
            let finding = stop(
                format!("The wizard cannot write its state directory {path}. Creating a file in {place} failed: {said}"),
                format!("Have the directory made for this account on a disk that can be written. {ELSEWHERE}"),
            );
            if case.is_on_windows() {
                finding
            } else {
                let folder = case.shell().word(seen.part.as_ref().unwrap_or(path).as_str());
                finding.command(format!("sudo install -d -m 0700 -o \"$(id -un)\" {folder}"))
            }
        }
        (StateTrial::Sync, _) => stop(
            format!("{named} cannot be synced to its disk: {said}"),
            format!("After a power cut nobody could tell what a run has done. {ELSEWHERE}"),
        ),
        (StateTrial::Lock, _) => stop(
            format!("Files in the wizard's state directory {path} cannot be locked: {said}"),
            format!("Two wizards could work on one instance at the same time. {ELSEWHERE}"),
        ),
        (StateTrial::Key, _) => stop(
            format!("This machine's sealing key {place} cannot be used: {said}"),
            "Put a copy of the file in its place, readable by this account only. If there is none, move the file away: the next run makes a \
             new key, and what was sealed with the old one must then be given again.",
        ),
    }
}

/// The directory is another account's.
fn of_another(case: &Case<'_>, seen: &StateFolder, says: String) -> Finding {
    let quoted = case.shell().word(seen.path.as_str());
    stop(says, format!("Start the wizard as that account, or give the directory to this one. {ELSEWHERE}"))
        .command(format!("sudo chown -R \"$(id -un)\" {quoted}"))
}

const ELSEWHERE: &str = "Another folder of this account can be named in OCTOPUS_SETUP_STATE_DIR; then start the wizard again.";

fn stop(says: String, fix: impl Into<String>) -> Finding {
    Finding::stop(CheckId::StateFolder, says, fix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop, unknown};
    use crate::catalog::samples;
    use crate::model::facts::Trouble;
    use crate::model::finding::Severity;
    use crate::model::platform::Platform;

    fn verdict(change: impl FnOnce(&mut StateFolder)) -> Verdict {
        let mut seen = samples::state_folder();
        change(&mut seen);
        verdict_on(Fact::Seen(seen))
    }

    fn verdict_on(fact: Fact<StateFolder>) -> Verdict {
        let mut facts = samples::facts();
        facts.machine.state_folder = fact;
        judged(CheckId::StateFolder, &samples::answers(), &facts)
    }

    fn refused(trial: StateTrial, said: &str) -> Finding {
        stop(&verdict(|seen| seen.refused = Some((trial, said.into()))))
    }

    #[test]
    fn a_directory_as_it_should_be_is_good_and_what_cannot_be_told_is_said() {
        assert_eq!(evidence(&verdict(|_| {})), "written, synced and locked; closed to others");
        let unseen = verdict(|seen| (seen.mode, seen.free) = (None, None));
        assert_eq!(unknown(&unseen), "written, synced and locked; this machine cannot tell whether others can open it");
        let absent = verdict(|seen| (seen.above, seen.mode) = (Some("/var/lib".into()), None));
        assert!(evidence(&absent).ends_with("made when it is first needed"), "{absent:?}");
    }

    #[test]
    fn what_is_not_known_yet_is_never_good() {
        assert_eq!(verdict_on(Fact::Unknown), Verdict::NotYet);
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
        let finding = stop(&verdict(|seen| {
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
        let owned = stop(&verdict(|seen| seen.owner = Some(1000)));
        assert!(stop(&verdict(|seen| seen.owner = Some(0))).says.contains("another account (root)"));
        assert!(owned.says.contains("another account (user number 1000)"), "{owned:?}");
        assert!(owned.remedy.is_some_and(|remedy| remedy.text() == "sudo chown -R \"$(id -un)\" /var/lib/state"));
        for (mode, shown) in [(0o755, "0755"), (0o710, "0710"), (0o1777, "1777")] {
            let open = stop(&verdict(|seen| seen.mode = Some(mode)));
            assert!(open.says.contains(shown), "{open:?}");
            assert!(open.remedy.is_some_and(|remedy| remedy.text() == "chmod 0700 /var/lib/state"));
        }
        assert!(stop(&verdict(|seen| seen.free = Some(STATE_ROOM - 1))).says.contains("full"));
        assert!(matches!(verdict(|seen| seen.free = Some(STATE_ROOM)), Verdict::Good(_)));
        let Verdict::Found(all) = verdict(|seen| (seen.owner, seen.mode, seen.free) = (Some(0), Some(0o777), Some(0))) else {
            panic!()
        };
        assert!(all.len() == 3 && all.iter().all(|finding| finding.severity == Severity::Stop));
    }

    #[test]
    fn a_disk_that_hangs_stops() {
        let hangs = stop(&verdict_on(Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) })));
        assert!(hangs.says.contains("state directory") && hangs.fix.contains("OCTOPUS_SETUP_STATE_DIR"), "{hangs:?}");
    }
}
