//! `home-path`.

use std::path::Path;

use crate::catalog::checks::{Case, one};
use crate::catalog::form::read;
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, HomeState, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::names::instance_key;
use crate::model::platform::{Platform, is_unc};

/// The path leads to a folder of this machine that can be a home, or to a place where one can be created.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(home) = read::home(case.answers) else { return Verdict::NotYet };
    if let Some((says, fix)) = unfit(&home.to_string_lossy(), case.platform()) {
        return one(Finding::stop(CheckId::HomePath, says, fix));
    }
    match &case.facts.home.folder {
        Fact::Unknown => case.pending(),
        Fact::Seen(occupant) => of_occupant(occupant, &home, case),
        Fact::Missing(trouble) => one(unseen(trouble, &home)),
    }
}

/// The path could not be looked at. The words of the way to a server would be about the wrong thing here.
fn unseen(trouble: &Trouble, home: &Path) -> Finding {
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

/// What can be said against the path itself.
fn unfit(home: &str, platform: Platform) -> Option<(&'static str, &'static str)> {
    if is_unc(home) {
        return Some((
            "This is a path on the network; a home directory belongs to its node alone.",
            "Type a path on a local disk of this machine.",
        ));
    }
    // `..` would be followed through links by the system, but not by people who compare paths.
    if platform.has_detour(home) {
        return Some(("The path has .. in it.", "Type the path as it is without the detour."));
    }
    if platform.is_root(home) {
        return Some(("This is the root of the disk.", "Type a folder of its own, for instance one named octopus."));
    }
    None
}

fn of_occupant(occupant: &HomeState, home: &Path, case: &Case<'_>) -> Verdict {
    if case.is_of_a_node() {
        return of_node(occupant, home, case);
    }
    let home = home.display();
    let stop = |says: String, fix: &str| one(Finding::stop(CheckId::HomePath, says, fix));
    match occupant {
        HomeState::Creatable { parent } => Verdict::Good(format!("will be created under {parent}")),
        HomeState::Empty => Verdict::Good("an empty folder".into()),
        HomeState::Occupied { .. } if case.resuming.is_some() => Verdict::Good("a folder that is there".into()),
        HomeState::Occupied { entries } => {
            let entries = if *entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
            one(Finding::warn(
                CheckId::HomePath,
                format!("{home} is there and has {entries} in it that are not of this wizard."),
                "Type an empty or new folder, unless you know that Octopus may live beside them.",
            ))
        }
        HomeState::NodeConfig { instance } => {
            let asked = read::instance(case.answers).ok();
            let own = asked.is_some_and(|name| instance_key(name.as_str()) == instance_key(instance.as_str()));
            if case.resuming.is_some() && own {
                return Verdict::Good("the node config of the run that is being gone on with".into());
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

/// The home of a node that exists: its config is in it.
fn of_node(occupant: &HomeState, home: &Path, case: &Case<'_>) -> Verdict {
    let home = home.display();
    match occupant {
        HomeState::NodeConfig { instance } => {
            let own = instance_key(instance.as_str()) == instance_key(case.answers.trimmed(FieldId::Instance));
            if own || instance.is_empty() {
                return Verdict::Good("this node's own home".into());
            }
            one(Finding::stop(
                CheckId::HomePath,
                format!("{home} is the home of another instance, {instance}."),
                "Two instances in one home destroy each other's state: find out which of them Octopus Server runs, and have the other one leave.",
            ))
        }
        HomeState::Occupied { .. } | HomeState::Empty if case.is_of_octopus() => Verdict::Good("a folder that is there".into()),
        HomeState::Occupied { .. } | HomeState::Empty => one(Finding::warn(
            CheckId::HomePath,
            format!("{home} is there, and there is no node config in it."),
            "The config under review is another file: put it into the home, or have a dated copy of it restored there.",
        )),
        HomeState::Creatable { parent } => one(Finding::stop(
            CheckId::HomePath,
            format!("{home} is not there; only {parent} is."),
            "Mount the disk that it is on, or have it restored, before Octopus Server is started.",
        )),
        HomeState::NotAFolder => one(Finding::stop(
            CheckId::HomePath,
            format::sentence(&format!("{home}, or a part of its path, is not a folder")),
            "Find out what took its place, and have the folder restored.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, judged_in, resuming, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Trouble};

    fn with(occupant: HomeState) -> Facts {
        let mut facts = samples::facts();
        facts.home.folder = Fact::Seen(occupant);
        facts
    }

    fn of(occupant: HomeState) -> Verdict {
        judged(CheckId::HomePath, &samples::answers(), &with(occupant))
    }

    #[test]
    fn each_occupant_has_its_verdict() {
        assert_eq!(evidence(&of(HomeState::Creatable { parent: "/var/lib".into() })), "will be created under /var/lib");
        assert_eq!(evidence(&of(HomeState::Empty)), "an empty folder");
        assert!(warn(&of(HomeState::Occupied { entries: 1 })).says.contains("1 entry "));
        assert!(warn(&of(HomeState::Occupied { entries: 7 })).says.contains("7 entries"));
        assert!(stop(&of(HomeState::NodeConfig { instance: "Other".into() })).says.contains("instance Other already"));
        assert!(stop(&of(HomeState::NodeConfig { instance: "".into() })).says.contains("cannot be read"));
        assert!(stop(&of(HomeState::NotAFolder)).says.contains("not a folder"));
    }

    #[test]
    fn going_on_does_not_stumble_over_its_own() {
        for (occupant, good) in [
            (HomeState::Occupied { entries: 2 }, true),
            (HomeState::NodeConfig { instance: "octopusserver".into() }, true),
            (HomeState::NodeConfig { instance: "Other".into() }, false),
        ] {
            let (answers, facts) = (samples::answers(), with(occupant));
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
}
