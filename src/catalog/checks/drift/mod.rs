//! Drift: where node config, registry row, `OctopusServer.config` and host say different things. Each difference names
//! both sides and what to do; nothing is mended by itself.

mod command;
mod connection;
mod host;
mod octopus;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::catalog::settings::Equivalence;
use crate::model::check::CheckId;
use crate::model::platform::Platform;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::target::ServerAddress;
use crate::model::web::ListenPrefix;

use super::Check;

pub use command::{command, with_secret};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::DriftRow,
        screen: ScreenId::Drift,
        field: None,
        surveys: &[SurveyId::Node, SurveyId::Cluster],
        judge: row::judge,
    },
    Check { id: CheckId::DriftOctopus, screen: ScreenId::Drift, field: None, surveys: &[SurveyId::Node], judge: octopus::judge },
    Check {
        id: CheckId::DriftHost,
        screen: ScreenId::Drift,
        field: None,
        surveys: &[SurveyId::Node, SurveyId::Cluster, SurveyId::Home, SurveyId::Ports],
        judge: host::judge,
    },
];

/// Whether two texts of a setting mean the same.
fn is_same(platform: Platform, same: Equivalence, one: &str, other: &str) -> bool {
    match same {
        Equivalence::Text => one.trim() == other.trim(),
        Equivalence::AnyCase => one.to_lowercase() == other.to_lowercase(),
        Equivalence::Server => is_same_server(one, other),
        Equivalence::Folder => platform.is_same_path(one.trim(), other.trim()),
        Equivalence::Prefixes => same_prefixes(one, other),
    }
}

/// Two ways of writing one address: the default port may be left out.
fn is_same_server(own: &str, other: &str) -> bool {
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

/// Listen prefixes as a set: neither their order nor the way of writing them counts. `None` where they are malformed.
fn set_of(text: &str) -> Option<BTreeSet<String>> {
    if text.trim().is_empty() {
        return Some(BTreeSet::new());
    }
    let parsed = ListenPrefix::parse_all(text).ok()?;
    Some(parsed.iter().map(|prefix| prefix.to_string().to_lowercase()).collect())
}

/// Whether two lists of prefixes ask for the same.
fn same_prefixes(one: &str, two: &str) -> bool {
    match (set_of(one), set_of(two)) {
        (Some(one), Some(two)) => one == two,
        _ => one.trim() == two.trim(),
    }
}
