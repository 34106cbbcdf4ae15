//! `cluster-node`.

use crate::catalog::checks::server::Names;
use crate::catalog::failures;
use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Identity, Liveness, NodeSeen, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::names::NodeName;
use crate::model::quote::sql_name;
use crate::model::untrusted::Untrusted;

use super::{Case, adds_node, last_seen, report, unknown};

/// No other node has this node's name, in any case of letters; or a dead one has it that is to be replaced. Two nodes of
/// one name share a row and a heartbeat, and neither is to be trusted any more.
pub fn judge(case: &Case<'_>) -> Verdict {
    let Ok(name) = read::node_name(case.answers) else { return Verdict::NotYet };
    match &case.facts.cluster.nodes {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) if adds_node(case) => {
            let so = "The cluster's nodes could not be read, so nobody can tell whether the name is free.";
            report(unread_finding(so, Severity::Stop, trouble, case))
        }
        // The one check that says it: with all of them good, a review would look as if all were well.
        Fact::Missing(trouble) if case.flow == Flow::Review && *trouble != Trouble::Unasked => {
            report(unread_finding("The cluster's nodes could not be read.", Severity::Unproven, trouble, case))
        }
        Fact::Missing(trouble) => unknown(trouble),
        Fact::Seen(_) => {
            let node = case.facts.cluster.node(name.as_str());
            match node {
                _ if !adds_node(case) => judge_own_name(&name, node, case),
                Some(node) => judge_taken_name(&name, node, case),
                None => judge_free_name(&name),
            }
        }
    }
}

fn judge_free_name(name: &NodeName) -> Verdict {
    if let Some(doubt) = name.doubt() {
        return report(Finding::warn(
            CheckId::ClusterNode,
            doubt,
            "Type a name that lasts: each new name would become a node of its own, and the old ones would stay behind.",
        ));
    }
    Verdict::Good(format!("no other node is called {}", name.as_str()))
}

/// A joining node's name, which is there already.
fn judge_taken_name(name: &NodeName, node: &NodeSeen, case: &Case<'_>) -> Verdict {
    let here = is_of_this_machine(node, case);
    if here && case.resuming.is_some() && node.row.is_some() {
        return Verdict::Good(format!("{}, entered by the unfinished run", node.name));
    }
    let there = place_and_age(node);
    match node.life() {
        Liveness::Alive => {
            let same = if here { " If this is that very node, choose Review this node instead." } else { "" };
            report(Finding::stop(
                CheckId::ClusterNode,
                format!("The cluster has a node {} already, {there}.{}", node.name, case_remark(name, node)),
                format!("Type another name.{same}"),
            ))
        }
        Liveness::Silent => report(silent_finding(name, node, case)),
        Liveness::Dead if node.name.as_str() != name.as_str() => report(Finding::stop(
            CheckId::ClusterNode,
            format!("The cluster has a dead node {}, {there}.{}", node.name, case_remark(name, node)),
            format!("Type {} in exactly this spelling to replace it, or another name.", node.name),
        )),
        Liveness::Dead if node.row.is_none() => report(Finding::warn(
            CheckId::ClusterNode,
            format!("Octopus has a dead node {}, {there}. Octopus' own row of it stays, and becomes this node's.", node.name),
            "Go on only if the old machine is gone for good. To be rid of the row, remove it in Octopus first, on Configuration > \
             Nodes.",
        )),
        Liveness::Dead if case.answers.is_on(FieldId::ReplaceNode) => report(Finding::warn(
            CheckId::ClusterNode,
            format!("This machine takes the place of dead node {}, {there}.", node.name),
            "Go on only if the old machine is gone for good: come back to life, it would share the row.",
        )),
        Liveness::Dead => report(
            Finding::stop(
                CheckId::ClusterNode,
                format!("The cluster has a dead node {}, {there}.", node.name),
                "Choose Replace it if the old machine is gone for good; otherwise type another name.",
            )
            .about(FieldId::ReplaceNode),
        ),
    }
}

/// The name of a node that is there, in its own cluster.
fn judge_own_name(name: &NodeName, node: Option<&NodeSeen>, case: &Case<'_>) -> Verdict {
    match (node, case.facts.cluster.identity.seen()) {
        (Some(node), Some(Identity::Registered(_))) if node.row.is_none() => {
            report(no_row_finding(name, "Octopus knows this node, and the registry has no row of it"))
        }
        (None, Some(Identity::Registered(_))) => report(no_row_finding(name, "The registry has no row of this node")),
        (Some(node), _) if node.name.as_str() != name.as_str() => report(Finding::warn(
            CheckId::ClusterNode,
            format!("The cluster spells this node {}, and its node config {}.", node.name, name.as_str()),
            "Octopus' heartbeat breaks with two spellings of one name: join anew under the cluster's spelling.",
        )),
        (Some(node), _) => Verdict::Good(format!("{}, {}", node.name, last_seen(node))),
        (None, _) => Verdict::Good(format!("{}, not seen by Octopus yet", name.as_str())),
    }
}

fn no_row_finding(name: &NodeName, says: &str) -> Finding {
    Finding::warn(
        CheckId::ClusterNode,
        format!("{says}: {}.", name.as_str()),
        "Somebody has removed it. Add this server as a node once more if it is to belong to the cluster.",
    )
}

/// Nobody can tell whether a node is alive.
fn silent_finding(name: &NodeName, node: &NodeSeen, case: &Case<'_>) -> Finding {
    let database = Names::new(case).database;
    let finding = Finding::stop(
        CheckId::ClusterNode,
        format!(
            "The cluster has a node {}, {}. Whether it is alive nobody can tell: Octopus' own table of nodes cannot be read.{}",
            node.name,
            place_and_age(node),
            case_remark(name, node)
        ),
        "Type another name; or have a DBA look at LastSeen by this statement, and let this login read the table.",
    );
    if database.is_empty() {
        return finding;
    }
    finding.sql(format!("USE {};\nSELECT * FROM dbo.OctopusServerNode;", sql_name(&database)))
}

fn unread_finding(so: &str, severity: Severity, trouble: &Trouble, case: &Case<'_>) -> Finding {
    let words = case.explain(trouble);
    let says = format!("{so} {}", words.says);
    failures::Explanation { says, about: None, ..words }.into_finding(CheckId::ClusterNode, severity)
}

/// Where a node is, and when it was seen last: `on web-old (Linux 6.1), last seen 20 d ago`.
fn place_and_age(node: &NodeSeen) -> String {
    match node.registered() {
        Some(row) if !row.host.is_empty() => format!("on host {}, {}", Untrusted::new(&row.host), last_seen(node)),
        _ => last_seen(node),
    }
}

fn case_remark(name: &NodeName, node: &NodeSeen) -> String {
    if node.name.as_str() == name.as_str() {
        return String::new();
    }
    format!(" {} differs from it only in the case of its letters.", name.as_str())
}

fn is_of_this_machine(node: &NodeSeen, case: &Case<'_>) -> bool {
    let host = case.facts.machine.host_name.as_str();
    !host.is_empty() && node.registered().is_some_and(|row| row.host.eq_ignore_ascii_case(host))
}
