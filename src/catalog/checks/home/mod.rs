//! The checks of the home screen.

mod state_folder;

use std::path::Path;

use super::{Case, Check, report, report_all, unknown};
use crate::catalog::form::read;
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, HomeState, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::names::instance_key;
use crate::model::platform::{Platform, is_unc};
use crate::model::quote::bash;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::HomeInstance, FieldId::Instance, judge_instance),
    row(CheckId::HomePath, FieldId::Home, judge_path),
    row(CheckId::HomeDisk, FieldId::Home, judge_disk),
    row(CheckId::HomeWritable, FieldId::Home, judge_writable),
    row(CheckId::HomeNode, FieldId::NodeName, judge_node),
    Check {
        id: CheckId::StateFolder,
        screen: ScreenId::Home,
        field: None,
        surveys: &[SurveyId::Machine],
        flows: &Flow::ALL,
        judge: state_folder::judge,
    },
];

const fn row(id: CheckId, field: FieldId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Home, field: Some(field), surveys: &[SurveyId::Home], flows: &Flow::ALL, judge }
}

/// The name is usable and nobody on this machine has it: no instance, and no run that stopped in the middle, whose
/// journal a new run of the same name would overwrite.
fn judge_instance(case: &Case<'_>) -> Verdict {
    let Ok(name) = read::instance(case.answers) else { return Verdict::NotYet };
    let name = name.as_str();
    if case.resuming.is_some() {
        return match case.facts.home.taken {
            Fact::Unknown => case.pending(),
            _ => Verdict::Good(format!("{name}, of the unfinished run")),
        };
    }
    if case.is_existing_node() {
        return judge_existing_instance(name, case);
    }
    let unfinished = case.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == instance_key(name));
    if let Some(run) = unfinished {
        return report(Finding::stop(
            CheckId::HomeInstance,
            format!("A run for instance {} stopped in the middle, at {} of {} steps.", run.instance, run.done, run.steps),
            "Go back to the start and choose Continue, to finish or undo it; or type another name.",
        ));
    }
    let home = &case.facts.home;
    match &home.taken {
        Fact::Unknown => case.pending(),
        Fact::Seen(None) => match &home.unread_entry {
            Some(says) => report(Finding::stop(
                CheckId::HomeInstance,
                format!("This machine has an entry for an instance {name} already, which would be written over. {says}"),
                "Find out whose it is, and have it fixed or moved away; or type another name.",
            )),
            None => report_all(unread_records(&home.unread, name), || format!("{name} is free on this machine")),
        },
        Fact::Seen(Some(config)) => report(Finding::stop(
            CheckId::HomeInstance,
            match &home.unread_entry {
                Some(says) => format!("This machine has an instance {name} already; its config is {config}. {says}"),
                None => format!("This machine has an instance {name} already; its config is {config}."),
            },
            "Type another name; case does not count, and a blank is a hyphen.",
        )),
        Fact::Missing(trouble) => report(Finding::stop(
            CheckId::HomeInstance,
            format!(
                "Whether this machine has an instance {name} already cannot be told, because its list cannot be read: {}",
                match trouble {
                    Trouble::Io(said) => format::sentence(said.as_str()),
                    other => failures::explain_trouble(other).says,
                }
            ),
            "Start the wizard as the account that the wizard's state directory belongs to, or as one that may read it.",
        )),
    }
}

/// Records of Octopus' own list, any of which may be of an instance of this name.
fn unread_records(unread: &[Untrusted], name: &str) -> Vec<Finding> {
    let warn = |says: &Untrusted| {
        Finding::warn(
            CheckId::HomeInstance,
            format!("A record in Octopus Server's list of instances cannot be read, and may be of {name}. {says}"),
            "Have the record fixed, or move it away if its instance is gone; Octopus Server stumbles over it too.",
        )
    };
    unread.iter().map(warn).collect()
}

