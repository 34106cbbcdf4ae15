//! The home directory that was asked for, and the disk under it.

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::untrusted::Untrusted;

/// What the survey of the home screen learns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HomeFacts {
    /// Whether the folder is there, can be made, or cannot.
    pub folder: Fact<Occupant>,
    /// The disk that it is or would be on.
    pub disk: Fact<Disk>,
    /// Whether a file could be created, written, synced and removed in it (or in the nearest parent that exists).
    pub writable: Fact<()>,
    /// The instance of this machine that already has this name (case-folded, blanks equal to `-`), with its config file.
    pub taken: Fact<Option<Untrusted>>,
}

/// What stands at the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occupant {
    /// Nothing; it can be created under this existing parent.
    Creatable {
        /// The nearest parent that exists.
        parent: Untrusted,
    },
    /// An empty folder.
    Empty,
    /// A folder with something in it, but no node config.
    Occupied {
        /// How many entries.
        entries: u64,
    },
    /// A folder with a node config of ours.
    NodeConfig {
        /// The instance in it.
        instance: Untrusted,
    },
    /// A file, or something else that is not a folder.
    NotAFolder,
}

/// The disk under the home directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The file system's name, `ext4` or `nfs`, where it is known; empty otherwise.
    pub file_system: Untrusted,
    /// On the network (NFS, SMB, 9p, …), so not local.
    pub network: bool,
    /// In memory (tmpfs), so gone with the next boot.
    pub volatile: bool,
    /// Free bytes for an ordinary user.
    pub free: u64,
}
