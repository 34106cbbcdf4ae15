//! `node-config` and `node-seals`: the files of a node under review, and the secrets that are sealed beside them.

use super::drift::octopus_command_with_secret;
use super::{Case, Check, report, report_all};
use crate::catalog::{failures, format};
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::connection_string::SignInKind;
use crate::model::facts::{Fact, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::master_key::Fingerprint;
use crate::model::master_key::MasterKey;
use crate::model::node_config::{NodeConfig, SealedSignIn};
use crate::model::octopus::OctopusConfig;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[row(CheckId::NodeConfig, judge_config), row(CheckId::NodeSeals, judge_seals)];

const fn row(id: CheckId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Node, field: None, surveys: &[SurveyId::Node], flows: &Flow::ALL, judge }
}

/// The node config can be read, and this machine's list of instances leads to it.
fn judge_config(case: &Case<'_>) -> Verdict {
    let node = &case.facts.node;
    match &node.config {
        Fact::Unknown => case.pending(),
        Fact::Seen(config) => judge_node_config(config, case),
        Fact::Missing(Trouble::Unasked) => match &node.octopus {
            Fact::Unknown => case.pending(),
            Fact::Seen(Some(config)) => judge_octopus_config(config),
            Fact::Seen(None) => report(
                Finding::stop(
                    CheckId::NodeConfig,
                    "There is neither a node config nor an OctopusServer.config of this instance.",
                    "Look for the file that Octopus' own list of instances names, or have its backup restored.",
                )
                .about(FieldId::Instance),
            ),
            Fact::Missing(trouble) => report(unreadable(trouble)),
        },
        Fact::Missing(trouble) => report(unreadable(trouble)),
    }
}

fn unreadable(trouble: &Trouble) -> Finding {
    failures::explain_trouble(trouble).into_finding(CheckId::NodeConfig, Severity::Stop).about(FieldId::Instance)
}

fn judge_node_config(config: &NodeConfig, case: &Case<'_>) -> Verdict {
    let path = match case.subject {
        Some(subject) => subject.config.clone(),
        None => case.platform().join(&config.node.home.to_string_lossy(), NodeConfig::FILE).into(),
    };
    let shown = Untrusted::new(&path.to_string_lossy());
    let instance = Untrusted::new(&config.instance);
    let warn = |says: String, fix: &str| report(Finding::warn(CheckId::NodeConfig, says, fix).about(FieldId::Instance));
    if let Some(said) = &case.facts.node.other_writer {
        let says = format!("{shown} could have been changed by others, because {said}.");
        let fix =
            "Look at what it says, the server and the paths above all; then let it belong to this account or root, and close it.";
        let word = case.shell().word(shown.as_str());
        let finding = Finding::warn(CheckId::NodeConfig, says, fix).about(FieldId::Instance);
        return report(finding.command(format!("sudo chown root {word} && sudo chmod 600 {word}")));
    }
    match &case.facts.node.listed {
        Fact::Unknown => case.pending(),
        Fact::Seen(Some(listed)) if *listed == shown || path.as_path() == listed.as_str() => {
            Verdict::Good(format!("{shown}, format {}, listed", config.format))
        }
        Fact::Seen(Some(listed)) => warn(
            format!("This machine's list of instances names another config for {instance}: {listed}, and not {shown}."),
            "Find out which of the two Octopus Server goes by, and take the other one away; {key:edit} writes this one anew and lists it.",
        ),
        Fact::Seen(None) => warn(
            format!("This machine's list of instances does not know {instance}; {shown} was copied here, or the list was lost."),
            "{key:edit} writes the config anew and enters it in the list.",
        ),
        Fact::Missing(trouble) => warn(
            format!(
                "{shown} can be read, but this machine's list of instances cannot: {}",
                failures::explain_trouble(trouble).says
            ),
            "Start the wizard as a user who may read the list (sudo, an elevated terminal).",
        ),
    }
}

