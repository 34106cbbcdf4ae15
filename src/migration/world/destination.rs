//! Inspects the destination: what exists where something is to be, whether names fold case, how much room there is.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::walk::stamp;
use super::watch::Pulse;
use crate::migration::judge::{ExistingEntry, fold};
use crate::migration::model::{Collision, CopySource, Folding, InTheWay, Room, Tree, is_part};
use crate::world::folder;
use crate::world::toml_file::shown;

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
}
