//! `octopus-program`, `octopus-instance` and `octopus-service`: whether the hand-over to Octopus Server can be run.

use std::cmp::Ordering;
use std::path::Path;

use super::{Case, Check, cluster, report, report_all, unknown};
use crate::catalog::form::{self, read};
use crate::catalog::octopus::Reach;
use crate::catalog::octopus_versions::{KnownFault, LONG_KEYS, Since, known_faults, option_since};
use crate::catalog::{commands, format};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::master_key::KeySize;
use crate::model::names::instance_key;
use crate::model::octopus::HandOverMode;
use crate::model::octopus::compare_versions;
use crate::model::platform::Platform;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::OctopusProgram, FieldId::OctopusServer, judge_program),
    row(CheckId::OctopusInstance, FieldId::Instance, judge_instance),
    row(CheckId::OctopusService, FieldId::Instance, judge_service),
];

const fn row(id: CheckId, field: FieldId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check {
        id,
        screen: ScreenId::Octopus,
        field: Some(field),
        surveys: &[SurveyId::Octopus],
        flows: &[Flow::FirstNode, Flow::Join],
        judge,
    }
}

/// Returns the verdict on something that only Octopus Server's commands use and that was not answered: it does not apply where they are neither
/// run nor asked for, and is not known before somebody has looked for the program.
pub(super) fn unless_used(case: &Case<'_>) -> Option<Verdict> {
    let looked = read::hand_over(case.answers) != HandOverMode::WhenFound || !case.facts.octopus.program.is_unknown();
    if !looked {
        return Some(case.pending());
    }
    (!read::uses_octopus(case.answers, case.facts)).then_some(Verdict::DoesNotApply)
}

/// The program whose commands the plan's last steps run; the verdict where none are, or where that is not known yet.
fn program_to_run<'a>(case: &Case<'a>) -> Result<&'a Path, Verdict> {
    if read::hand_over(case.answers) == HandOverMode::Script {
        return Err(Verdict::DoesNotApply);
    }
    match &case.facts.octopus.program {
        Fact::Unknown => Err(case.pending()),
        Fact::Seen(Some(program)) => Ok(program),
        Fact::Seen(None) => Err(Verdict::DoesNotApply),
        Fact::Missing(trouble) => Err(unknown(trouble)),
    }
}

/// What the operator is told before it happens. Octopus Server reads neither from a file nor from the environment.
const IN_THE_OPEN: &str = "Octopus Server takes the master key and the connection string on its command line only: while those two commands \
                           run, users of this machine who may list its processes can see them.";

/// The program is there where it is wanted, tells what it is, and is of the other nodes' version.
fn judge_program(case: &Case<'_>) -> Verdict {
    let Ok(asked) = read::octopus_server(case.answers) else { return Verdict::NotYet };
    let handing = read::hand_over(case.answers);
    let program = match &case.facts.octopus.program {
        _ if handing == HandOverMode::Script => return Verdict::DoesNotApply,
        Fact::Unknown => return case.pending(),
        Fact::Seen(Some(program)) => program,
        Fact::Seen(None) => return judge_absent(asked.as_deref(), handing, case),
        Fact::Missing(trouble) => return report(unanswered("was not found in time", trouble)),
    };
    let version = match &case.facts.octopus.version {
        Fact::Unknown => return case.pending(),
        Fact::Seen(version) => version,
        Fact::Missing(trouble) => {
            return report(unanswered(&format!("at {} does not tell its version", untrusted(program)), trouble));
        }
    };
    let mut findings = Vec::new();
    if let Some(there) = cluster::octopus_version(case).filter(|_| case.flow == Flow::Join) {
        findings.extend(other_version(version, there));
    }
    findings.extend(too_old_findings(case, version.as_str()));
    findings.extend(no_licence_finding(case));
    findings.extend(never_ran_finding(case));
    findings.extend(fault_findings(CheckId::OctopusProgram, &[version]));
    if case.facts.octopus.instances.is_unknown() {
        return case.pending();
    }
    findings.push(Finding::note(
        CheckId::OctopusProgram,
        format!("Octopus Server {version}; the last steps run the commands of {}. {IN_THE_OPEN}", untrusted(program)),
    ));
    report_all(findings, String::new)
}

