//! The cluster's nodes: the registry's rows and Octopus' own, one for each name.

use std::collections::HashMap;
use std::time::Duration;

use super::beat::{Hearts, seconds};
use super::kept::kept;
use crate::model::facts::{Beat, NodeSeen, Nodes, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::answer::Answer;

/// Reads and merges them, sorted by name. Names are one whatever their case: the registry's spelling wins.
///
/// # Errors
/// What the server said of the registry's rows. What it said of Octopus' costs only what those would have told.
pub(super) fn read(answer: &Answer) -> Result<Nodes, Trouble> {
    let members = answer.rows("member")?;
    let hearts = Hearts::read(answer);
    let versions = versions(answer);
    let mut nodes: Vec<(String, NodeSeen)> = Vec::with_capacity(members.len().max(hearts.len()));
    let mut places = HashMap::with_capacity(members.len());
    for row in members {
        let kept = kept(row);
        let folded = fold(&kept.row.name);
        places.insert(folded.clone(), nodes.len());
        nodes.push((
            folded,
            NodeSeen {
                name: Untrusted::new(&kept.row.name),
                row_age: seconds(row),
                beat: hearts.without_row(),
                version: None,
                task_cap: Some(u32::from(kept.row.task_cap)),
                drained: kept.drained,
                row: Some(kept),
            },
        ));
    }
    for heart in hearts.all() {
        let place = *places.entry(heart.folded.to_owned()).or_insert_with(|| {
            nodes.push((heart.folded.to_owned(), unregistered(heart.name)));
            nodes.len() - 1
        });
        let Some((_, node)) = nodes.get_mut(place) else { continue };
        node.beat = heart.beat;
        node.task_cap = heart.cap.or(node.task_cap);
        node.drained |= heart.drained;
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

/// Versions by folded name. Those that cannot be read are not known.
fn versions(answer: &Answer) -> HashMap<String, &str> {
    let rows = answer.rows("installed").unwrap_or_default();
    rows.iter().filter_map(|row| Some((fold(row.raw("node")?), row.raw("version")?))).collect()
}

/// A name as names are compared.
pub(super) fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The longer of two ages is the older news.
pub(super) fn newer(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Whether Octopus has run tasks; without its table nobody can tell.
pub(super) fn ran_tasks(answer: &Answer) -> Result<bool, Trouble> {
    answer.rows("tasks")?.first().map(|row| row.flag("has_tasks")).ok_or(Trouble::Unasked)
}

#[cfg(test)]
#[path = "nodes_tests.rs"]
mod tests;
