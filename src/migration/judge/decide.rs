//! Decides before the first byte what happens to each file, which names collide, and which files are copied together.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::ProgressRecord;
use crate::migration::model::{Collision, Folding, InTheWay, Item, Moment, Stamp, Tree};

/// What exists at a file's place at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingEntry {
    Nothing,
    File(Stamp),
    Folder,
    /// A link or a special file.
    Else,
}

/// What to do with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileAction {
    /// Copy it; its place is free.
    Copy,
    /// Copy it over an earlier run's copy with this stamp: the source has changed since then, and the destination has not.
    CopyAnew(Stamp),
    /// Nothing: an earlier run copied and verified it, and neither side has changed.
    Done,
    /// Read both sides: the sizes are the same, and nothing more is known.
    Compare,
    /// Nothing: its place is taken.
    Collides(InTheWay),
}

/// Decides by what exists in the file's place and by an earlier run's record of the file.
pub fn decide(item: &Item, there: ExistingEntry, record: Option<&ProgressRecord>) -> FileAction {
    let stamp = match there {
        ExistingEntry::Nothing => return FileAction::Copy,
        ExistingEntry::Folder => return FileAction::Collides(InTheWay::Folder),
        ExistingEntry::Else => return FileAction::Collides(InTheWay::NoFile),
        ExistingEntry::File(stamp) => stamp,
    };
    if let Some(record) = record {
        let untouched = stamp.size == record.stamp.size && is_same_time(stamp.written, record.stamp.written);
        if untouched && item.stamp == record.stamp {
            return FileAction::Done;
        }
        if untouched {
            return FileAction::CopyAnew(stamp);
        }
    }
    if stamp.size == item.stamp.size { FileAction::Compare } else { FileAction::Collides(InTheWay::OtherContent) }
}

/// Returns whether a file at the destination still has the time it was given: exactly, or rounded by the coarser clock of its file
/// system, which shows in trailing zeros. A file whose destination did not take the source's time, or that was written within the
/// same two seconds, is compared instead of trusted.
fn is_same_time(there: Moment, given: Moment) -> bool {
    let finer = |step: u32| {
        there.nanos.is_multiple_of(step) && there.seconds == given.seconds && there.nanos.abs_diff(given.nanos) < step
    };
    there == given || [100, 1_000, 1_000_000].into_iter().any(finer) || there.nanos == 0 && there.is_about(given)
}

/// Returns a path as a case-folding file system compares it, approximately. If one folds more than this, the second file is refused
/// when it is renamed, and nothing is overwritten.
pub fn fold(path: &Path) -> PathBuf {
    path.to_str().map_or_else(|| path.to_owned(), |text| PathBuf::from(text.to_lowercase()))
}

/// Returns the sources' files and folders that collide with each other if the destination folds case: all but the first of each
/// group. Folders merge without loss, but whoever looks for the second one does not find it, so they are reported too.
pub fn folded_together(tree: &Tree, folding: Folding) -> Vec<Collision> {
    if folding == Folding::Keeps {
        return Vec::new();
    }
    let mut first: HashMap<(usize, PathBuf), &Path> = HashMap::new();
    let folders = tree.folders.iter().map(|(source, path)| (*source, path.as_path()));
    let files = tree.files.iter().map(|item| (item.source, item.path.as_path()));
    let mut collisions = Vec::new();
    for (source, path) in folders.chain(files) {
        let other = *first.entry((source, fold(path))).or_insert(path);
        // Everything below two such folders folds together as well; the file names tell whether it matters.
        if other != path {
            collisions.push(Collision { source, path: path.to_owned(), way: InTheWay::SameName(other.to_owned()) });
        }
    }
    collisions
}

/// From this size (4 MiB) on, a file is copied and synced by itself, and read back from the disk.
pub const LARGE: u64 = 4 << 20;

/// The most files of a batch. A killed run loses its current batches, which the next one compares or copies again.
const MOST_FILES: usize = 256;

/// The most bytes of a batch of small files.
const MOST_BYTES: u64 = 32 << 20;

