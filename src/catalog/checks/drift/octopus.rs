//! `drift-octopus`: what `OctopusServer.config` says otherwise than the node config.

use super::{is_same, octopus_command, octopus_command_with_secret};
use crate::catalog::checks::node::missing_key_finding;
use crate::catalog::checks::{Case, report, report_all};
use crate::catalog::failures;
use crate::catalog::form::read;
use crate::catalog::settings::{self, Group, OctopusSource, Setting};
use crate::model::check::CheckId;
use crate::model::choice::Choice;
use crate::model::connection_string::{SignInKind, around_password};
use crate::model::facts::{Fact, Trouble};
use crate::model::field::{FieldId, Kind};
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::node_config::{NodeConfig, TrustSection};
use crate::model::octopus::OctopusConfig;
use crate::model::target::{Encryption, TrustKind};
use crate::model::untrusted::Untrusted;

/// `OctopusServer.config`, which Octopus Server itself goes by, says what the node config says.
pub fn judge(case: &Case<'_>) -> Verdict {
    let node = &case.facts.node;
    let config = match (&node.config, &node.octopus) {
        (Fact::Unknown, _) | (_, Fact::Unknown) => return case.pending(),
        // OctopusServer.config is the only config of this instance.
        (Fact::Missing(Trouble::Unasked), _) => return Verdict::DoesNotApply,
        (Fact::Missing(_), _) => return Verdict::NotYet,
        (Fact::Seen(config), _) => config,
    };
    match &node.octopus {
        Fact::Unknown => case.pending(),
        // Octopus Server has no config of this instance here yet.
        Fact::Seen(None) => Verdict::DoesNotApply,
        Fact::Missing(trouble) => {
            let words = failures::explain_trouble(trouble);
            report(words.into_finding(CheckId::DriftOctopus, Severity::Warn).about(FieldId::Instance))
        }
        Fact::Seen(Some(octopus)) => {
            let of_group = |group: Group| {
                let rows = settings::all().filter(move |setting| setting.group == group && setting.field != FieldId::NodeName);
                rows.filter_map(|setting| setting_difference(setting, config, octopus, case))
            };
            let mut findings: Vec<Finding> =
                name_difference(config, octopus, case).into_iter().chain(of_group(Group::Node)).collect();
            findings.extend(connection_differences(config, octopus, case));
            findings.extend(of_group(Group::Web));
            if !octopus.has_master_key {
                let fix = "Give it the cluster's master key before it is started; the section Master key shows it.";
                findings.push(missing_key_finding(CheckId::DriftOctopus, octopus, fix, case));
            }
            report_all(findings, || "OctopusServer.config says the same".to_owned())
        }
    }
}

/// A difference: both sides, and the command that has Octopus say what the node config says.
pub fn difference(field: FieldId, own: &str, other: &str, command: Option<String>) -> Finding {
    let shown = |text: &str| {
        let text = Untrusted::new(text);
        if text.is_empty() { "nothing".into() } else { text }
    };
    let says = format!("{}: the node config says {}, OctopusServer.config {}.", field.label(), shown(own), shown(other));
    let finding = match command {
        Some(command) => Finding::warn(
            CheckId::DriftOctopus,
            says,
            "Decide which of the two is meant: {key:edit} changes the node config, the command OctopusServer.config.",
        )
        .command(command),
        None => Finding::warn(CheckId::DriftOctopus, says, "Decide which of the two is meant, and change the other one."),
    };
    finding.about(field)
}

