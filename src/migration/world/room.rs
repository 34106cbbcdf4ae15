//! The room at the destination.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::migration::model::Room;
use crate::world::folder;

/// What is to be made below one destination.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    /// The sizes of the files.
    pub(super) sizes: Vec<u64>,
    /// How many folders.
    pub(super) folders: u64,
}

/// The room for each load: one entry for each disk, told by what holds the nearest folder that is there.
pub(super) fn room(loads: &[(PathBuf, Load)]) -> Vec<Room> {
    let mut rooms: BTreeMap<u64, Room> = BTreeMap::new();
    for (to, load) in loads {
        let at = folder::nearest(to).unwrap_or(Path::new("/"));
        let disk = disk(at);
        let block = disk.block.max(1);
        let room = rooms.entry(disk.id).or_insert_with(|| Room {
            at: at.to_owned(),
            free: disk.free,
            needed: 0,
            inodes: disk.inodes,
            entries: 0,
        });
        room.needed += load.sizes.iter().map(|size| size.div_ceil(block) * block).sum::<u64>() + load.folders * block;
        room.entries += load.sizes.len() as u64 + load.folders;
    }
    rooms.into_values().filter(|room| room.entries > 0).collect()
}

struct Disk {
    id: u64,
    block: u64,
    free: Option<u64>,
    inodes: Option<u64>,
}

#[cfg(unix)]
fn disk(at: &Path) -> Disk {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata(at).map(|met| met.dev()).unwrap_or_default();
    match rustix::fs::statvfs(at) {
        Ok(told) => Disk {
            id,
            block: told.f_frsize,
            free: Some(told.f_bavail.saturating_mul(told.f_frsize)),
            // btrfs, and many a share, have no such limit, and say nought of nought.
            inodes: (told.f_files > 0).then_some(told.f_favail),
        },
        Err(_) => Disk { id, block: 1, free: None, inodes: None },
    }
}

/// Elsewhere the standard library does not tell.
#[cfg(not(unix))]
fn disk(_at: &Path) -> Disk {
    Disk { id: 0, block: 4_096, free: None, inodes: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_on_one_disk_are_one_room_in_whole_blocks() {
        let folder = tempfile::tempdir().expect("a folder");
        let load = Load { sizes: vec![1, 5_000], folders: 1 };
        let loads = [(folder.path().join("a"), load.clone()), (folder.path().join("b").join("c"), load)];
        let rooms = room(&loads);
        assert_eq!((rooms.len(), rooms[0].entries), (1, 6));
        assert!(rooms[0].needed >= 10_002);
        #[cfg(unix)]
        assert!(rooms[0].free.is_some_and(|free| free > 0) && rooms[0].needed.is_multiple_of(512));
        assert_eq!(room(&[(folder.path().into(), Load::default())]), []);
    }
}
