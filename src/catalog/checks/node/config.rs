//! `node-config`.

use crate::catalog::checks::{Case, all, one};
use crate::catalog::failures;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;

/// The node config can be read, and this machine's list of instances leads to it.
pub fn judge(case: &Case<'_>) -> Verdict {
    let node = &case.facts.node;
    match &node.config {
        Fact::Unknown => case.pending(),
        Fact::Seen(config) => of_ours(config, case),
        Fact::Missing(Trouble::Unasked) => match &node.octopus {
            Fact::Unknown => case.pending(),
            Fact::Seen(Some(config)) => of_octopus(config),
            Fact::Seen(None) => one(Finding::stop(
                CheckId::NodeConfig,
                "There is neither a node config nor an OctopusServer.config of this instance.",
                "Look for the file that Octopus' own list of instances names, or have its backup restored.",
            )
            .about(FieldId::Instance)),
            Fact::Missing(trouble) => one(unreadable(trouble)),
        },
        Fact::Missing(trouble) => one(unreadable(trouble)),
    }
}

fn unreadable(trouble: &Trouble) -> Finding {
    failures::explain_trouble(trouble).into_finding(CheckId::NodeConfig, Severity::Stop).about(FieldId::Instance)
}

fn of_ours(config: &NodeConfig, case: &Case<'_>) -> Verdict {
    let path = match case.subject {
        Some(subject) => subject.config.clone(),
        None => case.platform().join(&config.node.home.to_string_lossy(), NodeConfig::FILE).into(),
    };
    let shown = Untrusted::new(&path.to_string_lossy());
    let instance = Untrusted::new(&config.instance);
    let warn = |says: String, fix: &str| one(Finding::warn(CheckId::NodeConfig, says, fix).about(FieldId::Instance));
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

fn of_octopus(config: &OctopusConfig) -> Verdict {
    let notes = config.unused.iter().map(|said| {
        let says = format!("In {}: {}", config.path, format::sentence(said.as_str()));
        Finding::note(CheckId::NodeConfig, says).about(FieldId::Instance)
    });
    all(notes.chain(of_login(config)).collect(), || format!("{}, read-only", config.path))
}

/// Why the database is not looked at, where the config has no way to it that this program could take.
fn of_login(config: &OctopusConfig) -> Option<Finding> {
    let path = &config.path;
    if !config.has_connection {
        let says = format!("There is no connection string in {path}, so nothing of a database or a cluster can be looked at.");
        let fix = "Give Octopus Server its database, or have a backup of the file restored.";
        return Some(Finding::stop(CheckId::NodeConfig, says, fix).about(FieldId::Server));
    }
    let has = |field| config.get(field).is_some_and(|raw| !raw.is_empty());
    (!has(FieldId::User) || !has(FieldId::Password)).then(|| {
        Finding::warn(
            CheckId::NodeConfig,
            format!(
                "The connection string in {path} has no SQL login with a password: Octopus Server signs in with its Windows account. \
                 This program signs in by SQL logins only, so nothing of the database and the cluster could be looked at."
            ),
            "Look at them with Octopus Server's own tools, or give Octopus Server a SQL login.",
        )
        .about(FieldId::User)
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged_in, stop, warn};
    use crate::catalog::samples;
    use crate::model::answers::Raw;
    use crate::model::facts::{ConfigTrouble, Facts};
    use crate::model::flow::Flow;
    use crate::model::node::{Maker, Subject};

    fn of(change: impl FnOnce(&mut Facts)) -> Verdict {
        let (answers, mut facts) = (samples::answers(), samples::facts());
        change(&mut facts);
        let config = PathBuf::from(samples::HOME).join("octopus-node.toml");
        let subject = Subject { instance: "OctopusServer".into(), config, maker: Maker::Wizard };
        judged_in(&Case { flow: Flow::Review, subject: Some(&subject), ..case(&answers, &facts) }, CheckId::NodeConfig)
    }

    #[test]
    fn one_that_is_read_and_listed_is_good() {
        let said = evidence(&of(|facts| facts.node.listed = Fact::Seen(Some(samples::listed()))));
        assert!(said.contains("octopus-node.toml, format 1, listed"), "{said}");
    }

    #[test]
    fn a_list_that_says_otherwise_is_warned_of() {
        let other = warn(&of(|facts| facts.node.listed = Fact::Seen(Some("/other/octopus-node.toml".into()))));
        assert!(other.says.contains("/other/octopus-node.toml") && other.says.contains(samples::HOME), "{other:?}");
        assert!(warn(&of(|facts| facts.node.listed = Fact::Seen(None))).says.contains("copied"));
        let denied = Fact::Missing(Trouble::Io("Permission denied".into()));
        assert!(warn(&of(|facts| facts.node.listed = denied)).says.contains("Permission denied."));
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
            let finding = stop(&of(|facts| facts.node.config = Fact::Missing(Trouble::Config(trouble))));
            assert!(finding.says.contains(part) && finding.says.contains("/srv/octopus-node.toml"), "{finding:?}");
        }
    }

    #[test]
    fn octopus_server_s_own_config_is_only_read() {
        let octopus = |config| {
            of(|facts| {
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
        assert!(finding.says.contains("Windows account") && finding.says.contains("/etc/octopus/x.config"), "{finding:?}");
        let none = OctopusConfig { said: Vec::new(), has_connection: false, ..config };
        assert!(stop(&octopus(Fact::Seen(Some(Box::new(none))))).says.contains("no connection string"));
        assert!(stop(&octopus(Fact::Seen(None))).says.contains("neither"));
        assert!(stop(&octopus(Fact::Missing(Trouble::Io("denied".into())))).says.contains("denied"));
    }
}