fn untrusted(program: &Path) -> Untrusted {
    program.to_string_lossy().as_ref().into()
}

/// It is not there.
fn judge_absent(asked: Option<&Path>, handing: HandOverMode, case: &Case<'_>) -> Verdict {
    let place = match asked {
        Some(path) => format!("There is no program {}.", untrusted(path)),
        None => "Octopus Server is in none of its usual places on this machine.".to_owned(),
    };
    match (handing, asked) {
        (HandOverMode::Always, _) => report(Finding::stop(
            CheckId::OctopusProgram,
            place,
            "Install Octopus Server here, or say where its program is; or have its script shown instead.",
        )),
        // Somebody who says where it is means it to be there.
        (_, Some(_)) => report(Finding::stop(
            CheckId::OctopusProgram,
            place,
            "Correct the path; leave it empty to look in the usual places, or have the script shown.",
        )),
        (_, None) => {
            let instance = read::instance(case.answers).map(|name| name.as_str().to_owned()).unwrap_or_default();
            let says = "Not found on this machine. The plan ends without its commands; octopus-setup script prints them once the node is set up.";
            let platform = case.answers.platform();
            report(Finding::note(CheckId::OctopusProgram, says).command(commands::script(
                case.flow,
                platform,
                "--instance",
                &instance,
            )))
        }
    }
}

