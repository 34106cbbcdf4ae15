//! What the registry is told: the rows that nodes write and change.

use serde::{Deserialize, Serialize};
use time::Date;

use super::cluster::ClusterId;
use super::facts::Content;
use super::fingerprint::Fingerprint;
use super::licence::NodeLimit;
use super::storage::{SharedFolder, SharedStorage};
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
    /// How many nodes its licence allows, where a licence was given.
    pub node_limit: Option<NodeLimit>,
    /// Until when its licence holds, where it says so: the earlier of its end and its maintenance's.
    pub licence_ends: Option<Date>,
    /// What its nodes are to share, where that is known.
    pub storage: SharedStorage,
    /// The first node's canaries, which it has left there.
    pub canaries: Vec<CanaryRow>,
}

/// A node's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// A canary: what a node leaves in a shared folder, so that others can tell that they see the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryRow {
    /// The node that left it.
    pub node: String,
    /// In which folder.
    pub folder: SharedFolder,
    /// Its nonce: 32 hexadecimal digits, drawn for it.
    pub token: String,
}

/// What a node registers of the storage, or takes back: its canaries; and the first one what is shared at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRows {
    /// The cluster that it must be.
    pub cluster: ClusterId,
    /// The node that registers it.
    pub node: String,
    /// The host that does, for the history.
    pub host: String,
    /// What all nodes share, as this one takes it: nothing is done where the registry says otherwise.
    pub storage: SharedStorage,
    /// Whether it is entered where the registry knows none yet: only by the first node.
    pub sets: bool,
    /// The node's canaries, each of another folder; none where only the storage is to be set.
    pub canaries: Vec<CanaryRow>,
}

/// How registering the storage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// It is so now.
    Made,
    /// The storage stands otherwise, and nothing was done; or of taking it back: it stays, since others rely on it.
    Otherwise(SharedStorage),
    /// The registry does not know the node, or is another cluster's, or there is none, or a newer one.
    NotThere(Content),
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

/// A node's row as it was seen, with what the server itself keeps in it: enough to tell whether it still stands so, and
/// to put it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRow {
    /// The row.
    pub row: NodeRow,
    /// When it joined, UTC by the server's clock, as `2026-11-18 12:04:05.123`.
    pub joined: String,
    /// When it was last seen, the same way.
    pub last_seen: String,
    /// Whether it is marked as drained.
    pub drained: bool,
}

/// One change of one node's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The cluster that it must be in.
    pub cluster: ClusterId,
    /// The run that makes it: stands in the history, so that a change whose answer was lost is recognised as made.
    pub run: String,
    /// The host that makes it, for the history.
    pub host: String,
    /// What is done.
    pub deed: Deed,
}

/// What is done to a row. Where the row does not stand as `before` says, nothing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A node joins; no node has its name, in any case of letters.
    Insert(NodeRow),
    /// A node joins in the place of a dead one of its name.
    Replace {
        /// The dead node's row.
        before: KeptRow,
        /// The new one.
        after: NodeRow,
    },
    /// A node's own row is changed; its last-seen becomes now.
    Update {
        /// As it was.
        before: KeptRow,
        /// As it is to be.
        after: NodeRow,
    },
    /// A node marks itself as drained.
    Drain {
        /// As it was.
        before: KeptRow,
    },
    /// A node's row goes: its own after the drain mark (whatever its last-seen), or a dead one's.
    Remove {
        /// As it was. A drain mark that was set since does not count.
        before: KeptRow,
    },
}

impl Deed {
    /// The name of the node whose row it is.
    pub fn node(&self) -> &str {
        match self {
            Self::Insert(row) => &row.name,
            Self::Replace { before, .. } | Self::Update { before, .. } | Self::Drain { before } | Self::Remove { before } => {
                &before.row.name
            }
        }
    }

    /// The row as it was seen; `None` for one that is to be new.
    pub const fn before(&self) -> Option<&KeptRow> {
        match self {
            Self::Insert(_) => None,
            Self::Replace { before, .. } | Self::Update { before, .. } | Self::Drain { before } | Self::Remove { before } => {
                Some(before)
            }
        }
    }

    /// Its word in the history.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Insert(_) => "joined",
            Self::Replace { .. } => "replaced",
            Self::Update { .. } => "changed",
            Self::Drain { .. } => "drained",
            Self::Remove { .. } => "removed",
        }
    }
}

/// How changing a row ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// It is done now.
    Made,
    /// It was done already, by an earlier start of the same run.
    Ours,
    /// The row stands otherwise: this is how.
    Taken(Box<KeptRow>),
    /// There is no such row.
    Gone,
    /// Another cluster is there, a newer registry, or none.
    NotThere(Content),
}

/// What a look at the cluster and its key found, right before something depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What the database holds.
    pub content: Content,
    /// The key's verdict.
    pub verdict: super::key_verdict::KeyVerdict,
}