/// Judges the name of an existing node: this machine's lists know it.
fn judge_existing_instance(name: &str, case: &Case<'_>) -> Verdict {
    let unfinished = case.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == instance_key(name));
    if let Some(run) = unfinished {
        return report(Finding::warn(
            CheckId::HomeInstance,
            format!("A run for instance {} stopped in the middle, at {} of {} steps.", run.instance, run.done, run.steps),
            "Go back to the start and choose Continue, to finish or undo it.",
        ));
    }
    match &case.facts.home.taken {
        Fact::Unknown => case.pending(),
        Fact::Seen(Some(config)) => Verdict::Good(format!("{name}, with the config {config}")),
        // `node-config` warns of a list that does not know it.
        Fact::Seen(None) => {
            report(Finding::note(CheckId::HomeInstance, format!("No list of this machine knows an instance {name}.")))
        }
        Fact::Missing(trouble) => unknown(trouble),
    }
}

/// The path leads to a folder of this machine that can be a home, or to a place where one can be created.
fn judge_path(case: &Case<'_>) -> Verdict {
    let Ok(home) = read::home(case.answers) else { return Verdict::NotYet };
    if let Some((says, fix)) = unfit_path(&home.to_string_lossy(), case.platform()) {
        return report(Finding::stop(CheckId::HomePath, says, fix));
    }
    match &case.facts.home.folder {
        Fact::Unknown => case.pending(),
        Fact::Seen(HomeState::Creatable { .. } | HomeState::Empty) if is_temporary(&home.to_string_lossy(), case.platform()) => {
            report(Finding::new(
                CheckId::HomePath,
                Severity::Note,
                format!(
                    "{} is in a temporary folder: the system may delete the node's config and its sealed key there.",
                    home.display()
                ),
                "Type a path that lasts, unless this is a trial.",
            ))
        }
        Fact::Seen(occupant) => judge_occupant(occupant, &home, case),
        Fact::Missing(trouble) => report(unseen_path(trouble, &home)),
    }
}

/// The path could not be read. The words for a server's time-out would mislead here.
fn unseen_path(trouble: &Trouble, home: &Path) -> Finding {
    let home = home.display();
    match trouble {
        Trouble::TimedOut { waited } => Finding::stop(
            CheckId::HomePath,
            format!("{home} did not answer within {}: it is on a share or a disk that hangs.", format::duration(*waited)),
            "Type a path on a local disk of this machine.",
        ),
        Trouble::Io(said) => Finding::stop(
            CheckId::HomePath,
            format!("{home} cannot be looked at: {}", format::sentence(said.as_str())),
            "Start the wizard as a user who may look there (sudo, an elevated terminal), or type another path.",
        ),
        other => failures::explain_trouble(other).into_finding(CheckId::HomePath, Severity::Stop),
    }
}

/// What is wrong with the path itself.
fn unfit_path(home: &str, platform: Platform) -> Option<(&'static str, &'static str)> {
    if is_unc(home) {
        return Some((
            "This is a path on the network; a home directory belongs to its node alone.",
            "Type a path on a local disk of this machine.",
        ));
    }
    // The system follows `..` through links, but people who compare paths do not.
    if platform.has_detour(home) {
        return Some(("The path has .. in it.", "Type the path as it is without the detour."));
    }
    if platform.is_root(home) {
        return Some(("This is the root of the disk.", "Type a folder of its own, for instance one named octopus."));
    }
    None
}

/// Folders that the system empties: at the next boot, or of what is some days old. What is in memory, the disk's check tells.
fn is_temporary(home: &str, platform: Platform) -> bool {
    match platform {
        Platform::Linux => ["/tmp", "/var/tmp"].iter().any(|folder| Path::new(home).starts_with(folder)),
        Platform::Windows => {
            let home = home.to_ascii_lowercase().replace('/', "\\");
            ["\\windows\\temp", "\\appdata\\local\\temp", ":\\temp", ":\\tmp"]
                .iter()
                .any(|folder| home.split_once(folder).is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('\\')))
        }
    }
}

