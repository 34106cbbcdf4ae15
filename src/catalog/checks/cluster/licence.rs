//! `cluster-licence`.

use time::Date;

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Nodes};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::licence::NodeLimit;

use super::super::licence::{exceeded, how_soon, is_soon};
use super::{Case, adds, all, nodes_of, unknown};

/// The licence allows as many nodes as there will be, and has not ended. Octopus lets the node join all the same and then
/// creates no more releases, so it is said before, in its own words.
pub fn judge(case: &Case<'_>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let limit = match &case.facts.cluster.node_limit {
        Fact::Unknown => return case.pending(),
        Fact::Missing(trouble) => return unknown(trouble),
        Fact::Seen(limit) => *limit,
    };
    let ends = case.facts.cluster.licence_ends.seen().copied().flatten();
    let count = count(case, nodes);
    let mut found = Vec::new();
    if let Some(NodeLimit::Nodes(limit)) = limit
        && !NodeLimit::Nodes(limit).allows(count)
    {
        found.push(too_many(case, limit.into(), count));
    }
    found.extend(ends.zip(case.facts.machine.today).and_then(|(ends, today)| ending(ends, today)));
    all(found, || {
        let with = if adds(case) { " with this one" } else { "" };
        let allowed = match limit {
            None => "no limit known".to_owned(),
            Some(NodeLimit::Unlimited) => format!("{}{with}, of as many as you like", format::count(count, "node")),
            Some(NodeLimit::Nodes(limit)) => format!("{count} of {}{with}", format::count(limit.into(), "node")),
        };
        ends.map_or(allowed.clone(), |day| format!("{allowed}; it or its maintenance ends on {}", format::date(day)))
    })
}

fn too_many(case: &Case<'_>, limit: u64, count: u64) -> Finding {
    let when = if adds(case) { "With this node Octopus will say" } else { "Octopus says by now" };
    Finding::warn(
        CheckId::ClusterLicence,
        format!("{when}: {}", exceeded(limit, count)),
        "Remove or replace a dead node, or have a licence with a higher NodeLimit; a dead node counts until it is removed.",
    )
}

/// That the licence has ended, or will soon. The registry keeps one day, the first on which something of it ends: of a trial
/// the licence itself, else its maintenance.
fn ending(ends: Date, today: Date) -> Option<Finding> {
    let says = if is_soon(ends, today)? {
        format!("The cluster's licence, or its maintenance, ends {}.", how_soon(ends, today))
    } else {
        format!(
            "The cluster's licence, or its maintenance, ended on {}, as the registry knows it: an ended trial stops working, and an \
             Octopus Server that was released after the end of maintenance refuses to start.",
            format::date(ends)
        )
    };
    let fix = "See in the web portal, at Configuration, License; a licence that was renewed there since is not in the registry.";
    Some(Finding::warn(CheckId::ClusterLicence, says, fix))
}

/// How many nodes there are, or will be: one that is replaced, and one that is entered already, adds none.
pub(super) fn count(case: &Case<'_>, nodes: &Nodes) -> u64 {
    let there = nodes.len() as u64;
    let is_in = adds(case) && nodes.find(case.answers.trimmed(FieldId::NodeName)).is_some();
    if adds(case) && !is_in { there + 1 } else { there }
}
