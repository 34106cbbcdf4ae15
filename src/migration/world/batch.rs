//! A batch of files, from their sources to their names: copied, made to last, read back, renamed, noted. In this order, whatever
//! moment the run is killed at, a file that has its name at the destination is whole and is on the disk.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::content::{self, Copied, refused};
use super::destination::at;
use super::manifest::Manifest;
use super::place;
use super::watch::{Pulse, Watch};
use crate::migration::judge::{LARGE, ProgressRecord};
use crate::migration::model::{Digest, Figures, Item, Outcome, Source, Stamp, Trouble, key, part};

/// A file that is to be copied.
#[derive(Debug, Clone)]
pub(super) struct Todo {
    /// It.
    pub(super) item: Item,
    /// What stands in its place is ours, looked so, and is replaced as long as it still does.
    pub(super) over: Option<Stamp>,
}

/// What all batches share.
#[derive(Debug)]
pub(super) struct Copying {
    pub(super) sources: Vec<Source>,
    /// The disk of each destination when the run began.
    pub(super) disks: Vec<Option<u64>>,
    pub(super) id: String,
    pub(super) manifest: Manifest,
    pub(super) watch: Arc<Watch>,
    pub(super) number: AtomicU64,
}

/// The disk of each source's destination.
type Disks = BTreeMap<usize, io::Result<place::Disk>>;

/// A copy that has no name yet.
struct Written {
    todo: Todo,
    from: PathBuf,
    part: PathBuf,
    to: PathBuf,
    copied: Copied,
}

impl Copying {
    /// Works on a batch.
    pub(super) fn batch(&self, pulse: &Pulse, batch: Vec<Todo>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut buffer = content::buffer();
        let mut written = Vec::with_capacity(batch.len());
        let mut disks = BTreeMap::new();
        for todo in &batch {
            let Some(source) = self.sources.get(todo.item.source) else { continue };
            disks.entry(todo.item.source).or_insert_with(|| {
                pulse.begin(&source.to);
                place::Disk::open(&source.to)
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
            // The files are where they belong, and the next run compares them.
            self.failed(&mut outcome, PathBuf::from("the manifest"), refused("writing", &error));
        }
        outcome
    }

    fn copy(&self, todo: Todo, buffer: &mut [u8], pulse: &Pulse) -> Result<Written, (PathBuf, Trouble)> {
        let Some(source) = self.sources.get(todo.item.source) else { return Err((todo.item.path, Trouble::Gone)) };
        let (from, to) = (at(&source.from, &todo.item.path), at(&source.to, &todo.item.path));
        let name = part(&self.id, self.number.fetch_add(1, Relaxed));
        let part = to.parent().unwrap_or(&source.to).join(name);
        // A share that was unmounted leaves an empty folder on a local disk behind, which would take everything gladly.
        pulse.begin(&source.to);
        if place::disk(&source.to) != self.disks.get(todo.item.source).copied().flatten() {
            let said = "another disk is there now than when the copy began".into();
            return Err((from, Trouble::Refused { doing: "looking at the destination", said }));
        }
        match content::copy(&from, &part, buffer, &self.watch, pulse) {
            Ok(copied) => Ok(Written { todo, from, part, to, copied }),
            Err(why) => {
                let _ = std::fs::remove_file(&part);
                Err((from, why))
            }
        }
    }

    /// Makes the batch last. A large file was synced by itself already.
    fn sync(&self, written: &mut Vec<Written>, disks: &Disks, outcome: &mut Outcome, pulse: &Pulse) {
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
                synced = mine.map(|copy| place::sync_file(&copy.part)).collect::<Result<Vec<()>, _>>().map(|_| true);
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

    /// Reads a copy back and gives it its name.
    fn settle(&self, copy: &Written, buffer: &mut [u8], pulse: &Pulse) -> Result<ProgressRecord, Trouble> {
        let Written { todo, part, to, copied, .. } = copy;
        let fresh = copied.stamp.size >= LARGE;
        let (stamp, digest): (_, Digest) = content::digest_of(part, fresh, buffer, &self.watch, pulse)?;
        if stamp.size != copied.stamp.size || digest != copied.digest {
            return Err(Trouble::ReadBackOtherwise);
        }
        pulse.begin(to);
        if pulse.is_given_up() {
            return Err(Trouble::Hangs(0));
        }
        match place::rename(part, to, todo.over) {
            Ok(()) => Ok(ProgressRecord { stamp: copied.stamp, digest }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Trouble::Taken),
            Err(error) => Err(refused("renaming", &error)),
        }
    }

    fn failed(&self, outcome: &mut Outcome, path: PathBuf, why: Trouble) {
        // A full disk takes none of the others either, and a thousand times the same sentence helps nobody.
        if is_full(&why) {
            self.watch.stop();
        }
        outcome.fail(path, why);
    }
}

/// Whether it was the room that was not there.
fn is_full(why: &Trouble) -> bool {
    let Trouble::Refused { said, .. } = why else { return false };
    let full = std::io::Error::from(ErrorKind::StorageFull).to_string();
    said.as_str().contains(&full) || said.as_str().contains("No space left") || said.as_str().contains("Disk quota exceeded")
}

/// A folder's key in the manifest, which tells that we made it.
pub(super) fn folder_key(source: &Source, path: &Path) -> String {
    format!("{}/", key(source.folder, path))
}
