//! What becomes of each file, and which of them fall together, judged before the first byte.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::ProgressRecord;
use crate::migration::model::{Collision, Folding, InTheWay, Item, Moment, Stamp, Tree};

/// What stands at a file's place at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Nothing.
    Nothing,
    /// A file.
    File(Stamp),
    /// A folder.
    Folder,
    /// A link or something stranger.
    Else,
}

/// What is to be done about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is copied; nothing is in its place.
    Copy,
    /// It is copied over what an earlier run copied, and what looks so now: the source has changed since then, and the destination
    /// has not.
    CopyAnew(Stamp),
    /// It is there, verified by an earlier run, and neither side has changed.
    Done,
    /// Both sides have to be read: the sizes are the same, and nothing more is known.
    Compare,
    /// It collides.
    Collides(InTheWay),
}

/// Judges one file by what stands in its place and by what an earlier run noted of it.
pub fn decide(item: &Item, there: Existing, record: Option<&ProgressRecord>) -> Action {
    let stamp = match there {
        Existing::Nothing => return Action::Copy,
        Existing::Folder => return Action::Collides(InTheWay::Folder),
        Existing::Else => return Action::Collides(InTheWay::NoFile),
        Existing::File(stamp) => stamp,
    };
    if let Some(record) = record {
        let untouched = stamp.size == record.stamp.size && is_same_time(stamp.written, record.stamp.written);
        if untouched && item.stamp == record.stamp {
            return Action::Done;
        }
        if untouched {
            return Action::CopyAnew(stamp);
        }
    }
    if stamp.size == item.stamp.size { Action::Compare } else { Action::Collides(InTheWay::OtherContent) }
}

/// Whether a file at the destination still has the time that it was given: exactly, or as the coarser clock of its file system
/// keeps it, which shows in the digits that are nought. A destination that did not take the source's time has its own, and is compared
/// instead of believed; so is a file that somebody wrote within the same two seconds.
fn is_same_time(there: Moment, given: Moment) -> bool {
    let finer = |step: u32| {
        there.nanos.is_multiple_of(step) && there.seconds == given.seconds && there.nanos.abs_diff(given.nanos) < step
    };
    there == given || [100, 1_000, 1_000_000].into_iter().any(finer) || there.nanos == 0 && there.is_about(given)
}

/// A path as a file system compares it that folds case. Only an approximation of each of them; where one folds more than this,
/// the second file is refused when it is renamed, and nothing is overwritten.
pub fn fold(path: &Path) -> PathBuf {
    path.to_str().map_or_else(|| path.to_owned(), |text| PathBuf::from(text.to_lowercase()))
}

/// What of the sources falls together where the destination folds case: of each group all but the first collide with it. Folders
/// fall together with folders without harm to anybody but to those who look for the second one, so they are told too.
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
        // Below two folders that fall together everything does; the file names tell whether it matters.
        if other != path {
            collisions.push(Collision { source, path: path.to_owned(), way: InTheWay::SameName(other.to_owned()) });
        }
    }
    collisions
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
            (Existing::Nothing, None, Action::Copy),
            (Existing::Nothing, Some(&record), Action::Copy),
            (Existing::Folder, Some(&record), Action::Collides(InTheWay::Folder)),
            (Existing::Else, None, Action::Collides(InTheWay::NoFile)),
            (Existing::File(stamp(6, 100)), None, Action::Collides(InTheWay::OtherContent)),
            (Existing::File(stamp(5, 100)), None, Action::Compare),
            (Existing::File(stamp(5, 100)), Some(&record), Action::Done),
            (Existing::File(coarse(5, 101, 0)), Some(&record), Action::Done),
            (Existing::File(coarse(5, 100, 0)), Some(&record), Action::Done),
            (Existing::File(coarse(5, 100, 8)), Some(&record), Action::Compare),
            (Existing::File(coarse(5, 101, 300)), Some(&record), Action::Compare),
            (Existing::File(stamp(5, 900)), Some(&record), Action::Compare),
            (Existing::File(stamp(6, 100)), Some(&record), Action::Collides(InTheWay::OtherContent)),
            (Existing::File(stamp(4, 50)), Some(&older), Action::CopyAnew(stamp(4, 50))),
            (Existing::File(stamp(3, 50)), Some(&older), Action::Collides(InTheWay::OtherContent)),
        ] {
            assert_eq!(decide(&file, there, record), expected, "{there:?} {record:?}");
        }
    }

    #[test]
    fn a_source_whose_nanoseconds_changed_is_copied_again() {
        let mut file = item("a", stamp(5, 100));
        file.stamp.written.nanos += 1;
        let record = ProgressRecord { stamp: stamp(5, 100), digest: Digest([1; 32]) };
        assert_eq!(decide(&file, Existing::File(stamp(5, 100)), Some(&record)), Action::CopyAnew(stamp(5, 100)));
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
}
