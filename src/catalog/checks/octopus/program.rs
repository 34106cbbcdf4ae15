//! `octopus-program`.

use std::cmp::Ordering;
use std::path::Path;

use crate::catalog::checks::cluster;
use crate::catalog::form::read;
use crate::catalog::{commands, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::octopus::{HandOverMode, compare_versions};
use crate::model::untrusted::Untrusted;

use super::{Case, all, one};

/// What the operator is told before it happens. Octopus Server reads neither from a file nor from the environment.
const IN_THE_OPEN: &str = "Octopus Server takes the master key and the connection string on its command line only: while those two commands \
                           run, users of this machine who may list its processes can see them.";

/// The program is there where it is wanted, tells what it is, and is of the other nodes' version.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(asked) = read::octopus_server(case.answers) else { return Verdict::NotYet };
    let handing = read::hand_over(case.answers);
    let program = match &case.facts.octopus.program {
        _ if handing == HandOverMode::Script => return Verdict::Good("nothing is run: its script is shown".to_owned()),
        Fact::Unknown => return case.pending(),
        Fact::Seen(Some(program)) => program,
        Fact::Seen(None) => return absent(asked.as_deref(), handing, case),
        Fact::Missing(trouble) => return one(dumb("was not found in time", trouble)),
    };
    let version = match &case.facts.octopus.version {
        Fact::Unknown => return case.pending(),
        Fact::Seen(version) => version,
        Fact::Missing(trouble) => return one(dumb(&format!("at {} does not tell its version", shown(program)), trouble)),
    };
    let mut findings = Vec::new();
    if let Some(there) = cluster::octopus_version(case).filter(|_| case.flow == Flow::Join) {
        findings.extend(other(version, there));
    }
    if case.facts.octopus.instances.is_unknown() {
        return case.pending();
    }
    findings.push(Finding::note(
        CheckId::OctopusProgram,
        format!("Octopus Server {version}; the last steps run the commands of {}. {IN_THE_OPEN}", shown(program)),
    ));
    all(findings, String::new)
}

fn shown(program: &Path) -> Untrusted {
    program.to_string_lossy().as_ref().into()
}

/// It is not there.
fn absent(asked: Option<&Path>, handing: HandOverMode, case: &Case<'_>) -> Verdict {
    let place = match asked {
        Some(path) => format!("There is no program {}.", shown(path)),
        None => "Octopus Server is in none of its usual places on this machine.".to_owned(),
    };
    match (handing, asked) {
        (HandOverMode::Always, _) => one(Finding::stop(
            CheckId::OctopusProgram,
            place,
            "Install Octopus Server here, or say where its program is; or have its script shown instead.",
        )),
        // Somebody who says where it is means it to be there.
        (_, Some(_)) => one(Finding::stop(
            CheckId::OctopusProgram,
            place,
            "Correct the path; leave it empty to look in the usual places, or have the script shown.",
        )),
        (_, None) => {
            let instance = read::instance(case.answers).map(|name| name.as_str().to_owned()).unwrap_or_default();
            let says = "Not found on this machine. The plan ends without its commands; octopus-setup script prints them once the node is set up.";
            let platform = case.answers.platform();
            one(Finding::note(CheckId::OctopusProgram, says).command(commands::script(
                case.flow,
                platform,
                "--instance",
                &instance,
            )))
        }
    }
}

/// It is there, and answers nothing that can be understood.
fn dumb(what: &str, trouble: &Trouble) -> Finding {
    let why = match trouble {
        Trouble::TimedOut { waited } => format!("it did not answer within {}, and was ended", format::duration(*waited)),
        Trouble::Io(said) => said.to_string(),
        other => format!("{other:?}"),
    };
    Finding::stop(
        CheckId::OctopusProgram,
        format::sentence(&format!("Octopus Server {what}: {why}")),
        "Run it by hand with the word version to see why, and fix that; name another program, or have its script shown instead.",
    )
    .about(FieldId::OctopusServer)
}

