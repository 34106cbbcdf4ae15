//! Inspects both sides before the first byte is copied, and the sources once more after the last: what is to be copied, what exists
//! at the destination, whether names fold case there, and how much room there is. No link is ever followed, so there are no loops
//! and no way out of a source.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{DirEntry, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::copy::{Todo, digest_of, new_buffer};
use super::manifest::{self, Records};
use super::threads::{self, Activity, ItemOutcome, Watch};
use super::{CopyPlan, Migration, destination_disks};
use crate::migration::judge::{ExistingEntry, FileAction, case_collisions, decide, fold_case};
use crate::migration::model::{
    Collision, CopyFailure, CopyOutcome, CopyPhase, CopySource, Figures, Folding, Item, Moment, OWN_FOLDER, Obstacle, Preview,
    ProgressRecord, Room, SkipReason, SkippedEntry, Stamp, Tree, is_partial_file, manifest_key,
};
use crate::world::folder;
use crate::world::places::Places;
use crate::world::probe;
use crate::world::toml_file::shown;

/// Inspects both sides. Writes nothing but a probe file, which it removes, and with `dry_run` not even that.
///
/// # Errors
/// The destination, or the manifest, cannot be read.
pub fn plan(migration: &Migration, places: &Places, watch: &Arc<Watch>) -> io::Result<CopyPlan> {
    let activity = watch.activity();
    let planned = plan_on(migration, places, watch, &activity);
    watch.forget(&activity);
    planned
}

fn plan_on(migration: &Migration, places: &Places, watch: &Arc<Watch>, activity: &Activity) -> io::Result<CopyPlan> {
    let sources = &migration.sources;
    watch.begin(CopyPhase::Walking, Figures::default());
    let disks = destination_disks(sources, activity);
    let tree = walk(sources, watch, activity);
    let id = manifest::id(sources, places);
    let path = manifest::path(places, &id);
    let lines = manifest::read(&path, &id)?;
    let folding = detect_folding(sources, &id, !migration.dry_run, activity);
    watch.begin(CopyPhase::Comparing, Figures { files: tree.files.len() as u64, bytes: 0 });
    let destination = Destination::list_all(sources, &tree, &id, folding, activity)?;
    let together = case_collisions(&tree, folding);
    let mut preview = Preview { all: tree.figures(), skipped: tree.skipped.clone(), folding, ..Preview::default() };
    preview.collisions.clone_from(&destination.collisions);
    if folding == Folding::Folds {
        preview.collisions.extend(together);
    } else {
        preview.possible_collisions = together;
    }
    let (mut todo, mut compare) = (Vec::new(), Vec::new());
    for item in &tree.files {
        let Some(source) = sources.get(item.source) else { continue };
        let existing = destination.existing(source, item.source, &item.path)?;
        let figures = Figures { files: 1, bytes: item.stamp.size };
        match decide(item, existing, lines.get(&manifest_key(source.folder, &item.path))) {
            FileAction::Copy => todo.push(Todo { item: item.clone(), over: None }),
            FileAction::CopyAnew(ours) => todo.push(Todo { item: item.clone(), over: Some(ours) }),
            FileAction::Done => preview.existing = preview.existing + figures,
            FileAction::Compare => compare.push(item.clone()),
            FileAction::Collides(obstacle) => {
                preview.collisions.push(Collision { source: item.source, path: item.path.clone(), obstacle });
            }
        }
    }
    let record = compare_files(migration, compare, watch, &mut preview);
    preview.copy = todo.iter().map(|todo| Figures { files: 1, bytes: todo.item.stamp.size }).sum();
    preview.gone = count_missing(&lines, &tree.files, sources);
    preview.resumes = !lines.is_empty() && preview.copy.files > 0;
    preview.room = room(&load_per_destination(sources, &todo, &destination));
    let untouched = preview.collisions.iter().map(|collision| (collision.source, collision.path.clone()));
    let untouched = untouched.chain(preview.skipped.iter().map(|left| (left.source, left.path.clone()))).collect();
    let Destination { new_folders, parts, .. } = destination;
    Ok(CopyPlan { preview, id, path, todo, record, lines, new_folders, parts, untouched, disks })
}

/// Returns whether any of the destinations folds case.
fn detect_folding(sources: &[CopySource], id: &str, may_write: bool, activity: &Activity) -> Folding {
    let at: HashSet<PathBuf> = sources.iter().filter_map(|source| folder::nearest(&source.to).map(PathBuf::from)).collect();
    let mut all = Folding::Keeps;
    for folder in at {
        activity.begin(&folder);
        match folding(&folder, id, may_write) {
            Folding::Folds => return Folding::Folds,
            Folding::Unknown => all = Folding::Unknown,
            Folding::Keeps => {}
        }
    }
    all
}

