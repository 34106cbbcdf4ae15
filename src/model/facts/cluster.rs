//! The cluster in the database: which one it is, its nodes, and the verdict on its master key.
//!
//! The nodes are looked through once: every check and every frame asks about them again, and a cluster may have a hundred thousand.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::Date;

use super::{ClusterSeen, Fact};
use crate::model::key_evidence::KeyVerdict;
use crate::model::licence::NodeLimit;
use crate::model::octopus::compare_versions;
use crate::model::platform::Platform;
use crate::model::registry::{CanaryRow, KeptRow, NodeRow};
use crate::model::storage::SharedStorage;
use crate::model::untrusted::Untrusted;

/// What the survey of the cluster screen learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClusterFacts {
    pub identity: Fact<Identity>,
    /// Its nodes by name: the registry's rows and Octopus' own, one for each name in upper or lower case.
    pub nodes: Fact<Nodes>,
    /// `NodeLimit` of the licence, where the registry knows it.
    pub node_limit: Fact<Option<NodeLimit>>,
    /// What the nodes share, as the registry keeps it.
    pub storage: Fact<SharedStorage>,
    /// The canaries that the registry knows, of nodes that are in it.
    pub canaries: Fact<Vec<CanaryRow>>,
    /// The nodes that were taken out of the registry, or left it, the last ones first.
    #[serde(default)]
    pub removed: Fact<Vec<Untrusted>>,
    /// Until when the licence holds, where the registry knows it.
    #[serde(with = "crate::model::day::fact")]
    pub licence_ends: Fact<Option<Date>>,
    /// Whether Octopus has run tasks, by its own table of them.
    pub ran_tasks: Fact<bool>,
    /// The evidence that a master key can be judged by.
    pub evidence: Fact<Evidence>,
    /// How long the survey took.
    pub took: Duration,
}

/// The identity of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// One with a registry of ours.
    Registered(ClusterSeen),
    /// One that Octopus made by itself, without a registry.
    Octopus {
        /// The newest version in its installation history.
        version: Option<Untrusted>,
    },
}

/// The evidence that tells the right master key from a wrong one, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// The registry's verifier.
    Verifier,
    /// Octopus' own encrypted server certificate.
    Certificate,
    /// This many other encrypted values of Octopus; fewer than three prove nothing.
    Values(usize),
    Nothing,
}

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSeen {
    /// Its name, in the spelling of the registry where it is in there.
    pub name: Untrusted,
    /// Its row in the registry; `None` for one that only Octopus knows.
    pub row: Option<KeptRow>,
    /// How long ago the registry saw it, by the server's clock.
    pub row_age: Option<Duration>,
    /// Octopus' own heartbeat.
    pub beat: Heartbeat,
    /// The version of Octopus Server that it runs, by Octopus' installation history.
    pub version: Option<Untrusted>,
    /// How many tasks it takes at a time, by Octopus' own row where there is one.
    pub task_cap: Option<u32>,
    /// Whether it is marked as drained, by either.
    pub drained: bool,
}

/// Octopus' own heartbeat of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heartbeat {
    /// This long ago, by the server's clock.
    Ago(Duration),
    /// Octopus has no row of this node, or no such table: its Octopus Server never ran on this database.
    Never,
    /// Octopus has such a table, and it could not be read.
    Unreadable,
}

/// The liveness of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// Its heartbeat is recent, or the wizard saw it recently.
    Alive,
    /// Not seen for long, and its heartbeat cannot be read.
    Silent,
    /// Its heartbeat has stopped, or it never ran and the wizard has not seen it for long.
    Dead,
}

impl NodeSeen {
    /// An older heartbeat has stopped. Octopus' own example of an auto-scaling script takes the
    /// same five minutes (facts/octopus.md section 5).
    pub const BEAT: Duration = Duration::from_secs(5 * 60);
    /// A node that never ran, and that was not set up or changed for this long, counts as dead.
    pub const ROW: Duration = Duration::from_secs(24 * 3600);

    pub fn life(&self) -> Liveness {
        let recent = self.row_age.is_some_and(|age| age <= Self::ROW);
        match self.beat {
            Heartbeat::Ago(age) if age <= Self::BEAT => Liveness::Alive,
            _ if recent => Liveness::Alive,
            Heartbeat::Ago(_) | Heartbeat::Never => Liveness::Dead,
            Heartbeat::Unreadable => Liveness::Silent,
        }
    }

    pub fn is_dead(&self) -> bool {
        self.life() == Liveness::Dead
    }

