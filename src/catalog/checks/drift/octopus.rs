//! `drift-octopus`.

use crate::catalog::checks::{Case, all, one};
use crate::catalog::failures;
use crate::catalog::settings::{self, Group, OctopusSource, Setting};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;
use crate::model::untrusted::Untrusted;

use super::{command, connection, is_same, with_secret};

/// `OctopusServer.config`, which Octopus Server itself goes by, says what the node config says.
pub fn judge(case: &Case<'_>) -> Verdict {
    let node = &case.facts.node;
    let config = match (&node.config, &node.octopus) {
        (Fact::Unknown, _) | (_, Fact::Unknown) => return case.pending(),
        (Fact::Missing(Trouble::Unasked), _) => {
            return Verdict::Good("not compared: OctopusServer.config is the only config of this instance".into());
        }
        (Fact::Missing(_), _) => return Verdict::NotYet,
        (Fact::Seen(config), _) => config,
    };
    match &node.octopus {
        Fact::Unknown => case.pending(),
        Fact::Seen(None) => Verdict::Good("Octopus Server has no config of this instance here yet".into()),
        Fact::Missing(trouble) => {
            let words = failures::explain_trouble(trouble);
            one(words.into_finding(CheckId::DriftOctopus, Severity::Warn).about(FieldId::Instance))
        }
        Fact::Seen(Some(octopus)) => {
            let of_group = |group: Group| {
                let rows = settings::all().filter(move |setting| setting.group == group && setting.field != FieldId::NodeName);
                rows.filter_map(|setting| of_setting(setting, config, octopus, case))
            };
            let mut findings: Vec<Finding> = of_name(config, octopus, case).into_iter().chain(of_group(Group::Node)).collect();
            findings.extend(connection::findings(config, octopus, case));
            findings.extend(of_group(Group::Web));
            if !octopus.has_master_key {
                findings.push(keyless(octopus, case));
            }
            all(findings, || "OctopusServer.config says the same".to_owned())
        }
    }
}

/// A difference: both sides, and the command that has Octopus say what the node config says.
pub fn differs(field: FieldId, own: &str, other: &str, mend: Option<String>) -> Finding {
    let shown = |text: &str| {
        let text = Untrusted::new(text);
        if text.is_empty() { "nothing".into() } else { text }
    };
    let says = format!("{}: the node config says {}, OctopusServer.config {}.", field.label(), shown(own), shown(other));
    let finding = match mend {
        Some(mend) => Finding::warn(
            CheckId::DriftOctopus,
            says,
            "Decide which of the two is meant: {key:edit} changes the node config, the command OctopusServer.config.",
        )
        .command(mend),
        None => Finding::warn(CheckId::DriftOctopus, says, "Decide which of the two is meant, and change the other one."),
    };
    finding.about(field)
}

/// Compares the two texts of a setting where both files say it, or Octopus has a default of its own.
fn of_setting(setting: &Setting, config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Option<Finding> {
    let OctopusSource::Keys { unset, .. } = setting.octopus else { return None };
    let own = (setting.config?)(config)?;
    let other = octopus.text(setting.field).or(unset)?;
    if is_same(case.platform(), setting.same, &own, other) {
        return None;
    }
    Some(differs(setting.field, &own, other, mend(setting, &own, case)))
}

/// The command that has Octopus Server say it too.
pub fn mend(setting: &Setting, own: &str, case: &Case<'_>) -> Option<String> {
    let option = setting.option?;
    Some(command(case, option.verb.id(), &[(option.name.trim_start_matches('-'), &setting.for_octopus(own))]))
}

/// Octopus Server goes by the machine's name where its config names no node.
fn of_name(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Option<Finding> {
    let own = config.node.name.as_str();
    let said = octopus.text(FieldId::NodeName);
    let other = said.unwrap_or(case.facts.machine.host_name.as_str());
    if !own.eq_ignore_ascii_case(other) {
        // No command: set by `configure`, Octopus makes a second node of it (Issues#5793).
        return Some(differs(FieldId::NodeName, own, other, None));
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

fn keyless(octopus: &OctopusConfig, case: &Case<'_>) -> Finding {
    Finding::stop(
        CheckId::DriftOctopus,
        format!(
            "There is no master key in {}: Octopus Server draws a new one at its next start, and cannot read the cluster's \
             sensitive values with it.",
            octopus.path
        ),
        "Give it the cluster's master key before it is started; the section Master key shows it.",
    )
    .about(FieldId::MasterKey)
    .command(with_secret(case, "database", "masterKey", ("", ""), "OCTOPUS_MASTER_KEY"))
}
