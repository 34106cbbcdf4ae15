//! `cluster-licence`.

use crate::model::check::CheckId;
use crate::model::facts::{Fact, Nodes};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::licence::NodeLimit;
use crate::wizard::say;

use super::{Case, adds, nodes_of, one, untold};

/// The licence allows as many nodes as there will be. Octopus lets the node join all the same and then creates no more
/// releases, so it is said before, in its own words.
pub fn judge(case: &Case<'_>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let limit = match &case.facts.cluster.node_limit {
        Fact::Unknown => return case.pending(),
        Fact::Missing(trouble) => return untold(trouble),
        Fact::Seen(None) => return Verdict::Good("no limit known".to_owned()),
        Fact::Seen(Some(limit)) => *limit,
    };
    let count = count(case, nodes);
    let with = if adds(case) { " with this one" } else { "" };
    let NodeLimit::Nodes(limit) = limit else {
        return Verdict::Good(format!("{}{with}, of as many as you like", say::count(count, "node")));
    };
    let limit = u64::from(limit);
    if count <= limit {
        return Verdict::Good(format!("{count} of {}{with}", say::count(limit, "node")));
    }
    let when = if adds(case) { "With this node Octopus will say" } else { "Octopus says by now" };
    one(Finding::warn(
        CheckId::ClusterLicence,
        format!(
            "{when}: Unfortunately your license limits have been exceeded, and you will no longer be able to create or deploy \
             releases. Your Octopus Deploy license only allows {limit} active nodes. You currently have {count} active nodes."
        ),
        "Remove or replace a dead node, or have a licence with a higher NodeLimit; a dead node counts until it is removed.",
    ))
}

/// How many nodes there are, or will be: one that is replaced, and one that is entered already, adds none.
pub(super) fn count(case: &Case<'_>, nodes: &Nodes) -> u64 {
    let there = nodes.len() as u64;
    let is_in = adds(case) && nodes.find(case.answers.trimmed(FieldId::NodeName)).is_some();
    if adds(case) && !is_in { there + 1 } else { there }
}