    /// Returns whether it is unknown if it is alive.
    pub fn is_silent(&self) -> bool {
        self.life() == Liveness::Silent
    }

    /// Returns whether an Octopus Server ran as this node; `true` also if that cannot be read.
    pub fn may_have_run(&self) -> bool {
        self.beat != Heartbeat::Never
    }

    /// Returns how long ago Octopus or the wizard saw it, whichever is later.
    pub fn last_seen(&self) -> Option<Duration> {
        match (self.beat, self.row_age) {
            (Heartbeat::Ago(beat), Some(row)) => Some(beat.min(row)),
            (Heartbeat::Ago(age), None) => Some(age),
            (_, age) => age,
        }
    }

    /// Returns what the registry knows of it.
    pub fn registered(&self) -> Option<&NodeRow> {
        self.row.as_ref().map(|kept| &kept.row)
    }

    /// Returns whether this is its name, in upper or lower case: Octopus' own heartbeat was broken by two spellings
    /// of one name (Issues#3757).
    pub fn is_called(&self, name: &str) -> bool {
        compare_names(self.name.as_str(), name.trim()).is_eq()
    }
}

impl ClusterFacts {
    /// Returns the row that a node of this name may take over: a dead node's in the registry.
    pub fn replaceable(&self, name: &str) -> Option<&KeptRow> {
        let dead = self.node(name).filter(|node| node.is_dead())?;
        dead.row.as_ref()
    }

    /// Returns the node of this name, in upper or lower case.
    pub fn node(&self, name: &str) -> Option<&NodeSeen> {
        self.nodes.seen()?.find(name)
    }
}

/// The nodes of a cluster in the order in which they are shown, one for each name in upper or lower case. Clones are the same
/// nodes.
#[derive(Clone, Default)]
pub struct Nodes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: Box<[NodeSeen]>,
    /// Their places, by name as names are compared. The server's answer comes in that order, so that this costs nothing
    /// to make; and four bytes a node are less than a table of names.
    by_name: Box<[u32]>,
    /// The places of those that others reach, by a hash of their address.
    by_address: Box<[(u64, u32)]>,
    counts: NodeCounts,
}

impl Nodes {
    /// The most dead nodes that are named.
    pub const NAMED: usize = 5;

    /// Returns the node of this name, in upper or lower case. Ignores blanks around the name.
    pub fn find(&self, name: &str) -> Option<&NodeSeen> {
        self.0.rows.get(self.place(name)?)
    }

    /// Returns all nodes except the one of this name.
    pub fn except(&self, name: &str) -> Others<'_> {
        Others { nodes: self, own: self.place(name) }
    }

    /// Returns the nodes with this address ([`NodeRow::reach`]), but for dead ones.
    pub fn with_address<'a>(&'a self, address: &'a str) -> impl Iterator<Item = &'a NodeSeen> {
        let (hash, places) = (hash(address), &self.0.by_address);
        let from = places.partition_point(|(other, _)| *other < hash);
        let same = places.get(from..).unwrap_or_default().iter().take_while(move |(other, _)| *other == hash);
        let nodes = same.filter_map(|(_, place)| self.0.rows.get(*place as usize));
        nodes.filter(move |node| node.registered().is_some_and(|row| row.reach() == address))
    }

    /// Returns the first two nodes found with one address, but for dead ones.
    pub fn sharing_an_address(&self) -> Option<(&NodeSeen, &NodeSeen)> {
        let (one, other) = self.0.counts.same_address?;
        self.0.rows.get(one).zip(self.0.rows.get(other))
    }

    fn place(&self, name: &str) -> Option<usize> {
        let (Inner { rows, by_name, .. }, name) = (&*self.0, name.trim());
        let at = |place: u32| rows.get(place as usize);
        let before = |place: &u32| at(*place).is_some_and(|node| compare_names(node.name.as_str(), name) == Ordering::Less);
        let place = *by_name.get(by_name.partition_point(before))?;
        at(place)?.is_called(name).then_some(place as usize)
    }
}

/// Names as they are compared, in upper or lower case; nothing is allocated.
fn compare_names(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() {
        // Letters of ASCII come in the same order as bytes and as characters.
        let (one, other) = (one.bytes(), other.bytes());
        return one.map(|byte| byte.to_ascii_lowercase()).cmp(other.map(|byte| byte.to_ascii_lowercase()));
    }
    one.chars().flat_map(char::to_lowercase).cmp(other.chars().flat_map(char::to_lowercase))
}

