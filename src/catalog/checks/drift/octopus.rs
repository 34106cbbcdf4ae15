//! `drift-octopus`.

use crate::catalog::checks::{Case, all, one};
use crate::catalog::failures::{self, Around};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::untrusted::Untrusted;

use super::{command, connection, same_prefixes, with_secret};

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
            let words = failures::of_trouble(trouble, &Around::NOTHING);
            one(words.found(CheckId::DriftOctopus, Severity::Warn).about(FieldId::Instance))
        }
        Fact::Seen(Some(octopus)) => {
            let mut findings = of_node(config, octopus, case);
            findings.extend(connection::findings(config, octopus, case));
            findings.extend(of_web(config, octopus, case));
            if !octopus.has_master_key {
                findings.push(keyless(octopus, case));
            }
            all(findings, || "OctopusServer.config says the same".to_owned())
        }
    }
}

/// A difference: both sides, and the command that has Octopus say what the node config says.
pub fn differs(field: FieldId, what: &str, own: &str, other: &str, mend: Option<String>) -> Finding {
    let shown = |text: &str| {
        let text = Untrusted::new(text);
        if text.is_empty() { "nothing".into() } else { text }
    };
    let says = format!("{what}: the node config says {}, OctopusServer.config {}.", shown(own), shown(other));
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

fn of_node(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = config.node.name.as_str();
    // Without one Octopus goes by the machine's name.
    let other = octopus.node_name.as_ref().unwrap_or(&case.facts.machine.host_name).as_str();
    if own != other && own.eq_ignore_ascii_case(other) && octopus.node_name.is_some() {
        findings.push(
            Finding::warn(
                CheckId::DriftOctopus,
                format!(
                    "The node's name: the node config says {}, OctopusServer.config {other}. They differ in upper and lower case, \
                     which has broken Octopus' heartbeat before.",
                    Untrusted::new(own)
                ),
                "Have the node leave ({key:leave-cluster}) and add it again in Octopus' spelling.",
            )
            .about(FieldId::NodeName),
        );
    } else if !own.eq_ignore_ascii_case(other) {
        // No command: set by `configure`, Octopus makes a second node of it (Issues#5793).
        findings.push(differs(FieldId::NodeName, "The node's name", own, other, None));
    }
    if let Some(other) = &octopus.home {
        let own = config.node.home.to_string_lossy();
        if !case.platform().is_same_path(own.trim(), other.as_str().trim()) {
            let mend = command(case, "configure", &[("home", &own)]);
            findings.push(differs(FieldId::Home, "Home directory", &own, other.as_str(), Some(mend)));
        }
    }
    findings
}

fn of_web(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = config.web.listen_prefixes.join(",");
    let other = octopus.prefixes.as_ref().map(Untrusted::as_str).unwrap_or_default();
    if !same_prefixes(&own, other) {
        let mend = command(case, "configure", &[("webListenPrefixes", &own)]);
        findings.push(differs(FieldId::ListenPrefixes, "Listen prefixes", &own, other, Some(mend)));
    }
    let (own, other) = (config.web.force_ssl, octopus.force_ssl.unwrap_or(false));
    if own != other {
        let mend = command(case, "configure", &[("webForceSSL", if own { "True" } else { "False" })]);
        findings.push(differs(FieldId::ForceSsl, "Force SSL", &own.to_string(), &other.to_string(), Some(mend)));
    }
    let own = config.comms.port.to_string();
    let other = octopus.comms_port.as_ref().map_or(FieldId::CommsPort.default(), Untrusted::as_str).trim();
    if own != other {
        let mend = command(case, "configure", &[("commsListenPort", &own)]);
        findings.push(differs(FieldId::CommsPort, "Port for polling Tentacles", &own, other, Some(mend)));
    }
    findings
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