fn judge_octopus_config(config: &OctopusConfig) -> Verdict {
    let notes = config.unused.iter().map(|said| {
        let says = format!("In {}: {}", config.path, format::sentence(said.as_str()));
        Finding::note(CheckId::NodeConfig, says).about(FieldId::Instance)
    });
    report_all(notes.chain(login_finding(config)).collect(), || format!("{}, read-only", config.path))
}

/// Why the database is not looked at, where the config has no way to it that this program could take.
fn login_finding(config: &OctopusConfig) -> Option<Finding> {
    let path = &config.path;
    if !config.has_connection {
        let says = format!("There is no connection string in {path}, so nothing of a database or a cluster can be looked at.");
        let fix = "Give Octopus Server its database, or have a backup of the file restored.";
        return Some(Finding::stop(CheckId::NodeConfig, says, fix).about(FieldId::Server));
    }
    let has = |field| config.get(field).is_some_and(|raw| !raw.is_empty());
    let who = match config.sign_in {
        SignInKind::SqlLogin if has(FieldId::User) && has(FieldId::Password) => return None,
        SignInKind::SqlLogin => "Octopus Server has no SQL login with a password".to_owned(),
        kind => format!("Octopus Server signs in with {}", kind.account()),
    };
    let finding = Finding::warn(
        CheckId::NodeConfig,
        format!(
            "{who}; the database was not looked at, and nothing was sent to it. The connection string in {path} says so, and this \
             program signs in by SQL logins only."
        ),
        "Look at the database with Octopus Server's own tools, or give Octopus Server a SQL login.",
    );
    Some(finding.about(FieldId::User))
}

/// What gives a node another key: one that opens is not overwritten, since it may be the only copy there is of some
/// cluster's, and is not asked for again.
pub const SEAL_ANOTHER_KEY: &str = "Move octopus-master-key.sealed out of the home directory and keep it, then change settings ({key:edit}) and give \
                        the cluster's master key, which is sealed anew.";

/// Of a password that an older build sealed: in a config that somebody changed, it opens all the same.
const UNBOUND: &str = "The database login's password was sealed without its server, login, encryption and trust, by an older octopus-setup. \
                       Change a setting once to bind it to them.";

/// The sealed secrets open here, and the key among them is the one whose fingerprint the config holds.
fn judge_seals(case: &Case<'_>) -> Verdict {
    let node = &case.facts.node;
    let config = match &node.config {
        Fact::Unknown => return case.pending(),
        Fact::Seen(config) => config,
        Fact::Missing(Trouble::Unasked) => return judge_octopus_key(case),
        Fact::Missing(_) => return Verdict::NotYet,
    };
    if node.password.is_unknown() || node.service_password.is_unknown() || node.key.is_unknown() {
        return case.pending();
    }
    let sealed = [
        (FieldId::Password, "The database login's password", node.password.trouble()),
        (FieldId::ServicePassword, "The service account's password", node.service_password.trouble()),
        (FieldId::MasterKey, "The master key", node.key.trouble()),
    ];
    let mut findings: Vec<Finding> =
        sealed.into_iter().filter_map(|(field, what, trouble)| Some(unopened(field, what, trouble?))).collect();
    findings.extend(node.key.seen().and_then(|key| key_finding(key, config)));
    let SealedSignIn::SqlLogin { password, .. } = &config.database.sign_in;
    if node.password.seen().is_some() && password.is_unbound() {
        findings.push(Finding::note(CheckId::NodeSeals, UNBOUND).about(FieldId::Password));
    }
    report_all(findings, || match &node.service_password {
        Fact::Seen(Some(_)) => "both passwords and the master key open here".to_owned(),
        _ => "the password and the master key open here".to_owned(),
    })
}

