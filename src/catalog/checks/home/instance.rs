//! `home-instance`.

use crate::catalog::checks::{Case, one, unknown};
use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::Fact;
use crate::model::finding::{Finding, Verdict};
use crate::model::names::instance_key;

/// The name is usable and nobody on this machine has it: no instance, and no run that stopped in the middle, whose
/// journal a new run of the same name would overwrite.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(name) = read::instance(case.answers) else { return Verdict::NotYet };
    let name = name.as_str();
    if case.resuming.is_some() {
        return match case.facts.home.taken {
            Fact::Unknown => case.pending(),
            _ => Verdict::Good(format!("{name}, of the run that is being gone on with")),
        };
    }
    if case.is_of_a_node() {
        return of_node(name, case);
    }
    let unfinished = case.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == instance_key(name));
    if let Some(run) = unfinished {
        return one(Finding::stop(
            CheckId::HomeInstance,
            format!("A run for instance {} stopped in the middle, at {} of {} steps.", run.instance, run.done, run.steps),
            "Go back to the start and choose Continue, to finish or undo it; or type another name.",
        ));
    }
    match &case.facts.home.taken {
        Fact::Unknown => case.pending(),
        Fact::Seen(None) => Verdict::Good(format!("{name} is free on this machine")),
        Fact::Seen(Some(config)) => one(Finding::stop(
            CheckId::HomeInstance,
            format!("This machine has an instance {name} already; its config is {config}."),
            "Type another name; case does not count, and a blank is a hyphen.",
        )),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

/// The name of a node that exists: it is its own, and this machine's lists know it.
fn of_node(name: &str, case: &Case<'_>) -> Verdict {
    let unfinished = case.facts.machine.unfinished.iter().find(|run| instance_key(run.instance.as_str()) == instance_key(name));
    if let Some(run) = unfinished {
        return one(Finding::warn(
            CheckId::HomeInstance,
            format!("A run for instance {} stopped in the middle, at {} of {} steps.", run.instance, run.done, run.steps),
            "Go back to the start and choose Continue, to finish or undo it.",
        ));
    }
    match &case.facts.home.taken {
        Fact::Unknown => case.pending(),
        Fact::Seen(Some(config)) => Verdict::Good(format!("{name}, with the config {config}")),
        // A list that does not know it is warned of where the config is judged.
        Fact::Seen(None) => {
            one(Finding::note(CheckId::HomeInstance, format!("No list of this machine knows an instance {name}.")))
        }
        Fact::Missing(trouble) => unknown(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, judged_in, resuming, stop};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Trouble, UnfinishedRun};
    use crate::model::field::FieldId;
    use crate::model::flow::Flow;

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
        assert_eq!(evidence(&unknown), "could not be read: denied");
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
        }];
        let answers = samples::with(&[(FieldId::Instance, "my-node")]);
        let finding = stop(&judged(CheckId::HomeInstance, &answers, &facts));
        assert!(finding.says.contains("3 of 6 steps") && finding.fix.contains("Continue"));
        let ours = judged_in(&resuming(&answers, &facts), CheckId::HomeInstance);
        assert!(evidence(&ours).contains("gone on with"));
        assert!(matches!(judged(CheckId::HomeInstance, &samples::answers(), &facts), Verdict::Good(_)));
    }

    #[test]
    fn a_malformed_name_is_the_form_s_business() {
        let answers = samples::with(&[(FieldId::Instance, "a/b")]);
        assert_eq!(judged(CheckId::HomeInstance, &answers, &samples::facts()), Verdict::NotYet);
    }
}
