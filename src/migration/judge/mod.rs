//! Pure decisions of a migration: which folders are copied, what happens to each file before the first byte, which names collide,
//! which files are copied together, and how long it takes.

mod findings;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use findings::{MigrationCheck, MigrationFinding, explain, findings};

use crate::migration::model::{Collision, CopySource, Figures, Folding, Item, Moment, Obstacle, ProgressRecord, Stamp, Tree};
use crate::model::storage::{SharedFolder, under};

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
    Collides(Obstacle),
}

/// Decides by what exists in the file's place and by an earlier run's record of the file.
pub fn decide(item: &Item, there: ExistingEntry, record: Option<&ProgressRecord>) -> FileAction {
    let stamp = match there {
        ExistingEntry::Nothing => return FileAction::Copy,
        ExistingEntry::Folder => return FileAction::Collides(Obstacle::Folder),
        ExistingEntry::Else => return FileAction::Collides(Obstacle::NoFile),
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
    if stamp.size == item.stamp.size { FileAction::Compare } else { FileAction::Collides(Obstacle::OtherContent) }
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
pub fn fold_case(path: &Path) -> PathBuf {
    path.to_str().map_or_else(|| path.to_owned(), |text| PathBuf::from(text.to_lowercase()))
}

/// Returns the sources' files and folders that collide with each other if the destination folds case: all but the first of each
/// group. Folders merge without loss, but the second one is not found under its own name any more, so they are reported too.
pub fn case_collisions(tree: &Tree, folding: Folding) -> Vec<Collision> {
    if folding == Folding::Keeps {
        return Vec::new();
    }
    let mut first: HashMap<(usize, PathBuf), &Path> = HashMap::new();
    let folders = tree.folders.iter().map(|(source, path)| (*source, path.as_path()));
    let files = tree.files.iter().map(|item| (item.source, item.path.as_path()));
    let mut collisions = Vec::new();
    for (source, path) in folders.chain(files) {
        let other = *first.entry((source, fold_case(path))).or_insert(path);
        // Everything below two such folders folds together as well; the file names tell whether it matters.
        if other != path {
            collisions.push(Collision { source, path: path.to_owned(), obstacle: Obstacle::SameName(other.to_owned()) });
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

/// Folders that are not in the home directory.
pub type Overrides = BTreeMap<SharedFolder, PathBuf>;

/// Reads `NAME=DIR`, where the name is a folder's id or name in upper or lower case.
///
/// # Errors
/// What is wrong, as a sentence.
pub fn read_override(text: &str) -> Result<(SharedFolder, PathBuf), String> {
    let names = || SharedFolder::ALL.map(SharedFolder::id).join(", ");
    let Some((name, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err(format!("It takes NAME=DIR; the names are {}.", names()));
    };
    let known = |folder: &SharedFolder| name.eq_ignore_ascii_case(folder.id()) || name.eq_ignore_ascii_case(folder.name());
    match SharedFolder::ALL.into_iter().find(known) {
        Some(folder) => Ok((folder, PathBuf::from(path))),
        None => Err(format!("There is no such folder; the names are {}.", names())),
    }
}

/// Returns every folder that may exist: below the home directory unless it is overridden, and at the destination below the names
/// that Octopus Server looks for there.
pub fn plan_sources(home: Option<&Path>, overrides: &Overrides, root: &Path) -> Vec<CopySource> {
    SharedFolder::ALL
        .into_iter()
        .filter_map(|folder| {
            let from = overrides.get(&folder).cloned().or_else(|| home.map(|home| under(home, folder.name())))?;
            Some(CopySource { folder, from, to: under(root, folder.name()) })
        })
        .collect()
}

/// Returns whether a source and a destination are the same or contain each other. Both are resolved paths. A copy into itself never
/// ends, and a source below the destination would be copied beside itself.
pub fn overlap(from: &Path, to: &Path) -> bool {
    from.starts_with(to) || to.starts_with(from)
}

/// Returns the indices of two sources of which the first is inside the second: its files would be copied twice.
pub fn nested_source(sources: &[PathBuf]) -> Option<(usize, usize)> {
    let pairs = (0..sources.len()).flat_map(|one| (0..sources.len()).map(move |other| (one, other)));
    pairs.into_iter().find(|(one, other)| {
        one != other && sources.get(*one).zip(sources.get(*other)).is_some_and(|(one, other)| one.starts_with(other))
    })
}

/// The cost of a file beside its bytes (opening, creating, renaming), in bytes. Over a network that is most of a small file's time,
/// and an estimate by bytes alone would promise a minute for an hour.
const A_FILE: u64 = 64 << 10;

/// The span that the pace is measured over: short enough to follow a share that slows down, long enough not to jump.
const WINDOW: Duration = Duration::from_secs(15);

/// The shortest span that tells a pace.
const FIRST: Duration = Duration::from_secs(1);

/// Returns files and bytes as one number, for bars and estimates.
pub const fn work_units(figures: Figures) -> u64 {
    figures.bytes.saturating_add(figures.files.saturating_mul(A_FILE))
}

/// The pace of the last seconds.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    seen: VecDeque<(Duration, Figures)>,
}

impl Pace {
    /// Adds a sample: what is done so long after the beginning.
    pub fn add_sample(&mut self, at: Duration, done: Figures) {
        // A hundred samples in the window are enough.
        if self.seen.back().is_some_and(|(last, _)| at.saturating_sub(*last) < WINDOW / 100) {
            return;
        }
        self.seen.push_back((at, done));
        while self.seen.len() > 2 && self.seen.get(1).is_some_and(|(second, _)| at.saturating_sub(*second) >= WINDOW) {
            self.seen.pop_front();
        }
    }

    fn span(&self) -> Option<(f64, Figures)> {
        let ((from, before), (to, after)) = (self.seen.front()?, self.seen.back()?);
        let took = to.saturating_sub(*from);
        let done = Figures { files: after.files.saturating_sub(before.files), bytes: after.bytes.saturating_sub(before.bytes) };
        (took >= FIRST).then_some((took.as_secs_f64(), done))
    }

    /// Bytes per second.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
    pub fn bytes(&self) -> Option<u64> {
        self.span().map(|(seconds, done)| (done.bytes as f64 / seconds) as u64)
    }

    /// Files per second.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "for people")]
    pub fn files(&self) -> Option<u64> {
        self.span().map(|(seconds, done)| (done.files as f64 / seconds) as u64)
    }

    /// Returns the time left; `None` while it is unknown, and if nothing moves.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub fn time_left(&self, all: Figures) -> Option<Duration> {
        let (seconds, done) = self.span()?;
        let (_, so_far) = self.seen.back()?;
        let left = work_units(all).saturating_sub(work_units(*so_far)) as f64;
        let pace = work_units(done) as f64 / seconds;
        // Decades are not an estimate.
        (pace > 0.0).then(|| left / pace).filter(|left| *left < 1e9).map(Duration::from_secs_f64)
    }
}

/// Formats bytes for people: `512 B`, `3.4 KiB`, `1.2 GiB`.
pub fn format_bytes(bytes: u64) -> String {
    let mut unit = 1u64;
    for name in ["B", "KiB", "MiB", "GiB"] {
        // 1,000 and not 1,024, so that no number has four digits before the point.
        if bytes < unit * 1_000 {
            return tenths(bytes, unit, name);
        }
        unit <<= 10;
    }
    tenths(bytes, unit, "TiB")
}

fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    if unit == 1 { format!("{bytes} {name}") } else { format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit) }
}

/// Estimates the time over a share that takes 100 MB and 500 files per second, for a dry run, which measures nothing.
pub const fn estimated_duration(figures: Figures) -> Duration {
    Duration::from_millis(figures.bytes / 100_000 + figures.files * 2)
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
            (ExistingEntry::Folder, Some(&record), FileAction::Collides(Obstacle::Folder)),
            (ExistingEntry::Else, None, FileAction::Collides(Obstacle::NoFile)),
            (ExistingEntry::File(stamp(6, 100)), None, FileAction::Collides(Obstacle::OtherContent)),
            (ExistingEntry::File(stamp(5, 100)), None, FileAction::Compare),
            (ExistingEntry::File(stamp(5, 100)), Some(&record), FileAction::Done),
            (ExistingEntry::File(coarse(5, 101, 0)), Some(&record), FileAction::Done),
            (ExistingEntry::File(coarse(5, 100, 0)), Some(&record), FileAction::Done),
            (ExistingEntry::File(coarse(5, 100, 8)), Some(&record), FileAction::Compare),
            (ExistingEntry::File(coarse(5, 101, 300)), Some(&record), FileAction::Compare),
            (ExistingEntry::File(stamp(5, 900)), Some(&record), FileAction::Compare),
            (ExistingEntry::File(stamp(6, 100)), Some(&record), FileAction::Collides(Obstacle::OtherContent)),
            (ExistingEntry::File(stamp(4, 50)), Some(&older), FileAction::CopyAnew(stamp(4, 50))),
            (ExistingEntry::File(stamp(3, 50)), Some(&older), FileAction::Collides(Obstacle::OtherContent)),
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
            skipped: Vec::new(),
        };
        let found = case_collisions(&tree, Folding::Folds);
        let told: Vec<_> = found.iter().map(|found| (found.path.to_str().unwrap(), found.obstacle.clone())).collect();
        assert_eq!(told, [("logs", Obstacle::SameName("Logs".into())), ("GRÖßE.TXT", Obstacle::SameName("Größe.txt".into()))]);
        assert_eq!(case_collisions(&tree, Folding::Keeps), []);
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

    #[test]
    fn a_folder_is_named_by_its_id_or_its_name() {
        for name in ["task-logs", "TaskLogs", "TASKLOGS", "Task-Logs"] {
            assert_eq!(read_override(&format!("{name}=/a=b")), Ok((SharedFolder::TaskLogs, "/a=b".into())), "{name}");
        }
        for wrong in ["logs=/a", "task-logs", "task-logs=", "=/a", ""] {
            assert!(read_override(wrong).is_err_and(|said| said.contains("task-logs, packages")), "{wrong}");
        }
    }

    #[test]
    fn what_is_elsewhere_is_taken_from_there_and_lands_where_octopus_looks() {
        let overrides = Overrides::from([(SharedFolder::Packages, "/big/nuget".into())]);
        let sources = plan_sources(Some(Path::new("/opt/o")), &overrides, Path::new("/mnt/o"));
        assert_eq!(sources.len(), 6);
        assert_eq!(sources[1].from, Path::new("/opt/o/TaskLogs"));
        assert_eq!((&*sources[2].from, &*sources[2].to), (Path::new("/big/nuget"), Path::new("/mnt/o/Packages")));
        assert_eq!(plan_sources(None, &overrides, Path::new("/mnt/o")).len(), 1);
    }

    #[test]
    fn one_s_own_inside_is_no_destination() {
        let told = |from: &str, to: &str| overlap(Path::new(from), Path::new(to));
        assert!(told("/o/Artifacts", "/o/Artifacts") && told("/o/Artifacts", "/o/Artifacts/x/Artifacts"));
        assert!(told("/mnt/s/Artifacts/old", "/mnt/s/Artifacts"));
        assert!(!told("/o/Artifacts", "/o/Artifacts2") && !told("/o/Artifacts", "/mnt/o/Artifacts"));
    }

    #[test]
    fn one_source_in_another_is_told() {
        let places = |all: &[&str]| all.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(nested_source(&places(&["/o/A", "/o/B", "/o/A/x"])), Some((2, 0)));
        assert_eq!(nested_source(&places(&["/o/A", "/o/A"])), Some((0, 1)));
        assert_eq!(nested_source(&places(&["/o/A", "/o/AB"])), None);
    }

    const fn figures(files: u64, bytes: u64) -> Figures {
        Figures { files, bytes }
    }

    #[test]
    fn an_even_pace_is_told_and_what_is_left_follows_from_it() {
        let mut pace = Pace::default();
        assert_eq!(pace.time_left(figures(10, 10)), None);
        for second in 0..=10u64 {
            pace.add_sample(Duration::from_secs(second), figures(second * 10, second * 1_000_000));
        }
        assert_eq!((pace.bytes(), pace.files()), (Some(1_000_000), Some(10)));
        assert_eq!(pace.time_left(figures(200, 20_000_000)).map(|left| left.as_secs()), Some(10));
    }

    #[test]
    fn the_pace_is_that_of_the_last_seconds_only() {
        let mut pace = Pace::default();
        for second in 0..=60u64 {
            let done = if second < 30 { second * 1_000 } else { 30_000 + (second - 30) * 10 };
            pace.add_sample(Duration::from_secs(second), figures(0, done));
        }
        assert_eq!(pace.bytes(), Some(10));
        assert!(pace.seen.len() <= 20);
    }

    #[test]
    fn small_files_are_not_promised_by_their_bytes() {
        let mut pace = Pace::default();
        // Two large files in two seconds, and ten thousand small ones ahead.
        for second in 0..=2u64 {
            pace.add_sample(Duration::from_secs(second), figures(second, second * 100_000_000));
        }
        let left = pace.time_left(figures(10_002, 200_000_000)).unwrap();
        assert!(left >= Duration::from_secs(6), "{left:?}");
    }

    #[test]
    fn amounts_are_short() {
        for (bytes, told) in
            [(0, "0 B"), (999, "999 B"), (1_000, "0.9 KiB"), (1_536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3.0 TiB")]
        {
            assert_eq!(format_bytes(bytes), told);
        }
    }

    #[test]
    fn what_stands_still_has_no_end() {
        let mut pace = Pace::default();
        for second in 0..40u64 {
            pace.add_sample(Duration::from_secs(second), figures(1, 1));
        }
        assert_eq!(pace.time_left(figures(2, 2)), None);
        assert_eq!(estimated_duration(figures(500, 100_000_000)), Duration::from_secs(2));
    }
}
