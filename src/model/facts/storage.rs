//! The shared folders that were asked for, or that the registry names.

use std::time::Duration;

use super::{Disk, Fact};
use crate::model::storage::SharedFolder;
use crate::model::untrusted::Untrusted;

/// What the survey of the storage screen learns: each folder by itself, in the order of [`SharedFolder::ALL`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StorageFacts {
    /// The folders; empty while nothing was looked at, and where nothing is shared.
    pub folders: Vec<FolderFacts>,
}

/// One folder.
#[derive(Debug, Clone, PartialEq)]
pub struct FolderFacts {
    /// Which.
    pub folder: SharedFolder,
    /// Where.
    pub path: Untrusted,
    /// Whether it is there.
    pub place: Fact<FolderPlace>,
    /// The disk that it is or would be on.
    pub disk: Fact<Disk>,
    /// What could be done in it (or, where it is to be made, in the nearest folder that is there).
    pub rights: Fact<FolderRights>,
    /// How long one file took: create, write, sync, delete.
    pub latency: Fact<Duration>,
    /// The canaries in it.
    pub canaries: Fact<Vec<CanaryFile>>,
    /// How many entries are in it, canaries left out; counted up to a thousand.
    pub entries: Fact<u64>,
    /// What the service account may do in it, where the host tells.
    pub account: Fact<Access>,
}

/// What stands at a shared folder's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderPlace {
    /// The folder.
    There,
    /// Nothing; it can be made under this parent, which is there.
    Creatable {
        /// The nearest parent that is there.
        parent: Untrusted,
    },
    /// Something that is no folder.
    NotAFolder,
    /// Links that lead to themselves.
    Loop,
}

/// What is tried in a folder, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
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

/// What could be done in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FolderRights {
    /// The first deed that failed, and what the operating system said; `None` where all went well.
    pub failed: Option<(Deed, Untrusted)>,
}

/// A canary that lies in a folder: its node and its nonce, as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanaryFile {
    /// The node that left it.
    pub node: Untrusted,
    /// Its nonce: 32 hexadecimal digits.
    pub token: Untrusted,
}

/// What an account may do in a folder, by the folder's owner, group and mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read, write and enter.
    Full,
    /// Less than that.
    Less,
}
