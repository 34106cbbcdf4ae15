//! `octopus-instance`.

use std::path::Path;

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::Fact;
use crate::model::finding::{Finding, Verdict};
use crate::model::names::instance_key;
use crate::model::octopus::HandOverMode;
use crate::model::platform::Platform;
use crate::model::untrusted::Untrusted;

use super::{Case, one, unknown};

/// Octopus Server has no other instance of this name, nor of one that it files under the same name.
pub fn judge(case: &Case<'_>) -> Verdict {
    let (Ok(name), Ok(home)) = (read::instance(case.answers), read::home(case.answers)) else { return Verdict::NotYet };
    let octopus = &case.facts.octopus;
    // A script that is run later meets the same instances; for it Octopus' own registry has to do, which is a file.
    let instances = match &octopus.instances {
        _ if read::hand_over(case.answers) == HandOverMode::Script => &case.facts.machine.octopus_instances,
        Fact::Unknown => return case.pending(),
        Fact::Seen(instances) => instances,
        Fact::Missing(_) if octopus.program == Fact::Seen(None) => &case.facts.machine.octopus_instances,
        Fact::Missing(trouble) => return unknown(trouble),
    };
    let (name, key) = (name.as_str(), instance_key(name.as_str()));
    let Some((other, config)) = instances.iter().find(|(other, _)| instance_key(other.as_str()) == key) else {
        return Verdict::Good(match instances.len() {
            0 => "no instance on this machine yet".to_owned(),
            1 => "one other instance on this machine".to_owned(),
            others => format!("{others} other instances on this machine"),
        });
    };
    if !other.as_str().eq_ignore_ascii_case(name) {
        return one(Finding::stop(
            CheckId::OctopusInstance,
            format!(
                "Octopus Server would keep {name} in the file of its instance {other}: it files names in lower case, a blank as a hyphen."
            ),
            "Type another name.",
        ));
    }
    if is_in(config, &home, case.platform()) {
        return Verdict::Good(format!("{other} is there already, with its config in the home directory"));
    }
    one(Finding::stop(
        CheckId::OctopusInstance,
        format!("Octopus Server has an instance {other} on this machine already, with the config {config}."),
        "Type another name, or that instance's home directory; or delete the instance if nobody uses it any more.",
    )
    .command(format!("{} delete-instance --instance {}", program(case), case.shell().word(other.as_str()))))
}

/// Whether a config file lies in this folder.
fn is_in(config: &Untrusted, home: &Path, platform: Platform) -> bool {
    platform.parent(config.as_str()).is_some_and(|folder| platform.is_same_path(folder, &home.to_string_lossy()))
}

fn program(case: &Case<'_>) -> String {
    match case.facts.octopus.program.seen() {
        Some(Some(program)) => case.shell().program(&program.to_string_lossy()),
        _ => case.platform().server_program().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Trouble};
    use crate::model::field::FieldId;

    fn with(instances: &[(&str, String)]) -> Facts {
        let mut facts = samples::facts();
        facts.octopus.program = Fact::Seen(Some("/Octopus/Octopus.Server".into()));
        let records = instances.iter().map(|(name, config)| ((*name).into(), config.as_str().into()));
        facts.octopus.instances = Fact::Seen(records.collect());
        facts
    }

    fn of(instance: &str, facts: &Facts) -> Verdict {
        judged(CheckId::OctopusInstance, &samples::with(&[(FieldId::Instance, instance)]), facts)
    }

    #[test]
    fn a_free_name_is_good_and_a_taken_one_stops_with_the_config_that_has_it() {
        assert!(evidence(&of("OctopusServer", &with(&[]))).contains("no instance"));
        let facts = with(&[("Default", "/elsewhere/x.config".into())]);
        assert!(evidence(&of("OctopusServer", &facts)).contains("one other"));
        let finding = stop(&of("default", &facts));
        assert!(finding.says.contains("/elsewhere/x.config") && finding.remedy.is_some(), "{finding:?}");
    }

    #[test]
    fn our_own_home_s_instance_is_gone_on_with() {
        let config = Platform::Linux.join(samples::HOME, "OctopusServer.config");
        assert!(evidence(&of("OctopusServer", &with(&[("octopusserver", config)]))).contains("already"));
    }

    #[test]
    fn names_that_octopus_files_alike_are_told_apart_by_no_file() {
        let finding = stop(&of("My Node", &with(&[("my-node", "/x".into())])));
        assert!(finding.says.contains("my-node") && finding.says.contains("hyphen"), "{finding:?}");
    }

    #[test]
    fn a_script_meets_the_instances_of_the_registry() {
        let mut facts = samples::facts();
        facts.machine.octopus_instances = vec![("Default".into(), "/x".into())];
        let script = samples::with(&[(FieldId::Instance, "Default"), (FieldId::HandOver, "script")]);
        stop(&judged(CheckId::OctopusInstance, &script, &facts));
        facts.octopus.instances = Fact::Missing(Trouble::Unasked);
        stop(&of("Default", &facts));
    }

    #[test]
    fn a_program_that_does_not_tell_is_octopus_program_s_to_say() {
        let mut facts = with(&[]);
        facts.octopus.instances = Fact::Missing(Trouble::Io("nonsense".into()));
        assert!(evidence(&of("Default", &facts)).contains("could not be read: nonsense"));
    }
}
