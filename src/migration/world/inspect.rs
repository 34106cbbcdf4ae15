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
use super::threads::{self, ItemOutcome, Pulse, Watch};
use super::{CopyPlan, Migration, destination_disks};
use crate::migration::judge::{ExistingEntry, FileAction, decide, fold, folded_together};
use crate::migration::model::{
    Collision, CopyFailure, CopyOutcome, CopyPhase, CopySource, Figures, Folding, InTheWay, Item, Moment, OWN_FOLDER, Preview,
    ProgressRecord, Room, SkipReason, SkippedEntry, Stamp, Tree, is_part, key,
};
use crate::world::folder;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// Inspects both sides. Writes nothing but a probe file, which it removes, and with `dry_run` not even that.
///
/// # Errors
/// The destination, or the manifest, cannot be read.
pub fn plan(migration: &Migration, places: &Places, watch: &Arc<Watch>) -> io::Result<CopyPlan> {
    let pulse = watch.pulse();
    let planned = plan_on(migration, places, watch, &pulse);
    watch.forget(&pulse);
    planned
}

fn plan_on(migration: &Migration, places: &Places, watch: &Arc<Watch>, pulse: &Pulse) -> io::Result<CopyPlan> {
    let sources = &migration.sources;
    watch.begin(CopyPhase::Walking, Figures::default());
    let disks = destination_disks(sources, pulse);
    let tree = walk(sources, watch, pulse);
    let id = manifest::id(sources, places);
    let path = manifest::path(places, &id);
    let lines = manifest::read(&path, &id)?;
    let folding = told_folding(sources, &id, !migration.dry_run, pulse);
    watch.begin(CopyPhase::Comparing, Figures { files: tree.files.len() as u64, bytes: 0 });
    let destination = Destination::look(sources, &tree, &id, folding, pulse)?;
    let together = folded_together(&tree, folding);
    let mut preview = Preview { all: tree.figures(), left_out: tree.left_out.clone(), folding, ..Preview::default() };
    preview.collisions.clone_from(&destination.collisions);
    if folding == Folding::Folds {
        preview.collisions.extend(together);
    } else {
        preview.perhaps = together;
    }
    let (mut todo, mut compare) = (Vec::new(), Vec::new());
    for item in &tree.files {
        let Some(source) = sources.get(item.source) else { continue };
        let there = destination.there(source, item.source, &item.path)?;
        let figures = Figures { files: 1, bytes: item.stamp.size };
        match decide(item, there, lines.get(&key(source.folder, &item.path))) {
            FileAction::Copy => todo.push(Todo { item: item.clone(), over: None }),
            FileAction::CopyAnew(ours) => todo.push(Todo { item: item.clone(), over: Some(ours) }),
            FileAction::Done => preview.existing = preview.existing + figures,
            FileAction::Compare => compare.push(item.clone()),
            FileAction::Collides(way) => preview.collisions.push(Collision { source: item.source, path: item.path.clone(), way }),
        }
    }
    let record = compared(migration, compare, watch, &mut preview);
    preview.copy = todo.iter().map(|todo| Figures { files: 1, bytes: todo.item.stamp.size }).sum();
    preview.gone = gone(&lines, &tree.files, sources);
    preview.resumes = !lines.is_empty() && preview.copy.files > 0;
    preview.room = room(&loads(sources, &todo, &destination));
    let untouched = preview.collisions.iter().map(|collision| (collision.source, collision.path.clone()));
    let untouched = untouched.chain(preview.left_out.iter().map(|left| (left.source, left.path.clone()))).collect();
    let Destination { new_folders, parts, .. } = destination;
    Ok(CopyPlan { preview, id, path, todo, record, lines, new_folders, parts, untouched, disks })
}

/// Returns whether any of the destinations folds case.
fn told_folding(sources: &[CopySource], id: &str, may_write: bool, pulse: &Pulse) -> Folding {
    let at: HashSet<PathBuf> = sources.iter().filter_map(|source| folder::nearest(&source.to).map(PathBuf::from)).collect();
    let mut told = Folding::Keeps;
    for folder in at {
        pulse.begin(&folder);
        match folding(&folder, id, may_write) {
            Folding::Folds => return Folding::Folds,
            Folding::Unknown => told = Folding::Unknown,
            Folding::Keeps => {}
        }
    }
    told
}

