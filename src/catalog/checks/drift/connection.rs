//! The two ways to the database: the node config's, and Octopus' connection string.

use secrecy::{ExposeSecret, SecretString};

use crate::catalog::checks::Case;
use crate::catalog::form::read;
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::connection_string::to_dotnet;
use crate::model::facts::Fact;
use crate::model::field::FieldId;
use crate::model::finding::Finding;
use crate::model::node_config::{NodeConfig, TrustSection};
use crate::model::octopus_config::OctopusConfig;
use crate::model::server_address::ServerAddress;
use crate::model::target::{Encryption, Target};

use super::octopus::differs;
use super::with_secret;

/// In what the connections differ. A password is only ever compared, never shown.
pub fn findings(config: &NodeConfig, octopus: &OctopusConfig, case: &Case<'_>) -> Vec<Finding> {
    let Some(fields) = &octopus.connection else {
        let says = format!("There is no connection string in {}, so Octopus Server has no database.", octopus.path);
        let finding = Finding::warn(CheckId::DriftOctopus, says, "Give it the node config's.").about(FieldId::Server);
        return vec![mended(finding, case)];
    };
    let text = |field: FieldId| match fields.iter().find(|(other, _)| *other == field) {
        Some((_, Raw::Text(text))) => Some(text.trim()),
        _ => None,
    };
    let own = &config.database;
    let mut found = Vec::new();
    let mut differ = |field, what, own: &str, other: &str| found.push(differs(field, what, own, other, set(case)));
    let server = text(FieldId::Server).unwrap_or_default();
    if !same_server(&own.server, server) {
        differ(FieldId::Server, "Server", &own.server, server);
    }
    let database = text(FieldId::Database).unwrap_or_default();
    // SQL Server tells the names of databases apart by its collation, which is nearly always without case.
    if own.name.to_lowercase() != database.to_lowercase() {
        differ(FieldId::Database, "Database", &own.name, database);
    }
    let user = text(FieldId::User).unwrap_or_default();
    if own.user.to_lowercase() != user.to_lowercase() {
        differ(FieldId::User, "SQL login", &own.user, user);
    }
    let subnets = text(FieldId::MultiSubnet).unwrap_or("false") == "true";
    if own.multi_subnet != subnets {
        differ(FieldId::MultiSubnet, "Multi-subnet failover", &own.multi_subnet.to_string(), &subnets.to_string());
    }
    found.extend(of_password(fields, case));
    found.extend(of_encryption(config, text(FieldId::Encryption), text(FieldId::Trust)));
    found
}

/// The command that gives Octopus Server the node config's connection; `None` where its answers do not make one.
fn set(case: &Case<'_>) -> Option<String> {
    const PLACE: &str = "0password0";
    let target = Target { password: SecretString::from(PLACE), ..read::target(case.answers)? };
    let text = to_dotnet(&target).ok()?;
    let (before, after) = text.expose_secret().split_once(PLACE)?;
    // In quotes, since a password may hold what separates the settings.
    let around = (format!("{before}\""), format!("\"{after}"));
    Some(with_secret(case, "database", "connectionString", (around.0.as_str(), around.1.as_str()), "OCTOPUS_DB_PASSWORD"))
}

/// A finding with that command, where there is one.
fn mended(finding: Finding, case: &Case<'_>) -> Finding {
    match set(case) {
        Some(command) => finding.command(command),
        None => finding,
    }
}

/// Two ways of writing one address: the default port may be left out.
fn same_server(own: &str, other: &str) -> bool {
    let parsed = |text: &str| {
        let address = ServerAddress::parse(text).ok()?;
        let port = address.port.or(if address.instance.is_none() { Some(1433) } else { None });
        // With a port the browser is not asked, and the instance's name is only decoration.
        let instance = if port.is_some() { None } else { address.instance.map(|name| name.to_lowercase()) };
        Some((address.host.to_lowercase(), instance, port))
    };
    match (parsed(own), parsed(other)) {
        (Some(own), Some(other)) => own == other,
        _ => own.trim().eq_ignore_ascii_case(other.trim()),
    }
}

fn of_password(fields: &[(FieldId, Raw)], case: &Case<'_>) -> Option<Finding> {
    let Fact::Seen(own) = &case.facts.node.password else { return None };
    let other = fields.iter().find(|(field, _)| *field == FieldId::Password).map(|(_, raw)| raw);
    let says = match other {
        Some(other) if other == own => return None,
        Some(_) => "The login's password: the one in the node config and the one in OctopusServer.config are not the same.",
        None => "The login's password: the node config has one, OctopusServer.config has none.",
    };
    let fix =
        "Find out which of the two the server takes (the database checks here use the node config's), and change the other one.";
    Some(mended(Finding::warn(CheckId::DriftOctopus, says, fix).about(FieldId::Password), case))
}

/// What protects the connection. A connection string has no word for a CA file or a fingerprint, so only a weaker
/// meaning is a difference.
fn of_encryption(config: &NodeConfig, encryption: Option<&str>, trust: Option<&str>) -> Option<Finding> {
    let own = config.database.encryption;
    // What a string does not say depends on the version of Octopus' driver; that is no difference of the configs.
    let weaker = match encryption {
        Some("optional") => own != Encryption::Optional,
        Some("mandatory") => own == Encryption::Strict,
        _ => false,
    };
    if weaker {
        let (own, other) = (own.id(), encryption.unwrap_or_default());
        return Some(differs(FieldId::Encryption, "Encryption", own, other, None));
    }
    let checks = matches!(config.database.trust, TrustSection::System | TrustSection::CaFile(_));
    (trust == Some("none") && checks).then(|| {
        Finding::warn(
            CheckId::DriftOctopus,
            "The server's certificate: the node config has it checked, OctopusServer.config does not (TrustServerCertificate), so \
             anyone in between can read along with Octopus Server.",
            "Have Octopus check it too, once the certificate's authority is among this machine's roots.",
        )
        .about(FieldId::Trust)
    })
}
