//! The nodes of a cluster, looked through once: every check and every frame asks about them again, and a cluster may have a
//! hundred thousand.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::NodeSeen;
use super::tally::{Tally, Two};
use crate::model::platform::Platform;

/// The nodes of a cluster in the order in which they are shown, one for each name whatever the case. Clones are the same
/// nodes.
#[derive(Clone, Default)]
pub struct Nodes(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: Box<[NodeSeen]>,
    /// Their places, by name as names are compared. The server's answer comes in that order, so that this costs nothing
    /// to make; and four bytes a node are less than a table of names.
    by_name: Box<[u32]>,
    tally: Tally,
}

impl Nodes {
    /// How many dead ones are named where there are more.
    pub const NAMED: usize = 5;

    /// The node of this name, whatever the case of the letters. Spaces around the name are not of it.
    pub fn find(&self, name: &str) -> Option<&NodeSeen> {
        self.0.rows.get(self.place(name)?)
    }

    /// All of them but for the one of this name.
    pub fn but(&self, name: &str) -> Others<'_> {
        Others { nodes: self, own: self.place(name) }
    }

    fn place(&self, name: &str) -> Option<usize> {
        let (Inner { rows, by_name, .. }, name) = (&*self.0, name.trim());
        let at = |place: u32| rows.get(place as usize);
        let before = |place: &u32| at(*place).is_some_and(|node| order(node.name.as_str(), name) == Ordering::Less);
        let place = *by_name.get(by_name.partition_point(before))?;
        at(place)?.is_called(name).then_some(place as usize)
    }
}

/// Names as they are compared, whatever the case of the letters; nothing is allocated.
pub(super) fn order(one: &str, other: &str) -> Ordering {
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
        by_name.sort_by(|one, other| order(name(one), name(other)));
        let tally = Tally::of(&rows);
        Self(Arc::new(Inner { rows: rows.into(), by_name, tally }))
    }
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

/// All nodes but one: what another node has to do with. Each answer takes the same time however many there are.
#[derive(Debug, Clone, Copy)]
pub struct Others<'a> {
    nodes: &'a Nodes,
    own: Option<usize>,
}

impl<'a> Others<'a> {
    fn own(self) -> Option<&'a NodeSeen> {
        self.nodes.get(self.own?)
    }

    fn tally(self) -> &'a Tally {
        &self.nodes.0.tally
    }

    fn of(self, two: &Two) -> Option<&'a NodeSeen> {
        self.nodes.get(two.but(self.own)?)
    }

    fn without(self, count: usize, counted: impl FnOnce(&NodeSeen) -> bool) -> usize {
        count.saturating_sub(usize::from(self.own().is_some_and(counted)))
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.without(self.nodes.len(), |_| true)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many are dead.
    pub fn dead(self) -> usize {
        self.without(self.tally().dead, NodeSeen::is_dead)
    }

    /// Of how many nobody can tell whether they are alive.
    pub fn silent(self) -> usize {
        self.without(self.tally().silent, NodeSeen::is_silent)
    }

    /// How many are drained.
    pub fn drained(self) -> usize {
        self.without(self.tally().drained, |node| node.drained)
    }

    /// The first dead ones, [`Nodes::NAMED`] of them at most.
    pub fn first_dead(self) -> impl Iterator<Item = &'a NodeSeen> {
        let places = self.tally().first_dead.iter().filter(move |place| Some(**place) != self.own);
        places.filter_map(move |place| self.nodes.get(*place)).take(Nodes::NAMED)
    }

    /// The first one.
    pub fn first(self) -> Option<&'a NodeSeen> {
        self.nodes.get(usize::from(self.own == Some(0)))
    }

    /// The first one that is alive.
    pub fn first_alive(self) -> Option<&'a NodeSeen> {
        self.of(&self.tally().alive)
    }

    /// The first one that is not dead and runs a system of this family.
    pub fn first_of(self, family: Platform) -> Option<&'a NodeSeen> {
        self.of(match family {
            Platform::Linux => &self.tally().linux,
            Platform::Windows => &self.tally().windows,
        })
    }

    /// The first one with the oldest version of Octopus Server, of those that are not dead.
    pub fn oldest(self) -> Option<&'a NodeSeen> {
        self.of(&self.tally().oldest)
    }

    /// The first one with the newest version of Octopus Server, of those that are not dead.
    pub fn newest(self) -> Option<&'a NodeSeen> {
        self.of(&self.tally().newest)
    }

    /// The first one that was set up by the newest version of this program, of those that are not dead.
    pub fn newest_program(self) -> Option<&'a NodeSeen> {
        self.of(&self.tally().program)
    }
}

#[cfg(test)]
#[path = "nodes_tests.rs"]
mod tests;
