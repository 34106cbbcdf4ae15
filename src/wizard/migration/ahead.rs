//! What becomes of each file, and which of them fall together, judged before the first byte.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::Noted;
use crate::model::migration::{Collision, Folding, InTheWay, Item, Moment, Stamp, Tree};

/// What stands at a file's place at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
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
pub enum Next {
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
pub fn next(item: &Item, there: There, noted: Option<&Noted>) -> Next {
    let stamp = match there {
        There::Nothing => return Next::Copy,
        There::Folder => return Next::Collides(InTheWay::Folder),
        There::Else => return Next::Collides(InTheWay::NoFile),
        There::File(stamp) => stamp,
    };
    if let Some(noted) = noted {
        let untouched = stamp.size == noted.stamp.size && is_same_time(stamp.written, noted.stamp.written);
        if untouched && item.stamp == noted.stamp {
            return Next::Done;
        }
        if untouched {
            return Next::CopyAnew(stamp);
        }
    }
    if stamp.size == item.stamp.size { Next::Compare } else { Next::Collides(InTheWay::OtherContent) }
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
    use crate::model::migration::Digest;

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
        let noted = Noted { stamp: stamp(5, 100), digest: Digest([1; 32]) };
        let older = Noted { stamp: stamp(4, 50), ..noted };
        for (there, noted, expected) in [
            (There::Nothing, None, Next::Copy),
            (There::Nothing, Some(&noted), Next::Copy),
            (There::Folder, Some(&noted), Next::Collides(InTheWay::Folder)),
            (There::Else, None, Next::Collides(InTheWay::NoFile)),
            (There::File(stamp(6, 100)), None, Next::Collides(InTheWay::OtherContent)),
            (There::File(stamp(5, 100)), None, Next::Compare),
            (There::File(stamp(5, 100)), Some(&noted), Next::Done),
            (There::File(coarse(5, 101, 0)), Some(&noted), Next::Done),
            (There::File(coarse(5, 100, 0)), Some(&noted), Next::Done),
            (There::File(coarse(5, 100, 8)), Some(&noted), Next::Compare),
            (There::File(coarse(5, 101, 300)), Some(&noted), Next::Compare),
            (There::File(stamp(5, 900)), Some(&noted), Next::Compare),
            (There::File(stamp(6, 100)), Some(&noted), Next::Collides(InTheWay::OtherContent)),
            (There::File(stamp(4, 50)), Some(&older), Next::CopyAnew(stamp(4, 50))),
            (There::File(stamp(3, 50)), Some(&older), Next::Collides(InTheWay::OtherContent)),
        ] {
            assert_eq!(next(&file, there, noted), expected, "{there:?} {noted:?}");
        }
    }

    #[test]
    fn a_source_whose_nanoseconds_changed_is_copied_again() {
        let mut file = item("a", stamp(5, 100));
        file.stamp.written.nanos += 1;
        let noted = Noted { stamp: stamp(5, 100), digest: Digest([1; 32]) };
        assert_eq!(next(&file, There::File(stamp(5, 100)), Some(&noted)), Next::CopyAnew(stamp(5, 100)));
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
