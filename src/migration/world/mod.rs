//! The I/O of a migration. The sources are never changed, and nothing at the destination is replaced or deleted that a migration did
//! not make.
//!
//! Planning and copying block, on threads of their own; progress is read from a [`Watch`], which never blocks.

mod copy;
pub mod follow_up;
mod inspect;
mod manifest;
pub mod request;
mod threads;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use inspect::plan;
pub use threads::Watch;

use self::copy::{Copying, Todo, folder_key};
use self::inspect::at;
use self::manifest::{Manifest, Records};
use self::threads::ItemOutcome;
use crate::migration::judge::batches;
use crate::migration::model::{CopyFailure, CopyOutcome, CopyPhase, CopySource, Digest, Preview, ProgressRecord, Stamp};
use crate::world::folder;
use crate::world::lock::{Lock, LockError};
use crate::world::places::Places;

/// What to copy, and how.
#[derive(Debug, Clone)]
pub struct Migration {
    pub sources: Vec<CopySource>,
    /// The number of threads.
    pub jobs: usize,
    /// Writes nothing, not even a probe.
    pub dry_run: bool,
}

/// The result of inspecting both sides.
#[derive(Debug)]
pub struct CopyPlan {
    /// Prints the preview.
    pub preview: Preview,
    id: String,
    path: PathBuf,
    todo: Vec<Todo>,
    /// Manifest lines for files that were at the destination before.
    record: String,
    lines: Records,
    new_folders: Vec<(usize, PathBuf)>,
    parts: Vec<PathBuf>,
    /// Files that are not copied, and were reported: collisions, and what cannot be read.
    untouched: HashSet<(usize, PathBuf)>,
    /// The disk of each destination, or of its nearest folder that exists.
    disks: Vec<Option<u64>>,
}

impl CopyPlan {
    pub fn manifest(&self) -> &Path {
        &self.path
    }
}

/// Returns the default number of threads: enough to wait for a share's answers in parallel, and not so many that a single disk has to
/// jump between them.
pub fn jobs() -> usize {
    std::thread::available_parallelism().map_or(4, |cores| (cores.get() * 2).clamp(4, 16))
}

/// Locks out a second run of the same migration. Take it before planning: a plan made while another run copies is outdated.
///
/// # Errors
/// Another run holds it.
pub fn lock(migration: &Migration, places: &Places) -> Result<Lock, LockError> {
    Lock::take(places, &format!("migrate-{}", manifest::id(&migration.sources, places)))
}

/// Copies what was planned, reads it back and compares. Returns when all is done, the run has to end, or the share is dead.
///
/// # Errors
/// The manifest or a destination's root folder cannot be created.
pub fn copy(migration: &Migration, plan: CopyPlan, watch: &Arc<Watch>) -> io::Result<CopyOutcome> {
    let CopyPlan { preview, id, path, todo, record, mut lines, new_folders, parts, untouched, disks: disks_before } = plan;
    let activity = watch.activity();
    // A share that was unmounted since leaves an empty folder on a local disk, which would accept everything.
    if destination_disks(&migration.sources, &activity) != disks_before {
        return Err(io::Error::other("another disk is at the destination now than when it was looked at"));
    }
    let manifest = Manifest::open(&path, &id)?;
    manifest.add(&record)?;
    watch.begin(CopyPhase::Copying, preview.copy);
    let mut outcome = CopyOutcome { existing: preview.existing, ..CopyOutcome::default() };
    for part in parts {
        activity.begin(&part);
        match std::fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => outcome.fail(part, copy::os_failure("removing", &error)),
            Ok(()) | Err(_) => {}
        }
    }
    for source in &migration.sources {
        activity.begin(&source.to);
        std::fs::create_dir_all(&source.to)?;
    }
    for (number, path) in new_folders {
        let Some(source) = migration.sources.get(number) else { continue };
        let to = at(&source.to, &path);
        activity.begin(&to);
        match std::fs::create_dir(&to) {
            Ok(()) => {
                let key = folder_key(source, &path);
                let made = ProgressRecord { stamp: Stamp::default(), digest: Digest([0; 32]) };
                manifest.add(&made.line(&key))?;
                lines.insert(key, made);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && to.is_dir() => {}
            Err(error) => outcome.fail(to, copy::os_failure("making the folder", &error)),
        }
    }
    activity.end();
    let disks = destination_disks(&migration.sources, &activity);
    activity.end();
    let sources = migration.sources.clone();
    let copying = Arc::new(Copying { sources, disks, id: id.clone(), manifest, watch: watch.clone(), number: AtomicU64::new(0) });
    copy_batches(migration, todo, &copying, watch, &mut outcome);
    finish(migration, &lines, &copying, watch, &mut outcome);
    if outcome.is_complete() {
        let copied = manifest::read(&path, &id)?;
        inspect::report_changes(migration, &copied, &untouched, watch, &mut outcome);
    }
    Ok(outcome)
}

