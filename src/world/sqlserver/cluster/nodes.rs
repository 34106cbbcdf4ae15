//! Merges the cluster's nodes: the registry's rows and Octopus Server's own, by name.

use std::collections::HashMap;
use std::time::Duration;

use crate::model::facts::{Heartbeat, NodeSeen, Nodes, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{Reply, ReplyRow};
use crate::world::sqlserver::registry::row;

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
        let kept = row::node_row(row);
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
        beat: Heartbeat::Unreadable,
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
fn fold_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Returns the shorter of two ages, which is the more recent heartbeat.
fn shorter_age(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Returns whether Octopus Server has run tasks; unknown without its table.
pub(super) fn ran_tasks(reply: &Reply) -> Result<bool, Trouble> {
    reply.rows("tasks")?.first().map(|row| row.flag("has_tasks")).ok_or(Trouble::Unasked)
}

/// The parts with Octopus Server's nodes: all columns at once, and column by column if that failed.
const PARTS: [&str; 5] = ["beat", "beat_name", "beat_age", "beat_cap", "beat_drain"];
/// The prefixes that turn a name into an id (Issues#10135), in the older and the newer table.
const PREFIXES: [&str; 3] = ["octopusservernodes-", "octopusservernodestatus-", "octopusservernodestatuses-"];

/// All nodes by Octopus Server's own rows.
struct OctopusNodes<'a> {
    rows: Vec<NodeRows<'a>>,
    /// The login may see the table, and there is none.
    no_table: bool,
    /// All rows could be read.
    complete: bool,
    /// There is a newer table of heartbeats, and it could not be read.
    newer_unreadable: bool,
}

struct NodeRows<'a> {
    folded: String,
    name: &'a str,
    /// Ages of the heartbeats in the node's own row and in the newer table.
    ages: [Option<Duration>; 2],
    cap: Option<u32>,
    drained: bool,
}

/// A node by Octopus Server's own rows.
struct OctopusNode<'a> {
    /// Its name in the form in which names are compared.
    pub folded: &'a str,
    pub name: &'a str,
    /// Its heartbeat.
    pub beat: Heartbeat,
    /// Its task cap.
    pub cap: Option<u32>,
    /// Whether it is drained.
    pub drained: bool,
}

impl<'a> OctopusNodes<'a> {
    /// Reads all rows.
    fn read(reply: &'a Reply) -> Self {
        let mut rows: Vec<NodeRows<'a>> = Vec::new();
        let mut indices: HashMap<String, usize> = HashMap::new();
        for row in PARTS.iter().flat_map(|part| reply.rows_received(part)) {
            let Some(given) = row.raw("name") else { continue };
            let name = without_prefix(given);
            let folded = fold_name(name);
            let index = *indices.entry(folded.clone()).or_insert_with(|| {
                rows.push(NodeRows { folded, name, ages: [None; 2], cap: None, drained: false });
                rows.len() - 1
            });
            if let Some(id) = row.raw("id") {
                indices.entry(fold_name(id)).or_insert(index);
            }
            let Some(node) = rows.get_mut(index) else { continue };
            node.ages[0] = shorter_age(node.ages[0], age(row));
            node.cap = row.number("cap").and_then(|cap| u32::try_from(cap).ok()).or(node.cap);
            node.drained |= row.flag("drain");
        }
        let status = reply.rows("status");
        for row in status.as_deref().unwrap_or_default() {
            let Some(key) = row.raw("node") else { continue };
            let index = indices.get(&fold_name(key)).or_else(|| indices.get(&fold_name(without_prefix(key))));
            if let Some(node) = index.and_then(|index| rows.get_mut(*index)) {
                node.ages[1] = shorter_age(node.ages[1], age(row));
            }
        }
        let sight = reply.row("sight");
        let told = |name: &str| sight.as_ref().is_ok_and(|row| row.flag(name));
        Self {
            rows,
            no_table: told("may_see") && !told("has_nodes"),
            complete: told("has_nodes")
                && (reply.rows("beat").is_ok() || reply.rows("beat_name").is_ok_and(|rows| !rows.is_empty())),
            newer_unreadable: told("has_status") && (!told("knows_status") || status.is_err()),
        }
    }