fn unopened(field: FieldId, what: &str, trouble: &Trouble) -> Finding {
    let (says, fix) = match trouble {
        Trouble::Seal(SealTrouble::OtherMachine) => (
            format!(
                "{what} was sealed on another machine: this config was copied here, or this machine's sealing key was replaced."
            ),
            "Change settings ({key:edit}) and give the password and the master key again; they are sealed anew here.".to_owned(),
        ),
        Trouble::Seal(SealTrouble::Damaged) => (
            format!("{what} does not open: what is there is not what was sealed."),
            "Put a dated copy of the file in its place, or change settings ({key:edit}) and give the secret again.".to_owned(),
        ),
        Trouble::Seal(SealTrouble::OtherDestination) => (
            format!(
                "{what} does not open: it was sealed for another server, login, encryption or trust than the ones that stand beside it \
                 now, or is damaged. Nothing was sent."
            ),
            "Put the server, login, encryption and trust back, or a dated copy of the file in its place; or change settings \
             ({key:edit}) and give the password again, which seals it for the present ones."
                .to_owned(),
        ),
        Trouble::Seal(SealTrouble::Absent) => (
            format!("{what} is not there."),
            "Change settings ({key:edit}) and give it again; it is sealed anew here.".to_owned(),
        ),
        other => {
            let words = failures::explain_trouble(other);
            (format!("{what} could not be opened. {}", words.says), words.fix)
        }
    };
    Finding::stop(CheckId::NodeSeals, says, fix).about(field)
}

/// What is wrong with the key that was opened.
fn key_finding(key: &Raw, config: &NodeConfig) -> Option<Finding> {
    let Raw::Secret(text) = key else { return None };
    let stop = |says: String| {
        Finding::stop(
            CheckId::NodeSeals,
            says,
            format!("{SEAL_ANOTHER_KEY} The cluster screen tells whether it is the right one."),
        )
        .about(FieldId::MasterKey)
    };
    match MasterKey::parse(text).map(|key| key.fingerprint()) {
        Err(_) => Some(stop("What is sealed as the master key opens here, and is no master key.".into())),
        Ok(own) if own != config.cluster.fingerprint => Some(stop(differs(own, config.cluster.fingerprint))),
        Ok(_) => None,
    }
}

fn differs(own: Fingerprint, told: Fingerprint) -> String {
    format!("The sealed master key has the fingerprint {own}, and the node config says {told}: it is another key.")
}

/// Judges the key of an instance that Octopus Server made, which has none of our seals.
fn judge_octopus_key(case: &Case<'_>) -> Verdict {
    match &case.facts.node.octopus {
        Fact::Unknown => case.pending(),
        Fact::Seen(Some(config)) if config.has_master_key => {
            Verdict::Unknown("not looked at: the master key is under Octopus Server's own protection".into())
        }
        Fact::Seen(Some(config)) => {
            let fix = "Give it the cluster's master key before it is started; another node's operator has it.";
            report(missing_key_finding(CheckId::NodeSeals, config, fix, case))
        }
        Fact::Seen(None) | Fact::Missing(_) => Verdict::NotYet,
    }
}