/// It is of another version than the cluster's nodes.
fn other(here: &Untrusted, there: &Untrusted) -> Option<Finding> {
    let what = match compare_versions(here.as_str(), there.as_str()) {
        Ordering::Equal => return None,
        Ordering::Less => "An older one refuses the cluster's database",
        Ordering::Greater => "A newer one upgrades the database, and the other nodes stop",
    };
    Some(Finding::stop(
        CheckId::OctopusProgram,
        format!("This Octopus Server is of version {here}, the cluster's nodes of {there}. {what}."),
        format!("Install Octopus Server {there} here, or upgrade the other nodes to {here} first."),
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop};
    use crate::catalog::samples;
    use crate::model::facts::Facts;

    const PROGRAM: &str = "/Octopus/Octopus.Server";

    fn found() -> Facts {
        let mut facts = samples::facts();
        facts.octopus.program = Fact::Seen(Some(PROGRAM.into()));
        facts.octopus.version = Fact::Seen("2026.4.1".into());
        facts.octopus.instances = Fact::Seen(Vec::new());
        facts
    }

    fn of(changes: &[(FieldId, &str)], facts: &Facts) -> Verdict {
        judged(CheckId::OctopusProgram, &samples::with(changes), facts)
    }

    #[test]
    fn not_found_is_good_unless_it_was_wanted() {
        let facts = samples::facts();
        let told = |changes: &[(FieldId, &str)]| match of(changes, &facts) {
            Verdict::Found(found) if found[0].severity == crate::model::finding::Severity::Note => {
                found[0].remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default()
            }
            other => panic!("{other:?}"),
        };
        assert!(told(&[]).starts_with("octopus-setup script --format") && told(&[]).contains("--flow first-node"));
        assert!(told(&[(FieldId::Instance, "My Node")]).ends_with("--instance 'My Node'"));
        assert!(evidence(&of(&[(FieldId::HandOver, "script")], &facts)).contains("script is shown"));
        assert!(stop(&of(&[(FieldId::HandOver, "always")], &facts)).says.contains("usual places"));
        for handing in ["always", "when-found"] {
            let there = [(FieldId::HandOver, handing), (FieldId::OctopusServer, PROGRAM)];
            assert!(stop(&of(&there, &facts)).says.contains(PROGRAM), "{handing}");
        }
    }

    #[test]
    fn what_is_found_is_named_and_it_is_said_what_is_seen_of_secrets() {
        let Verdict::Found(findings) = of(&[], &found()) else { panic!("good") };
        assert!(findings[0].says.contains("2026.4.1") && findings[0].says.contains("command line only"), "{findings:?}");
        assert_eq!(findings[0].severity, crate::model::finding::Severity::Note);
        assert!(evidence(&of(&[(FieldId::HandOver, "script")], &found())).contains("nothing is run"));
    }

    #[test]
    fn one_that_does_not_answer_stops_with_its_own_words() {
        let mut facts = found();
        facts.octopus.version =
            Fact::Missing(Trouble::Io("asked for its version, it ended with status 1 and printed: Nope".into()));
        assert!(stop(&of(&[], &facts)).says.ends_with("it ended with status 1 and printed: Nope."));
        facts.octopus.version = Fact::Missing(Trouble::TimedOut { waited: Duration::from_secs(10) });
        assert!(stop(&of(&[], &facts)).says.contains("within 10 s, and was ended"));
        evidence(&of(&[(FieldId::HandOver, "script")], &facts));
    }

    #[test]
    fn in_a_join_the_version_is_the_other_nodes() {
        let answers = samples::joining();
        for (here, part) in [("2026.3.9", "older"), ("2026.4.2", "newer")] {
            let mut facts = samples::facts_of_a_cluster();
            facts.octopus = found().octopus;
            facts.octopus.version = Fact::Seen(here.into());
            let joining = Case { flow: Flow::Join, ..case(&answers, &facts) };
            let finding = stop(&judged_in(&joining, CheckId::OctopusProgram));
            assert!(finding.says.contains(part) && finding.fix.contains("2026.4.1"), "{finding:?}");
        }
        let mut facts = samples::facts_of_a_cluster();
        facts.octopus = found().octopus;
        let joining = Case { flow: Flow::Join, ..case(&answers, &facts) };
        assert!(judged_in(&joining, CheckId::OctopusProgram).severity() < Some(crate::model::finding::Severity::Warn));
    }
}
