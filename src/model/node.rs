//! A node: the answers of a whole flow, parsed, and the instance of this machine that a review is about.

use std::path::PathBuf;

use crate::model::secret::SecretString;
use serde::{Deserialize, Serialize};

use super::master_key::KeySize;
use super::platform::Platform;
use super::storage::SharedStorage;
use super::survey::AccountKind;
use super::target::Target;
use super::web::Web;

/// The account that Octopus Server runs as.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    pub kind: AccountKind,
    /// Its name; empty for local system.
    pub user: String,
    /// Its password, for a custom account.
    pub password: Option<SecretString>,
}

/// This machine's Octopus Server as a member of a cluster, as it was asked for.
#[derive(Debug, Clone)]
pub struct Node {
    /// The platform of its machine.
    pub platform: Platform,
    /// The instance's name.
    pub instance: String,
    /// The home directory.
    pub home: PathBuf,
    /// The node's name in the cluster.
    pub name: String,
    /// The service account.
    pub service: ServiceAccount,
    /// The server and the database.
    pub target: Target,
    /// Whether the database may be created when it is missing.
    pub create_database: bool,
    /// Web portal and ports.
    pub web: Web,
    /// The size of the new master key (first node only).
    pub key_size: KeySize,
    /// How many tasks it takes at a time.
    pub task_cap: u16,
    pub storage: SharedStorage,
    /// The first administrator (first node only), where one is to be made.
    pub administrator: Option<Administrator>,
    /// Whether a licence was given (first node only). Its text is in the plan's hand-over.
    pub licensed: bool,
    /// Whether the service is started.
    pub start_service: bool,
}

/// The first administrator.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// The name.
    pub user: String,
    /// The mail address; may be empty.
    pub email: String,
    pub password: SecretString,
}

/// An instance, by its config file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Empty if only the file is known.
    pub instance: String,
    /// The node config, or `OctopusServer.config`.
    pub config: PathBuf,
    /// Who made it.
    pub maker: Maker,
}

/// Who made an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maker {
    /// This wizard, which left a node config.
    Wizard,
    /// Octopus Server itself, or its own tools: there is only `OctopusServer.config`, which is read and never written.
    Octopus,
}
