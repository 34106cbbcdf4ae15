//! The shared folders that were asked for, or that the registry names.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Disk, Fact};
use crate::model::choice::listed;
use crate::model::cluster::ClusterId;
use crate::model::storage::SharedFolder;
use crate::model::untrusted::Untrusted;

/// What the survey of the storage screen learns: each folder by itself, in the order of [`SharedFolder::ALL`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StorageFacts {
    /// The folders; empty while nothing was looked at, and where nothing is shared.
    pub folders: Vec<FolderFacts>,
}

/// One folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FolderFacts {
    pub folder: SharedFolder,
    pub path: Untrusted,
    /// Whether it is there.
    pub place: Fact<FolderPlace>,
    /// The folder that the path leads to; only of an existing one, if the host tells.
    pub identity: Option<FolderIdentity>,
    /// The disk that it is or would be on.
    pub disk: Fact<Disk>,
    /// Whether that disk may only be read.
    pub read_only: Fact<bool>,
    /// What could be done in it (or, where it is to be made, in the nearest folder that is there).
    pub rights: Fact<FolderRights>,
    /// How long one file took: create, write, sync, delete.
    pub latency: Fact<Duration>,
    pub canaries: Fact<Vec<CanaryFile>>,
    /// How many entries are in it, canaries left out; counted up to a thousand.
    pub entries: Fact<u64>,
    /// What the service account may do in it, where the host tells.
    pub account: Fact<Access>,
}

impl FolderFacts {
    /// Returns the facts of a folder that was not surveyed yet.
    pub fn new(folder: SharedFolder, path: Untrusted) -> Self {
        Self {
            folder,
            path,
            place: Fact::Unknown,
            identity: None,
            disk: Fact::Unknown,
            read_only: Fact::Unknown,
            rights: Fact::Unknown,
            latency: Fact::Unknown,
            canaries: Fact::Unknown,
            entries: Fact::Unknown,
            account: Fact::Unknown,
        }
    }
}

/// Two paths with the same one lead to the same folder: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FolderIdentity(pub u64, pub u64);

/// What is at a shared folder's path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FolderPlace {
    /// The folder.
    There,
    /// Nothing; it can be made under this parent, which is there.
    Creatable {
        /// The nearest parent that is there.
        parent: Untrusted,
    },
    /// Something that is no folder, there or on the way to it.
    NotAFolder,
    /// A link that leads to nothing: what it led to is gone, or not mounted.
    DeadLink,
    /// Links that lead to themselves.
    Loop,
}

listed! {
    /// An operation that is tried in a folder, in this order.
    #[derive(Serialize, Deserialize)]
    pub enum FolderOperation {
        /// A new file.
        Create,
        /// Bytes at its end.
        Append,
        /// A lock on a range of its bytes.
        Lock,
        /// All of it on the disk.
        Sync,
        /// Another name.
        Rename,
        /// Away again.
        Delete,
    }
}

/// What could be done in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FolderRights {
    /// The first operation that failed, and what the operating system said; `None` if all succeeded.
    pub failed: Option<(FolderOperation, Untrusted)>,
}

impl FolderRights {
    /// Everything could be done.
    pub const ALL: Self = Self { failed: None };
}

/// A canary that was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryFile {
    /// The cluster of the node that left it.
    pub cluster: ClusterId,
    /// The node that left it.
    pub node: Untrusted,
    /// Its nonce: 32 hexadecimal digits.
    pub token: Untrusted,
}

/// What an account may do in a folder, by the owners, modes and access control lists of it and of the folders above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Read, write and enter.
    Full,
    /// Less than that.
    Less,
    /// None: it may not enter this folder above it.
    Barred(Untrusted),
}