/// Compares the two texts of a setting where both files say it, or Octopus has a default of its own.
fn setting_difference(setting: &Setting, config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Option<Finding> {
    let OctopusSource::Keys { unset, .. } = setting.octopus else { return None };
    let own = (setting.config?)(config)?;
    let other = octopus.text(setting.field).or(unset)?;
    if is_same(case.platform(), setting.same, &own, other) {
        return None;
    }
    Some(difference(setting.field, &own, other, fixing_command(setting, &own, case)))
}

/// The command that has Octopus Server say it too.
pub fn fixing_command(setting: &Setting, own: &str, case: &Case<'_>) -> Option<String> {
    let option = setting.option?;
    Some(octopus_command(case, option.verb.id(), &[(option.name.trim_start_matches('-'), &setting.for_octopus(own))]))
}

/// Octopus Server goes by the machine's name where its config names no node.
fn name_difference(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Option<Finding> {
    let own = config.node.name.as_str();
    let said = octopus.text(FieldId::NodeName);
    let other = said.unwrap_or(case.facts.machine.host_name.as_str());
    if !own.eq_ignore_ascii_case(other) {
        // No command: set by `configure`, Octopus makes a second node of it (Issues#5793).
        return Some(difference(FieldId::NodeName, own, other, None));
    }
    (own != other && said.is_some()).then(|| {
        Finding::warn(
            CheckId::DriftOctopus,
            format!(
                "{}: the node config says {}, OctopusServer.config {}. They differ in upper and lower case, \
                 which has broken Octopus' heartbeat before.",
                FieldId::NodeName.label(),
                Untrusted::new(own),
                Untrusted::new(other)
            ),
            "Have the node leave ({key:leave-cluster}) and add it again in Octopus' spelling.",
        )
        .about(FieldId::NodeName)
    })
}

/// Compares the connections. A password is only ever compared, never shown.
fn connection_differences(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Vec<Finding> {
    if !octopus.has_connection {
        let says = format!("There is no connection string in {}, so Octopus Server has no database.", octopus.path);
        let finding = Finding::warn(CheckId::DriftOctopus, says, "Give it the node config's.").about(FieldId::Server);
        return vec![with_connection_command(finding, case)];
    }
    let mut found = Vec::new();
    for setting in settings::all().filter(|setting| matches!(setting.octopus, OctopusSource::Connection)) {
        // A string has no word for a CA file or a fingerprint, so of these two only a weaker meaning is a difference.
        if matches!(setting.field, FieldId::Encryption | FieldId::Trust) {
            continue;
        }
        let Some(own) = setting.config.and_then(|text| text(config)) else { continue };
        if setting.field == FieldId::User && octopus.sign_in != SignInKind::SqlLogin {
            let says = format!(
                "{}: the node config says {}, and Octopus Server signs in with {}.",
                FieldId::User.label(),
                Untrusted::new(&own),
                octopus.sign_in.account()
            );
            let fix = "Decide which of the two is meant: the command gives Octopus Server the SQL login of the node config.";
            let finding = Finding::warn(CheckId::DriftOctopus, says, fix).about(FieldId::User);
            found.push(with_connection_command(finding, case));
            continue;
        }
        let unset = if setting.kind == Kind::Toggle { setting.default } else { "" };
        let other = octopus.text(setting.field).unwrap_or(unset);
        if !is_same(case.platform(), setting.same, &own, other) {
            found.push(difference(setting.field, &own, other, connection_command(case)));
        }
    }
    if octopus.sign_in == SignInKind::SqlLogin {
        found.extend(password_difference(octopus, case));
    }
    found.extend(encryption_difference(config, octopus));
    found
}

/// The command that gives Octopus Server the node config's connection; `None` where its answers do not make one.
fn connection_command(case: &Case<'_>) -> Option<String> {
    let target = read::target(case.answers)?;
    let (before, after) = around_password(&target).ok()?;
    Some(octopus_command_with_secret(
        case,
        "database",
        "connectionString",
        (before.as_str(), after.as_str()),
        "OCTOPUS_DB_PASSWORD",
    ))
}

/// A finding with that command, where there is one.
fn with_connection_command(finding: Finding, case: &Case<'_>) -> Finding {
    match connection_command(case) {
        Some(command) => finding.command(command),
        None => finding,
    }
}

fn password_difference(octopus: &OctopusConfig, case: &Case<'_>) -> Option<Finding> {
    let Fact::Seen(own) = &case.facts.node.password else { return None };
    let says = match octopus.get(FieldId::Password) {
        Some(other) if other == own => return None,
        Some(_) => "The login's password: the one in the node config and the one in OctopusServer.config are not the same.",
        None => "The login's password: the node config has one, OctopusServer.config has none.",
    };
    let fix =
        "Find out which of the two the server takes (the database checks here use the node config's), and change the other one.";
    Some(with_connection_command(Finding::warn(CheckId::DriftOctopus, says, fix).about(FieldId::Password), case))
}

/// What protects the connection: only a weaker meaning is a difference.
fn encryption_difference(config: &NodeConfig, octopus: &OctopusConfig) -> Option<Finding> {
    let own = config.database.encryption;
    let other = octopus.text(FieldId::Encryption).and_then(Encryption::from_spelling);
    // What a string does not say depends on the version of Octopus' driver; that is no difference of the configs.
    let weaker = match other {
        Some(Encryption::Optional) => own != Encryption::Optional,
        Some(Encryption::Mandatory) => own == Encryption::Strict,
        Some(Encryption::Strict) | None => false,
    };
    if let Some(other) = other.filter(|_| weaker) {
        return Some(difference(FieldId::Encryption, own.spelling(), other.spelling(), None));
    }
    let trust = octopus.text(FieldId::Trust).and_then(TrustKind::from_spelling);
    let checks = matches!(config.database.trust, TrustSection::System | TrustSection::CaFile(_));
    (trust == Some(TrustKind::Nothing) && checks).then(|| {
        Finding::warn(
            CheckId::DriftOctopus,
            "The server's certificate: the node config has it checked, OctopusServer.config does not (TrustServerCertificate), so \
             anyone in between can read along with Octopus Server.",
            "Have Octopus check it too, once the certificate's authority is among this machine's roots.",
        )
        .about(FieldId::Trust)
    })
}
