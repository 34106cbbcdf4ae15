//! Copies a batch of files: copy, sync, read back, rename, record. In this order a file that has its name at the destination is
//! complete and on the disk, whenever the run is killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use super::content::{self, Copied, refused};
use super::destination::at;
use super::manifest::Manifest;
use super::walk::stamp;
use super::watch::{Pulse, Watch};
use crate::migration::judge::{LARGE, ProgressRecord};
use crate::migration::model::{CopyFailure, CopyOutcome, CopySource, Digest, Figures, Item, Stamp, key, part};

/// A file to copy.
#[derive(Debug, Clone)]
pub(super) struct Todo {
    pub(super) item: Item,
    /// The stamp of our earlier copy in its place, which is replaced while it still has that stamp.
    pub(super) over: Option<Stamp>,
}

/// What all batches share.
#[derive(Debug)]
pub(super) struct Copying {
    pub(super) sources: Vec<CopySource>,
    /// The disk of each destination at the beginning.
    pub(super) disks: Vec<Option<u64>>,
    pub(super) id: String,
    pub(super) manifest: Manifest,
    pub(super) watch: Arc<Watch>,
    pub(super) number: AtomicU64,
}

/// The disk of each source's destination.
type Disks = BTreeMap<usize, io::Result<Disk>>;

/// A copy that was not renamed yet.
struct Written {
    todo: Todo,
    from: PathBuf,
    part: PathBuf,
    to: PathBuf,
    copied: Copied,
}

impl Copying {
    /// Copies a batch.
    pub(super) fn batch(&self, pulse: &Pulse, batch: Vec<Todo>) -> CopyOutcome {
        let mut outcome = CopyOutcome::default();
        let mut buffer = content::buffer();
        let mut written = Vec::with_capacity(batch.len());
        let mut disks = BTreeMap::new();
        for todo in &batch {
            let Some(source) = self.sources.get(todo.item.source) else { continue };
            disks.entry(todo.item.source).or_insert_with(|| {
                pulse.begin(&source.to);
                Disk::open(&source.to)
            });
        }
        for todo in batch {
            if self.watch.stopped() || pulse.is_given_up() {
                outcome.open += 1;
                continue;
            }
            match self.copy(todo, &mut buffer, pulse) {
                Ok(copy) => written.push(copy),
                Err((path, why)) => self.failed(&mut outcome, path, why),
            }
        }
        self.sync(&mut written, &disks, &mut outcome, pulse);
        let mut lines = String::new();
        for copy in written {
            match self.settle(&copy, &mut buffer, pulse) {
                Ok(record) => {
                    if let Some(source) = self.sources.get(copy.todo.item.source) {
                        lines.push_str(&record.line(&key(source.folder, &copy.todo.item.path)));
                    }
                    outcome.copied = outcome.copied + Figures { files: 1, bytes: record.stamp.size };
                    outcome.unlike += u64::from(copy.copied.unlike);
                    self.watch.file();
                }
                Err(why) => {
                    let _ = std::fs::remove_file(&copy.part);
                    self.failed(&mut outcome, copy.from, why);
                }
            }
        }
        pulse.rest();
        if let Err(error) = self.manifest.add(&lines) {
            // The files are in place, and the next run compares them.
            self.failed(&mut outcome, PathBuf::from("the manifest"), refused("writing", &error));
        }
        outcome
    }

    fn copy(&self, todo: Todo, buffer: &mut [u8], pulse: &Pulse) -> Result<Written, (PathBuf, CopyFailure)> {
        let Some(source) = self.sources.get(todo.item.source) else { return Err((todo.item.path, CopyFailure::Gone)) };
        let (from, to) = (at(&source.from, &todo.item.path), at(&source.to, &todo.item.path));
        let name = part(&self.id, self.number.fetch_add(1, Relaxed));
        let part = to.parent().unwrap_or(&source.to).join(name);
        // A share that was unmounted leaves an empty folder on a local disk, which would accept everything.
        pulse.begin(&source.to);
        if disk(&source.to) != self.disks.get(todo.item.source).copied().flatten() {
            let said = "another disk is there now than when the copy began".into();
            return Err((from, CopyFailure::Refused { doing: "looking at the destination", said }));
        }
        match content::copy(&from, &part, buffer, &self.watch, pulse) {
            Ok(copied) => Ok(Written { todo, from, part, to, copied }),
            Err(why) => {
                let _ = std::fs::remove_file(&part);
                Err((from, why))
            }
        }
    }

    /// Syncs the batch. Large files were synced before.
    fn sync(&self, written: &mut Vec<Written>, disks: &Disks, outcome: &mut CopyOutcome, pulse: &Pulse) {
        let small = |copy: &Written| copy.copied.stamp.size < LARGE;
        let mut places: Vec<usize> = written.iter().filter(|copy| small(copy)).map(|copy| copy.todo.item.source).collect();
        places.dedup();
        for place in places {
            let Some(source) = self.sources.get(place) else { continue };
            pulse.begin(&source.to);
            let mut synced = match disks.get(&place) {
                Some(Ok(disk)) => disk.sync(),
                Some(Err(error)) => Err(error.kind().into()),
                None => Ok(false),
            };
            if matches!(synced, Ok(false)) {
                let mine = written.iter().filter(|copy| small(copy) && copy.todo.item.source == place);
                synced = mine.map(|copy| sync_file(&copy.part)).collect::<Result<Vec<()>, _>>().map(|_| true);
            }
            if let Err(error) = synced {
                let failed: Vec<Written> = written.extract_if(.., |copy| small(copy) && copy.todo.item.source == place).collect();
                for copy in failed {
                    let _ = std::fs::remove_file(&copy.part);
                    self.failed(outcome, copy.from, refused("writing", &error));
                }
            }
        }
    }