/// Compares files of the same size, and returns manifest lines for equal ones.
fn compared(migration: &Migration, compare: Vec<Item>, watch: &Arc<Watch>, preview: &mut Preview) -> String {
    let all: Figures = compare.iter().map(|item| Figures { files: 1, bytes: item.stamp.size }).sum();
    watch.begin(CopyPhase::Comparing, all);
    let sources = migration.sources.clone();
    let (both, mine) = (sources.clone(), watch.clone());
    let work = move |pulse: &Pulse, item: Item| {
        let mut buffer = new_buffer();
        let source = both.get(item.source)?;
        let from = digest_of(&at(&source.from, &item.path), false, &mut buffer, &mine, pulse);
        let to = digest_of(&at(&source.to, &item.path), false, &mut buffer, &mine, pulse);
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
            ItemOutcome::Done(Some((Ok((stamp, digest)), Ok((_, there))))) if digest == there => {
                lines.push_str(&ProgressRecord { stamp, digest }.line(&key(source.folder, &item.path)));
                preview.existing = preview.existing + Figures { files: 1, bytes: stamp.size };
            }
            ItemOutcome::Done(Some((Ok(_), Ok(_)))) => {
                let way = InTheWay::OtherContent;
                preview.collisions.push(Collision { source: item.source, path: item.path.clone(), way });
            }
            ItemOutcome::Done(Some((Err(why), _) | (_, Err(why)))) => preview.left_out.push(unreadable(match why {
                crate::migration::model::CopyFailure::Refused { said, .. } => said.to_string(),
                _ => "it changed while it was compared".to_owned(),
            })),
            ItemOutcome::Hung(_) => preview.left_out.push(unreadable("an operation did not come to an end".to_owned())),
            ItemOutcome::Done(None) | ItemOutcome::NotBegun => {}
        }
    });
    lines
}

/// Counts the copied files that are no longer in the sources.
fn gone(lines: &Records, files: &[Item], sources: &[CopySource]) -> u64 {
    let keys: HashSet<String> = files.iter().filter_map(|item| Some(key(sources.get(item.source)?.folder, &item.path))).collect();
    lines.keys().filter(|key| !key.ends_with('/') && !keys.contains(*key)).count() as u64
}

