//! What is to be known of all nodes together, counted in one pass.

use std::cmp::Ordering;

use super::{Life, NodeSeen, Nodes};
use crate::model::platform::Platform;
use crate::model::release;

/// The nodes of a cluster, counted. Of what has a first or a best there are two, since one node may be left out: the one
/// that asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many are dead.
    pub(super) dead: usize,
    /// Of how many nobody can tell.
    pub(super) silent: usize,
    /// How many are drained.
    pub(super) drained: usize,
    /// The first dead ones, one more than are named.
    pub(super) first_dead: Vec<usize>,
    /// The first that are alive.
    pub(super) alive: Two,
    /// The first that are not dead and run Linux.
    pub(super) linux: Two,
    /// The same with Windows.
    pub(super) windows: Two,
    /// Of those that are not dead: with the oldest version of Octopus Server.
    pub(super) oldest: Two,
    /// With the newest.
    pub(super) newest: Two,
    /// Set up by the newest version of this program.
    pub(super) program: Two,
}

impl Tally {
    /// Counts them.
    pub(super) fn of(nodes: &[NodeSeen]) -> Self {
        let mut tally = Self::default();
        let version =
            |place: usize| nodes.get(place).and_then(|node| node.version.as_ref()).map_or("", |version| version.as_str());
        let program = |place: usize| nodes.get(place).and_then(NodeSeen::registered).map_or("", |row| row.program.as_str());
        for (place, node) in nodes.iter().enumerate() {
            tally.drained += usize::from(node.drained);
            match node.life() {
                Life::Alive => tally.alive.first(place),
                Life::Silent => tally.silent += 1,
                Life::Dead => {
                    tally.dead += 1;
                    if tally.first_dead.len() <= Nodes::NAMED {
                        tally.first_dead.push(place);
                    }
                    // It runs nothing any more.
                    continue;
                }
            }
            if let Some(row) = node.registered() {
                match Platform::of_system(&row.system) {
                    Some(Platform::Linux) => tally.linux.first(place),
                    Some(Platform::Windows) => tally.windows.first(place),
                    None => {}
                }
                tally.program.best(place, |one, other| release::order(program(one), program(other)));
            }
            if node.version.is_some() {
                tally.newest.best(place, |one, other| release::order(version(one), version(other)));
                tally.oldest.best(place, |one, other| release::order(version(other), version(one)));
            }
        }
        tally
    }
}

/// The places of the best node and of the one that is the best without it; among equals the first one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Two([Option<usize>; 2]);

impl Two {
    /// Takes it if there is room: the first ones stay.
    fn first(&mut self, place: usize) {
        self.best(place, |_, _| Ordering::Equal);
    }

    /// Takes it if there is room, or in the place of one that it is greater than.
    fn best(&mut self, place: usize, order: impl Fn(usize, usize) -> Ordering) {
        let beats = |held: &Option<usize>| held.is_none_or(|held| order(place, held) == Ordering::Greater);
        match self.0.iter().position(beats) {
            Some(0) => self.0 = [Some(place), self.0[0]],
            Some(_) => self.0[1] = Some(place),
            None => {}
        }
    }

    /// The best one but for this.
    pub(super) fn but(&self, own: Option<usize>) -> Option<usize> {
        self.0.into_iter().flatten().find(|place| Some(*place) != own)
    }
}
