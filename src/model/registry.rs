//! What the registry is told: the rows that a first node writes.

use super::cluster::ClusterId;
use super::fingerprint::Fingerprint;
use super::verifier::Verifier;

/// A cluster that is to be initialised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    /// Its id, drawn for it.
    pub id: ClusterId,
    /// The master key's verifier.
    pub verifier: Verifier,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its first node.
    pub node: NodeRow,
}

/// A node's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its name, at most 200 characters.
    pub name: String,
    /// The first listen prefix, where other nodes and people reach it.
    pub address: String,
    /// The host's name.
    pub host: String,
    /// The operating system, `Linux` or `Windows` and more.
    pub system: String,
    /// This program's version.
    pub program: String,
    /// All listen prefixes, separated by commas.
    pub prefixes: String,
    /// The port for polling Tentacles.
    pub comms_port: u16,
    /// The gRPC port.
    pub grpc_port: u16,
    /// How many tasks it takes at a time; Octopus' default is 5.
    pub task_cap: u16,
}

/// How initialising ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Initialised {
    /// The cluster is there now, and we made it.
    Made,
    /// It was there already with our own id: an earlier start of this run made it.
    Ours,
    /// Another cluster is there.
    Taken(super::facts::ClusterSeen),
    /// The database is not empty, and what is in it is not ours.
    Occupied(super::facts::Content),
}
