//! The checks of the cluster screen. They are judged on each frame, and a cluster may have a hundred thousand nodes: what is
//! to be known of all of them was counted when they were read ([`Nodes`]), and none of these looks at each.

mod key;
mod licence;
mod node;
mod nodes;
pub(super) mod system;
mod version;

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Heartbeat, NodeSeen, Nodes, Others};
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::model::untrusted::Untrusted;

use super::{Case, Check, all, one, unknown};

pub(super) use version::octopus_version;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::ClusterKey,
        screen: ScreenId::Cluster,
        field: Some(FieldId::MasterKey),
        surveys: &[SurveyId::Key],
        judge: key::judge,
    },
    Check {
        id: CheckId::ClusterNode,
        screen: ScreenId::Cluster,
        field: Some(FieldId::NodeName),
        surveys: &[SurveyId::Cluster, SurveyId::Key],
        judge: node::judge,
    },
    Check {
        id: CheckId::ClusterSystem,
        screen: ScreenId::Cluster,
        field: None,
        surveys: &[SurveyId::Cluster, SurveyId::Key],
        judge: system::judge,
    },
    Check {
        id: CheckId::ClusterVersion,
        screen: ScreenId::Cluster,
        field: None,
        surveys: &[SurveyId::Cluster, SurveyId::Key],
        judge: version::judge,
    },
    Check {
        id: CheckId::ClusterLicence,
        screen: ScreenId::Cluster,
        field: None,
        surveys: &[SurveyId::Cluster, SurveyId::Key],
        judge: licence::judge,
    },
    Check {
        id: CheckId::ClusterNodes,
        screen: ScreenId::Cluster,
        field: None,
        surveys: &[SurveyId::Cluster, SurveyId::Key],
        judge: nodes::judge,
    },
];

/// The cluster's nodes; the verdict while they are not known. That they cannot be read is `cluster-node`'s to say.
fn nodes_of<'a>(case: &Case<'a>) -> Result<&'a Nodes, Verdict> {
    match &case.facts.cluster.nodes {
        Fact::Unknown => Err(case.pending()),
        Fact::Seen(nodes) => Ok(nodes),
        Fact::Missing(trouble) => Err(unknown(trouble)),
    }
}

/// The nodes but for this one, whose name is in the answers: as it is to be, or as its node config has it.
fn others<'a>(case: &Case<'a>, nodes: &'a Nodes) -> Others<'a> {
    nodes.but(case.answers.trimmed(FieldId::NodeName))
}

/// Another node of the cluster to compare something with: `web01`.
fn another(case: &Case<'_>) -> Option<Untrusted> {
    let others = others(case, case.facts.cluster.nodes.seen()?);
    others.first_alive().or_else(|| others.first()).map(|node| node.name.clone())
}

/// Whether this flow adds a node, or changes one that is there already.
fn adds(case: &Case<'_>) -> bool {
    matches!(case.flow, Flow::FirstNode | Flow::Join)
}

/// When a node was seen last: `last seen 2 s ago`.
fn last_seen(node: &NodeSeen) -> String {
    match (node.last_seen(), node.beat) {
        (Some(age), _) => format!("last seen {} ago", format::span(age.as_secs())),
        (None, Heartbeat::Never) => "never seen".to_owned(),
        (None, _) => "last seen at an unknown time".to_owned(),
    }
}

#[cfg(test)]
mod tests;