fn loads(sources: &[CopySource], todo: &[Todo], destination: &Destination) -> Vec<(PathBuf, Load)> {
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
pub(super) struct Destination {
    listings: HashMap<(usize, PathBuf), HashMap<OsString, OsString>>,
    folding: Folding,
    /// Folders to create, each after its parent.
    pub(super) new_folders: Vec<(usize, PathBuf)>,
    /// Folders whose place is taken.
    pub(super) collisions: Vec<Collision>,
    /// Partial files that an interrupted run left behind.
    pub(super) parts: Vec<PathBuf>,
}

impl Destination {
    /// Lists each folder that exists once. Over a network this takes seconds where a call for each file would take minutes.
    pub(super) fn look(sources: &[CopySource], tree: &Tree, id: &str, folding: Folding, pulse: &Pulse) -> io::Result<Self> {
        let mut seen = Self { folding, ..Self::default() };
        for (number, source) in sources.iter().enumerate() {
            pulse.begin(&source.to);
            match std::fs::metadata(&source.to) {
                Ok(met) if met.is_dir() => seen.list(number, Path::new(""), &source.to, id)?,
                Ok(_) => seen.collide(number, Path::new(""), InTheWay::NoFolder),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(told(&source.to, &error)),
            }
        }
        for (number, path) in &tree.folders {
            let Some(source) = sources.get(*number) else { continue };
            let Some(real) = seen.real(*number, path) else {
                seen.new_folders.push((*number, path.clone()));
                continue;
            };
            let whole = at(&source.to, &real);
            pulse.begin(&whole);
            match std::fs::symlink_metadata(&whole) {
                Ok(met) if met.is_dir() => seen.list(*number, path, &whole, id)?,
                Ok(_) => seen.collide(*number, path, InTheWay::NoFolder),
                Err(error) => return Err(told(&whole, &error)),
            }
        }
        pulse.rest();
        Ok(seen)
    }

    /// Returns what exists in a file's place.
    pub(super) fn there(&self, source: &CopySource, number: usize, path: &Path) -> io::Result<ExistingEntry> {
        let Some(real) = self.real(number, path) else { return Ok(ExistingEntry::Nothing) };
        let whole = at(&source.to, &real);
        match std::fs::symlink_metadata(&whole) {
            Ok(met) if met.is_file() => Ok(ExistingEntry::File(stamp(&met))),
            Ok(met) if met.is_dir() => Ok(ExistingEntry::Folder),
            Ok(_) => Ok(ExistingEntry::Else),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(ExistingEntry::Nothing),
            Err(error) => Err(told(&whole, &error)),
        }
    }

    fn collide(&mut self, source: usize, path: &Path, way: InTheWay) {
        self.collisions.push(Collision { source, path: path.to_owned(), way });
    }

    fn list(&mut self, number: usize, path: &Path, whole: &Path, id: &str) -> io::Result<()> {
        let mut names = HashMap::new();
        for entry in std::fs::read_dir(whole).map_err(|error| told(whole, &error))? {
            let name = entry.map_err(|error| told(whole, &error))?.file_name();
            if is_part(id, &name) {
                self.parts.push(whole.join(name));
            } else {
                names.insert(self.folded(&name), name);
            }
        }
        self.listings.insert((number, path.to_owned()), names);
        Ok(())
    }

    /// Returns the path as the destination spells its last part; `None` if nothing exists there.
    fn real(&self, number: usize, path: &Path) -> Option<PathBuf> {
        let parent = path.parent()?;
        let names = self.listings.get(&(number, parent.to_owned()))?;
        names.get(&self.folded(path.file_name()?)).map(|real| parent.join(real))
    }

    fn folded(&self, name: &OsStr) -> OsString {
        if self.folding == Folding::Folds { fold(Path::new(name)).into_os_string() } else { name.to_owned() }
    }
}

/// Adds the path to an error, which the operating system leaves out.
fn told(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", shown(path)))
}

/// Joins a path to a root; an empty path is the root itself.
pub(super) fn at(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

/// How many of a folder's entries are tried.
const ENTRIES: usize = 64;

/// Finds out whether an existing folder folds case: by its entries, or else by a probe file, if one may be written.
pub(super) fn folding(folder: &Path, id: &str, may_write: bool) -> Folding {
    let told = by_entries(folder);
    if told == Folding::Unknown && may_write { by_probe(folder, id) } else { told }
}

fn by_entries(folder: &Path) -> Folding {
    let Ok(entries) = std::fs::read_dir(folder) else { return Folding::Unknown };
    let names: Vec<OsString> = entries.take(ENTRIES).filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    let swapped = names.iter().find_map(|name| {
        let swapped = swapped(name.to_str()?);
        // With both spellings in the folder, the other name's existence would prove nothing.
        (swapped != *name.to_str()? && !names.iter().any(|other| *other == *swapped)).then_some(swapped)
    });
    let Some(swapped) = swapped else { return Folding::Unknown };
    exists(&folder.join(swapped))
}

fn by_probe(folder: &Path, id: &str) -> Folding {
    let name = format!(".octopus-setup-case-{id}");
    let path = folder.join(&name);
    if OpenOptions::new().write(true).create(true).truncate(false).open(&path).is_err() {
        return Folding::Unknown;
    }
    let told = exists(&folder.join(swapped(&name)));
    let _ = std::fs::remove_file(&path);
    told
}

fn exists(path: &Path) -> Folding {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Folding::Folds,
        Err(error) if error.kind() == ErrorKind::NotFound => Folding::Keeps,
        Err(_) => Folding::Unknown,
    }
}

fn swapped(name: &str) -> String {
    let swap = |letter: char| if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
    name.chars().map(swap).collect()
}

/// What is created below one destination.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    /// Sizes of files.
    pub(super) sizes: Vec<u64>,
    pub(super) folders: u64,
}

/// Returns the room for the loads: one entry per disk, found by the nearest folder that exists.
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
            // btrfs and many shares have no such limit, and report zero of zero.
            inodes: (told.f_files > 0).then_some(told.f_favail),
        },
        Err(_) => Disk { id, block: 1, free: None, inodes: None },
    }
}

/// The standard library does not tell on other systems.
#[cfg(not(unix))]
fn disk(_at: &Path) -> Disk {
    Disk { id: 0, block: 4_096, free: None, inodes: None }
}

