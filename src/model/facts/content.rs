//! What the database holds.

use serde::{Deserialize, Serialize};

use crate::model::cluster::ClusterId;
use crate::model::fingerprint::Fingerprint;
use crate::model::untrusted::Untrusted;

/// What the database holds. It decides which flow may go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// No tables of anybody, or no database yet.
    Empty,
    /// A cluster that this wizard made.
    Cluster(ClusterSeen),
    /// A registry of ours without a cluster row: an earlier run was undone or stopped before its transaction ended.
    RegistryOnly,
    /// A registry of a newer format than this program understands.
    NewerRegistry {
        /// Its version.
        version: i32,
    },
    /// A database made by Octopus itself.
    Octopus {
        /// The newest version in `OctopusServerInstallationHistory`, where it can be read.
        version: Option<Untrusted>,
        /// Names in `OctopusServerNode`, the first few.
        nodes: Vec<Untrusted>,
    },
    /// Somebody else's tables.
    Foreign {
        /// `schema.table`, the first few by name.
        tables: Vec<Untrusted>,
        /// How many there are.
        count: u64,
    },
}

/// A cluster of ours, as its registry tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterSeen {
    /// Its id.
    pub id: ClusterId,
    /// When it was initialised, as the server printed it: `2026-11-18 12:04:05Z`.
    pub created: Untrusted,
    /// The node that initialised it, and the account that did, as the history tells: `web01`.
    pub created_by: Untrusted,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its nodes' names, the first few.
    pub nodes: Vec<Untrusted>,
    /// How many nodes it has.
    pub node_count: u64,
}
