//! Rows of the registry that nodes write and change.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use time::Date;

use super::cluster::ClusterId;
use super::facts::{ClusterSeen, Content};
use super::key_evidence::KeyVerdict;
use super::licence::NodeLimit;
use super::master_key::{Fingerprint, Verifier};
use super::storage::{SharedFolder, SharedStorage};
use super::untrusted::Untrusted;

/// A cluster to initialise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCluster {
    /// Random.
    pub id: ClusterId,
    /// The master key's verifier.
    pub verifier: Verifier,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Its first node.
    pub node: NodeRow,
    /// How many nodes its licence allows, if one was given.
    pub node_limit: Option<NodeLimit>,
    /// The earlier of the ends of its licence's validity and maintenance.
    pub licence_ends: Option<Date>,
    /// What its nodes share, if that is known.
    pub storage: SharedStorage,
    /// The first node's canaries.
    pub canaries: Vec<CanaryRow>,
}

/// A node's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRow {
    /// Its name, at most 200 characters.
    pub name: CompactString,
    /// The first listen prefix, by which other nodes and people reach it.
    pub address: CompactString,
    /// The host's name.
    pub host: CompactString,
    /// The operating system, `Linux` or `Windows` and more.
    pub system: CompactString,
    /// This program's version.
    pub program: CompactString,
    /// All listen prefixes, separated by commas.
    pub prefixes: CompactString,
    /// The port for polling Tentacles.
    pub comms_port: u16,
    pub grpc_port: u16,
    /// How many tasks it runs at a time; Octopus' default is 5.
    pub task_cap: u16,
}

impl NodeRow {
    /// Returns where others reach the node, for comparison with other nodes.
    pub fn reach(&self) -> String {
        reach(&self.address, &self.host)
    }
}

/// Returns where others reach a node: its first prefix, with its machine's name where that names none that others could use.
pub fn reach(prefix: &str, host: &str) -> String {
    let prefix = prefix.trim().trim_end_matches('/').to_lowercase();
    let names_no_host =
        ["://+", "://*", "://localhost", "://127.", "://[::1]", "://0.0.0.0"].iter().any(|all| prefix.contains(all));
    if names_no_host { format!("{prefix} on {}", host.trim().to_lowercase()) } else { prefix }
}

/// A canary: a file that a node leaves in a shared folder, by which others recognise the same folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryRow {
    /// The node that left it.
    pub node: String,
    pub folder: SharedFolder,
    /// 32 random hexadecimal digits.
    pub token: String,
}

/// What a node registers about the storage, or takes back: its canaries, and for the first node what is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRows {
    /// The expected cluster.
    pub cluster: ClusterId,
    /// The node that registers it.
    pub node: String,
    /// The host that does, for the history.
    pub host: String,
    /// What all nodes share, as this node sees it. Nothing is done if the registry says otherwise.
    pub storage: SharedStorage,
    /// Whether it is written if the registry has none yet, which only the first node does.
    pub sets: bool,
    /// The node's canaries, one per folder; none if only the storage is to be set.
    pub canaries: Vec<CanaryRow>,
}

/// How registering the storage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterOutcome {
    /// It is registered now.
    Made,
    /// The registry has another storage, and nothing was done; or, when taking it back, it stays because others rely on it.
    Otherwise(SharedStorage),
    /// The registry lacks the node, belongs to another cluster, is missing or is newer.
    NotThere(Content),
}

/// A database that was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedDatabase {
    /// Whether this call created it; otherwise it was there.
    pub made: bool,
    pub collation: GivenCollation,
}

/// The collation of a database that was to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenCollation {
    /// The one that was asked for.
    Ours,
    /// Another one, which the server or somebody else gave it.
    Other(Untrusted),
    /// The server did not tell.
    Unknown,
}

/// Why a server refuses to drop a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DropObstacle {
    /// Amazon RDS keeps a copy of it.
    AmazonRds,
    /// It is in an availability group, whose name not every login sees.
    AvailabilityGroup(Option<Untrusted>),
    Mirroring,
    /// The login may not see which databases there are, so that one which is not shown may exist.
    Unseen,
}

/// How initialising ended.
#[derive(Debug, Clone, PartialEq)]
pub enum InitialiseOutcome {
    /// We created the cluster.
    Made,
    /// It existed with our own id: an earlier start of this run created it.
    Ours,
    /// Another cluster exists.
    Taken(ClusterSeen),
    /// The database has contents of other programs.
    Occupied(Content),
}

/// A node's row as it was read, with the server's own columns: enough to tell whether it has changed, and to restore it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptRow {
    pub row: NodeRow,
    /// When it joined, in UTC by the server's clock: `2026-11-18 12:04:05.123`.
    pub joined: CompactString,
    /// When it was last seen, in the same form.
    pub last_seen: CompactString,
    /// Whether it is marked as drained.
    pub drained: bool,
}

/// A change of a node's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The expected cluster.
    pub cluster: ClusterId,
    /// The run's id, which goes to the history, so that a change whose answer was lost is recognised later.
    pub run: String,
    /// The host that makes it, for the history.
    pub host: String,
    pub operation: RowOperation,
}

/// What is done to a row. Nothing is done if the row differs from `before`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOperation {
    /// A node joins whose name no other node has, in upper or lower case.
    Insert(NodeRow),
    /// A node joins and replaces a dead one of its name.
    Replace {
        /// The dead node's row.
        before: KeptRow,
        /// The new one.
        after: NodeRow,
    },
    /// A node's own row changes; its last-seen becomes now.
    Update {
        before: KeptRow,
        /// As it is to be.
        after: NodeRow,
    },
    /// A node marks itself as drained.
    Drain { before: KeptRow },
    /// A node's row is removed: its own after the drain mark (whatever its last-seen), or a dead node's.
    Remove {
        /// As it was. A drain mark set since then does not count.
        before: KeptRow,
    },
}

impl RowOperation {
    /// Returns the name of the row's node.
    pub fn node(&self) -> &str {
        match self {
            Self::Insert(row) => &row.name,
            Self::Replace { before, .. } | Self::Update { before, .. } | Self::Drain { before } | Self::Remove { before } => {
                &before.row.name
            }
        }
    }

    /// Returns the expected row; `None` for a new one.
    pub const fn before(&self) -> Option<&KeptRow> {
        match self {
            Self::Insert(_) => None,
            Self::Replace { before, .. } | Self::Update { before, .. } | Self::Drain { before } | Self::Remove { before } => {
                Some(before)
            }
        }
    }

    /// Returns its word in the history.
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

/// How a change of a row ended.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChangeOutcome {
    /// It is done now.
    Made,
    /// An earlier start of the same run did it.
    Ours,
    /// The row is different; this is it.
    Taken(Box<KeptRow>),
    Gone,
    /// There is another cluster, a newer registry, or none.
    NotThere(Content),
}

/// The cluster and its key, checked right before something depends on them.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedCluster {
    pub content: Content,
    /// The key's verdict.
    pub verdict: KeyVerdict,
}
