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
use crate::model::finding::Verdict;
use crate::model::prefixes;

use super::Case;

pub use command::{command, with_secret};

/// Judges one of them.
pub fn judge(check: CheckId, case: &Case<'_>) -> Verdict {
    match check {
        CheckId::DriftRow => row::judge(case),
        CheckId::DriftOctopus => octopus::judge(case),
        _ => host::judge(case),
    }
}

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