/// Compares files of the same size, and returns manifest lines for equal ones.
fn compare_files(migration: &Migration, compare: Vec<Item>, watch: &Arc<Watch>, preview: &mut Preview) -> String {
    let all: Figures = compare.iter().map(|item| Figures { files: 1, bytes: item.stamp.size }).sum();
    watch.begin(CopyPhase::Comparing, all);
    let sources = migration.sources.clone();
    let (both, mine) = (sources.clone(), watch.clone());
    let work = move |activity: &Activity, item: Item| {
        let mut buffer = new_buffer();
        let source = both.get(item.source)?;
        let from = digest_of(&at(&source.from, &item.path), false, &mut buffer, &mine, activity);
        let to = digest_of(&at(&source.to, &item.path), false, &mut buffer, &mine, activity);
        mine.file();
        Some((from, to))
    };
    let items = compare.clone();
    let mut lines = String::new();
    threads::run(watch, migration.jobs, compare, work, |place, ended| {
        let Some(item) = items.get(place) else { return };
        let Some(source) = sources.get(item.source) else { return };
        let unreadable = |said: String| SkippedEntry {
            source: item.source,
            path: item.path.clone(),
            why: SkipReason::Unreadable(said.into()),
        };
        match ended {
            ItemOutcome::Done(Some((Ok((stamp, digest)), Ok((_, other))))) if digest == other => {
                lines.push_str(&ProgressRecord { stamp, digest }.line(&manifest_key(source.folder, &item.path)));
                preview.existing = preview.existing + Figures { files: 1, bytes: stamp.size };
            }
            ItemOutcome::Done(Some((Ok(_), Ok(_)))) => {
                let obstacle = Obstacle::OtherContent;
                preview.collisions.push(Collision { source: item.source, path: item.path.clone(), obstacle });
            }
            ItemOutcome::Done(Some((Err(why), _) | (_, Err(why)))) => preview.skipped.push(unreadable(match why {
                CopyFailure::Refused { said, .. } => said.to_string(),
                _ => "it changed while it was compared".to_owned(),
            })),
            ItemOutcome::Hung(_) => preview.skipped.push(unreadable("an operation did not come to an end".to_owned())),
            ItemOutcome::Done(None) | ItemOutcome::NotBegun => {}
        }
    });
    lines
}

/// Counts the copied files that are no longer in the sources.
fn count_missing(lines: &Records, files: &[Item], sources: &[CopySource]) -> u64 {
    let keys: HashSet<String> =
        files.iter().filter_map(|item| Some(manifest_key(sources.get(item.source)?.folder, &item.path))).collect();
    lines.keys().filter(|key| !key.ends_with('/') && !keys.contains(*key)).count() as u64
}

fn load_per_destination(sources: &[CopySource], todo: &[Todo], destination: &Destination) -> Vec<(PathBuf, Load)> {
    let mut loads: HashMap<usize, Load> = HashMap::new();
    for todo in todo {
        loads.entry(todo.item.source).or_default().sizes.push(todo.item.stamp.size);
    }
    for (source, _) in &destination.new_folders {
        loads.entry(*source).or_default().folders += 1;
    }
    let mut loads: Vec<_> = loads.into_iter().collect();
    loads.sort_by_key(|(source, _)| *source);
    loads.into_iter().filter_map(|(source, load)| Some((sources.get(source)?.to.clone(), load))).collect()
}

/// What is in the destination's folders that something is copied into.
#[derive(Debug, Default)]
struct Destination {
    listings: HashMap<(usize, PathBuf), HashMap<OsString, OsString>>,
    folding: Folding,
    /// Folders to create, each after its parent.
    new_folders: Vec<(usize, PathBuf)>,
    /// Folders whose place is taken.
    collisions: Vec<Collision>,
    /// Partial files that an interrupted run left behind.
    parts: Vec<PathBuf>,
}

