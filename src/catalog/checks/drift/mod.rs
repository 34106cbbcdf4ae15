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

use crate::model::check::CheckId;
use crate::model::prefixes;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

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

/// Listen prefixes as a set: neither their order nor the way of writing them counts. `None` where they are malformed.
fn set_of(text: &str) -> Option<BTreeSet<String>> {
    if text.trim().is_empty() {
        return Some(BTreeSet::new());
    }
    let parsed = prefixes::parse(text).ok()?;
    Some(parsed.iter().map(|prefix| prefix.to_string().to_lowercase()).collect())
}

/// Whether two lists of prefixes ask for the same.
fn same_prefixes(one: &str, two: &str) -> bool {
    match (set_of(one), set_of(two)) {
        (Some(one), Some(two)) => one == two,
        _ => one.trim() == two.trim(),
    }
}
