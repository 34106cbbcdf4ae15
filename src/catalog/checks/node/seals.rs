//! `node-seals`.

use crate::catalog::checks::drift::with_secret;
use crate::catalog::checks::{Case, all};
use crate::catalog::failures;
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, SealTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::master_key::{Fingerprint, MasterKey};
use crate::model::node_config::NodeConfig;

/// What gives a node another key: one that opens is not overwritten, since it may be the only copy there is of some
/// cluster's, and is not asked for again.
pub const ANEW: &str = "Move octopus-master-key.sealed out of the home directory and keep it, then change settings ({key:edit}) and give \
                        the cluster's master key, which is sealed anew.";

/// The sealed secrets open here, and the key among them is the one whose fingerprint the config holds.
pub fn judge(case: &Case<'_>) -> Verdict {
    let node = &case.facts.node;
    let config = match &node.config {
        Fact::Unknown => return case.pending(),
        Fact::Seen(config) => config,
        Fact::Missing(Trouble::Unasked) => return of_octopus(case),
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
        sealed.into_iter().filter_map(|(field, what, trouble)| Some(shut(field, what, trouble?))).collect();
    findings.extend(node.key.seen().and_then(|key| of_key(key, config)));
    all(findings, || match &node.service_password {
        Fact::Seen(Some(_)) => "both passwords and the master key open here".to_owned(),
        _ => "the password and the master key open here".to_owned(),
    })
}

fn shut(field: FieldId, what: &str, trouble: &Trouble) -> Finding {
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
fn of_key(key: &Raw, config: &NodeConfig) -> Option<Finding> {
    let Raw::Secret(text) = key else { return None };
    let stop = |says: String| {
        Finding::stop(CheckId::NodeSeals, says, format!("{ANEW} The cluster screen tells whether it is the right one."))
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

/// Octopus seals nothing in our way. A config of its own without a key is the worst of traps: at its next start Octopus
/// Server draws a new one without a word, and cannot read a single sensitive value with it (facts/octopus.md section 2).
fn of_octopus(case: &Case<'_>) -> Verdict {
    match &case.facts.node.octopus {
        Fact::Unknown => case.pending(),
        Fact::Seen(Some(config)) if config.has_master_key => {
            Verdict::Good("the master key is under Octopus Server's own protection".into())
        }
        Fact::Seen(Some(config)) => all(
            vec![
                Finding::stop(
                    CheckId::NodeSeals,
                    format!(
                        "There is no master key in {}: Octopus Server draws a new one at its next start, and cannot read the \
                         cluster's sensitive values with it.",
                        config.path
                    ),
                    "Give it the cluster's master key before it is started; another node's operator has it.",
                )
                .about(FieldId::MasterKey)
                .command(with_secret(case, "database", "masterKey", ("", ""), "OCTOPUS_MASTER_KEY")),
            ],
            String::new,
        ),
        Fact::Seen(None) | Fact::Missing(_) => Verdict::NotYet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::Facts;
    use crate::model::octopus::OctopusConfig;

    fn of(change: impl FnOnce(&mut Facts)) -> Verdict {
        let mut facts = samples::facts();
        change(&mut facts);
        judged(CheckId::NodeSeals, &samples::answers(), &facts)
    }

    #[test]
    fn what_opens_is_good() {
        assert_eq!(evidence(&of(|_| {})), "the password and the master key open here");
        let both = of(|facts| facts.node.service_password = Fact::Seen(Some(Raw::of(FieldId::ServicePassword, "x"))));
        assert!(evidence(&both).starts_with("both"));
    }

    #[test]
    fn each_secret_that_stays_shut_stops_and_says_why() {
        for (trouble, part) in [
            (Trouble::Seal(SealTrouble::OtherMachine), "sealed on another machine"),
            (Trouble::Seal(SealTrouble::Damaged), "not what was sealed"),
            (Trouble::Seal(SealTrouble::Absent), "is not there"),
            (Trouble::Io("Permission denied".into()), "Permission denied."),
        ] {
            let shut = of(|facts| {
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
        let finding = stop(&of(|facts| {
            facts.node.key = Fact::Seen(Raw::of(FieldId::MasterKey, "AAAAAAAAAAAAAAAAAAAAAQ=="));
        }));
        assert!(finding.says.contains(&samples::fingerprint().to_string()), "{finding:?}");
        let odd = stop(&of(|facts| facts.node.key = Fact::Seen(Raw::of(FieldId::MasterKey, "no key"))));
        assert!(odd.says.contains("is no master key"));
    }

    #[test]
    fn an_octopus_config_without_a_key_is_told_before_octopus_draws_one() {
        let octopus = |has_master_key| {
            let config = OctopusConfig { path: "/x.config".into(), has_master_key, ..OctopusConfig::default() };
            of(|facts| {
                facts.node.config = Fact::Missing(Trouble::Unasked);
                facts.node.octopus = Fact::Seen(Some(Box::new(config)));
            })
        };
        assert!(evidence(&octopus(true)).contains("own protection"));
        let finding = stop(&octopus(false));
        assert!(finding.remedy.is_some_and(|remedy| remedy.text().contains("--masterKey")));
    }

    #[test]
    fn behind_a_config_that_cannot_be_read_nothing_is_judged() {
        assert_eq!(of(|facts| facts.node.config = Fact::Missing(Trouble::Io("x".into()))), Verdict::NotYet);
    }
}
