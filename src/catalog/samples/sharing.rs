//! Shared storage in good order: a share that every node sees, with the canaries of two nodes.

use std::time::Duration;

use super::{CLUSTER, joining};
use crate::model::answers::{Answers, Origin, Raw};
use crate::model::facts::{
    Access, CanaryFile, Disk, Fact, Facts, FolderFacts, FolderIdentity, FolderPlace, FolderRights, StorageFacts,
};
use crate::model::field::FieldId;
use crate::model::registry::CanaryRow;
use crate::model::storage::{SharedFolder, SharedStorage};

/// The root of the samples' shared folders.
pub const STORAGE: &str = "/mnt/octopus";

/// The nodes whose canaries are in the samples' shared folders: the first one, and one that has joined.
const NODES: [&str; 2] = ["web01", "web02"];

/// Good answers of a node that joins, with the storage as the registry has it.
pub fn sharing() -> Answers {
    let mut answers = joining();
    for (field, text) in [(FieldId::Storage, "root"), (FieldId::StorageRoot, STORAGE)] {
        answers.set(field, Raw::of(field, text), Origin::File);
    }
    answers
}

/// A node's nonce in a folder.
pub fn token(node: &str, folder: SharedFolder) -> String {
    let digit = node.len() + usize::from(node.ends_with('2')) + folder.id().len();
    format!("{digit:032x}")
}

/// The samples' shared folders, as they are seen once both nodes have left their canaries.
pub fn storage() -> StorageFacts {
    let folders = SharedStorage::Root(STORAGE.into()).folders();
    let folders = (1..).zip(folders).map(|(inode, (folder, path))| FolderFacts {
        folder,
        path: path.to_string_lossy().as_ref().into(),
        place: Fact::Seen(FolderPlace::There),
        identity: Some(FolderIdentity(7, inode)),
        disk: Fact::Seen(Disk { file_system: "nfs4".into(), network: true, volatile: false, free: 400 << 30 }),
        read_only: Fact::Seen(false),
        rights: Fact::Seen(FolderRights::ALL),
        latency: Fact::Seen(Duration::from_millis(4)),
        canaries: Fact::Seen(
            NODES
                .map(|node| CanaryFile { cluster: CLUSTER, node: node.into(), token: token(node, folder).as_str().into() })
                .to_vec(),
        ),
        entries: Fact::Seen(12),
        account: Fact::Seen(Access::Full),
    });
    StorageFacts { folders: folders.collect() }
}

/// The same before there is a cluster: nothing is in the folders.
pub fn new_storage() -> StorageFacts {
    let mut storage = storage();
    for folder in &mut storage.folders {
        (folder.canaries, folder.entries) = (Fact::Seen(Vec::new()), Fact::Seen(0));
    }
    storage
}

/// Has the cluster share them, with the canaries in the registry.
pub fn share(facts: &mut Facts) {
    facts.storage = storage();
    facts.cluster.storage = Fact::Seen(SharedStorage::Root(STORAGE.into()));
    let rows = NODES
        .into_iter()
        .flat_map(|node| SharedFolder::ALL.map(|folder| CanaryRow { node: node.into(), folder, token: token(node, folder) }));
    facts.cluster.canaries = Fact::Seen(rows.collect());
}