impl Destination {
    /// Lists each folder that exists once. Over a network this takes seconds where a call for each file would take minutes.
    fn list_all(sources: &[CopySource], tree: &Tree, id: &str, folding: Folding, activity: &Activity) -> io::Result<Self> {
        let mut destination = Self { folding, ..Self::default() };
        for (number, source) in sources.iter().enumerate() {
            activity.begin(&source.to);
            match std::fs::metadata(&source.to) {
                Ok(metadata) if metadata.is_dir() => destination.list(number, Path::new(""), &source.to, id)?,
                Ok(_) => destination.collide(number, Path::new(""), Obstacle::NoFolder),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(with_path(&source.to, &error)),
            }
        }
        for (number, path) in &tree.folders {
            let Some(source) = sources.get(*number) else { continue };
            let Some(actual_path) = destination.actual_path(*number, path) else {
                destination.new_folders.push((*number, path.clone()));
                continue;
            };
            let full_path = at(&source.to, &actual_path);
            activity.begin(&full_path);
            match std::fs::symlink_metadata(&full_path) {
                Ok(metadata) if metadata.is_dir() => destination.list(*number, path, &full_path, id)?,
                Ok(_) => destination.collide(*number, path, Obstacle::NoFolder),
                Err(error) => return Err(with_path(&full_path, &error)),
            }
        }
        activity.end();
        Ok(destination)
    }

    /// Returns what exists in a file's place.
    fn existing(&self, source: &CopySource, number: usize, path: &Path) -> io::Result<ExistingEntry> {
        let Some(actual_path) = self.actual_path(number, path) else { return Ok(ExistingEntry::Nothing) };
        let full_path = at(&source.to, &actual_path);
        match std::fs::symlink_metadata(&full_path) {
            Ok(metadata) if metadata.is_file() => Ok(ExistingEntry::File(stamp(&metadata))),
            Ok(metadata) if metadata.is_dir() => Ok(ExistingEntry::Folder),
            Ok(_) => Ok(ExistingEntry::Else),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(ExistingEntry::Nothing),
            Err(error) => Err(with_path(&full_path, &error)),
        }
    }

    fn collide(&mut self, source: usize, path: &Path, obstacle: Obstacle) {
        self.collisions.push(Collision { source, path: path.to_owned(), obstacle });
    }

    fn list(&mut self, number: usize, path: &Path, full_path: &Path, id: &str) -> io::Result<()> {
        let mut names = HashMap::new();
        for entry in std::fs::read_dir(full_path).map_err(|error| with_path(full_path, &error))? {
            let name = entry.map_err(|error| with_path(full_path, &error))?.file_name();
            if is_partial_file(id, &name) {
                self.parts.push(full_path.join(name));
            } else {
                names.insert(self.folded(&name), name);
            }
        }
        self.listings.insert((number, path.to_owned()), names);
        Ok(())
    }

    /// Returns the path as the destination spells its last part; `None` if nothing exists there.
    fn actual_path(&self, number: usize, path: &Path) -> Option<PathBuf> {
        let parent = path.parent()?;
        let names = self.listings.get(&(number, parent.to_owned()))?;
        names.get(&self.folded(path.file_name()?)).map(|actual_path| parent.join(actual_path))
    }

    fn folded(&self, name: &OsStr) -> OsString {
        if self.folding == Folding::Folds { fold_case(Path::new(name)).into_os_string() } else { name.to_owned() }
    }
}

/// Adds the path to an error, which the operating system leaves out.
fn with_path(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", shown(path)))
}

/// Joins a path to a root; an empty path is the root itself.
pub(super) fn at(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

/// How many of a folder's entries are tried.
const ENTRIES: usize = 64;

/// Finds out whether an existing folder folds case: by its entries, or else by a probe file, if one may be written.
fn folding(folder: &Path, id: &str, may_write: bool) -> Folding {
    let probe = format!("{}case-{id}", probe::PREFIX);
    if may_write {
        // One that an earlier start of this migration was killed over; the name is its own.
        let _ = std::fs::remove_file(folder.join(&probe));
    }
    let folding = folding_by_entries(folder);
    if folding == Folding::Unknown && may_write { folding_by_probe(folder, &probe) } else { folding }
}

fn folding_by_entries(folder: &Path) -> Folding {
    let Ok(entries) = std::fs::read_dir(folder) else { return Folding::Unknown };
    let names: Vec<OsString> = entries.take(ENTRIES).filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    let swapped = names.iter().find_map(|name| {
        let swapped = swap_case(name.to_str()?);
        // With both spellings in the folder, the other name's existence would prove nothing.
        (swapped != *name.to_str()? && !names.iter().any(|other| *other == *swapped)).then_some(swapped)
    });
    let Some(swapped) = swapped else { return Folding::Unknown };
    exists(&folder.join(swapped))
}

fn folding_by_probe(folder: &Path, name: &str) -> Folding {
    let path = folder.join(name);
    if OpenOptions::new().write(true).create(true).truncate(false).open(&path).is_err() {
        return Folding::Unknown;
    }
    let folding = exists(&folder.join(swap_case(name)));
    let _ = std::fs::remove_file(&path);
    folding
}

fn exists(path: &Path) -> Folding {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Folding::Folds,
        Err(error) if error.kind() == ErrorKind::NotFound => Folding::Keeps,
        Err(_) => Folding::Unknown,
    }
}

