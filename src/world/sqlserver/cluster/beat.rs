//! Octopus' own rows of its nodes, whatever could be read of them.

use std::collections::HashMap;
use std::time::Duration;

use super::nodes::{fold, newer};
use crate::model::facts::{Beat, NodeSeen};
use crate::world::sqlserver::answer::{Answer, Row};

/// The parts that tell of Octopus' nodes: all at once, and column by column where that failed.
const PARTS: [&str; 5] = ["beat", "beat_name", "beat_age", "beat_cap", "beat_drain"];
/// What Octopus puts before a name to make an id of it (Issues#10135), and may put before it in the newer table.
const PREFIXES: [&str; 3] = ["octopusservernodes-", "octopusservernodestatus-", "octopusservernodestatuses-"];

/// All of Octopus' nodes.
pub(super) struct Hearts<'a> {
    rows: Vec<Heard<'a>>,
    /// There is no such table, as far as we may see, and we may.
    none: bool,
    /// The rows could be read, all of them.
    read: bool,
    /// There is a table of heart-beats of its own, and it could not be read.
    deaf: bool,
}

struct Heard<'a> {
    folded: String,
    name: &'a str,
    /// By the node's own row, and by its row in the newer table.
    ages: [Option<Duration>; 2],
    cap: Option<u32>,
    drained: bool,
}

/// A node by Octopus' own rows.
pub(super) struct Heart<'a> {
    /// Its name as names are compared.
    pub folded: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its heart-beat.
    pub beat: Beat,
    /// Its task cap.
    pub cap: Option<u32>,
    /// Whether it is drained.
    pub drained: bool,
}

impl<'a> Hearts<'a> {
    /// Reads them.
    pub(super) fn read(answer: &'a Answer) -> Self {
        let mut rows: Vec<Heard<'a>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in PARTS.iter().flat_map(|part| answer.sent(part)) {
            let Some(given) = row.raw("name") else { continue };
            let name = without_prefix(given);
            let folded = fold(name);
            let place = *places.entry(folded.clone()).or_insert_with(|| {
                rows.push(Heard { folded, name, ages: [None; 2], cap: None, drained: false });
                rows.len() - 1
            });
            if let Some(id) = row.raw("id") {
                places.entry(fold(id)).or_insert(place);
            }
            let Some(heard) = rows.get_mut(place) else { continue };
            heard.ages[0] = newer(heard.ages[0], seconds(row));
            heard.cap = row.number("cap").and_then(|cap| u32::try_from(cap).ok()).or(heard.cap);
            heard.drained |= row.flag("drain");
        }
        let status = answer.rows("status");
        for row in status.as_deref().unwrap_or_default() {
            let Some(key) = row.raw("node") else { continue };
            let place = places.get(&fold(key)).or_else(|| places.get(&fold(without_prefix(key))));
            if let Some(heard) = place.and_then(|place| rows.get_mut(*place)) {
                heard.ages[1] = newer(heard.ages[1], seconds(row));
            }
        }
        let sight = answer.row("sight");
        let told = |name: &str| sight.as_ref().is_ok_and(|row| row.flag(name));
        Self {
            rows,
            none: told("may_see") && !told("has_nodes"),
            read: told("has_nodes") && (answer.rows("beat_name").is_ok() && answer.ended.is_none()),
            deaf: told("has_status") && (!told("knows_status") || status.is_err()),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The heart-beat of a node that Octopus has no row of.
    pub(super) fn without_row(&self) -> Beat {
        if self.none || self.read { Beat::Never } else { Beat::Unreadable }
    }

    /// Each of them.
    pub(super) fn all(&self) -> impl Iterator<Item = Heart<'_>> {
        self.rows.iter().map(|heard| Heart {
            folded: &heard.folded,
            name: heard.name,
            beat: self.beat(heard),
            cap: heard.cap,
            drained: heard.drained,
        })
    }

    /// A row without a moment says nothing. And where a newer table of heart-beats cannot be read, the older one may have
    /// stood still for years: then only a heart that beats there is believed, and never one that has stopped.
    fn beat(&self, heard: &Heard<'_>) -> Beat {
        match newer(heard.ages[0], heard.ages[1]) {
            Some(age) if !self.deaf || age <= NodeSeen::BEAT => Beat::Ago(age),
            _ => Beat::Unreadable,
        }
    }
}

/// An age. A clock that was put back makes none below nought.
pub(super) fn seconds(row: &Row) -> Option<Duration> {
    row.number("age").map(|age| Duration::from_secs(u64::try_from(age).unwrap_or_default()))
}

fn without_prefix(id: &str) -> &str {
    let of = |prefix: &str| {
        let (head, rest) = id.split_at_checked(prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    PREFIXES.iter().find_map(|prefix| of(prefix)).unwrap_or(id)
}