/// Returns the disk of each destination, or of its nearest folder that exists.
fn destination_disks(sources: &[CopySource], activity: &threads::Activity) -> Vec<Option<u64>> {
    let disk = |source: &CopySource| {
        activity.begin(&source.to);
        folder::nearest(&source.to).and_then(copy::disk)
    };
    sources.iter().map(disk).collect()
}

/// Copies all batches.
fn copy_batches(migration: &Migration, todo: Vec<Todo>, copying: &Arc<Copying>, watch: &Arc<Watch>, outcome: &mut CopyOutcome) {
    let sizes: Vec<u64> = todo.iter().map(|todo| todo.item.stamp.size).collect();
    let mut todo: Vec<Option<Todo>> = todo.into_iter().map(Some).collect();
    let batches: Vec<Vec<Todo>> = batches(&sizes)
        .into_iter()
        .map(|places| places.into_iter().filter_map(|place| todo.get_mut(place)?.take()).collect())
        .collect();
    let counts: Vec<u64> = batches.iter().map(|batch| batch.len() as u64).collect();
    let copier = copying.clone();
    let work = move |activity: &threads::Activity, batch: Vec<Todo>| copier.batch(activity, batch);
    threads::run(watch, migration.jobs, batches, work, |place, ended| {
        let count = counts.get(place).copied().unwrap_or_default();
        match ended {
            ItemOutcome::Done(CopyOutcome { copied, failed, failures, open, metadata_differs, .. }) => {
                outcome.copied = outcome.copied + copied;
                outcome.open += open;
                outcome.metadata_differs += metadata_differs;
                outcome.failures += failures - failed.len() as u64;
                for failed in failed {
                    outcome.fail(failed.path, failed.why);
                }
            }
            ItemOutcome::Hung(on) => {
                outcome.fail(on, CopyFailure::Hangs(watch.patience().as_secs()));
                outcome.open += count.saturating_sub(1);
            }
            ItemOutcome::NotBegun => outcome.open += count,
        }
    });
}

/// Finishes the copy: sets the rights of the folders it created, innermost first, and syncs everything. Only after that is it
/// complete.
fn finish(migration: &Migration, lines: &Records, copying: &Copying, watch: &Arc<Watch>, outcome: &mut CopyOutcome) {
    // A dead share would only hang again.
    if !outcome.is_complete() && outcome.failed.iter().any(|failed| matches!(failed.why, CopyFailure::Hangs(_))) {
        return;
    }
    let activity = watch.activity();
    if outcome.is_complete() {
        let mut made: Vec<(usize, PathBuf)> = Vec::new();
        for (number, source) in migration.sources.iter().enumerate() {
            activity.begin(&source.from);
            made.extend(created_folders(source, lines).into_iter().map(|path| (number, path)));
        }
        made.sort();
        for (number, path) in made.iter().rev() {
            let Some(source) = migration.sources.get(*number) else { continue };
            let to = at(&source.to, path);
            activity.begin(&to);
            outcome.metadata_differs += u64::from(!copy::keep_folder_rights(&at(&source.from, path), &to));
        }
    }
    for source in &migration.sources {
        activity.begin(&source.to);
        if let Err(error) = copy::SyncHandle::open(&source.to).and_then(|disk| disk.sync()) {
            outcome.fail(source.to.clone(), copy::os_failure("writing", &error));
        }
    }
    if let Err(error) = copying.manifest.sync() {
        outcome.fail(PathBuf::from("the manifest"), copy::os_failure("writing", &error));
    }
    watch.forget(&activity);
}

/// Returns a source's folders that were created at the destination, by the manifest.
fn created_folders(source: &CopySource, lines: &Records) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(at(&source.from, &folder)) else { continue };
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let path = folder.join(entry.file_name());
            if lines.contains_key(&folder_key(source, &path)) {
                found.push(path.clone());
            }
            open.push(path);
        }
    }
    found
}
