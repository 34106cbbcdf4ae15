//! `cluster-system`.

use crate::model::check::CheckId;
use crate::model::finding::{Finding, Verdict};
use crate::model::platform::Platform;

use super::{Case, nodes_of, one, others};

/// The other nodes run the same family of operating systems. Octopus does not support both in one cluster: paths and
/// scripts of one mean nothing to the other. Only the registry tells a node's system, and a dead node runs none.
pub fn judge(case: &Case<'_>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let Some(here) = Platform::of_system(case.facts.machine.system.as_str()) else {
        return Verdict::Good("not known here".to_owned());
    };
    let others = others(case, nodes);
    for there in Platform::ALL.into_iter().filter(|there| *there != here) {
        if let Some(node) = others.first_of(there) {
            return one(Finding::stop(
                CheckId::ClusterSystem,
                format!("{} runs {}, and this machine runs {}.", node.name, there.name(), here.name()),
                "Octopus' nodes must not mix Windows and Linux: use a machine with the other nodes' system.",
            ));
        }
    }
    let known = others.first_of(here).is_some();
    Verdict::Good(if known { format!("{}, as the other nodes", here.name()) } else { "not known of any other node".to_owned() })
}
