//! `drift-host`.

use crate::catalog::checks::{Case, all};
use crate::model::check::CheckId;
use crate::model::facts::{Fact, HomeState, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::untrusted::Untrusted;

/// This machine has the name and the folders that the config and the registry say, and the node's ports are in use.
pub fn judge(case: &Case<'_>) -> Verdict {
    let facts = case.facts;
    match (&facts.node.config, &facts.node.octopus) {
        (Fact::Unknown, _) | (Fact::Missing(Trouble::Unasked), Fact::Unknown) => return case.pending(),
        (Fact::Seen(_), _) | (Fact::Missing(Trouble::Unasked), Fact::Seen(Some(_))) => {}
        (Fact::Missing(_), _) => return Verdict::NotYet,
    }
    if facts.home.folder.is_unknown() {
        return case.pending();
    }
    // While the registry is still on its way; where it cannot be had, the rest is judged without it.
    if facts.cluster.nodes.is_unknown() && case.running {
        return Verdict::Running;
    }
    let mut findings: Vec<Finding> = [of_folder(case), of_name(case), of_ports(case)].into_iter().flatten().collect();
    if let Fact::Missing(trouble) = &facts.home.folder {
        let words = crate::catalog::failures::explain_trouble(trouble);
        let says = format!("Whether the home directory is there could not be looked at. {}", words.says);
        findings.push(Finding::warn(CheckId::DriftHost, says, words.fix).about(FieldId::Home));
    }
    all(findings, || match facts.cluster.nodes.seen() {
        Some(_) => format!("{}, with its home", facts.machine.host_name),
        None => format!("{}, with its home; the registry was not compared", facts.machine.host_name),
    })
}

fn of_folder(case: &Case<'_>) -> Option<Finding> {
    let home = Untrusted::new(case.answers.trimmed(FieldId::Home));
    let (says, fix) = match case.facts.home.folder.seen()? {
        HomeState::Creatable { parent } => (
            format!("The home directory {home} is not there; only {parent} is."),
            "Mount the disk that it is on, or have it restored, before Octopus Server is started.",
        ),
        HomeState::NotAFolder => (
            format!("The home directory {home}, or a part of its path, is not a folder."),
            "Find out what took its place, and have the folder restored.",
        ),
        HomeState::Empty | HomeState::Occupied { .. } | HomeState::NodeConfig { .. } => return None,
    };
    Some(Finding::stop(CheckId::DriftHost, says, fix).about(FieldId::Home))
}

/// The registry's host against this machine's name. A machine that was renamed leaves Octopus' own row behind
/// (Issues#4898), and a config that was copied would have two machines be one node.
fn of_name(case: &Case<'_>) -> Option<Finding> {
    let facts = case.facts;
    let own = facts.machine.host_name.as_str();
    let row = facts.cluster.node(case.answers.trimmed(FieldId::NodeName))?.registered()?;
    let other = Untrusted::new(&row.host);
    if own.is_empty() || other.is_empty() || own.eq_ignore_ascii_case(other.as_str()) {
        return None;
    }
    Some(
        Finding::warn(
            CheckId::DriftHost,
            format!("This machine is called {own}, and the registry has this node on {other}: it was renamed or moved, or the config was copied."),
            "Make sure that no other machine runs this node; then change settings ({key:edit}), which writes the row anew.",
        )
        .about(FieldId::NodeName),
    )
}

/// That nothing listens is no more than good to know: it may be stopped on purpose.
fn of_ports(case: &Case<'_>) -> Option<Finding> {
    let ports = &case.facts.ports.ports;
    let silent = !ports.is_empty() && ports.iter().all(|port| port.free == Fact::Seen(true));
    let existing = case.is_of_a_node();
    (silent && existing).then(|| {
        let list: Vec<String> = ports.iter().map(|port| port.port.to_string()).collect();
        let says = format!("Nothing listens on {}: Octopus Server does not run on this machine right now.", list.join(", "));
        Finding::note(CheckId::DriftHost, says).about(FieldId::CommsPort)
    })
}