/// Lists everything in the sources, ordered by the bytes of the paths. Ends early if the run has to end.
pub(super) fn walk(sources: &[CopySource], watch: &Watch, pulse: &Pulse) -> Tree {
    let mut walk = Walk { tree: Tree::default(), found: Figures::default(), watch, pulse };
    for (number, source) in sources.iter().enumerate() {
        walk.source(number, &source.from);
    }
    pulse.rest();
    // One order on every file system, so that of two colliding names the same one is reported each time.
    walk.tree.folders.sort();
    walk.tree.files.sort_by(|one, other| (one.source, &one.path).cmp(&(other.source, &other.path)));
    walk.tree.left_out.sort_by(|one, other| (one.source, &one.path).cmp(&(other.source, &other.path)));
    walk.tree
}

struct Walk<'a> {
    tree: Tree,
    found: Figures,
    watch: &'a Watch,
    pulse: &'a Pulse,
}

impl Walk<'_> {
    fn source(&mut self, number: usize, from: &Path) {
        self.pulse.begin(from);
        match std::fs::symlink_metadata(from) {
            Ok(met) if met.is_symlink() => self.leave(number, PathBuf::new(), link(from)),
            Ok(met) if !met.is_dir() => self.leave(number, PathBuf::new(), SkipReason::Special),
            Ok(_) => {
                let mut open = vec![PathBuf::new()];
                while let Some(folder) = open.pop() {
                    if self.watch.stopped() {
                        return;
                    }
                    let whole = if folder.as_os_str().is_empty() { from.to_owned() } else { from.join(&folder) };
                    if let Err(error) = self.folder(number, &whole, &folder, &mut open) {
                        self.leave(number, folder, unreadable(&error));
                    }
                }
            }
            Err(error) => self.leave(number, PathBuf::new(), unreadable(&error)),
        }
    }

    fn folder(&mut self, number: usize, whole: &Path, folder: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
        self.pulse.begin(whole);
        for entry in std::fs::read_dir(whole)? {
            self.pulse.beat();
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
                Err(error) => self.leave(number, path, unreadable(&error)),
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
            self.leave(number, path.to_owned(), link(&entry.path()));
        } else if kind.is_file() {
            let stamp = stamp(&entry.metadata()?);
            may_read(&entry.path())?;
            self.found = self.found + Figures { files: 1, bytes: stamp.size };
            self.tree.files.push(Item { source: number, path: path.to_owned(), stamp });
        } else {
            self.leave(number, path.to_owned(), SkipReason::Special);
        }
        Ok(false)
    }

    fn leave(&mut self, source: usize, path: PathBuf, why: SkipReason) {
        self.tree.left_out.push(SkippedEntry { source, path, why });
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
fn may_read(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::READ_OK)?)
}

/// On other systems only reading tells.
#[cfg(not(unix))]
fn may_read(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns a file's stamp.
pub(super) fn stamp(met: &Metadata) -> Stamp {
    Stamp { size: met.len(), written: met.modified().map(moment).unwrap_or_default() }
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

/// The inverse; `None` for times that the host cannot represent.
pub(super) fn time(moment: Moment) -> Option<SystemTime> {
    let whole = Duration::from_secs(moment.seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if moment.seconds < 0 { epoch.checked_sub(whole)? } else { epoch.checked_add(whole)? };
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
    let pulse = watch.pulse();
    let tree = walk(&migration.sources, watch, &pulse);
    watch.forget(&pulse);
    if watch.stopped() {
        // The walk ended early, so the rest is unknown.
        outcome.open += 1;
        return;
    }
    for left in tree.left_out {
        let known = untouched.contains(&(left.source, left.path.clone()));
        if let (SkipReason::Unreadable(said), Some(source), false) = (left.why, migration.sources.get(left.source), known) {
            outcome.fail(at(&source.from, &left.path), CopyFailure::Refused { doing: "looking at it once more", said });
        }
    }
    for item in tree.files {
        let Some(source) = migration.sources.get(item.source) else { continue };
        let is_copied = copied.get(&key(source.folder, &item.path)).is_some_and(|record| record.stamp == item.stamp);
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
        let told = folding(folder.path(), "x", true);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        #[cfg(target_os = "linux")]
        assert_eq!(told, Folding::Keeps);
        std::fs::write(folder.path().join("Name"), "").expect("written");
        assert_eq!(folding(folder.path(), "x", false), told);
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
