//! Surveys: their inputs, and the tickets that tie late results to them.

use std::path::PathBuf;

use crate::model::secret::SecretString;
use serde::{Deserialize, Serialize};

use super::answers::same_secret;
use super::choice::{choices, listed};
use super::facts::{
    ClusterFacts, HealthFacts, HomeFacts, KeyFacts, KeyFileFacts, LicenceFacts, Machine, NodeFacts, OctopusFacts, PortsFacts,
    ServerFacts, ServiceFacts, StorageFacts,
};
use super::master_key::MasterKey;
use super::node::Subject;
use super::storage::SharedFolder;
use super::target::Target;
use super::web::ListenPrefix;

listed! {
    /// The surveys. At most one of each runs at a time.
    pub enum SurveyId {
        /// This machine: instances, unfinished runs, host name.
        Machine,
        /// The home directory.
        Home,
        /// The service account.
        Service,
        /// The server and its database.
        Server,
        Ports,
        /// The cluster and its nodes.
        Cluster,
        /// The master key, against the cluster.
        Key,
        /// The file that the master key will be saved to.
        KeyFile,
        /// A node config under review, with its seals, its backups and what Octopus Server itself keeps beside it.
        Node,
        /// The shared folders.
        Storage,
        Licence,
        /// Octopus Server on this machine.
        Octopus,
        /// The health of the node under review: its ping and its log.
        Health,
    }
}

choices! {
    /// What kind of account Octopus Server runs as.
    pub enum AccountKind {
        /// The machine's own account (`root` under systemd).
        LocalSystem = "local-system",
        /// A user of this host or domain, with a password where the host wants one.
        Custom = "custom",
        /// A group-managed service account; no password.
        Managed = "managed",
    }
}

/// A survey's inputs: the parsed answers that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inputs {
    /// Nothing.
    Machine,
    /// A home directory and the instance that it is for.
    Home {
        path: PathBuf,
        /// The instance's name.
        instance: String,
    },
    /// An account.
    Service {
        kind: AccountKind,
        /// Its name, empty for local system.
        user: String,
        /// The home directory that it has to use.
        home: PathBuf,
    },
    /// A server and a database.
    Server(Box<Target>),
    /// Ports and the names before them.
    Ports {
        /// Distinct ports, in the order of the fields.
        ports: Vec<u16>,
        /// The prefixes whose names are to be looked up.
        prefixes: Vec<ListenPrefix>,
    },
    /// A server and the database that the cluster is in.
    Cluster(Box<Target>),
    /// The same, and a key.
    Key {
        target: Box<Target>,
        /// The key that is to be judged.
        key: MasterKey,
    },
    /// The file that the master key is to be saved to, an absolute path.
    KeyFile(PathBuf),
    /// A node config.
    Node(Subject),
    /// Shared folders, and the account that will use them.
    Storage {
        /// The folders, in the order of [`SharedFolder::ALL`].
        folders: Vec<(SharedFolder, PathBuf)>,
        /// The account's name; empty for local system.
        user: String,
    },
    Licence(LicenceSource),
    /// Octopus Server.
    Octopus {
        /// Its program, if it was named.
        program: Option<PathBuf>,
        /// The instance that is to be made.
        instance: String,
    },
    /// A running node.
    Health {
        /// Its listen prefixes.
        prefixes: Vec<ListenPrefix>,
        /// Its home directory, below which its logs are.
        home: PathBuf,
    },
}

/// Where a licence is.
#[derive(Debug, Clone)]
pub enum LicenceSource {
    /// Here it is.
    Text(SecretString),
    /// In this file, an absolute path.
    File(PathBuf),
}

/// Compares texts in a time that reveals only their lengths.
impl PartialEq for LicenceSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => same_secret(one, two),
            (Self::File(one), Self::File(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for LicenceSource {}

impl Inputs {
    /// Returns the survey that takes these inputs.
    pub fn survey(&self) -> SurveyId {
        match self {
            Self::Machine => SurveyId::Machine,
            Self::Home { .. } => SurveyId::Home,
            Self::Service { .. } => SurveyId::Service,
            Self::Server(_) => SurveyId::Server,
            Self::Ports { .. } => SurveyId::Ports,
            Self::Cluster(_) => SurveyId::Cluster,
            Self::Key { .. } => SurveyId::Key,
            Self::KeyFile(_) => SurveyId::KeyFile,
            Self::Node(_) => SurveyId::Node,
            Self::Storage { .. } => SurveyId::Storage,
            Self::Licence(_) => SurveyId::Licence,
            Self::Octopus { .. } => SurveyId::Octopus,
            Self::Health { .. } => SurveyId::Health,
        }
    }
}

/// Ties a result to the survey that was started for it. The number is unique within a run and says nothing about the inputs, so it may
/// be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ticket(pub u32);

/// A survey's report: a whole new snapshot of its facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Observed {
    Machine(Machine),
    /// The home directory.
    Home(HomeFacts),
    /// The service account.
    Service(ServiceFacts),
    /// The server and its database.
    Server(Box<ServerFacts>),
    Ports(PortsFacts),
    Cluster(Box<ClusterFacts>),
    /// The key's verdict.
    Key(KeyFacts),
    KeyFile(KeyFileFacts),
    /// The node config.
    Node(Box<NodeFacts>),
    /// The shared folders.
    Storage(StorageFacts),
    Licence(Box<LicenceFacts>),
    /// Octopus Server.
    Octopus(OctopusFacts),
    /// A running node.
    Health(HealthFacts),
}
