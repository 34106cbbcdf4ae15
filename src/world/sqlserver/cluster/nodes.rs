//! Merges the cluster's nodes: the registry's rows and Octopus Server's own, by name.

use std::collections::HashMap;
use std::time::Duration;

use super::heartbeats::{OctopusNodes, age};
use crate::model::facts::{Beat, NodeSeen, Nodes, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::Reply;
use crate::world::sqlserver::registry::rows;

/// Reads and merges all nodes, sorted by name. Compares names without case, and keeps the registry's spelling.
///
/// # Errors
/// The error of the registry's rows. An error of Octopus Server's rows costs only what those would have told.
pub(super) fn read(reply: &Reply) -> Result<Nodes, Trouble> {
    let members = reply.rows("member")?;
    let octopus_nodes = OctopusNodes::read(reply);
    let versions = versions(reply);
    let mut nodes: Vec<(String, NodeSeen)> = Vec::with_capacity(members.len().max(octopus_nodes.len()));
    let mut indices = HashMap::with_capacity(members.len());
    for row in members {
        let kept = rows::node_row(row);
        let folded = fold_name(&kept.row.name);
        indices.insert(folded.clone(), nodes.len());
        nodes.push((
            folded,
            NodeSeen {
                name: Untrusted::new(&kept.row.name),
                row_age: age(row),
                beat: octopus_nodes.without_row(),
                version: None,
                task_cap: Some(u32::from(kept.row.task_cap)),
                drained: kept.drained,
                row: Some(kept),
            },
        ));
    }
    for known in octopus_nodes.iter() {
        let index = *indices.entry(known.folded.to_owned()).or_insert_with(|| {
            nodes.push((known.folded.to_owned(), unregistered(known.name)));
            nodes.len() - 1
        });
        let Some((_, node)) = nodes.get_mut(index) else { continue };
        node.beat = known.beat;
        node.task_cap = known.cap.or(node.task_cap);
        node.drained |= known.drained;
    }
    nodes.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.name.as_str().cmp(right.name.as_str())));
    for (folded, node) in &mut nodes {
        node.version = versions.get(folded.as_str()).map(|version| Untrusted::new(version));
    }
    Ok(nodes.into_iter().map(|(_, node)| node).collect())
}

fn unregistered(name: &str) -> NodeSeen {
    NodeSeen {
        name: Untrusted::new(name),
        row: None,
        row_age: None,
        beat: Beat::Unreadable,
        version: None,
        task_cap: None,
        drained: false,
    }
}

/// Returns versions by folded name. Those that cannot be read are left out.
fn versions(reply: &Reply) -> HashMap<String, &str> {
    let rows = reply.rows("installed").unwrap_or_default();
    rows.iter().filter_map(|row| Some((fold_name(row.raw("node")?), row.raw("version")?))).collect()
}

/// Returns a name in the form in which names are compared.
pub(super) fn fold_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Returns the shorter of two ages, which is the more recent heartbeat.
pub(super) fn shorter_age(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Returns whether Octopus Server has run tasks; unknown without its table.
pub(super) fn ran_tasks(reply: &Reply) -> Result<bool, Trouble> {
    reply.rows("tasks")?.first().map(|row| row.flag("has_tasks")).ok_or(Trouble::Unasked)
}

#[cfg(test)]
#[path = "nodes_tests.rs"]
mod tests;
