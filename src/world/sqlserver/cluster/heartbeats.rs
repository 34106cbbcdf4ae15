//! Reads Octopus Server's own rows of its nodes and their heartbeats, as far as they can be read.

use std::collections::HashMap;
use std::time::Duration;

use super::nodes::{fold_name, shorter_age};
use crate::model::facts::{Beat, NodeSeen};
use crate::world::sqlserver::batch::{Reply, ReplyRow};

/// The parts with Octopus Server's nodes: all columns at once, and column by column if that failed.
const PARTS: [&str; 5] = ["beat", "beat_name", "beat_age", "beat_cap", "beat_drain"];
/// The prefixes that turn a name into an id (Issues#10135), in the older and the newer table.
const PREFIXES: [&str; 3] = ["octopusservernodes-", "octopusservernodestatus-", "octopusservernodestatuses-"];

/// All nodes by Octopus Server's own rows.
pub(super) struct OctopusNodes<'a> {
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
pub(super) struct OctopusNode<'a> {
    /// Its name in the form in which names are compared.
    pub folded: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its heartbeat.
    pub beat: Beat,
    /// Its task cap.
    pub cap: Option<u32>,
    /// Whether it is drained.
    pub drained: bool,
}

impl<'a> OctopusNodes<'a> {
    /// Reads all rows.
    pub(super) fn read(reply: &'a Reply) -> Self {
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
            complete: told("has_nodes") && (reply.rows("beat_name").is_ok() && reply.error.is_none()),
            newer_unreadable: told("has_status") && (!told("knows_status") || status.is_err()),
        }
    }

    /// Returns the number of nodes.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the heartbeat of a node that Octopus Server has no row of.
    pub(super) fn without_row(&self) -> Beat {
        if self.no_table || self.complete { Beat::Never } else { Beat::Unreadable }
    }

    /// Iterates over the nodes.
    pub(super) fn iter(&self) -> impl Iterator<Item = OctopusNode<'_>> {
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
    fn beat(&self, node: &NodeRows<'_>) -> Beat {
        match shorter_age(node.ages[0], node.ages[1]) {
            Some(age) if !self.newer_unreadable || age <= NodeSeen::BEAT => Beat::Ago(age),
            _ => Beat::Unreadable,
        }
    }
}

/// Reads an age. Never below zero, even after the clock was set back.
pub(super) fn age(row: &ReplyRow) -> Option<Duration> {
    row.number("age").map(|age| Duration::from_secs(u64::try_from(age).unwrap_or_default()))
}

fn without_prefix(id: &str) -> &str {
    let without = |prefix: &str| {
        let (head, rest) = id.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    PREFIXES.iter().find_map(|prefix| without(prefix)).unwrap_or(id)
}