fn judge_occupant(occupant: &HomeState, home: &Path, case: &Case<'_>) -> Verdict {
    if case.is_existing_node() {
        return judge_existing_home(occupant, home, case);
    }
    let home = home.display();
    let stop = |says: String, fix: &str| report(Finding::stop(CheckId::HomePath, says, fix));
    match occupant {
        HomeState::Creatable { parent } => Verdict::Good(format!("will be created under {parent}")),
        HomeState::Empty => Verdict::Good("an empty folder".into()),
        HomeState::KeyOnly | HomeState::Occupied { .. } if case.resuming.is_some() => {
            Verdict::Good("a folder that is there".into())
        }
        HomeState::Occupied { entries } => {
            let entries = if *entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
            report(Finding::warn(
                CheckId::HomePath,
                format!("{home} is there and has {entries} in it that are not of this wizard."),
                "Type an empty or new folder, unless you know that Octopus may live beside them.",
            ))
        }
        HomeState::KeyOnly => report(Finding::warn(
            CheckId::HomePath,
            format!("{home} has the sealed master key of a node that has left; a node with another key cannot be set up there."),
            "Type another folder, or move the key file away, unless this node joins the same cluster again.",
        )),
        HomeState::NodeConfig { instance } => {
            let asked = read::instance(case.answers).ok();
            let own = asked.is_some_and(|name| instance_key(name.as_str()) == instance_key(instance.as_str()));
            if case.resuming.is_some() && own {
                return Verdict::Good("the node config of the unfinished run".into());
            }
            let whose =
                if instance.is_empty() { "an instance that cannot be read".into() } else { format!("instance {instance}") };
            stop(format!("{home} is the home of {whose} already."), "Type another folder; each instance has a home of its own.")
        }
        HomeState::NotAFolder => {
            stop(format::sentence(&format!("{home}, or a part of its path, is not a folder")), "Type another path.")
        }
    }
}

/// Judges the home of an existing node, which its config is in.
fn judge_existing_home(occupant: &HomeState, home: &Path, case: &Case<'_>) -> Verdict {
    let home = home.display();
    match occupant {
        HomeState::NodeConfig { instance } => {
            let own = instance_key(instance.as_str()) == instance_key(case.answers.trimmed(FieldId::Instance));
            if own || instance.is_empty() {
                return Verdict::Good("this node's own home".into());
            }
            report(Finding::stop(
                CheckId::HomePath,
                format!("{home} is the home of another instance, {instance}."),
                "Two instances in one home destroy each other's state: find out which of them Octopus Server runs, and have the other one leave.",
            ))
        }
        HomeState::KeyOnly | HomeState::Occupied { .. } | HomeState::Empty if case.is_octopus_made() => {
            Verdict::Good("a folder that is there".into())
        }
        HomeState::KeyOnly | HomeState::Occupied { .. } | HomeState::Empty => report(Finding::warn(
            CheckId::HomePath,
            format!("{home} is there, and there is no node config in it."),
            "The config under review is another file: put it into the home, or have a dated copy of it restored there.",
        )),
        HomeState::Creatable { parent } => report(Finding::stop(
            CheckId::HomePath,
            format!("{home} is not there; only {parent} is."),
            "Mount the disk that it is on, or have it restored, before Octopus Server is started.",
        )),
        HomeState::NotAFolder => report(Finding::stop(
            CheckId::HomePath,
            format::sentence(&format!("{home}, or a part of its path, is not a folder")),
            "Find out what took its place, and have the folder restored.",
        )),
    }
}

/// Octopus keeps package caches and logs in the home; its own low-space mark for the cache is 1 GiB.
const ROOM: u64 = 1 << 30;
/// Below this even the config and the first log may not fit.
const LEAST: u64 = 16 << 20;

