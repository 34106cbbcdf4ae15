//! `cluster-system`.

use crate::model::check::CheckId;
use crate::model::facts::NodeSeen;
use crate::model::finding::{Finding, Verdict};

use super::{Case, nodes_of, one, others_at_work};

/// A family of operating systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Any distribution of Linux.
    Linux,
    /// Any edition of Windows.
    Windows,
}

impl Family {
    /// By what a machine calls its system: `Windows`, or the `PRETTY_NAME` of a distribution, which seldom has the word
    /// Linux in it. So what is not known to be something else is one of those.
    pub fn of(system: &str) -> Option<Self> {
        let first = system.split_whitespace().next()?.to_ascii_lowercase();
        match first.as_str() {
            "windows" | "microsoft" => Some(Self::Windows),
            // What a build for another system says of itself.
            "macos" | "freebsd" | "netbsd" | "openbsd" | "dragonfly" | "solaris" | "illumos" => None,
            _ => Some(Self::Linux),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

/// The other nodes run the same family of operating systems. Octopus does not support both in one cluster: paths and
/// scripts of one mean nothing to the other. Only the registry tells a node's system, and a dead node runs none.
pub fn judge(case: &Case<'_>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let Some(here) = Family::of(case.facts.machine.system.as_str()) else {
        return Verdict::Good("not known here".to_owned());
    };
    let family = |node: &NodeSeen| node.registered().and_then(|row| Family::of(&row.system));
    let mut known = false;
    for node in others_at_work(case, nodes) {
        let Some(there) = family(node) else { continue };
        known = true;
        if there != here {
            return one(Finding::stop(
                CheckId::ClusterSystem,
                format!("{} runs {}, and this machine runs {}.", node.name, there.name(), here.name()),
                "Octopus' nodes must not mix Windows and Linux: use a machine with the other nodes' system.",
            ));
        }
    }
    Verdict::Good(if known { format!("{}, as the other nodes", here.name()) } else { "not known of any other node".to_owned() })
}