    /// Returns the number of nodes.
    fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the heartbeat of a node that Octopus Server has no row of.
    fn without_row(&self) -> Heartbeat {
        if self.no_table || self.complete { Heartbeat::Never } else { Heartbeat::Unreadable }
    }

    /// Iterates over the nodes.
    fn iter(&self) -> impl Iterator<Item = OctopusNode<'_>> {
        self.rows.iter().map(|node| OctopusNode {
            folded: &node.folded,
            name: node.name,
            beat: self.beat(node),
            cap: node.cap,
            drained: node.drained,
        })
    }

    /// A row without a time says nothing. If the newer table of heartbeats cannot be read, the older one may be years old: then only a
    /// recent heartbeat in it counts.
    fn beat(&self, node: &NodeRows<'_>) -> Heartbeat {
        match shorter_age(node.ages[0], node.ages[1]) {
            Some(age) if !self.newer_unreadable || age <= NodeSeen::BEAT => Heartbeat::Ago(age),
            _ => Heartbeat::Unreadable,
        }
    }
}

/// Reads an age. Never below zero, even after the clock was set back.
fn age(row: &ReplyRow) -> Option<Duration> {
    row.number("age").map(|age| Duration::from_secs(u64::try_from(age).unwrap_or_default()))
}

fn without_prefix(id: &str) -> &str {
    let without = |prefix: &str| {
        let (head, rest) = id.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    PREFIXES.iter().find_map(|prefix| without(prefix)).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::batch::tests::reply;

    type Cells = &'static [(&'static str, &'static str)];

    const WEB01: Cells = &[("part", "member"), ("name", "web01"), ("age", "#100000"), ("task_cap", "#5"), ("drained", "#0")];
    const WEB02: Cells = &[("part", "member"), ("name", "Web02"), ("age", "#-3"), ("task_cap", "#5"), ("drained", "#1")];
    const NO_OCTOPUS: Cells =
        &[("part", "sight"), ("has_nodes", "#0"), ("has_status", "#0"), ("knows_status", "#0"), ("may_see", "#1")];
    const BLIND: Cells =
        &[("part", "sight"), ("has_nodes", "#0"), ("has_status", "#0"), ("knows_status", "#0"), ("may_see", "#0")];
    const NODES: Cells =
        &[("part", "sight"), ("has_nodes", "#1"), ("has_status", "#0"), ("knows_status", "#0"), ("may_see", "#1")];
    const BOTH: Cells =
        &[("part", "sight"), ("has_nodes", "#1"), ("has_status", "#1"), ("knows_status", "#1"), ("may_see", "#1")];
    const DEAF: Cells =
        &[("part", "sight"), ("has_nodes", "#1"), ("has_status", "#1"), ("knows_status", "#0"), ("may_see", "#1")];

    fn beats(rows: &[&[(&str, &str)]]) -> Vec<(String, Heartbeat)> {
        let nodes = read(&reply(rows)).expect("nodes");
        nodes.iter().map(|node| (node.name.as_str().to_owned(), node.beat)).collect()
    }

    fn ago(seconds: u64) -> Heartbeat {
        Heartbeat::Ago(Duration::from_secs(seconds))
    }

    #[test]
    fn both_sources_are_one_list_by_name_and_the_registry_spells() {
        let beat = [("part", "beat"), ("name", "WEB01"), ("age", "#7"), ("cap", "#9"), ("drain", "#1")];
        let other: Cells = &[("part", "beat"), ("name", "app"), ("age", "#700"), ("cap", "-"), ("drain", "#0")];
        let version = [("part", "installed"), ("node", "Web01"), ("version", "2025.1.3")];
        let nodes = read(&reply(&[WEB02, WEB01, NODES, &beat, other, &version])).expect("nodes");
        let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["app", "web01", "Web02"]);
        let web01 = &nodes[1];
        assert_eq!((web01.beat, web01.task_cap, web01.drained), (ago(7), Some(9), true));
        assert_eq!(web01.version.as_ref().map(Untrusted::as_str), Some("2025.1.3"));
        assert_eq!((nodes[0].row.is_none(), nodes[0].task_cap), (true, None));
        assert_eq!((nodes[2].beat, nodes[2].row_age, nodes[2].drained), (Heartbeat::Never, Some(Duration::ZERO), true));
    }

    #[test]
    fn never_takes_the_right_to_see_that_there_is_nothing() {
        assert_eq!(beats(&[WEB01, NO_OCTOPUS])[0].1, Heartbeat::Never);
        assert_eq!(beats(&[WEB01, BLIND])[0].1, Heartbeat::Unreadable);
        assert_eq!(beats(&[WEB01])[0].1, Heartbeat::Unreadable);
    }

    #[test]
    fn a_table_that_may_not_be_read_tells_nothing_of_any_node() {
        let denied = |part| [("part", "trouble"), ("of_part", part), ("number", "#229"), ("message", "denied")];
        assert_eq!(beats(&[WEB01, NODES, &denied("beat"), &denied("beat_name")])[0].1, Heartbeat::Unreadable);
    }

    #[test]
    fn a_moment_that_cannot_be_read_costs_the_heart_beat_and_not_the_node() {
        let name: Cells = &[("part", "beat_name"), ("name", "web01"), ("id", "OctopusServerNodes-web01")];
        let cap: Cells = &[("part", "beat_cap"), ("name", "web01"), ("cap", "#3")];
        let failed = |part| [("part", "trouble"), ("of_part", part), ("number", "#529"), ("message", "no")];
        let nodes = read(&reply(&[WEB01, NODES, &failed("beat"), name, cap, &failed("beat_age")])).expect("nodes");
        assert_eq!((nodes.len(), nodes[0].beat, nodes[0].task_cap), (1, Heartbeat::Unreadable, Some(3)));
    }

    #[test]
    fn the_newer_table_of_heart_beats_is_found_by_name_or_by_id() {
        let node: Cells = &[("part", "beat"), ("name", "web01"), ("id", "OctopusServerNodes-web01"), ("age", "#900000")];
        for key in ["web01", "OctopusServerNodes-WEB01", "OctopusServerNodeStatus-web01"] {
            let status = [("part", "status"), ("node", key), ("age", "#4")];
            let rows: [&[(&str, &str)]; 3] = [BOTH, node, &status];
            assert_eq!(beats(&rows), [("web01".to_owned(), ago(4))], "{key}");
        }
    }

    #[test]
    fn an_old_heart_beat_is_not_believed_where_the_newer_table_cannot_be_read() {
        let old: Cells = &[("part", "beat"), ("name", "web01"), ("id", "x"), ("age", "#900000")];
        let new: Cells = &[("part", "beat"), ("name", "web01"), ("id", "x"), ("age", "#9")];
        assert_eq!(beats(&[DEAF, old])[0].1, Heartbeat::Unreadable);
        assert_eq!(beats(&[DEAF, new])[0].1, ago(9));
        let denied: Cells = &[("part", "trouble"), ("of_part", "status"), ("number", "#229"), ("message", "denied")];
        assert_eq!(beats(&[BOTH, old, denied])[0].1, Heartbeat::Unreadable);
    }

    #[test]
    fn an_id_without_a_name_is_the_name_behind_its_prefix() {
        let node: Cells =
            &[("part", "beat"), ("name", "OctopusServerNodes-web01"), ("id", "OctopusServerNodes-web01"), ("age", "#1")];
        assert_eq!(beats(&[NODES, node]), [("web01".to_owned(), ago(1))]);
    }

    #[test]
    fn rows_of_ours_that_cannot_be_read_are_missing() {
        let denied: Cells = &[("part", "trouble"), ("of_part", "member"), ("number", "#229"), ("message", "denied")];
        assert!(matches!(read(&reply(&[NODES, denied])), Err(Trouble::Sql(said)) if said.number == 229));
    }
}