/// On a local, lasting disk with room.
///
/// The network stops: two nodes in one home destroy each other's state. Memory only warns: a try-out in a container
/// often has nothing else, and what is lost at the next boot is this node's config alone, since the key's keeping
/// elsewhere is proven.
fn judge_disk(case: &Case<'_>) -> Verdict {
    let disk = match case.optional(&case.facts.home.disk) {
        Err(verdict) => return verdict,
        Ok(disk) => disk,
    };
    let kind = disk.file_system.as_str();
    let named = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
    let mut findings = Vec::new();
    if disk.network {
        findings.push(Finding::stop(
            CheckId::HomeDisk,
            format!("This path is on the network{named}; a home directory belongs to its node alone."),
            "Type a path on a local disk; what the nodes share goes to shared storage.",
        ));
    }
    if disk.volatile {
        findings.push(Finding::warn(
            CheckId::HomeDisk,
            format!("This path is in memory{named}: with the next boot the node's config and its sealed key are gone."),
            "Type a path on a disk that lasts.",
        ));
    }
    if disk.free < LEAST {
        findings.push(Finding::stop(
            CheckId::HomeDisk,
            format!("The disk is full: {} are free.", format::size(disk.free)),
            "Make room, or type a path on another disk.",
        ));
    } else if disk.free < ROOM {
        findings.push(Finding::warn(
            CheckId::HomeDisk,
            format!("Only {} are free on this disk; Octopus caches packages in its home.", format::size(disk.free)),
            "Make room for at least 1 GiB, or type a path on another disk.",
        ));
    }
    report_all(findings, || format!("local{named}, {} free", format::size(disk.free)))
}

/// A file could be created, written, synced and removed there.
fn judge_writable(case: &Case<'_>) -> Verdict {
    let home = &case.facts.home;
    if matches!(home.folder, Fact::Seen(HomeState::NotAFolder) | Fact::Missing(_)) {
        return Verdict::NotYet;
    }
    let trouble = match (&home.writable, &home.folder) {
        (Fact::Unknown, _) => return case.pending(),
        (Fact::Seen(()), Fact::Seen(HomeState::Creatable { parent })) => {
            return Verdict::Good(format!("{parent} can be written, synced and cleaned"));
        }
        (Fact::Seen(()), _) => return Verdict::Good("written, synced and removed a file".into()),
        (Fact::Missing(trouble), _) => trouble,
    };
    let place = match (&home.folder, read::home(case.answers)) {
        (Fact::Seen(HomeState::Creatable { parent }), _) => parent.to_string(),
        (_, Ok(path)) => path.display().to_string(),
        _ => "the home directory".to_owned(),
    };
    let says = match trouble {
        Trouble::Io(said) => format!("This user cannot write in {place}: {}", format::sentence(said.as_str())),
        Trouble::TimedOut { waited } => {
            return report(Finding::stop(
                CheckId::HomeWritable,
                format!("Writing in {place} came to no end within {}: the disk hangs, or is a share.", format::duration(*waited)),
                "Type a path on a local disk of this machine.",
            ));
        }
        other => failures::explain_trouble(other).says,
    };
    let finding = Finding::stop(
        CheckId::HomeWritable,
        says,
        "Start the wizard as a user who may write there (sudo, an elevated terminal), have the folder made for this user, or type \
         another path.",
    );
    report(match read::home(case.answers) {
        Ok(path) if !case.is_on_windows() => {
            finding.command(format!("sudo install -d -m 0750 -o \"$(id -un)\" {}", bash(&path.to_string_lossy())))
        }
        _ => finding,
    })
}

