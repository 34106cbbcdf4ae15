//! `octopus-service`.

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};

use super::{Case, one, program, unknown};

/// There is no service of this instance that the hand-over would take over.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(name) = read::instance(case.answers) else { return Verdict::NotYet };
    let name = name.as_str();
    if let Err(verdict) = program(case) {
        return verdict;
    }
    match &case.facts.octopus.service {
        Fact::Unknown => case.pending(),
        Fact::Seen(None) if case.facts.service.elevated == Fact::Seen(false) => one(powerless(case)),
        Fact::Seen(None) => Verdict::Good(format!("no service of {name} yet")),
        Fact::Seen(Some(service)) if case.resuming.is_some() => {
            Verdict::Good(format!("{service}, of the run that is being gone on with"))
        }
        Fact::Seen(Some(service)) => one(Finding::warn(
            CheckId::OctopusService,
            format!(
                "This machine has a service of instance {name} already: {service}. The hand-over stops it and makes it anew."
            ),
            if case.answers.is_on(FieldId::StartService) {
                "Go on only if no other Octopus Server runs by it; it then runs this node, as the account that was named here."
            } else {
                "Go on only if no other Octopus Server runs by it; it is then this node's, and stays stopped."
            },
        )),
        Fact::Missing(Trouble::Unasked) => Verdict::Good("this machine cannot tell whether there is one".to_owned()),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

/// Without the rights the last step but the waiting fails. It was warned of on the service's screen, where it can be said
/// that somebody else installs the service; here it is said again that then nobody should run these commands.
fn powerless(case: &Case<'_>) -> Finding {
    let who = if case.is_on_windows() { "an elevated administrator" } else { "root" };
    let mut finding = Finding::note(
        CheckId::OctopusService,
        format!("The wizard does not run as {who}, so that the step that installs the service is likely to be refused."),
    );
    "Have the script shown instead if somebody else installs the service.".clone_into(&mut finding.fix);
    finding.about(FieldId::HandOver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, judged_in, resuming, warn};
    use crate::catalog::samples;
    use crate::model::facts::Facts;
    use crate::model::finding::Severity;

    fn with(service: Fact<Option<crate::model::untrusted::Untrusted>>) -> Facts {
        let mut facts = samples::facts();
        facts.octopus.program = Fact::Seen(Some("/Octopus/Octopus.Server".into()));
        facts.octopus.service = service;
        facts
    }

    fn of(facts: &Facts) -> Verdict {
        judged(CheckId::OctopusService, &samples::answers(), facts)
    }

    #[test]
    fn a_service_that_is_there_is_warned_of_unless_it_is_the_run_s_own() {
        evidence(&of(&with(Fact::Seen(None))));
        let there = with(Fact::Seen(Some("OctopusServer.service".into())));
        assert!(warn(&of(&there)).says.contains("OctopusServer.service"));
        let answers = samples::answers();
        assert!(evidence(&judged_in(&resuming(&answers, &there), CheckId::OctopusService)).contains("gone on with"));
        let script = samples::with(&[(FieldId::HandOver, "script")]);
        evidence(&judged(CheckId::OctopusService, &script, &there));
    }

    #[test]
    fn what_this_machine_does_not_tell_is_said_as_such() {
        assert!(evidence(&of(&with(Fact::Missing(Trouble::Unasked)))).contains("cannot tell"));
        assert!(evidence(&of(&with(Fact::Missing(Trouble::Io("denied".into()))))).contains("denied"));
    }

    #[test]
    fn without_rights_it_is_said_what_will_happen() {
        let mut facts = with(Fact::Seen(None));
        facts.service.elevated = Fact::Seen(false);
        let verdict = of(&facts);
        assert_eq!(verdict.severity(), Some(Severity::Note));
        facts.octopus.program = Fact::Seen(None);
        evidence(&of(&facts));
    }
}
