//! The plan: what will be done, as data, and how its steps go.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::CheckId;
use super::choice::ids;
use super::cluster::ClusterId;
use super::facts::{ClusterSeen, Content, Trouble, Waiting};
use super::field::FieldId;
use super::flow::Flow;
use super::licence::Licence;
use super::master_key::Fingerprint;
use super::node::Node;
use super::octopus::{CommandFailure, HandOver};
use super::registry::{DropObstacle, KeptRow};
use super::storage::SharedStorage;
use super::untrusted::Untrusted;

/// How far a step reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This machine only.
    Node,
    /// This node's own row in the cluster's registry, and nothing else that other nodes depend on.
    Row,
    /// All nodes of the cluster.
    Cluster,
}

ids! {
    /// One unit that can be done, recognised as done, and undone; in the order in which a plan holds them, but for the shared
    /// storage of a first node. What else is fixed of each is in its row in `catalog/steps.rs`.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum StepKind {
        /// Look once more, on a connection of its own, whether the cluster and its master key are what the checks saw.
        ProveAgain = "prove-again",
        /// Create the home directory, 0750.
        CreateHome = "create-home",
        /// Put the new master key on disk, sealed and synced, before anything in the database depends on it.
        SealMasterKey = "seal-master-key",
        /// Create the database.
        CreateDatabase = "create-database",
        /// Create the registry and the cluster in one transaction.
        InitialiseCluster = "initialise-cluster",
        /// Create the registry's schema in a database that Octopus itself made; only when the operator says so.
        AdoptCluster = "adopt-cluster",
        /// Enter this node into the cluster's registry, in place of a dead node where the operator chose that.
        JoinCluster = "join-cluster",
        /// Change this node's row in the registry.
        UpdateRow = "update-row",
        /// Mark this node as drained in the registry.
        DrainNode = "drain-node",
        /// Take this node's row out of the registry.
        RemoveRow = "remove-row",
        /// Take the row of another, dead node out of the registry.
        RemoveNode = "remove-node",
        /// Make the shared folders that are not there; and enter them in the registry.
        ShareStorage = "share-storage",
        /// Leave this node's canary in each shared folder; and enter its nonce in the registry. A first node leaves them before its
        /// cluster is initialised, which enters them too.
        LeaveCanary = "leave-canary",
        /// Write the node config and enter the instance in this machine's list.
        WriteNodeConfig = "write-node-config",
        /// Take the node config away (a dated copy stays) and strike the instance off this machine's list.
        RemoveNodeConfig = "remove-node-config",
        /// Read the node config back and connect once more with what it says.
        ConnectOnce = "connect-once",
        /// `create-instance`.
        OctopusInstance = "octopus-instance",
        /// `database`: point the instance at the cluster's database, with the cluster's master key; of a first node
        /// also make Octopus' own tables.
        OctopusDatabase = "octopus-database",
        /// `configure`: the web portal and the ports.
        OctopusConfigure = "octopus-configure",
        /// `admin`: make the first administrator.
        OctopusAdmin = "octopus-admin",
        /// `license`: hand the licence over.
        OctopusLicence = "octopus-licence",
        /// `path`: hand the shared folders over.
        OctopusPaths = "octopus-paths",
        /// `node --taskCap=0`: a node that joins takes no tasks before it has proven itself.
        OctopusHold = "octopus-hold",
        /// `service`: install the service, and start it where that was asked for.
        OctopusService = "octopus-service",
        /// Wait until the node answers its load balancer.
        AwaitPing = "await-ping",
        /// Wait until the database has seen the node's heart beat.
        AwaitBeat = "await-beat",
        /// `node --taskCap`: as many tasks as were asked for.
        OctopusTaskCap = "octopus-task-cap",
    }
}

impl StepKind {
    /// The kinds of a first node's plan, in order.
    pub const FIRST_NODE: [Self; 6] = [
        Self::CreateHome,
        Self::SealMasterKey,
        Self::CreateDatabase,
        Self::InitialiseCluster,
        Self::WriteNodeConfig,
        Self::ConnectOnce,
    ];
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub kind: StepKind,
    /// What it does, to what: `Create database OctopusDeploy on sql01`.
    pub title: String,
    /// The mode of what it writes, `0600`, or empty.
    pub mode: &'static str,
}

/// What will be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The flow that it belongs to.
    pub flow: Flow,
    pub node: Node,
    /// The cluster's id: generated for a new one, read for an existing one.
    pub cluster: ClusterId,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    pub steps: Vec<Step>,
    /// Warnings that the operator accepted.
    pub accepted: Vec<CheckId>,
    /// What was answered, by field id, secrets left out: for the journal.
    pub answers: BTreeMap<String, String>,
    /// The registry row that this run takes over, changes or removes, as it was seen: nothing is done where it stands
    /// otherwise by then, and undo puts it back. `None` for a row that is to be new.
    pub before: Option<KeptRow>,
    /// SHA-256 of the certificate that the server showed when the plan was made.
    pub certificate: Option<[u8; 32]>,
    /// The operator has accepted that nothing in the database can confirm the key.
    pub key_unverified: bool,
    /// What the licence says, where one was given.
    pub licence: Option<Licence>,
    /// Octopus Server itself, where its commands are to be run.
    pub hand_over: Option<HandOver>,
    /// The passwords that an edit leaves as the node config has them sealed.
    pub kept_passwords: Vec<FieldId>,
    /// What an edit changes, against the node config as it was before the run.
    pub changes: Vec<SettingChange>,
}