/// The node's name has a form that every part of a cluster accepts. It needs no fact.
fn judge_node(case: &Case<'_>) -> Verdict {
    if case.flow == Flow::Join {
        // It is asked beside the cluster's other nodes.
        return Verdict::DoesNotApply;
    }
    let Ok(name) = read::node_name(case.answers) else { return Verdict::NotYet };
    if let Some(doubt) = name.doubt() {
        return report(Finding::warn(
            CheckId::HomeNode,
            doubt,
            if case.is_existing_node() {
                "Have the node leave, and add this server again under a name that lasts."
            } else {
                "Type a name that lasts: each new name would become a node of its own, and the old ones would stay behind."
            },
        ));
    }
    Verdict::Good(name.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, judged_in, resuming, stop, unknown, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Disk, Facts, UnfinishedRun};

    fn taken(taken: Fact<Option<crate::model::untrusted::Untrusted>>) -> Facts {
        let mut facts = samples::facts();
        facts.home.taken = taken;
        facts
    }

    #[test]
    fn free_taken_and_untold() {
        let answers = samples::answers();
        assert_eq!(
            evidence(&judged(CheckId::HomeInstance, &answers, &taken(Fact::Seen(None)))),
            "OctopusServer is free on this machine"
        );
        let config = Fact::Seen(Some("/etc/octopus/x.config".into()));
        assert!(stop(&judged(CheckId::HomeInstance, &answers, &taken(config))).says.contains("/etc/octopus/x.config"));
        let unknown = judged(CheckId::HomeInstance, &answers, &taken(Fact::Missing(Trouble::Io("denied".into()))));
        assert!(stop(&unknown).says.ends_with("because its list cannot be read: denied."), "{unknown:?}");
        // What Octopus would write over.
        let mut facts = taken(Fact::Seen(None));
        facts.home.unread = vec!["/e/x.config cannot be read: it is no instance record of Octopus.".into()];
        assert!(warn(&judged(CheckId::HomeInstance, &answers, &facts)).says.contains("/e/x.config"));
        facts.home.unread_entry = Some("/e/octopusserver.config cannot be read.".into());
        assert!(stop(&judged(CheckId::HomeInstance, &answers, &facts)).says.contains("written over. /e/octopusserver.config"));
    }

    #[test]
    fn an_unfinished_run_of_the_same_key_stops() {
        let mut facts = samples::facts();
        facts.machine.unfinished = vec![UnfinishedRun {
            instance: "My Node".into(),
            flow: Flow::FirstNode,
            done: 3,
            steps: 6,
            when: "2026-11-21 12:04".into(),
            serves: false,
            config: Untrusted::default(),
        }];
        let answers = samples::with(&[(FieldId::Instance, "my-node")]);
        let finding = stop(&judged(CheckId::HomeInstance, &answers, &facts));
        assert!(finding.says.contains("3 of 6 steps") && finding.fix.contains("Continue"));
        let ours = judged_in(&resuming(&answers, &facts), CheckId::HomeInstance);
        assert!(evidence(&ours).contains("unfinished run"));
        assert!(matches!(judged(CheckId::HomeInstance, &samples::answers(), &facts), Verdict::Good(_)));
    }

    #[test]
    fn a_malformed_name_is_the_form_s_business() {
        let answers = samples::with(&[(FieldId::Instance, "a/b")]);
        assert_eq!(judged(CheckId::HomeInstance, &answers, &samples::facts()), Verdict::NotYet);
    }

    fn with_occupant(occupant: HomeState) -> Facts {
        let mut facts = samples::facts();
        facts.home.folder = Fact::Seen(occupant);
        facts
    }

    fn path_verdict(occupant: HomeState) -> Verdict {
        judged(CheckId::HomePath, &samples::answers(), &with_occupant(occupant))
    }

    #[test]
    fn each_occupant_has_its_verdict() {
        assert_eq!(evidence(&path_verdict(HomeState::Creatable { parent: "/var/lib".into() })), "will be created under /var/lib");
        assert_eq!(evidence(&path_verdict(HomeState::Empty)), "an empty folder");
        assert!(warn(&path_verdict(HomeState::Occupied { entries: 1 })).says.contains("1 entry "));
        assert!(warn(&path_verdict(HomeState::Occupied { entries: 7 })).says.contains("7 entries"));
        assert!(stop(&path_verdict(HomeState::NodeConfig { instance: "Other".into() })).says.contains("instance Other already"));
        assert!(stop(&path_verdict(HomeState::NodeConfig { instance: "".into() })).says.contains("cannot be read"));
        assert!(stop(&path_verdict(HomeState::NotAFolder)).says.contains("not a folder"));
    }

    #[test]
    fn a_home_that_the_system_may_empty_is_told() {
        for (path, platform, is) in [
            ("/tmp/octopus", Platform::Linux, true),
            ("/var/tmp/a/b", Platform::Linux, true),
            ("/tmpfs/octopus", Platform::Linux, false),
            ("/var/lib/octopus", Platform::Linux, false),
            ("C:\\Windows\\Temp\\octopus", Platform::Windows, true),
            ("C:\\Users\\a\\AppData\\Local\\Temp", Platform::Windows, true),
            ("C:\\Templates\\octopus", Platform::Windows, false),
        ] {
            assert_eq!(is_temporary(path, platform), is, "{path}");
        }
        let facts = with_occupant(HomeState::Creatable { parent: "/tmp".into() });
        let verdict = judged(CheckId::HomePath, &samples::with(&[(FieldId::Home, "/tmp/octopus")]), &facts);
        assert!(matches!(&verdict, Verdict::Found(findings) if findings[0].says.contains("temporary folder")), "{verdict:?}");
    }

    #[test]
    fn going_on_does_not_stumble_over_its_own() {
        for (occupant, good) in [
            (HomeState::Occupied { entries: 2 }, true),
            (HomeState::NodeConfig { instance: "octopusserver".into() }, true),
            (HomeState::NodeConfig { instance: "Other".into() }, false),
        ] {
            let (answers, facts) = (samples::answers(), with_occupant(occupant));
            let verdict = judged_in(&resuming(&answers, &facts), CheckId::HomePath);
            assert_eq!(matches!(verdict, Verdict::Good(_)), good, "{verdict:?}");
        }
    }

    #[test]
    fn a_path_that_can_be_no_home_stops_before_anything_is_known() {
        for (platform, path, part) in [
            (Platform::Linux, "/", "root"),
            (Platform::Linux, "/var/lib/octopus/../x", ".."),
            (Platform::Linux, "//server/share", "network"),
            (Platform::Windows, "C:\\", "root"),
            (Platform::Windows, "C:\\Octopus\\..\\x", ".."),
            (Platform::Windows, "\\\\files\\octopus", "network"),
        ] {
            let answers = samples::with_on(platform, &[(FieldId::Home, path)]);
            assert!(stop(&judged(CheckId::HomePath, &answers, &Facts::default())).says.contains(part), "{path}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_looked_at_stops() {
        let mut facts = samples::facts();
        facts.home.folder = Fact::Missing(Trouble::Io("Permission denied".into()));
        assert!(
            stop(&judged(CheckId::HomePath, &samples::answers(), &facts))
                .says
                .contains("cannot be looked at: Permission denied.")
        );
        facts.home.folder = Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) });
        let hanging = stop(&judged(CheckId::HomePath, &samples::answers(), &facts));
        assert!(hanging.says.contains("did not answer within 5 s") && !hanging.says.contains("firewall"), "{hanging:?}");
        assert_eq!(hanging.about, Some(FieldId::Home));
    }

    fn disk_verdict(kind: &str, network: bool, volatile: bool, free: u64) -> Verdict {
        let mut facts = samples::facts();
        facts.home.disk = Fact::Seen(Disk { file_system: kind.into(), network, volatile, free });
        judged(CheckId::HomeDisk, &samples::answers(), &facts)
    }

    #[test]
    fn local_network_memory_and_full() {
        assert_eq!(evidence(&disk_verdict("ext4", false, false, 40 << 30)), "local (ext4), 40.0 GiB free");
        assert_eq!(evidence(&disk_verdict("", false, false, 2 << 30)), "local, 2.0 GiB free");
        assert!(stop(&disk_verdict("nfs4", true, false, 40 << 30)).says.contains("network (nfs4)"));
        assert!(warn(&disk_verdict("tmpfs", false, true, 40 << 30)).says.contains("in memory (tmpfs)"));
        assert!(warn(&disk_verdict("ext4", false, false, 512 << 20)).says.contains("512 MiB"));
        assert!(stop(&disk_verdict("ext4", false, false, 1 << 20)).says.contains("full"));
    }

    #[test]
    fn the_weightiest_comes_first() {
        let Verdict::Found(findings) = disk_verdict("tmpfs", false, true, 0) else { panic!("findings") };
        assert_eq!(findings.len(), 2);
        assert!(findings[0].severity > findings[1].severity);
    }

    #[test]
    fn a_disk_that_hangs_is_told_without_words_of_the_network() {
        let mut facts = samples::facts();
        facts.home.disk = Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) });
        assert_eq!(unknown(&judged(CheckId::HomeDisk, &samples::answers(), &facts)), "could not be read: no answer within 5 s");
    }

    #[test]
    fn what_the_system_does_not_tell_is_no_obstacle() {
        let mut facts = samples::facts();
        facts.home.disk = Fact::Missing(Trouble::Unasked);
        assert_eq!(unknown(&judged(CheckId::HomeDisk, &samples::answers(), &facts)), "cannot tell here");
    }

    fn refused() -> Facts {
        let mut facts = samples::facts();
        facts.home.writable = Fact::Missing(Trouble::Io("Read-only file system".into()));
        facts
    }

    #[test]
    fn writable_or_not() {
        let answers = samples::answers();
        assert!(evidence(&judged(CheckId::HomeWritable, &answers, &samples::facts())).starts_with("/var/lib can be written"));
        let mut there = samples::facts();
        there.home.folder = Fact::Seen(HomeState::Empty);
        assert!(evidence(&judged(CheckId::HomeWritable, &answers, &there)).starts_with("written"));
        let finding = stop(&judged(CheckId::HomeWritable, &answers, &refused()));
        assert_eq!(finding.says, "This user cannot write in /var/lib: Read-only file system.");
        let mut hanging = samples::facts();
        hanging.home.writable = Fact::Missing(Trouble::TimedOut { waited: std::time::Duration::from_secs(5) });
        let finding = stop(&judged(CheckId::HomeWritable, &answers, &hanging));
        assert!(finding.says.contains("within 5 s") && finding.remedy.is_none(), "{finding:?}");
    }

    #[test]
    fn the_command_is_safe_whatever_the_path() {
        let answers = samples::with(&[(FieldId::Home, "/opt/it's; rm -rf x")]);
        let remedy = stop(&judged(CheckId::HomeWritable, &answers, &refused())).remedy;
        assert!(remedy.is_some_and(|remedy| remedy.text().ends_with("'/opt/it'\\''s; rm -rf x'")));
    }

    #[test]
    fn behind_something_that_is_no_folder_nothing_is_judged() {
        let mut facts = refused();
        for folder in [Fact::Seen(HomeState::NotAFolder), Fact::Missing(Trouble::Unasked)] {
            facts.home.folder = folder;
            assert_eq!(judged(CheckId::HomeWritable, &samples::answers(), &facts), Verdict::NotYet);
        }
    }

    #[test]
    fn a_name_is_good_warned_of_or_the_form_s_business() {
        let of = |name: &str| judged(CheckId::HomeNode, &samples::with(&[(FieldId::NodeName, name)]), &Facts::default());
        assert_eq!(evidence(&of(" web01 ")), "web01");
        assert!(warn(&of("3f2a91c07b1e")).says.contains("container"));
        assert_eq!(of("web 01"), Verdict::NotYet);
        assert_eq!(of(""), Verdict::NotYet);
    }
}