fn swap_case(name: &str) -> String {
    let swap = |letter: char| if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
    name.chars().map(swap).collect()
}

/// What is created below one destination.
#[derive(Debug, Clone, Default)]
struct Load {
    /// Sizes of files.
    sizes: Vec<u64>,
    folders: u64,
}

/// Returns the room for the loads: one entry per disk, found by the nearest folder that exists.
fn room(loads: &[(PathBuf, Load)]) -> Vec<Room> {
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

struct DiskRoom {
    id: u64,
    block: u64,
    free: Option<u64>,
    inodes: Option<u64>,
}

#[cfg(unix)]
fn disk(at: &Path) -> DiskRoom {
    use std::os::unix::fs::MetadataExt;
    let id = std::fs::metadata(at).map(|metadata| metadata.dev()).unwrap_or_default();
    match rustix::fs::statvfs(at) {
        Ok(found) => DiskRoom {
            id,
            block: found.f_frsize,
            free: Some(found.f_bavail.saturating_mul(found.f_frsize)),
            // btrfs and many shares have no such limit, and report zero of zero.
            inodes: (found.f_files > 0).then_some(found.f_favail),
        },
        Err(_) => DiskRoom { id, block: 1, free: None, inodes: None },
    }
}

/// On other systems the standard library does not tell.
#[cfg(not(unix))]
fn disk(_at: &Path) -> DiskRoom {
    DiskRoom { id: 0, block: 4_096, free: None, inodes: None }
}

/// Lists everything in the sources, ordered by the bytes of the paths. Ends early if the run has to end.
fn walk(sources: &[CopySource], watch: &Watch, activity: &Activity) -> Tree {
    let mut walk = Walk { tree: Tree::default(), found: Figures::default(), watch, activity };
    for (number, source) in sources.iter().enumerate() {
        walk.source(number, &source.from);
    }
    activity.end();
    // One order on every file system, so that of two colliding names the same one is reported each time.
    walk.tree.folders.sort();
    walk.tree.files.sort_by(|one, other| (one.source, &one.path).cmp(&(other.source, &other.path)));
    walk.tree.skipped.sort_by(|one, other| (one.source, &one.path).cmp(&(other.source, &other.path)));
    walk.tree
}

struct Walk<'a> {
    tree: Tree,
    found: Figures,
    watch: &'a Watch,
    activity: &'a Activity,
}

impl Walk<'_> {
    fn source(&mut self, number: usize, from: &Path) {
        self.activity.begin(from);
        match std::fs::symlink_metadata(from) {
            Ok(metadata) if metadata.is_symlink() => self.skip(number, PathBuf::new(), link(from)),
            Ok(metadata) if !metadata.is_dir() => self.skip(number, PathBuf::new(), SkipReason::Special),
            Ok(_) => {
                let mut open = vec![PathBuf::new()];
                while let Some(folder) = open.pop() {
                    if self.watch.is_stopped() {
                        return;
                    }
                    let full_path = if folder.as_os_str().is_empty() { from.to_owned() } else { from.join(&folder) };
                    if let Err(error) = self.folder(number, &full_path, &folder, &mut open) {
                        self.skip(number, folder, unreadable(&error));
                    }
                }
            }
            Err(error) => self.skip(number, PathBuf::new(), unreadable(&error)),
        }
    }

    fn folder(&mut self, number: usize, full_path: &Path, folder: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
        self.activity.begin(full_path);
        for entry in std::fs::read_dir(full_path)? {
            self.activity.renew();
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if folder.as_os_str().is_empty() && entry.file_name() == OWN_FOLDER {
                continue;
            }
            match self.entry(number, &entry, &path) {
                Ok(true) => open.push(path),
                Ok(false) => {}
                // It was deleted in the meantime.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.skip(number, path, unreadable(&error)),
            }
        }
        self.watch.found(self.found);
        Ok(())
    }

    /// Adds an entry. Returns whether it is a folder, which has to be walked as well.
    fn entry(&mut self, number: usize, entry: &DirEntry, path: &Path) -> io::Result<bool> {
        let kind: FileType = entry.file_type()?;
        if kind.is_dir() {
            self.tree.folders.push((number, path.to_owned()));
            return Ok(true);
        }
        if kind.is_symlink() {
            self.skip(number, path.to_owned(), link(&entry.path()));
        } else if kind.is_file() {
            let stamp = stamp(&entry.metadata()?);
            check_readable(&entry.path())?;
            self.found = self.found + Figures { files: 1, bytes: stamp.size };
            self.tree.files.push(Item { source: number, path: path.to_owned(), stamp });
        } else {
            self.skip(number, path.to_owned(), SkipReason::Special);
        }
        Ok(false)
    }

    fn skip(&mut self, source: usize, path: PathBuf, why: SkipReason) {
        self.tree.skipped.push(SkippedEntry { source, path, why });
    }
}