impl From<Vec<NodeSeen>> for Nodes {
    fn from(rows: Vec<NodeSeen>) -> Self {
        let mut by_name: Box<[u32]> = (0..).take(rows.len()).collect();
        let name = |place: &u32| rows.get(*place as usize).map_or("", |node| node.name.as_str());
        by_name.sort_by(|one, other| compare_names(name(one), name(other)));
        let mut counts = NodeCounts::count(&rows);
        let is_reached = |node: &&NodeSeen| !node.is_dead() && node.registered().is_some_and(|row| !row.address.is_empty());
        let reached = (0..).zip(&rows).filter(|(_, node)| is_reached(node));
        let mut by_address: Box<[(u64, u32)]> =
            reached.filter_map(|(place, node)| Some((hash(&node.registered()?.reach()), place))).collect();
        by_address.sort_unstable();
        let address = |place: u32| rows.get(place as usize).and_then(NodeSeen::registered).map(NodeRow::reach);
        counts.same_address = by_address
            .windows(2)
            .filter_map(|pair| {
                if let [(one, first), (other, second)] = pair { (one == other).then_some((*first, *second)) } else { None }
            })
            .find(|(first, second)| address(*first) == address(*second))
            .map(|(first, second)| (first as usize, second as usize));
        Self(Arc::new(Inner { rows: rows.into(), by_name, by_address, counts }))
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Serialize for Nodes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.rows.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Nodes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<NodeSeen>::deserialize(from).map(Self::from)
    }
}

impl<const COUNT: usize> From<[NodeSeen; COUNT]> for Nodes {
    fn from(rows: [NodeSeen; COUNT]) -> Self {
        Vec::from(rows).into()
    }
}

impl FromIterator<NodeSeen> for Nodes {
    fn from_iter<I: IntoIterator<Item = NodeSeen>>(rows: I) -> Self {
        rows.into_iter().collect::<Vec<_>>().into()
    }
}

impl Deref for Nodes {
    type Target = [NodeSeen];

    fn deref(&self) -> &[NodeSeen] {
        &self.0.rows
    }
}

impl PartialEq for Nodes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.rows == other.0.rows
    }
}

impl Eq for Nodes {}

impl fmt::Debug for Nodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.rows.fmt(formatter)
    }
}

/// All nodes except one, usually the node that asks. Each answer takes the same time however many there are.
#[derive(Debug, Clone, Copy)]
pub struct Others<'a> {
    nodes: &'a Nodes,
    own: Option<usize>,
}

impl<'a> Others<'a> {
    fn own(self) -> Option<&'a NodeSeen> {
        self.nodes.get(self.own?)
    }

    fn counts(self) -> &'a NodeCounts {
        &self.nodes.0.counts
    }

    fn pick(self, best: &BestTwo) -> Option<&'a NodeSeen> {
        self.nodes.get(best.except(self.own)?)
    }

    fn without(self, count: usize, counted: impl FnOnce(&NodeSeen) -> bool) -> usize {
        count.saturating_sub(usize::from(self.own().is_some_and(counted)))
    }

    pub fn len(self) -> usize {
        self.without(self.nodes.len(), |_| true)
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns how many are dead.
    pub fn dead(self) -> usize {
        self.without(self.counts().dead, NodeSeen::is_dead)
    }

    /// Returns how many may be alive or dead.
    pub fn silent(self) -> usize {
        self.without(self.counts().silent, NodeSeen::is_silent)
    }

    /// Returns how many have run, or may have: Octopus knows a heartbeat of them, or cannot be asked.
    pub fn ran(self) -> usize {
        self.without(self.counts().ran, NodeSeen::may_have_run)
    }

    /// Returns how many are drained.
    pub fn drained(self) -> usize {
        self.without(self.counts().drained, |node| node.drained)
    }

    /// Returns the first dead ones, [`Nodes::NAMED`] of them at most.
    pub fn first_dead(self) -> impl Iterator<Item = &'a NodeSeen> {
        let places = self.counts().first_dead.iter().filter(move |place| Some(**place) != self.own);
        places.filter_map(move |place| self.nodes.get(*place)).take(Nodes::NAMED)
    }

    /// Returns the first one.
    pub fn first(self) -> Option<&'a NodeSeen> {
        self.nodes.get(usize::from(self.own == Some(0)))
    }

    /// Returns the first one that is alive.
    pub fn first_alive(self) -> Option<&'a NodeSeen> {
        self.pick(&self.counts().alive)
    }

    /// Returns the first one that is not dead and runs a system of this family.
    pub fn first_of(self, family: Platform) -> Option<&'a NodeSeen> {
        self.pick(match family {
            Platform::Linux => &self.counts().linux,
            Platform::Windows => &self.counts().windows,
        })
    }

    /// Returns the first one with the oldest version of Octopus Server, of those that are not dead.
    pub fn oldest(self) -> Option<&'a NodeSeen> {
        self.pick(&self.counts().oldest)
    }

    /// Returns the first one with the newest version of Octopus Server, of those that are not dead.
    pub fn newest(self) -> Option<&'a NodeSeen> {
        self.pick(&self.counts().newest)
    }

    /// Returns the first one that was set up by the newest version of this program, of those that are not dead.
    pub fn newest_program(self) -> Option<&'a NodeSeen> {
        self.pick(&self.counts().program)
    }
}

