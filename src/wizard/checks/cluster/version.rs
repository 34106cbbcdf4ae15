//! `cluster-version`.

use std::cmp::Ordering;

use crate::model::check::CheckId;
use crate::model::facts::{Identity, NodeSeen};
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::untrusted::Untrusted;

use super::{Case, adds, nodes_of, others_at_work};
use crate::wizard::checks::all;

/// All nodes run one version of Octopus Server, as far as that is known: by Octopus' installation history, and by the
/// Octopus Server that is installed here. A newer one upgrades the database under the others' feet.
pub fn judge(case: &Case<'_>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let span = Span::of(case, nodes);
    let cluster = match (span.newest, case.facts.cluster.identity.seen()) {
        (Some((_, version)), _) => Some(version),
        (None, Some(Identity::Octopus { version })) => version.as_ref(),
        (None, _) => None,
    };
    let mut findings = Vec::new();
    if let (Some(here), Some(there)) = (case.facts.machine.octopus_version.seen(), cluster)
        && order(here.as_str(), there.as_str()) != Ordering::Equal
    {
        findings.push(other_here(here, there, case));
    }
    if let (Some((old, oldest)), Some((new, newest))) = (span.oldest, span.newest)
        && order(oldest.as_str(), newest.as_str()) != Ordering::Equal
    {
        findings.push(Finding::warn(
            CheckId::ClusterVersion,
            format!("The cluster's nodes run different versions of Octopus Server: {old} has {oldest}, {new} has {newest}."),
            "Bring all nodes to one version; Octopus supports no others side by side.",
        ));
    }
    if let Some((node, program)) = span.ahead {
        findings.push(Finding::note(
            CheckId::ClusterVersion,
            format!("{node} was set up by octopus-setup {program}, which is newer than this one."),
        ));
    }
    all(findings, || cluster.map_or_else(|| "not known here".to_owned(), |version| format!("{version} throughout")))
}

fn other_here(here: &Untrusted, there: &Untrusted, case: &Case<'_>) -> Finding {
    let what = match order(here.as_str(), there.as_str()) {
        Ordering::Less => "an older one refuses the database",
        _ => "a newer one upgrades the database, and the other nodes stop",
    };
    let severity = if adds(case) { Severity::Stop } else { Severity::Warn };
    Finding::new(
        CheckId::ClusterVersion,
        severity,
        format!("Octopus Server on this machine is of version {here}, the cluster's of {there}: {what}."),
        format!("Install Octopus Server {there} here first."),
    )
}

/// The oldest and the newest of what the other nodes run, and a registry row that a newer program of ours wrote.
#[derive(Default)]
struct Span<'a> {
    oldest: Option<(&'a Untrusted, &'a Untrusted)>,
    newest: Option<(&'a Untrusted, &'a Untrusted)>,
    ahead: Option<(&'a Untrusted, Untrusted)>,
}

impl<'a> Span<'a> {
    fn of(case: &Case<'a>, nodes: &'a [NodeSeen]) -> Self {
        let mut span = Self::default();
        for node in others_at_work(case, nodes) {
            if span.ahead.is_none()
                && let Some(row) = node.registered()
                && order(&row.program, env!("CARGO_PKG_VERSION")) == Ordering::Greater
            {
                span.ahead = Some((&node.name, Untrusted::new(&row.program)));
            }
            let Some(version) = &node.version else { continue };
            let seen = Some((&node.name, version));
            if span.oldest.is_none_or(|(_, oldest)| order(version.as_str(), oldest.as_str()) == Ordering::Less) {
                span.oldest = seen;
            }
            if span.newest.is_none_or(|(_, newest)| order(version.as_str(), newest.as_str()) == Ordering::Greater) {
                span.newest = seen;
            }
        }
        span
    }
}

/// Which version is the newer: number by number, whatever stands behind the numbers.
fn order(one: &str, other: &str) -> Ordering {
    if one == other {
        // The usual case, for each of many nodes.
        return Ordering::Equal;
    }
    let numbers = |text: &'_ str| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let mut parts = [0_u64; 6];
        for (part, number) in parts.iter_mut().zip(text[..end].split('.')) {
            *part = number.parse().unwrap_or(0);
        }
        parts
    };
    numbers(one).cmp(&numbers(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        for (one, other, order) in [
            ("2026.4.1", "2026.4.1", Ordering::Equal),
            ("2026.4.10", "2026.4.9", Ordering::Greater),
            ("2025.4.10", "2026.1.9", Ordering::Less),
            ("2026.4", "2026.4.0", Ordering::Equal),
            ("2026.4.1-hotfix.2", "2026.4.1", Ordering::Equal),
            ("rubbish", "", Ordering::Equal),
            ("99999999999999999999999.1", "2026", Ordering::Less),
            ("1.2.3.4.5.6.7.8", "1.2.3.4.5.6.9.9", Ordering::Equal),
            ("ü.1", "0.1", Ordering::Less),
        ] {
            assert_eq!(super::order(one, other), order, "{one} {other}");
        }
    }
}