/// Groups files, given by their sizes, into batches of indices. Large files come first and the largest at the very beginning, so that
/// nothing has to wait for one in the end; then come runs of neighbours, which are in the same folders.
pub fn batches(sizes: &[u64]) -> Vec<Vec<usize>> {
    let mut large: Vec<usize> = (0..sizes.len()).filter(|place| sizes[*place] >= LARGE).collect();
    large.sort_by_key(|place| std::cmp::Reverse(sizes[*place]));
    let mut batches: Vec<Vec<usize>> = large.into_iter().map(|place| vec![place]).collect();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (place, size) in sizes.iter().enumerate().filter(|(_, size)| **size < LARGE) {
        if batch.len() == MOST_FILES || bytes >= MOST_BYTES {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(place);
        bytes += size;
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::model::Digest;

    fn stamp(size: u64, seconds: i64) -> Stamp {
        Stamp { size, written: Moment { seconds, nanos: 7 } }
    }

    fn coarse(size: u64, seconds: i64, nanos: u32) -> Stamp {
        Stamp { size, written: Moment { seconds, nanos } }
    }

    fn item(path: &str, stamp: Stamp) -> Item {
        Item { source: 0, path: path.into(), stamp }
    }

    #[test]
    fn each_file_is_judged_by_what_is_in_its_place() {
        let file = item("a", stamp(5, 100));
        let record = ProgressRecord { stamp: stamp(5, 100), digest: Digest([1; 32]) };
        let older = ProgressRecord { stamp: stamp(4, 50), ..record };
        for (there, record, expected) in [
            (ExistingEntry::Nothing, None, FileAction::Copy),
            (ExistingEntry::Nothing, Some(&record), FileAction::Copy),
            (ExistingEntry::Folder, Some(&record), FileAction::Collides(InTheWay::Folder)),
            (ExistingEntry::Else, None, FileAction::Collides(InTheWay::NoFile)),
            (ExistingEntry::File(stamp(6, 100)), None, FileAction::Collides(InTheWay::OtherContent)),
            (ExistingEntry::File(stamp(5, 100)), None, FileAction::Compare),
            (ExistingEntry::File(stamp(5, 100)), Some(&record), FileAction::Done),
            (ExistingEntry::File(coarse(5, 101, 0)), Some(&record), FileAction::Done),
            (ExistingEntry::File(coarse(5, 100, 0)), Some(&record), FileAction::Done),
            (ExistingEntry::File(coarse(5, 100, 8)), Some(&record), FileAction::Compare),
            (ExistingEntry::File(coarse(5, 101, 300)), Some(&record), FileAction::Compare),
            (ExistingEntry::File(stamp(5, 900)), Some(&record), FileAction::Compare),
            (ExistingEntry::File(stamp(6, 100)), Some(&record), FileAction::Collides(InTheWay::OtherContent)),
            (ExistingEntry::File(stamp(4, 50)), Some(&older), FileAction::CopyAnew(stamp(4, 50))),
            (ExistingEntry::File(stamp(3, 50)), Some(&older), FileAction::Collides(InTheWay::OtherContent)),
        ] {
            assert_eq!(decide(&file, there, record), expected, "{there:?} {record:?}");
        }
    }

    #[test]
    fn a_source_whose_nanoseconds_changed_is_copied_again() {
        let mut file = item("a", stamp(5, 100));
        file.stamp.written.nanos += 1;
        let record = ProgressRecord { stamp: stamp(5, 100), digest: Digest([1; 32]) };
        assert_eq!(decide(&file, ExistingEntry::File(stamp(5, 100)), Some(&record)), FileAction::CopyAnew(stamp(5, 100)));
    }

    #[test]
    fn names_that_differ_in_case_fall_together_where_the_destination_folds() {
        let tree = Tree {
            folders: vec![(0, "Logs".into()), (0, "logs".into())],
            files: vec![
                item("Größe.txt", stamp(1, 1)),
                item("GRÖSSE.txt", stamp(1, 1)),
                item("GRÖßE.TXT", stamp(1, 1)),
                Item { source: 1, ..item("größe.txt", stamp(1, 1)) },
            ],
            left_out: Vec::new(),
        };
        let found = folded_together(&tree, Folding::Folds);
        let told: Vec<_> = found.iter().map(|found| (found.path.to_str().unwrap(), found.way.clone())).collect();
        assert_eq!(told, [("logs", InTheWay::SameName("Logs".into())), ("GRÖßE.TXT", InTheWay::SameName("Größe.txt".into()))]);
        assert_eq!(folded_together(&tree, Folding::Keeps), []);
    }

    #[test]
    fn large_files_go_first_and_by_themselves() {
        let sizes = [1, LARGE, 2, LARGE * 9, 3];
        assert_eq!(batches(&sizes), [vec![3], vec![1], vec![0, 2, 4]]);
        assert!(batches(&[]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn every_file_is_in_one_batch_and_no_batch_is_too_large(sizes in proptest::collection::vec(0u64..LARGE * 2, 0..2_000)) {
            let batches = batches(&sizes);
            let mut places: Vec<usize> = batches.iter().flatten().copied().collect();
            places.sort_unstable();
            proptest::prop_assert_eq!(places, (0..sizes.len()).collect::<Vec<_>>());
            for batch in batches {
                let bytes: u64 = batch.iter().map(|place| sizes[*place]).sum();
                proptest::prop_assert!(batch.len() <= MOST_FILES && (batch.len() == 1 || bytes < MOST_BYTES + LARGE));
            }
        }
    }
}