/// The nodes of a cluster, counted. Of what has a first or a best there are two, since one node may be left out: the one
/// that asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct NodeCounts {
    /// How many are dead.
    dead: usize,
    /// How many may be alive or dead.
    silent: usize,
    /// How many have run, or may have.
    ran: usize,
    /// How many are drained.
    drained: usize,
    /// The first dead ones, one more than are named.
    first_dead: Vec<usize>,
    /// The first that are alive.
    alive: BestTwo,
    /// The first that are not dead and run Linux.
    linux: BestTwo,
    /// The same with Windows.
    windows: BestTwo,
    /// Of those that are not dead: with the oldest version of Octopus Server.
    oldest: BestTwo,
    /// With the newest.
    newest: BestTwo,
    /// Set up by the newest version of this program.
    program: BestTwo,
    /// The first two with one address.
    same_address: Option<(usize, usize)>,
}

impl NodeCounts {
    /// Counts them.
    fn count(nodes: &[NodeSeen]) -> Self {
        let mut counts = Self::default();
        let version =
            |place: usize| nodes.get(place).and_then(|node| node.version.as_ref()).map_or("", |version| version.as_str());
        let program = |place: usize| nodes.get(place).and_then(NodeSeen::registered).map_or("", |row| row.program.as_str());
        for (place, node) in nodes.iter().enumerate() {
            counts.drained += usize::from(node.drained);
            counts.ran += usize::from(node.may_have_run());
            match node.life() {
                Liveness::Alive => counts.alive.offer(place, |_, _| Ordering::Equal),
                Liveness::Silent => counts.silent += 1,
                Liveness::Dead => {
                    counts.dead += 1;
                    if counts.first_dead.len() <= Nodes::NAMED {
                        counts.first_dead.push(place);
                    }
                    // It runs nothing any more.
                    continue;
                }
            }
            if let Some(row) = node.registered() {
                match Platform::of_system(&row.system) {
                    Some(Platform::Linux) => counts.linux.offer(place, |_, _| Ordering::Equal),
                    Some(Platform::Windows) => counts.windows.offer(place, |_, _| Ordering::Equal),
                    None => {}
                }
                counts.program.offer(place, |one, other| compare_versions(program(one), program(other)));
            }
            if node.version.is_some() {
                counts.newest.offer(place, |one, other| compare_versions(version(one), version(other)));
                counts.oldest.offer(place, |one, other| compare_versions(version(other), version(one)));
            }
        }
        counts
    }
}

/// The places of the best node and of the one that is the best without it; among equals the first one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct BestTwo([Option<usize>; 2]);

impl BestTwo {
    /// Takes it if there is room, or in the place of one that it is greater than.
    fn offer(&mut self, place: usize, order: impl Fn(usize, usize) -> Ordering) {
        let beats = |held: &Option<usize>| held.is_none_or(|held| order(place, held) == Ordering::Greater);
        match self.0.iter().position(beats) {
            Some(0) => self.0 = [Some(place), self.0[0]],
            Some(_) => self.0[1] = Some(place),
            None => {}
        }
    }

    /// Returns the best node, or the second if the best one is `own`.
    fn except(&self, own: Option<usize>) -> Option<usize> {
        self.0.into_iter().flatten().find(|place| Some(*place) != own)
    }
}

/// What the survey of a key learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyFacts {
    /// Its verdict. Missing where the evidence itself could not be asked for; that is no verdict at all.
    pub verdict: Fact<KeyVerdict>,
}

#[cfg(test)]
mod tests;