/// A setting that an edit changes. A secret has no texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingChange {
    pub field: FieldId,
    /// Its value before the run; empty for none.
    #[serde(default)]
    pub from: String,
    #[serde(default)]
    pub to: String,
}

impl Plan {
    pub fn has(&self, kind: StepKind) -> bool {
        self.steps.iter().any(|step| step.kind == kind)
    }
}

/// Where one step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Not begun.
    #[default]
    Planned,
    /// Begun; whether it had its effect is to be found out.
    Begun,
    /// Done by this run (or an earlier start of it).
    Done,
    /// Was so already when this run came to it; undo leaves it alone.
    Already,
    Undone,
}

impl StepState {
    /// Whether the step has, or may have, had its effect.
    pub const fn is_begun_or_done(self) -> bool {
        matches!(self, Self::Begun | Self::Done)
    }
}

/// What the installer reports while it works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Progress {
    /// A step begins.
    Begun(StepKind),
    /// A step is done, or was so already.
    Done(StepKind, StepState, Duration),
    /// What a step's program printed, its secrets masked: lines, the last thousand of them.
    Said(StepKind, Vec<Untrusted>),
    /// The running step waits for a trouble that may pass; `None` when that is over.
    Waiting(Option<Waiting>),
    /// A step failed; nothing after it was begun. What is done stays, and the journal knows it.
    Failed(StepKind, Failure),
    /// A step failed because another first node was faster: what this run made is taken back from now on.
    Lost(StepKind, Failure),
    /// All steps are done. The journal stays until the run is closed, which waits for the proof that the key is kept.
    Finished,
    /// Undoing a step begins.
    Undoing(StepKind),
    /// A step is undone (or had nothing to undo).
    Undone(StepKind),
    /// A step could not be undone; the other ones are tried all the same.
    UndoFailed(StepKind, Failure),
    /// Undo has come to its end; `true` when everything is undone and the journal is gone.
    UndoEnded(bool),
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Failure {
    /// The server, or the connection to it.
    Server(Trouble),
    /// Somebody else initialised a cluster in this database since it was surveyed.
    AlreadyInitialised(Box<ClusterSeen>),
    /// The database holds something else now than when it was surveyed.
    ContentChanged(Box<Content>),
    /// The database has a collation that tells upper from lower case.
    CaseSensitive {
        /// Its name.
        collation: Untrusted,
    },
    /// The server would refuse to drop the database.
    DropRefused(DropObstacle),
    /// A file or folder: path, and what the operating system said.
    File { path: Untrusted, said: Untrusted },
    /// A file of the wizard's own state directory, whatever the step is about: path, and what the operating system said.
    StateFile { path: Untrusted, said: Untrusted },
    /// The row as it is now: another node has this name in the registry, or the row that this run was to change has changed
    /// since it was surveyed.
    RowTaken(Box<KeptRow>),
    /// The row that this run was to change is not in the registry any more.
    RowGone {
        /// The node's name.
        node: Untrusted,
    },
    /// The node whose name or row this run takes is not dead after all: its heartbeat is recent again, or cannot be read.
    NodeAlive {
        /// The node's name.
        node: Untrusted,
        /// How long ago Octopus saw it; `None` where its heartbeat cannot be read any more.
        beat: Option<Duration>,
    },
    /// The master key is not this cluster's.
    WrongKey,
    /// Nothing in the database can confirm the master key, and that was not accepted.
    KeyUnverified,
    /// There is a file already that this run did not write, and that it will not overwrite.
    FileInTheWay { path: Untrusted },
    /// An unfinished run is in the way: of this instance and about another home, database or key, or of another
    /// instance and about the same cluster. Only its journal knows what it made.
    OtherRun {
        /// The instance that the run is of.
        instance: Untrusted,
    },
    /// What was read back is not what was written.
    ReadBack {
        /// Which file or row.
        what: Untrusted,
    },
    /// Another wizard works on this instance right now; its process number where it is known.
    Busy { pid: Option<u32> },
    /// The key that an earlier start of this run sealed cannot be opened: it was sealed on another machine, or damaged.
    SealBroken {
        /// The sealed file.
        path: Untrusted,
    },
    /// A command of Octopus Server's failed.
    Octopus {
        ended: CommandFailure,
        /// The last lines that it printed, its secrets masked.
        said: Vec<Untrusted>,
        /// The same command for the shell of this system, its secrets as references to the environment.
        by_hand: Untrusted,
    },
    /// Octopus Server knows an instance of this name already, with another config, as another node, or on another database.
    InstanceInTheWay {
        /// Its name.
        instance: Untrusted,
        /// Its config file.
        config: Untrusted,
    },
    /// The node does not answer its load balancer as one that is in.
    NotAnswering {
        url: Untrusted,
        /// The last HTTP status; `None` where nothing answered at all.
        status: Option<u16>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The database has not seen the node's heart beat.
    NoBeat {
        /// The node's name.
        node: Untrusted,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The registry says otherwise than the plan what the nodes share.
    StorageOtherwise(SharedStorage),
    /// Left in place on purpose: something that could not be undone still depends on it.
    Kept { what: Untrusted },
    /// The operator cancelled: between two steps, or in the middle of one that waited or ran a command.
    Cancelled,
    /// A defect of this program, caught.
    Defect(Untrusted),
}