/// It is there, and answers nothing that can be understood.
fn unanswered(what: &str, trouble: &Trouble) -> Finding {
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

/// No Octopus Server has ever run in the cluster, and this node's would be the first: Octopus makes its certificate and its tables at
/// the first node's first start, and a joining node is told to make nothing.
fn never_ran_finding(case: &Case<'_>) -> Option<Finding> {
    let starts = case.flow == Flow::Join && case.answers.is_on(FieldId::StartService);
    if !starts || cluster::has_run(case) != Some(false) {
        return None;
    }
    let who = cluster::another(case).map_or_else(|| "the first node".to_owned(), |node| node.to_string());
    Some(
        Finding::stop(
            CheckId::OctopusProgram,
            "No Octopus Server has run in this cluster yet: Octopus knows no heartbeat of any node in this database.",
            format!(
                "Start Octopus Server on {who} first, and join when it answers; or leave this node's service stopped for now."
            ),
        )
        .about(FieldId::StartService),
    )
}

/// A first node without a licence: Octopus' own setup demands one on Windows, and an upgrade of a server without one can leave it unable
/// to start (OctopusDeploy/Issues#9828).
fn no_licence_finding(case: &Case<'_>) -> Option<Finding> {
    let none = case.flow == Flow::FirstNode && read::licence(case.answers) == Ok(None);
    none.then(|| {
        Finding::warn(
            CheckId::OctopusProgram,
            "Octopus Server will have no licence: after an upgrade it may not start without one.",
            "Give a licence on its screen, or set one before the first upgrade, in the web portal or with Octopus' own command.",
        )
        .about(FieldId::Licence)
    })
}

/// What the plan would ask of it that a program of this version does not know. It would stop in the middle otherwise.
fn too_old_findings(case: &Case<'_>, version: &str) -> Vec<Finding> {
    let is_first = case.flow == Flow::FirstNode;
    let is_used = |field: &FieldId| {
        let is_for_all = field.setting().option.is_some_and(|option| option.reach == Reach::Cluster);
        (is_first || !is_for_all) && form::is_visible(*field, case.answers) && !case.answers.trimmed(*field).is_empty()
    };
    let options = FieldId::ALL.into_iter().filter(is_used).filter_map(|field| Some((field, option_since(field)?)));
    let long_key = if is_first {
        (read::key_size(case.answers) == KeySize::Aes256).then_some((FieldId::KeySize, LONG_KEYS))
    } else {
        let key = read::flow_key(case.flow, case.answers, case.facts);
        key.filter(|key| key.size() == KeySize::Aes256).map(|_| (FieldId::MasterKey, LONG_KEYS))
    };
    let too_old = options.chain(long_key).filter(|(_, since)| since.is_later_than(version));
    too_old.map(|(field, since)| too_old_finding(field, since, version)).collect()
}

fn too_old_finding(field: FieldId, since: Since, version: &str) -> Finding {
    let version = Untrusted::new(version);
    let otherwise = match field {
        FieldId::StorageRoot => "; or name each shared folder by itself",
        FieldId::ImportsFolder | FieldId::EventExportsFolder | FieldId::TrustedProxies => "; or leave that setting empty",
        FieldId::KeySize => "; or have a key of 16 bytes generated (key-size aes-128)",
        _ => "",
    };
    Finding::stop(
        CheckId::OctopusProgram,
        format!("Octopus Server {version} does not know {}, which came with {}.", since.what, since.version),
        format!("Install Octopus Server {} or later{otherwise}.", since.version),
    )
    .about(field)
}

/// What is known against the builds that nodes run, or will run: warnings, and a note of what is rare. Builds with the same faults are one
/// finding.
pub(super) fn fault_findings(check: CheckId, versions: &[&Untrusted]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for is_rare in [false, true] {
        let mut groups: Vec<(Vec<&KnownFault>, Vec<Untrusted>)> = Vec::new();
        for version in versions {
            let faults: Vec<_> = known_faults(version.as_str()).filter(|fault| fault.is_rare == is_rare).collect();
            match groups.iter_mut().find(|(others, _)| *others == faults) {
                Some((_, builds)) => builds.push((*version).clone()),
                None => groups.push((faults, vec![(*version).clone()])),
            }
        }
        let found = groups.iter().filter(|(faults, _)| !faults.is_empty());
        findings.extend(found.map(|(faults, builds)| fault_finding(check, faults, builds, is_rare)));
    }
    findings
}

fn fault_finding(check: CheckId, faults: &[&KnownFault], builds: &[Untrusted], is_rare: bool) -> Finding {
    let what: Vec<String> = faults.iter().map(|fault| format!("{} (OctopusDeploy/Issues#{})", fault.what, fault.issue)).collect();
    let has = if builds.len() == 1 { "has" } else { "have" };
    let builds = format::list(builds, builds.len() as u64);
    let says = format!("Octopus Server {builds} {has} a known fault: {}.", what.join("; "));
    let below = faults.iter().map(|fault| fault.below).max_by(|one, other| compare_versions(one, other)).unwrap_or_default();
    let fix = if faults.iter().any(|fault| fault.is_whole_release) {
        format!("See in that issue which build has the fix, or install {below} or later on all nodes.")
    } else {
        format!("Install {below} or later on all nodes.")
    };
    Finding { fix, ..if is_rare { Finding::note(check, says) } else { Finding::warn(check, says, "") } }
}

/// It is of another version than the cluster's nodes.
fn other_version(here: &Untrusted, there: &Untrusted) -> Option<Finding> {
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

/// Octopus Server has no other instance of this name, nor of one that it files under the same name.
fn judge_instance(case: &Case<'_>) -> Verdict {
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
        return report(Finding::stop(
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
    report(
        Finding::stop(
            CheckId::OctopusInstance,
            format!("Octopus Server has an instance {other} on this machine already, with the config {config}."),
            "Type another name, or that instance's home directory; or delete the instance if nobody uses it any more.",
        )
        .command(format!("{} delete-instance --instance {}", program_word(case), case.shell().word(other.as_str()))),
    )
}

/// Whether a config file lies in this folder.
fn is_in(config: &Untrusted, home: &Path, platform: Platform) -> bool {
    platform.parent(config.as_str()).is_some_and(|folder| platform.is_same_path(folder, &home.to_string_lossy()))
}

fn program_word(case: &Case<'_>) -> String {
    match case.facts.octopus.program.seen() {
        Some(Some(program)) => case.shell().program(&program.to_string_lossy()),
        _ => case.platform().server_program().to_owned(),
    }
}

/// There is no service of this instance that the hand-over would take over.
fn judge_service(case: &Case<'_>) -> Verdict {
    let Ok(name) = read::instance(case.answers) else { return Verdict::NotYet };
    let name = name.as_str();
    if let Err(verdict) = program_to_run(case) {
        return verdict;
    }
    match &case.facts.octopus.service {
        Fact::Unknown => case.pending(),
        Fact::Seen(None) if case.facts.service.elevated == Fact::Seen(false) => report(not_elevated(case)),
        Fact::Seen(None) => Verdict::Good(format!("no service of {name} yet")),
        Fact::Seen(Some(service)) if case.resuming.is_some() => Verdict::Good(format!("{service}, of the unfinished run")),
        Fact::Seen(Some(service)) => report(Finding::warn(
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
        Fact::Missing(Trouble::Unasked) => Verdict::Unknown("this machine cannot tell whether there is one".to_owned()),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

/// Without the rights the last step but the waiting fails. It was warned of on the service's screen, where it can be said
/// that somebody else installs the service; here it is said again that then nobody should run these commands.
fn not_elevated(case: &Case<'_>) -> Finding {
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
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, resuming, stop, unknown, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, Heartbeat};
    use crate::model::finding::Severity;

    const PROGRAM: &str = "/Octopus/Octopus.Server";

    fn found() -> Facts {
        let mut facts = samples::facts();
        facts.octopus.program = Fact::Seen(Some(PROGRAM.into()));
        facts.octopus.version = Fact::Seen("2026.4.1".into());
        facts.octopus.instances = Fact::Seen(Vec::new());
        facts
    }

    fn program_verdict(changes: &[(FieldId, &str)], facts: &Facts) -> Verdict {
        judged(CheckId::OctopusProgram, &samples::with(changes), facts)
    }

    #[test]
    fn not_found_is_good_unless_it_was_wanted() {
        let facts = samples::facts();
        let told = |changes: &[(FieldId, &str)]| match program_verdict(changes, &facts) {
            Verdict::Found(found) if found[0].severity == crate::model::finding::Severity::Note => {
                found[0].remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default()
            }
            other => panic!("{other:?}"),
        };
        assert!(told(&[]).starts_with("octopus-setup script --format") && told(&[]).contains("--flow first-node"));
        assert!(told(&[(FieldId::Instance, "My Node")]).ends_with("--instance 'My Node'"));
        assert_eq!(program_verdict(&[(FieldId::HandOver, "script")], &facts), Verdict::DoesNotApply);
        assert!(stop(&program_verdict(&[(FieldId::HandOver, "always")], &facts)).says.contains("usual places"));
        for handing in ["always", "when-found"] {
            let there = [(FieldId::HandOver, handing), (FieldId::OctopusServer, PROGRAM)];
            assert!(stop(&program_verdict(&there, &facts)).says.contains(PROGRAM), "{handing}");
        }
    }

    #[test]
    fn what_is_found_is_named_and_it_is_said_what_is_seen_of_secrets() {
        let Verdict::Found(findings) = program_verdict(&[(FieldId::Licence, "x")], &found()) else { panic!("good") };
        assert!(findings[0].says.contains("2026.4.1") && findings[0].says.contains("command line only"), "{findings:?}");
        assert_eq!(findings[0].severity, crate::model::finding::Severity::Note);
        assert_eq!(program_verdict(&[(FieldId::HandOver, "script")], &found()), Verdict::DoesNotApply);
    }

    #[test]
    fn one_that_does_not_answer_stops_with_its_own_words() {
        let mut facts = found();
        facts.octopus.version =
            Fact::Missing(Trouble::Io("asked for its version, it ended with status 1 and printed: Nope".into()));
        assert!(stop(&program_verdict(&[], &facts)).says.ends_with("it ended with status 1 and printed: Nope."));
        facts.octopus.version = Fact::Missing(Trouble::TimedOut { waited: Duration::from_secs(10) });
        assert!(stop(&program_verdict(&[], &facts)).says.contains("within 10 s, and was ended"));
        assert_eq!(program_verdict(&[(FieldId::HandOver, "script")], &facts), Verdict::DoesNotApply);
    }

    #[test]
    fn a_version_that_does_not_know_what_the_plan_asks_stops_before_the_first_step() {
        let verdict = |version: &str, changes: &[(FieldId, &str)]| {
            let mut facts = found();
            facts.octopus.version = Fact::Seen(version.into());
            program_verdict(changes, &facts)
        };
        let root = [
            (FieldId::Storage, "root"),
            (FieldId::StorageRoot, "/srv/octopus"),
            (FieldId::KeySize, "aes-128"),
            (FieldId::Licence, "x"),
        ];
        let finding = stop(&verdict("2020.2.14", &root));
        assert!(finding.says.contains("--clusterShared, which came with 2020.2.15"), "{finding:?}");
        assert!(finding.fix.contains("each shared folder"), "{finding:?}");
        assert_eq!(verdict("2020.2.15", &root).severity(), Some(Severity::Note));
        // What is not asked is not handed over.
        let unused = [(FieldId::StorageRoot, "/srv/octopus"), (FieldId::KeySize, "aes-128"), (FieldId::Licence, "x")];
        assert_eq!(verdict("2020.2.14", &unused).severity(), Some(Severity::Note));
        let exports = |folder| {
            let by_itself = [(FieldId::Storage, "folders"), (FieldId::EventExportsFolder, folder)];
            let sound = [(FieldId::KeySize, "aes-128"), (FieldId::Licence, "x")];
            let shared =
                [FieldId::ArtifactsFolder, FieldId::TaskLogsFolder, FieldId::PackagesFolder].map(|field| (field, "/srv/x"));
            [&by_itself[..], &sound, &shared].concat()
        };
        assert!(stop(&verdict("2023.2.9999", &exports("/srv/exports"))).says.contains("--eventExports, which came with 2023.3"));
        assert_eq!(verdict("2023.2.9999", &exports("")).severity(), Some(Severity::Note));
        let proxies = [(FieldId::TrustedProxies, "10.0.0.0/8"), (FieldId::KeySize, "aes-128"), (FieldId::Licence, "x")];
        assert!(stop(&verdict("2022.4.9", &proxies)).says.contains("--trustedProxies"));
        assert_eq!(verdict("2023.1.9000", &proxies).severity(), Some(Severity::Note));
        let finding = stop(&verdict("2024.3.13000", &[(FieldId::KeySize, "aes-256"), (FieldId::Licence, "x")]));
        assert!(finding.fix.contains("aes-128") && finding.about == Some(FieldId::KeySize), "{finding:?}");
        assert_eq!(
            verdict("2024.4.1", &[(FieldId::KeySize, "aes-256"), (FieldId::Licence, "x")]).severity(),
            Some(Severity::Note)
        );
    }

    #[test]
    fn a_build_with_a_known_fault_is_warned_of_before_it_is_set_up() {
        let mut facts = found();
        facts.octopus.version = Fact::Seen("2023.3.13315".into());
        let sound = [(FieldId::KeySize, "aes-128"), (FieldId::Licence, "x")];
        let Verdict::Found(findings) = program_verdict(&sound, &facts) else { panic!("good") };
        assert!(findings[0].severity == Severity::Warn && findings[0].says.contains("Issues#8356"), "{findings:?}");
    }

    #[test]
    fn a_first_node_without_a_licence_is_warned_of_where_the_server_is_started() {
        let finding = warn(&program_verdict(&[], &found())).clone();
        assert!(finding.says.contains("may not start") && finding.about == Some(FieldId::Licence), "{finding:?}");
        assert_eq!(program_verdict(&[(FieldId::Licence, "x")], &found()).severity(), Some(Severity::Note));
        assert_eq!(program_verdict(&[(FieldId::HandOver, "script")], &found()), Verdict::DoesNotApply);
        let (answers, mut facts) = (samples::joining(), samples::facts_of_a_cluster());
        facts.octopus = found().octopus;
        let joining = Case { flow: Flow::Join, ..case(&answers, &facts) };
        assert_eq!(judged_in(&joining, CheckId::OctopusProgram).severity(), Some(Severity::Note));
    }

    #[test]
    fn a_join_that_starts_a_service_needs_a_cluster_in_which_one_has_run() {
        let verdict = |beat: Heartbeat, changes: &[(FieldId, &str)]| {
            let (answers, mut facts) = (samples::joining_with(changes), samples::facts_of_a_cluster());
            facts.octopus = found().octopus;
            facts.cluster.nodes = Fact::Seen([samples::node_seen("web01", beat)].into());
            judged_in(&Case { flow: Flow::Join, ..case(&answers, &facts) }, CheckId::OctopusProgram)
        };
        let finding = stop(&verdict(Heartbeat::Never, &[])).clone();
        assert!(finding.says.starts_with("No Octopus Server has run") && finding.fix.contains("on web01 first"), "{finding:?}");
        assert_eq!(finding.about, Some(FieldId::StartService));
        for (beat, changes) in [
            (Heartbeat::Never, &[(FieldId::StartService, "false")][..]),
            (Heartbeat::Never, &[(FieldId::HandOver, "script")]),
            (Heartbeat::Ago(Duration::from_secs(2)), &[]),
            (Heartbeat::Unreadable, &[]),
        ] {
            let verdict = verdict(beat, changes);
            assert!(verdict.severity() <= Some(Severity::Note), "{beat:?} {changes:?}: {verdict:?}");
        }
    }

    #[test]
    fn a_build_with_a_known_fault_is_warned_of_with_its_source() {
        let mut facts = found();
        facts.octopus.version = Fact::Seen("2022.3.3000".into());
        let finding = warn(&program_verdict(&[(FieldId::KeySize, "aes-128"), (FieldId::Licence, "x")], &facts)).clone();
        assert!(finding.says.contains("Issues#7920") && finding.says.contains("Issues#7624"), "{finding:?}");
        assert!(finding.fix.contains("2022.3.10827 or later"), "{finding:?}");
        facts.octopus.version = Fact::Seen("2023.3.13000".into());
        let finding = warn(&program_verdict(&[(FieldId::KeySize, "aes-128"), (FieldId::Licence, "x")], &facts)).clone();
        assert!(finding.says.contains("run one task at the same time") && finding.fix.contains("2023.4 or later"), "{finding:?}");
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

    fn with_instances(instances: &[(&str, String)]) -> Facts {
        let mut facts = samples::facts();
        facts.octopus.program = Fact::Seen(Some("/Octopus/Octopus.Server".into()));
        let records = instances.iter().map(|(name, config)| ((*name).into(), config.as_str().into()));
        facts.octopus.instances = Fact::Seen(records.collect());
        facts
    }

    fn instance_verdict(instance: &str, facts: &Facts) -> Verdict {
        judged(CheckId::OctopusInstance, &samples::with(&[(FieldId::Instance, instance)]), facts)
    }

    #[test]
    fn a_free_name_is_good_and_a_taken_one_stops_with_the_config_that_has_it() {
        assert!(evidence(&instance_verdict("OctopusServer", &with_instances(&[]))).contains("no instance"));
        let facts = with_instances(&[("Default", "/elsewhere/x.config".into())]);
        assert!(evidence(&instance_verdict("OctopusServer", &facts)).contains("one other"));
        let finding = stop(&instance_verdict("default", &facts));
        assert!(finding.says.contains("/elsewhere/x.config") && finding.remedy.is_some(), "{finding:?}");
    }

    #[test]
    fn our_own_home_s_instance_is_gone_on_with() {
        let config = Platform::Linux.join(samples::HOME, "OctopusServer.config");
        assert!(evidence(&instance_verdict("OctopusServer", &with_instances(&[("octopusserver", config)]))).contains("already"));
    }

    #[test]
    fn names_that_octopus_files_alike_are_told_apart_by_no_file() {
        let finding = stop(&instance_verdict("My Node", &with_instances(&[("my-node", "/x".into())])));
        assert!(finding.says.contains("my-node") && finding.says.contains("hyphen"), "{finding:?}");
    }

    #[test]
    fn a_script_meets_the_instances_of_the_registry() {
        let mut facts = samples::facts();
        facts.machine.octopus_instances = vec![("Default".into(), "/x".into())];
        let script = samples::with(&[(FieldId::Instance, "Default"), (FieldId::HandOver, "script")]);
        stop(&judged(CheckId::OctopusInstance, &script, &facts));
        facts.octopus.instances = Fact::Missing(Trouble::Unasked);
        stop(&instance_verdict("Default", &facts));
    }

    #[test]
    fn a_program_that_does_not_tell_is_octopus_program_s_to_say() {
        let mut facts = with_instances(&[]);
        facts.octopus.instances = Fact::Missing(Trouble::Io("nonsense".into()));
        assert!(unknown(&instance_verdict("Default", &facts)).contains("could not be read: nonsense"));
    }

    fn with_service(service: Fact<Option<crate::model::untrusted::Untrusted>>) -> Facts {
        let mut facts = samples::facts();
        facts.octopus.program = Fact::Seen(Some("/Octopus/Octopus.Server".into()));
        facts.octopus.service = service;
        facts
    }

    fn service_verdict(facts: &Facts) -> Verdict {
        judged(CheckId::OctopusService, &samples::answers(), facts)
    }

    #[test]
    fn a_service_that_is_there_is_warned_of_unless_it_is_the_run_s_own() {
        evidence(&service_verdict(&with_service(Fact::Seen(None))));
        let there = with_service(Fact::Seen(Some("OctopusServer.service".into())));
        assert!(warn(&service_verdict(&there)).says.contains("OctopusServer.service"));
        let answers = samples::answers();
        assert!(evidence(&judged_in(&resuming(&answers, &there), CheckId::OctopusService)).contains("unfinished run"));
        let script = samples::with(&[(FieldId::HandOver, "script")]);
        assert_eq!(judged(CheckId::OctopusService, &script, &there), Verdict::DoesNotApply);
    }

    #[test]
    fn what_this_machine_does_not_tell_is_said_as_such() {
        assert!(unknown(&service_verdict(&with_service(Fact::Missing(Trouble::Unasked)))).contains("cannot tell"));
        assert!(unknown(&service_verdict(&with_service(Fact::Missing(Trouble::Io("denied".into()))))).contains("denied"));
    }

    #[test]
    fn without_rights_it_is_said_what_will_happen() {
        let mut facts = with_service(Fact::Seen(None));
        facts.service.elevated = Fact::Seen(false);
        let verdict = service_verdict(&facts);
        assert_eq!(verdict.severity(), Some(Severity::Note));
        facts.octopus.program = Fact::Seen(None);
        assert_eq!(service_verdict(&facts), Verdict::DoesNotApply);
    }
}