/// Warns of an `OctopusServer.config` without a key: at its next start Octopus Server generates a new one without a word, and
/// cannot read a single sensitive value with it (`facts/octopus.md`, section 2).
pub(super) fn missing_key_finding(check: CheckId, config: &OctopusConfig, fix: &str, case: &Case<'_>) -> Finding {
    Finding::stop(
        check,
        format!(
            "There is no master key in {}: Octopus Server draws a new one at its next start, and cannot read the cluster's \
             sensitive values with it.",
            config.path
        ),
        fix,
    )
    .about(FieldId::MasterKey)
    .command(octopus_command_with_secret(case, "database", "masterKey", ("", ""), "OCTOPUS_MASTER_KEY"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop, unknown, warn};
    use crate::catalog::samples;
    use crate::model::facts::{ConfigTrouble, Facts};
    use crate::model::flow::Flow;
    use crate::model::node::{Maker, Subject};
    use crate::model::node_config::Sealed;

    fn config_verdict(change: impl FnOnce(&mut Facts)) -> Verdict {
        let (answers, mut facts) = (samples::answers(), samples::facts());
        change(&mut facts);
        let config = PathBuf::from(samples::HOME).join("octopus-node.toml");
        let subject = Subject { instance: "OctopusServer".into(), config, maker: Maker::Wizard };
        judged_in(&Case { flow: Flow::Review, subject: Some(&subject), ..case(&answers, &facts) }, CheckId::NodeConfig)
    }

    #[test]
    fn one_that_is_read_and_listed_is_good() {
        let said = evidence(&config_verdict(|facts| facts.node.listed = Fact::Seen(Some(samples::listed()))));
        assert!(said.contains("octopus-node.toml, format 1, listed"), "{said}");
    }

    #[test]
    fn a_list_that_says_otherwise_is_warned_of() {
        let other = warn(&config_verdict(|facts| facts.node.listed = Fact::Seen(Some("/other/octopus-node.toml".into()))));
        assert!(other.says.contains("/other/octopus-node.toml") && other.says.contains(samples::HOME), "{other:?}");
        assert!(warn(&config_verdict(|facts| facts.node.listed = Fact::Seen(None))).says.contains("copied"));
        let denied = Fact::Missing(Trouble::Io("Permission denied".into()));
        assert!(warn(&config_verdict(|facts| facts.node.listed = denied)).says.contains("Permission denied."));
    }

    #[test]
    fn a_config_that_others_could_have_written_is_warned_of() {
        let said = "accounts other than its owner may write it (mode 0664)";
        let open = warn(&config_verdict(|facts| facts.node.other_writer = Some(said.into())));
        assert!(open.says.contains(samples::HOME) && open.says.ends_with(&format!("because {said}.")), "{open:?}");
        assert!(open.remedy.is_some_and(|remedy| remedy.text().contains("chmod 600 ")), "it says how to close it");
    }

    #[test]
    fn each_way_not_to_be_read_stops_with_the_file_and_the_line() {
        let path: Untrusted = "/srv/octopus-node.toml".into();
        for (trouble, part) in [
            (ConfigTrouble::Absent { path: path.clone() }, "There is no"),
            (ConfigTrouble::Malformed { path: path.clone(), line: 7, said: "unknown key news".into() }, "line 7"),
            (ConfigTrouble::OtherFormat { path: path.clone(), found: 9, known: 1 }, "format 9"),
            (ConfigTrouble::Unreadable { path, said: "larger than 1 MiB".into() }, "larger than 1 MiB"),
        ] {
            let finding = stop(&config_verdict(|facts| facts.node.config = Fact::Missing(Trouble::Config(trouble))));
            assert!(finding.says.contains(part) && finding.says.contains("/srv/octopus-node.toml"), "{finding:?}");
        }
    }

    #[test]
    fn octopus_server_s_own_config_is_only_read() {
        let octopus = |config| {
            config_verdict(|facts| {
                facts.node.config = Fact::Missing(Trouble::Unasked);
                facts.node.octopus = config;
            })
        };
        let login = [(FieldId::User, "octopus"), (FieldId::Password, "x")].map(|(field, text)| (field, Raw::of(field, text)));
        let config = OctopusConfig {
            path: "/etc/octopus/x.config".into(),
            said: login.to_vec(),
            has_connection: true,
            ..OctopusConfig::default()
        };
        assert_eq!(evidence(&octopus(Fact::Seen(Some(Box::new(config.clone()))))), "/etc/octopus/x.config, read-only");
        let odd = OctopusConfig { unused: vec!["Octopus.Home is there twice".into()], ..config.clone() };
        assert_eq!(octopus(Fact::Seen(Some(Box::new(odd)))).severity(), Some(Severity::Note));
        let windows = OctopusConfig { said: vec![(FieldId::Server, Raw::of(FieldId::Server, "sql01"))], ..config.clone() };
        let finding = warn(&octopus(Fact::Seen(Some(Box::new(windows)))));
        assert!(finding.says.contains("no SQL login") && finding.says.contains("/etc/octopus/x.config"), "{finding:?}");
        for (sign_in, who) in [(SignInKind::WindowsAccount, "its Windows account"), (SignInKind::Directory, "Entra ID")] {
            let finding = warn(&octopus(Fact::Seen(Some(Box::new(OctopusConfig { sign_in, ..config.clone() })))));
            assert!(finding.says.contains(who) && finding.says.contains("the database was not looked at"), "{finding:?}");
        }
        let none = OctopusConfig { said: Vec::new(), has_connection: false, ..config };
        assert!(stop(&octopus(Fact::Seen(Some(Box::new(none))))).says.contains("no connection string"));
        assert!(stop(&octopus(Fact::Seen(None))).says.contains("neither"));
        assert!(stop(&octopus(Fact::Missing(Trouble::Io("denied".into())))).says.contains("denied"));
    }

    fn seals_verdict(change: impl FnOnce(&mut Facts)) -> Verdict {
        let mut facts = samples::facts();
        change(&mut facts);
        judged(CheckId::NodeSeals, &samples::answers(), &facts)
    }

    #[test]
    fn what_opens_is_good() {
        assert_eq!(evidence(&seals_verdict(|_| {})), "the password and the master key open here");
        let both = seals_verdict(|facts| facts.node.service_password = Fact::Seen(Some(Raw::of(FieldId::ServicePassword, "x"))));
        assert!(evidence(&both).starts_with("both"));
    }

    #[test]
    fn a_password_that_is_sealed_without_its_server_is_noted() {
        let noted = seals_verdict(|facts| {
            let mut config = samples::node_config();
            config.database.sign_in = SealedSignIn::SqlLogin { user: "octopus".into(), password: Sealed("sealed:1:x:y".into()) };
            facts.node.config = Fact::Seen(Box::new(config));
        });
        let Verdict::Found(findings) = &noted else { panic!("{noted:?}") };
        assert!(findings[0].severity == Severity::Note && findings[0].says.contains("without its server"), "{findings:?}");
    }

    #[test]
    fn each_secret_that_stays_shut_stops_and_says_why() {
        for (trouble, part) in [
            (Trouble::Seal(SealTrouble::OtherMachine), "sealed on another machine"),
            (Trouble::Seal(SealTrouble::Damaged), "not what was sealed"),
            (Trouble::Seal(SealTrouble::OtherDestination), "sealed for another server"),
            (Trouble::Seal(SealTrouble::Absent), "is not there"),
            (Trouble::Io("Permission denied".into()), "Permission denied."),
        ] {
            let shut = seals_verdict(|facts| {
                facts.node.password = Fact::Missing(trouble.clone());
                facts.node.service_password = Fact::Missing(trouble.clone());
                facts.node.key = Fact::Missing(trouble.clone());
            });
            let Verdict::Found(findings) = &shut else { panic!("{shut:?}") };
            assert!(findings.iter().all(|finding| finding.says.contains(part)), "{findings:?}");
            let about: Vec<_> = findings.iter().filter_map(|finding| finding.about).collect();
            assert_eq!(about, [FieldId::Password, FieldId::ServicePassword, FieldId::MasterKey]);
        }
    }

    #[test]
    fn another_key_than_the_config_s_is_told_by_both_fingerprints() {
        let finding = stop(&seals_verdict(|facts| {
            facts.node.key = Fact::Seen(Raw::of(FieldId::MasterKey, "AAAAAAAAAAAAAAAAAAAAAQ=="));
        }));
        assert!(finding.says.contains(&samples::fingerprint().to_string()), "{finding:?}");
        let odd = stop(&seals_verdict(|facts| facts.node.key = Fact::Seen(Raw::of(FieldId::MasterKey, "no key"))));
        assert!(odd.says.contains("is no master key"));
    }

    #[test]
    fn an_octopus_config_without_a_key_is_told_before_octopus_draws_one() {
        let octopus = |has_master_key| {
            let config = OctopusConfig { path: "/x.config".into(), has_master_key, ..OctopusConfig::default() };
            seals_verdict(|facts| {
                facts.node.config = Fact::Missing(Trouble::Unasked);
                facts.node.octopus = Fact::Seen(Some(Box::new(config)));
            })
        };
        assert!(unknown(&octopus(true)).contains("own protection"));
        let finding = stop(&octopus(false));
        assert!(finding.remedy.is_some_and(|remedy| remedy.text().contains("--masterKey")));
    }

    #[test]
    fn behind_a_config_that_cannot_be_read_nothing_is_judged() {
        assert_eq!(seals_verdict(|facts| facts.node.config = Fact::Missing(Trouble::Io("x".into()))), Verdict::NotYet);
    }
}
