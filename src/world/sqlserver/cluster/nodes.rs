//! Merges the cluster's nodes: the registry's rows and Octopus Server's own, by name, as they come.

use std::collections::HashMap;
use std::time::Duration;

use compact_str::CompactString;

use crate::model::facts::{Heartbeat, NodeSeen, Nodes, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{Reply, ReplyRow};
use crate::world::sqlserver::registry::row;

/// The prefixes that turn a name into an id (Issues#10135), in the older and the newer table.
const PREFIXES: [&str; 3] = ["octopusservernodes-", "octopusservernodestatus-", "octopusservernodestatuses-"];

/// The nodes whose rows have come so far. A cluster may have a hundred thousand: no row is kept as it came.
#[derive(Default)]
pub(super) struct NodesReader {
    nodes: Vec<MergedNode>,
    /// Their places, by name in the form in which names are compared, and by an id that does not tell the name.
    places: HashMap<CompactString, usize>,
    /// What came before the node that it is about.
    early: Vec<(String, About)>,
}

struct MergedNode {
    node: NodeSeen,
    /// Octopus Server has a row of it.
    by_octopus: bool,
    /// The age of its newest heartbeat, in that row or in the newer table.
    beat: Option<Duration>,
}

/// What a row tells of a node that has its own row elsewhere.
enum About {
    /// The age of its heartbeat in the newer table.
    Beat(Option<Duration>),
    /// The version of Octopus Server that it runs.
    Version(Untrusted),
}

impl NodesReader {
    /// Reads a row, and returns whether it was a node's.
    pub(super) fn take(&mut self, row: &ReplyRow) -> bool {
        match row.raw("part") {
            Some("member") => self.add_member(row),
            // All columns at once, and column by column if that failed.
            Some("beat" | "beat_name" | "beat_age" | "beat_cap" | "beat_drain") => self.add_octopus_node(row),
            Some("status") => self.add_about(row.raw("node"), || About::Beat(age(row))),
            Some("installed") => self.add_about(row.raw("node"), || About::Version(row.text("version"))),
            _ => return false,
        }
        true
    }

    /// Returns all nodes, sorted by name. Compares names without case, and keeps the registry's spelling. `reply` is what else came.
    ///
    /// # Errors
    /// The error of the registry's rows. An error of Octopus Server's rows costs only what those would have told.
    pub(super) fn finish(mut self, reply: &Reply) -> Result<Nodes, Trouble> {
        reply.rows("member")?;
        for (key, about) in std::mem::take(&mut self.early) {
            self.add_about(Some(&key), || about);
        }
        let Self { mut nodes, places, .. } = self;
        drop(places);
        let sight = Sight::read(reply);
        nodes.sort_by_cached_key(|merged| (fold_name(merged.node.name.as_str()), merged.node.name.clone()));
        Ok(nodes.into_iter().map(|merged| NodeSeen { beat: sight.beat(&merged), ..merged.node }).collect())
    }

    fn add_member(&mut self, row: &ReplyRow) {
        let kept = row::node_row(row);
        let Some(MergedNode { node, .. }) = self.place(&kept.row.name) else { return };
        node.name = Untrusted::new(&kept.row.name);
        node.row_age = age(row);
        node.task_cap = Some(u32::from(kept.row.task_cap));
        node.drained = kept.drained;
        node.row = Some(kept);
    }

    fn add_octopus_node(&mut self, row: &ReplyRow) {
        let Some(name) = row.raw("name").map(without_prefix) else { return };
        let Some(merged) = self.place(name) else { return };
        merged.by_octopus = true;
        merged.beat = shorter_age(merged.beat, age(row));
        let node = &mut merged.node;
        node.task_cap = row.number("cap").and_then(|cap| u32::try_from(cap).ok()).or(node.task_cap);
        node.drained |= row.flag("drain");
        let folded = fold_name(name);
        if let Some(id) = row.raw("id")
            && fold_name(without_prefix(id)) != folded
            && let Some(place) = self.places.get(&folded).copied()
        {
            self.places.entry(fold_name(id)).or_insert(place);
        }
    }

    fn add_about(&mut self, key: Option<&str>, about: impl FnOnce() -> About) {
        let Some(key) = key else { return };
        let place = self.places.get(&fold_name(key)).or_else(|| self.places.get(&fold_name(without_prefix(key))));
        match (place.and_then(|place| self.nodes.get_mut(*place)), about()) {
            (None, about) => self.early.push((key.to_owned(), about)),
            (Some(merged), About::Beat(age)) => merged.beat = shorter_age(merged.beat, age),
            (Some(merged), About::Version(version)) => merged.node.version = Some(version),
        }
    }

    /// Returns the node of this name, a new one if there was none.
    fn place(&mut self, name: &str) -> Option<&mut MergedNode> {
        let nodes = &mut self.nodes;
        let place = *self.places.entry(fold_name(name)).or_insert_with(|| {
            let node = NodeSeen {
                name: Untrusted::new(name),
                row: None,
                row_age: None,
                beat: Heartbeat::Unreadable,
                version: None,
                task_cap: None,
                drained: false,
            };
            nodes.push(MergedNode { node, by_octopus: false, beat: None });
            nodes.len() - 1
        });
        nodes.get_mut(place)
    }
}

/// What a missing row or heartbeat means.
struct Sight {
    /// The heartbeat of a node that Octopus Server has no row of.
    without_row: Heartbeat,
    /// There is a newer table of heartbeats, and it could not be read.
    newer_unreadable: bool,
}

impl Sight {
    fn read(reply: &Reply) -> Self {
        let sight = reply.row("sight");
        let told = |name: &str| sight.as_ref().is_ok_and(|row| row.flag(name));
        let no_table = told("may_see") && !told("has_nodes");
        let has_names = reply.has_come("beat_name") && reply.rows("beat_name").is_ok();
        let complete = told("has_nodes") && (reply.rows("beat").is_ok() || has_names);
        Self {
            without_row: if no_table || complete { Heartbeat::Never } else { Heartbeat::Unreadable },
            newer_unreadable: told("has_status") && (!told("knows_status") || reply.rows("status").is_err()),
        }
    }

    /// A row without a time says nothing. If the newer table of heartbeats cannot be read, the older one may be years old: then only a
    /// recent heartbeat in it counts.
    fn beat(&self, merged: &MergedNode) -> Heartbeat {
        match merged.beat {
            _ if !merged.by_octopus => self.without_row,
            Some(age) if !self.newer_unreadable || age <= NodeSeen::BEAT => Heartbeat::Ago(age),
            _ => Heartbeat::Unreadable,
        }
    }
}

/// Returns whether Octopus Server has run tasks; unknown without its table.
pub(super) fn ran_tasks(reply: &Reply) -> Result<bool, Trouble> {
    reply.rows("tasks")?.first().map(|row| row.flag("has_tasks")).ok_or(Trouble::Unasked)
}

/// Returns a name in the form in which names are compared.
fn fold_name(name: &str) -> CompactString {
    CompactString::from_str_to_lowercase(name.trim())
}

/// Returns the shorter of two ages, which is the more recent heartbeat.
fn shorter_age(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
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
    use crate::world::sqlserver::batch::tests::row;

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

    /// What these rows come to, each read when it comes.
    fn read(rows: &[&[(&str, &str)]]) -> Result<Nodes, Trouble> {
        let mut reader = NodesReader::default();
        let reply = Reply::from_many(rows.iter().map(|cells| row(cells)).collect(), &mut |row| reader.take(row));
        reader.finish(&reply)
    }

    fn beats(rows: &[&[(&str, &str)]]) -> Vec<(String, Heartbeat)> {
        let nodes = read(rows).expect("nodes");
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
        let nodes = read(&[WEB02, WEB01, NODES, &beat, other, &version]).expect("nodes");
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
        let nodes = read(&[WEB01, NODES, &failed("beat"), name, cap, &failed("beat_age")]).expect("nodes");
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
    fn no_row_is_kept_and_what_comes_early_or_twice_counts() {
        let mut reader = NodesReader::default();
        let early: Cells = &[("part", "status"), ("node", "x-1"), ("age", "#4")];
        let version: Cells = &[("part", "installed"), ("node", "WEB01"), ("version", "2025.1.3")];
        let named: Cells = &[("part", "beat_name"), ("name", "web01"), ("id", "x-1")];
        let failed = [("part", "trouble"), ("of_part", "beat"), ("number", "#529"), ("message", "no")];
        let rows: [&[(&str, &str)]; 7] = [version, BOTH, early, WEB01, &failed, named, WEB01];
        let reply = Reply::from_many(rows.map(row).into(), &mut |row| reader.take(row));
        assert!(reply.has_come("member") && reply.rows_received("member").is_empty());
        let nodes = reader.finish(&reply).expect("nodes");
        let told: Vec<_> = nodes.iter().map(|node| (node.beat, node.version.as_ref().map(Untrusted::as_str))).collect();
        assert_eq!(told, [(ago(4), Some("2025.1.3"))]);
    }

    #[test]
    fn rows_of_ours_that_cannot_be_read_are_missing() {
        let denied: Cells = &[("part", "trouble"), ("of_part", "member"), ("number", "#229"), ("message", "denied")];
        assert!(matches!(read(&[NODES, denied]), Err(Trouble::Sql(said)) if said.number == 229));
    }
}
