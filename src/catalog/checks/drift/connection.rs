//! The two ways to the database: the node config's, and Octopus' connection string.

use crate::catalog::checks::Case;
use crate::catalog::form::read;
use crate::catalog::settings::{self, OctopusSource};
use crate::model::check::CheckId;
use crate::model::choice::Choice;
use crate::model::connection_string::around_password;
use crate::model::facts::Fact;
use crate::model::field::{FieldId, Kind};
use crate::model::finding::Finding;
use crate::model::node_config::{NodeConfig, TrustSection};
use crate::model::octopus::OctopusConfig;
use crate::model::target::{Encryption, TrustKind};

use super::octopus::differs;
use super::{is_same, with_secret};

/// In what the connections differ. A password is only ever compared, never shown.
pub fn findings(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Vec<Finding> {
    if !octopus.has_connection {
        let says = format!("There is no connection string in {}, so Octopus Server has no database.", octopus.path);
        let finding = Finding::warn(CheckId::DriftOctopus, says, "Give it the node config's.").about(FieldId::Server);
        return vec![mended(finding, case)];
    }
    let mut found = Vec::new();
    for setting in settings::all().filter(|setting| matches!(setting.octopus, OctopusSource::Connection)) {
        // A string has no word for a CA file or a fingerprint, so of these two only a weaker meaning is a difference.
        if matches!(setting.field, FieldId::Encryption | FieldId::Trust) {
            continue;
        }
        let Some(own) = setting.config.and_then(|text| text(config)) else { continue };
        let unset = if setting.kind == Kind::Toggle { setting.default } else { "" };
        let other = octopus.text(setting.field).unwrap_or(unset);
        if !is_same(case.platform(), setting.same, &own, other) {
            found.push(differs(setting.field, &own, other, set(case)));
        }
    }
    found.extend(of_password(octopus, case));
    found.extend(of_encryption(config, octopus));
    found
}

/// The command that gives Octopus Server the node config's connection; `None` where its answers do not make one.
fn set(case: &Case<'_>) -> Option<String> {
    let target = read::target(case.answers)?;
    let (before, after) = around_password(&target).ok()?;
    Some(with_secret(case, "database", "connectionString", (before.as_str(), after.as_str()), "OCTOPUS_DB_PASSWORD"))
}

/// A finding with that command, where there is one.
fn mended(finding: Finding, case: &Case<'_>) -> Finding {
    match set(case) {
        Some(command) => finding.command(command),
        None => finding,
    }
}

fn of_password(octopus: &OctopusConfig, case: &Case<'_>) -> Option<Finding> {
    let Fact::Seen(own) = &case.facts.node.password else { return None };
    let says = match octopus.get(FieldId::Password) {
        Some(other) if other == own => return None,
        Some(_) => "The login's password: the one in the node config and the one in OctopusServer.config are not the same.",
        None => "The login's password: the node config has one, OctopusServer.config has none.",
    };
    let fix =
        "Find out which of the two the server takes (the database checks here use the node config's), and change the other one.";
    Some(mended(Finding::warn(CheckId::DriftOctopus, says, fix).about(FieldId::Password), case))
}

/// What protects the connection: only a weaker meaning is a difference.
fn of_encryption(config: &NodeConfig, octopus: &OctopusConfig) -> Option<Finding> {
    let own = config.database.encryption;
    let other = octopus.text(FieldId::Encryption).and_then(Encryption::from_spelling);
    // What a string does not say depends on the version of Octopus' driver; that is no difference of the configs.
    let weaker = match other {
        Some(Encryption::Optional) => own != Encryption::Optional,
        Some(Encryption::Mandatory) => own == Encryption::Strict,
        Some(Encryption::Strict) | None => false,
    };
    if let Some(other) = other.filter(|_| weaker) {
        return Some(differs(FieldId::Encryption, own.spelling(), other.spelling(), None));
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