    /// Reads a copy back and renames it.
    fn settle(&self, copy: &Written, buffer: &mut [u8], pulse: &Pulse) -> Result<ProgressRecord, CopyFailure> {
        let Written { todo, part, to, copied, .. } = copy;
        let fresh = copied.stamp.size >= LARGE;
        let (stamp, digest): (_, Digest) = content::digest_of(part, fresh, buffer, &self.watch, pulse)?;
        if stamp.size != copied.stamp.size || digest != copied.digest {
            return Err(CopyFailure::ReadBackOtherwise);
        }
        pulse.begin(to);
        if pulse.is_given_up() {
            return Err(CopyFailure::Hangs(0));
        }
        match rename(part, to, todo.over) {
            Ok(()) => Ok(ProgressRecord { stamp: copied.stamp, digest }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(CopyFailure::Taken),
            Err(error) => Err(refused("renaming", &error)),
        }
    }

    fn failed(&self, outcome: &mut CopyOutcome, path: PathBuf, why: CopyFailure) {
        // A full disk takes none of the others either.
        if is_full(&why) {
            self.watch.stop();
        }
        outcome.fail(path, why);
    }
}

/// Returns whether the disk was full.
fn is_full(why: &CopyFailure) -> bool {
    let CopyFailure::Refused { said, .. } = why else { return false };
    let full = std::io::Error::from(ErrorKind::StorageFull).to_string();
    said.as_str().contains(&full) || said.as_str().contains("No space left") || said.as_str().contains("Disk quota exceeded")
}

/// Returns a folder's key in the manifest, which records that we created it.
pub(super) fn folder_key(source: &CopySource, path: &Path) -> String {
    format!("{}/", key(source.folder, path))
}

/// Renames a copy. Replaces nothing except our earlier copy, `over`, and only while that still has its stamp, so that later changes
/// by others are kept.
pub(super) fn rename(part: &Path, to: &Path, over: Option<Stamp>) -> io::Result<()> {
    let Some(ours) = over else { return rename_to_nothing(part, to) };
    match std::fs::symlink_metadata(to) {
        Ok(met) if met.is_file() && stamp(&met) == ours => std::fs::rename(part, to),
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => rename_to_nothing(part, to),
        Err(error) => Err(error),
    }
}

#[cfg(target_os = "linux")]
fn rename_to_nothing(part: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, part, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // NFS and many other file systems lack this flag.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => link_to_nothing(part, to),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_to_nothing(part: &Path, to: &Path) -> io::Result<()> {
    link_to_nothing(part, to)
}

/// Creating a hard link refuses to replace anything as well. If there are no hard links either (SMB, FAT), a check has to do: a file
/// created in the short moment after it is overwritten.
fn link_to_nothing(part: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(part, to) {
        Ok(()) => std::fs::remove_file(part),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        Err(_) => match std::fs::symlink_metadata(to) {
            Ok(_) => Err(ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == ErrorKind::NotFound => std::fs::rename(part, to),
            Err(error) => Err(error),
        },
    }
}

/// A disk that is written to. It has to be opened before the first byte: then syncing reports every failed write-back since, even one
/// that was reported to another process.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Disk(File);

#[cfg(target_os = "linux")]
impl Disk {
    /// Opens the disk that holds a folder.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        File::open(folder).map(Self)
    }

    /// Syncs everything that was written to it, with one call for many files.
    pub(super) fn sync(&self) -> io::Result<bool> {
        Ok(rustix::fs::syncfs(&self.0).map(|()| true)?)
    }
}

/// Other systems cannot sync a whole disk.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Disk;

#[cfg(not(target_os = "linux"))]
impl Disk {
    /// Opens the disk that holds a folder.
    pub(super) fn open(_folder: &Path) -> io::Result<Self> {
        Ok(Self)
    }

    /// Returns `false`: each file has to be synced by itself.
    pub(super) fn sync(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// Syncs one file.
pub(super) fn sync_file(path: &Path) -> io::Result<()> {
    // Windows syncs only files that are open for writing.
    let file = if cfg!(windows) { File::options().write(true).open(path)? } else { File::open(path)? };
    file.sync_all()
}

/// Returns the device number of the disk that is mounted at a folder.
#[cfg(unix)]
pub(super) fn disk(folder: &Path) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(folder).ok()?))
}

/// Other systems do not tell.
#[cfg(not(unix))]
pub(super) fn disk(_folder: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_but_what_was_ours() {
        for rename_new in [rename_to_nothing, link_to_nothing] {
            let folder = tempfile::tempdir().expect("a folder");
            let (part, to) = (folder.path().join("part"), folder.path().join("to"));
            std::fs::write(&part, "new").expect("written");
            rename_new(&part, &to).expect("renamed");
            assert_eq!((std::fs::read(&to).expect("read"), part.exists()), (b"new".to_vec(), false));
            std::fs::write(&part, "newer").expect("written");
            assert_eq!(rename_new(&part, &to).map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
            assert_eq!((std::fs::read(&to).expect("read"), part.exists()), (b"new".to_vec(), true));
            let ours = stamp(&std::fs::symlink_metadata(&to).expect("there"));
            let changed = Stamp { size: 99, ..ours };
            assert_eq!(rename(&part, &to, Some(changed)).map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
            assert!(part.exists());
            rename(&part, &to, Some(ours)).expect("renamed");
            assert_eq!(std::fs::read(&to).expect("read"), b"newer");
        }
    }
}
