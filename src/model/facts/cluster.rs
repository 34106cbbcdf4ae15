//! The cluster in the database: who it is, and its nodes.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::Date;

use super::nodes::order;
use super::{ClusterSeen, Fact, Nodes};
use crate::model::licence::NodeLimit;
use crate::model::registry::{CanaryRow, KeptRow, NodeRow};
use crate::model::storage::SharedStorage;
use crate::model::untrusted::Untrusted;

/// What the survey of the cluster screen learns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// Which cluster it is.
    pub identity: Fact<Identity>,
    /// Its nodes by name: the registry's rows and Octopus' own, one for each name whatever the case.
    pub nodes: Fact<Nodes>,
    /// `NodeLimit` of the licence, where the registry knows it.
    pub node_limit: Fact<Option<NodeLimit>>,
    /// What the nodes share, as the registry keeps it.
    pub storage: Fact<SharedStorage>,
    /// The canaries that the registry knows, of nodes that are in it.
    pub canaries: Fact<Vec<CanaryRow>>,
    /// Until when the licence holds, where the registry knows it.
    #[serde(with = "crate::model::day::fact")]
    pub licence_ends: Fact<Option<Date>>,
    /// Whether Octopus has run tasks, by its own table of them.
    pub ran_tasks: Fact<bool>,
    /// By what a master key can be told from a wrong one here.
    pub evidence: Fact<Evidence>,
    /// How long the look took.
    pub took: Duration,
}

/// Which cluster it is.
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

/// By what a master key can be told from a wrong one, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// The registry's verifier.
    Verifier,
    /// Octopus' own encrypted server certificate.
    Certificate,
    /// So many other encrypted values of Octopus; fewer than three prove nothing.
    Values(usize),
    /// Nothing.
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
    pub beat: Beat,
    /// The version of Octopus Server that it runs, by Octopus' installation history.
    pub version: Option<Untrusted>,
    /// How many tasks it takes at a time, by Octopus' own row where there is one.
    pub task_cap: Option<u32>,
    /// Whether it is marked as drained, by either.
    pub drained: bool,
}

/// Octopus' own heartbeat of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Beat {
    /// So long ago, by the server's clock.
    Ago(Duration),
    /// Octopus has no row of this node, or no such table: its Octopus Server never ran on this database.
    Never,
    /// Octopus has such a table, and it could not be read.
    Unreadable,
}

/// Whether a node is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Its heart beats, or the wizard saw it not long ago.
    Alive,
    /// Not heard of for long, and nobody can tell.
    Silent,
    /// Its heart has stopped, or it never ran and the wizard has not seen it for long.
    Dead,
}

impl NodeSeen {
    /// From here on a heart that does not beat has stopped. Octopus' own example of an auto-scaling script takes the
    /// same five minutes (facts/octopus.md section 5).
    pub const BEAT: Duration = Duration::from_secs(5 * 60);
    /// From here on a node that never ran, and that nobody has set up or changed since, is taken for dead.
    pub const ROW: Duration = Duration::from_secs(24 * 3600);

    /// Whether it is alive.
    pub fn life(&self) -> Life {
        let recent = self.row_age.is_some_and(|age| age <= Self::ROW);
        match self.beat {
            Beat::Ago(age) if age <= Self::BEAT => Life::Alive,
            _ if recent => Life::Alive,
            Beat::Ago(_) | Beat::Never => Life::Dead,
            Beat::Unreadable => Life::Silent,
        }
    }

    /// Whether its heart has stopped.
    pub fn is_dead(&self) -> bool {
        self.life() == Life::Dead
    }

    /// Whether nobody can tell.
    pub fn is_silent(&self) -> bool {
        self.life() == Life::Silent
    }

    /// How long ago anybody saw it.
    pub fn last_seen(&self) -> Option<Duration> {
        match (self.beat, self.row_age) {
            (Beat::Ago(beat), Some(row)) => Some(beat.min(row)),
            (Beat::Ago(age), None) => Some(age),
            (_, age) => age,
        }
    }

    /// What the registry knows of it.
    pub fn registered(&self) -> Option<&NodeRow> {
        self.row.as_ref().map(|kept| &kept.row)
    }

    /// Whether this is its name, whatever the case of the letters: Octopus' own heartbeat was broken by two spellings
    /// of one name (Issues#3757).
    pub fn is_called(&self, name: &str) -> bool {
        order(self.name.as_str(), name.trim()).is_eq()
    }
}

impl ClusterFacts {
    /// The row that a node of this name may take over: a dead node's in the registry.
    pub fn replaceable(&self, name: &str) -> Option<&KeptRow> {
        let dead = self.node(name).filter(|node| node.is_dead())?;
        dead.row.as_ref()
    }

    /// The node of this name, whatever the case of the letters.
    pub fn node(&self, name: &str) -> Option<&NodeSeen> {
        self.nodes.seen()?.find(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(beat: Beat, row_age: Option<u64>) -> NodeSeen {
        NodeSeen {
            name: "web01".into(),
            row: None,
            row_age: row_age.map(Duration::from_secs),
            beat,
            version: None,
            task_cap: None,
            drained: false,
        }
    }

    #[test]
    fn a_heart_that_beats_is_life_and_one_that_stopped_is_death_unless_it_was_set_up_just_now() {
        let ago = |seconds| Beat::Ago(Duration::from_secs(seconds));
        for (beat, row_age, life) in [
            (ago(2), None, Life::Alive),
            (ago(2), Some(900_000), Life::Alive),
            (ago(301), None, Life::Dead),
            (ago(301), Some(60), Life::Alive),
            (Beat::Never, Some(60), Life::Alive),
            (Beat::Never, Some(24 * 3600 + 1), Life::Dead),
            (Beat::Unreadable, Some(24 * 3600 + 1), Life::Silent),
            (Beat::Unreadable, None, Life::Silent),
        ] {
            assert_eq!(node(beat, row_age).life(), life, "{beat:?} {row_age:?}");
        }
    }

    #[test]
    fn the_case_of_letters_does_not_make_another_name() {
        assert!(node(Beat::Never, None).is_called(" WEB01 "));
        assert!(!node(Beat::Never, None).is_called("web02"));
        let foreign = NodeSeen { name: "BÜRO".into(), ..node(Beat::Never, None) };
        assert!(foreign.is_called("büro") && !foreign.is_called("buro"));
    }
}