fn unreadable(error: &io::Error) -> SkipReason {
    SkipReason::Unreadable(error.to_string().into())
}

fn link(path: &Path) -> SkipReason {
    std::fs::read_link(path).map_or_else(|error| unreadable(&error), |to| SkipReason::Link(shown(&to)))
}

/// Checks that a file can be read, which is better known before the first byte is copied than after the last.
#[cfg(unix)]
fn check_readable(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::READ_OK)?)
}

/// On other systems only reading tells.
#[cfg(not(unix))]
fn check_readable(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns a file's stamp.
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    Stamp { size: metadata.len(), written: metadata.modified().map(moment).unwrap_or_default() }
}

fn moment(time: SystemTime) -> Moment {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => Moment { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() },
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => Moment { seconds: -seconds, nanos: 0 },
                nanos => Moment { seconds: -seconds - 1, nanos: 1_000_000_000 - nanos },
            }
        }
    }
}

/// Returns the inverse; `None` for times that the host cannot represent.
pub(super) fn time(moment: Moment) -> Option<SystemTime> {
    let seconds = Duration::from_secs(moment.seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if moment.seconds < 0 { epoch.checked_sub(seconds)? } else { epoch.checked_add(seconds)? };
    time.checked_add(Duration::from_nanos(moment.nanos.into()))
}

/// Adds a failure for each file of the sources that is not recorded as copied in its present state. Without this, what a running
/// server wrote in the meantime would be lost unnoticed.
pub(super) fn report_changes(
    migration: &Migration,
    copied: &Records,
    untouched: &HashSet<(usize, PathBuf)>,
    watch: &Arc<Watch>,
    outcome: &mut CopyOutcome,
) {
    let activity = watch.activity();
    let tree = walk(&migration.sources, watch, &activity);
    watch.forget(&activity);
    if watch.is_stopped() {
        // The walk ended early, so the rest is unknown.
        outcome.open += 1;
        return;
    }
    for left in tree.skipped {
        let known = untouched.contains(&(left.source, left.path.clone()));
        if let (SkipReason::Unreadable(said), Some(source), false) = (left.why, migration.sources.get(left.source), known) {
            outcome.fail(at(&source.from, &left.path), CopyFailure::Refused { doing: "looking at it once more", said });
        }
    }
    for item in tree.files {
        let Some(source) = migration.sources.get(item.source) else { continue };
        let is_copied = copied.get(&manifest_key(source.folder, &item.path)).is_some_and(|record| record.stamp == item.stamp);
        let from = at(&source.from, &item.path);
        if !is_copied && !untouched.contains(&(item.source, item.path)) {
            outcome.fail(from, CopyFailure::Changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_goes_again_and_a_look_writes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(folding(folder.path(), "x", false), Folding::Unknown);
        let by_probe = folding(folder.path(), "x", true);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        #[cfg(target_os = "linux")]
        assert_eq!(by_probe, Folding::Keeps);
        std::fs::write(folder.path().join("Name"), "").expect("written");
        assert_eq!(folding(folder.path(), "x", false), by_probe);
    }

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

    #[test]
    fn times_before_1970_come_back() {
        for moment in [
            Moment { seconds: 0, nanos: 0 },
            Moment { seconds: -1, nanos: 999_999_999 },
            Moment { seconds: -86_400, nanos: 0 },
            Moment { seconds: 1_800_000_000, nanos: 5 },
        ] {
            assert_eq!(time(moment).map(super::moment), Some(moment));
        }
    }
}
