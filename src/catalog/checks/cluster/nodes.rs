//! `cluster-nodes`.

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::Nodes;
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::untrusted::Untrusted;

use super::{Case, adds, licence, nodes_of, one, others};

/// Every other node is alive. A dead one is nobody's obstacle, but it counts as a node.
pub fn judge(case: &Case<'_>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let tally = Tally::of(case, nodes);
    if tally.dead == 0 {
        return Verdict::Good(tally.evidence());
    }
    let says = if tally.dead == 1 {
        format!("Dead node {} counts as a node.", format::list(&tally.names, 1))
    } else {
        format!("{} dead nodes count as nodes: {}.", tally.dead, format::list(&tally.names, tally.dead))
    };
    let it = if tally.dead == 1 { "it" } else { "them" };
    let limit = case.facts.cluster.node_limit.seen().copied().flatten();
    let breaks_licence = limit.is_some_and(|limit| !limit.allows(licence::count(case, nodes)));
    if adds(case) && !breaks_licence {
        return one(Finding::note(CheckId::ClusterNodes, format!("{says} Replace or remove {it}.")));
    }
    one(Finding::warn(
        CheckId::ClusterNodes,
        says,
        format!(
            "Replace {it} by a node that joins under the same name, or remove {it}: here from the review of a node, and in Octopus on \
             Configuration > Nodes."
        ),
    ))
}

/// The other nodes, counted, and the first few dead ones by name.
struct Tally {
    all: u64,
    silent: u64,
    drained: u64,
    dead: u64,
    names: Vec<Untrusted>,
}

impl Tally {
    /// Without this node and the one that it replaces, which have one name.
    fn of(case: &Case<'_>, nodes: &Nodes) -> Self {
        let others = others(case, nodes);
        let count = |number: usize| number as u64;
        let mut tally = Self {
            all: count(others.len()),
            silent: count(others.silent()),
            drained: count(others.drained()),
            dead: count(others.dead()),
            names: others.first_dead().map(|node| node.name.clone()).collect(),
        };
        let own = nodes.find(case.answers.trimmed(FieldId::NodeName));
        let replaces = case.answers.is_on(FieldId::ReplaceNode);
        if let Some(in_the_way) = own.filter(|node| node.is_dead() && adds(case) && !replaces) {
            tally.all += 1;
            tally.dead += 1;
            tally.drained += u64::from(in_the_way.drained);
            tally.names.insert(0, in_the_way.name.clone());
            tally.names.truncate(Nodes::NAMED);
        }
        tally
    }

    fn evidence(&self) -> String {
        let mut said = match self.all {
            0 => return "no other node".to_owned(),
            1 if self.silent == 0 => "1 other node, alive".to_owned(),
            all if self.silent == 0 => format!("{all} other nodes, all alive"),
            all => format!("{}; of {} nobody can tell whether alive", format::count(all, "other node"), self.silent),
        };
        if self.drained > 0 {
            said = format!("{said}; {} drained", self.drained);
        }
        said
    }
}
