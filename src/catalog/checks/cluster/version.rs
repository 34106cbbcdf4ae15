//! `cluster-version`.

use std::cmp::Ordering;

use crate::catalog::checks::all;
use crate::model::check::CheckId;
use crate::model::facts::{Identity, NodeSeen};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::octopus::compare_versions;
use crate::model::untrusted::Untrusted;

use super::{Case, adds, nodes_of, others};

/// All nodes run one version of Octopus Server, as far as that is known: by Octopus' installation history, and by the
/// Octopus Server that is installed here. A newer one upgrades the database under the others' feet.
pub fn judge<'a>(case: &Case<'a>) -> Verdict {
    let nodes = match nodes_of(case) {
        Ok(nodes) => nodes,
        Err(verdict) => return verdict,
    };
    let others = others(case, nodes);
    // A node, and the version that it runs.
    let running = |node: Option<&'a NodeSeen>| node.and_then(|node| Some((&node.name, node.version.as_ref()?)));
    // A node that is there already runs what is recorded of it, where its program does not tell by itself.
    let told = adds(case) || case.facts.machine.octopus_version.seen().is_some();
    let own = if told { None } else { running(nodes.find(case.answers.trimmed(FieldId::NodeName))) };
    let all_of_them = || [running(others.oldest()), running(others.newest()), own].into_iter().flatten();
    let by_version =
        |one: &(&Untrusted, &Untrusted), other: &(&Untrusted, &Untrusted)| compare_versions(one.1.as_str(), other.1.as_str());
    let (oldest, newest) = (all_of_them().min_by(by_version), all_of_them().max_by(by_version));
    let cluster = octopus_version(case);
    let mut findings = Vec::new();
    if let (Some(here), Some(there)) = (case.facts.machine.octopus_version.seen(), cluster)
        && compare_versions(here.as_str(), there.as_str()) != Ordering::Equal
    {
        findings.push(other_here(here, there, case));
    }
    if let (Some((old, oldest)), Some((new, newest))) = (oldest, newest)
        && compare_versions(oldest.as_str(), newest.as_str()) != Ordering::Equal
    {
        findings.push(Finding::warn(
            CheckId::ClusterVersion,
            format!("The cluster's nodes run different versions of Octopus Server: {old} has {oldest}, {new} has {newest}."),
            "Bring all nodes to one version; Octopus supports no others side by side.",
        ));
    }
    let ahead = others.newest_program().and_then(|node| Some((&node.name, Untrusted::new(&node.registered()?.program))));
    if let Some((node, program)) = ahead
        && compare_versions(program.as_str(), env!("CARGO_PKG_VERSION")) == Ordering::Greater
    {
        findings.push(Finding::note(
            CheckId::ClusterVersion,
            format!("{node} was set up by octopus-setup {program}, which is newer than this one."),
        ));
    }
    all(findings, || cluster.map_or_else(|| "not known here".to_owned(), |version| format!("{version} throughout")))
}

/// The version of Octopus Server that the cluster is of: the newest that another node runs, else what Octopus' installation
/// history says; `None` where neither is known.
pub fn octopus_version<'a>(case: &Case<'a>) -> Option<&'a Untrusted> {
    let newest =
        case.facts.cluster.nodes.seen().and_then(|nodes| others(case, nodes).newest()).and_then(|node| node.version.as_ref());
    newest.or(match case.facts.cluster.identity.seen() {
        Some(Identity::Octopus { version }) => version.as_ref(),
        _ => None,
    })
}

fn other_here(here: &Untrusted, there: &Untrusted, case: &Case<'_>) -> Finding {
    let what = match compare_versions(here.as_str(), there.as_str()) {
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
