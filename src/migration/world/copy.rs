//! Copies files in batches: copy and hash, sync, read back, rename, record. In this order a file that has its name at the
//! destination is complete and on the disk, whenever the run is killed. A copy gets its source's time, mode and owner.

use std::collections::BTreeMap;
use std::fs::{File, FileTimes, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use ring::digest::{Context, SHA256};

use super::inspect::{at, stamp, time};
use super::manifest::Manifest;
use super::threads::{Activity, Watch};
use crate::migration::judge::LARGE;
use crate::migration::model::{
    CopyFailure, CopyOutcome, CopySource, Digest, Figures, Item, ProgressRecord, Stamp, manifest_key, partial_file_name,
};

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

/// The handle of each source's destination.
type Disks = BTreeMap<usize, io::Result<SyncHandle>>;

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
    pub(super) fn batch(&self, activity: &Activity, batch: Vec<Todo>) -> CopyOutcome {
        let mut outcome = CopyOutcome::default();
        let mut buffer = new_buffer();
        let mut written = Vec::with_capacity(batch.len());
        let mut disks = BTreeMap::new();
        for todo in &batch {
            let Some(source) = self.sources.get(todo.item.source) else { continue };
            disks.entry(todo.item.source).or_insert_with(|| {
                activity.begin(&source.to);
                SyncHandle::open(&source.to)
            });
        }
        for todo in batch {
            if self.watch.is_stopped() || activity.is_given_up() {
                outcome.open += 1;
                continue;
            }
            match self.copy(todo, &mut buffer, activity) {
                Ok(copy) => written.push(copy),
                Err((path, why)) => self.record_failure(&mut outcome, path, why),
            }
        }
        self.sync(&mut written, &disks, &mut outcome, activity);
        let mut lines = String::new();
        for copy in written {
            match self.settle(&copy, &mut buffer, activity) {
                Ok(record) => {
                    if let Some(source) = self.sources.get(copy.todo.item.source) {
                        lines.push_str(&record.line(&manifest_key(source.folder, &copy.todo.item.path)));
                    }
                    outcome.copied = outcome.copied + Figures { files: 1, bytes: record.stamp.size };
                    outcome.metadata_differs += u64::from(copy.copied.metadata_differs);
                    self.watch.file();
                }
                Err(why) => {
                    let _ = std::fs::remove_file(&copy.part);
                    self.record_failure(&mut outcome, copy.from, why);
                }
            }
        }
        activity.end();
        if let Err(error) = self.manifest.add(&lines) {
            // The files are in place, and the next run compares them.
            self.record_failure(&mut outcome, PathBuf::from("the manifest"), os_failure("writing", &error));
        }
        outcome
    }

    fn copy(&self, todo: Todo, buffer: &mut [u8], activity: &Activity) -> Result<Written, (PathBuf, CopyFailure)> {
        let Some(source) = self.sources.get(todo.item.source) else { return Err((todo.item.path, CopyFailure::Gone)) };
        let (from, to) = (at(&source.from, &todo.item.path), at(&source.to, &todo.item.path));
        let name = partial_file_name(&self.id, self.number.fetch_add(1, Relaxed));
        let part = to.parent().unwrap_or(&source.to).join(name);
        // A share that was unmounted leaves an empty folder on a local disk, which would accept everything.
        activity.begin(&source.to);
        if disk(&source.to) != self.disks.get(todo.item.source).copied().flatten() {
            let said = "another disk is there now than when the copy began".into();
            return Err((from, CopyFailure::Refused { doing: "looking at the destination", said }));
        }
        match copy(&from, &part, buffer, &self.watch, activity) {
            Ok(copied) => Ok(Written { todo, from, part, to, copied }),
            Err(why) => {
                let _ = std::fs::remove_file(&part);
                Err((from, why))
            }
        }
    }

    /// Syncs the batch. Large files were synced before.
    fn sync(&self, written: &mut Vec<Written>, disks: &Disks, outcome: &mut CopyOutcome, activity: &Activity) {
        let small = |copy: &Written| copy.copied.stamp.size < LARGE;
        let mut places: Vec<usize> = written.iter().filter(|copy| small(copy)).map(|copy| copy.todo.item.source).collect();
        places.dedup();
        for place in places {
            let Some(source) = self.sources.get(place) else { continue };
            activity.begin(&source.to);
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
                    self.record_failure(outcome, copy.from, os_failure("writing", &error));
                }
            }
        }
    }

    /// Reads a copy back and renames it.
    fn settle(&self, copy: &Written, buffer: &mut [u8], activity: &Activity) -> Result<ProgressRecord, CopyFailure> {
        let Written { todo, part, to, copied, .. } = copy;
        let fresh = copied.stamp.size >= LARGE;
        let (stamp, digest): (_, Digest) = digest_of(part, fresh, buffer, &self.watch, activity)?;
        if stamp.size != copied.stamp.size || digest != copied.digest {
            return Err(CopyFailure::ReadBackOtherwise);
        }
        activity.begin(to);
        if activity.is_given_up() {
            return Err(CopyFailure::Hangs(0));
        }
        match rename(part, to, todo.over) {
            Ok(()) => Ok(ProgressRecord { stamp: copied.stamp, digest }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(CopyFailure::Taken),
            Err(error) => Err(os_failure("renaming", &error)),
        }
    }

    fn record_failure(&self, outcome: &mut CopyOutcome, path: PathBuf, why: CopyFailure) {
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
    format!("{}/", manifest_key(source.folder, path))
}

/// Renames a copy. Replaces nothing except our earlier copy, `over`, and only while that still has its stamp, so that later changes
/// by others are kept.
fn rename(part: &Path, to: &Path, over: Option<Stamp>) -> io::Result<()> {
    let Some(ours) = over else { return rename_to_nothing(part, to) };
    match std::fs::symlink_metadata(to) {
        Ok(metadata) if metadata.is_file() && stamp(&metadata) == ours => std::fs::rename(part, to),
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

/// Syncs a disk that is written to. It has to be opened before the first byte: then syncing reports every failed write-back since, even one
/// that was reported to another process.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct SyncHandle(File);

#[cfg(target_os = "linux")]
impl SyncHandle {
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
pub(super) struct SyncHandle;

#[cfg(not(target_os = "linux"))]
impl SyncHandle {
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
fn sync_file(path: &Path) -> io::Result<()> {
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

/// How many bytes are read and written at once. Shares and the hash are faster with large chunks.
const CHUNK: usize = 1 << 20;

/// After so many bytes the kernel is asked to start writing, so that the disk works while the next ones are read.
const EARLY: u64 = 16 << 20;

/// How often a file that changes during its copy is tried.
const TRIES: usize = 3;

/// Returns a buffer for [`copy`] and [`digest_of`].
pub(super) fn new_buffer() -> Vec<u8> {
    vec![0; CHUNK]
}

/// A copy that was not read back yet.
#[derive(Debug, Clone, Copy)]
struct Copied {
    /// The source's, as it was copied.
    stamp: Stamp,
    digest: Digest,
    /// The destination did not take its time, mode or owner.
    metadata_differs: bool,
}

/// Describes an error of the operating system.
pub(super) fn os_failure(doing: &'static str, error: &io::Error) -> CopyFailure {
    CopyFailure::Refused { doing, said: error.to_string().into() }
}

/// Opens a regular file for reading. Follows no link, and does not wait for a pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        // The flags have the width of a C int on every system.
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no file any more")) }
}

/// Copies a source into a new file, and hashes the content on the way, so that the digest is that of the bytes that were copied.
///
/// `copy_file_range` would spare two copies in memory, but then the source would have to be read again for the hash, and might have
/// changed.
fn copy(from: &Path, to: &Path, buffer: &mut [u8], watch: &Watch, activity: &Activity) -> Result<Copied, CopyFailure> {
    let mut out = create(to).map_err(|error| os_failure("creating its copy", &error))?;
    for _ in 0..TRIES {
        activity.begin(from);
        let mut file = open(from).map_err(|error| read_failure(&error))?;
        let metadata = file.metadata().map_err(|error| os_failure("reading", &error))?;
        let before = stamp(&metadata);
        advise_sequential(&file);
        let (digest, bytes) = copy_content(&mut file, &mut out, (from, to, before.size), buffer, watch, activity)?;
        activity.begin(from);
        // By the path, so that a file that was replaced counts as changed too.
        let after = std::fs::symlink_metadata(from).map_err(|error| read_failure(&error))?;
        if before == stamp(&after) && bytes == before.size {
            activity.begin(to);
            let metadata_differs = !keep_metadata(&out, &metadata);
            if before.size >= LARGE {
                out.sync_all().map_err(|error| os_failure("writing", &error))?;
            }
            return Ok(Copied { stamp: before, digest, metadata_differs });
        }
        watch.again(bytes);
        out.set_len(0).and_then(|()| out.seek(SeekFrom::Start(0))).map_err(|error| os_failure("writing", &error))?;
    }
    Err(CopyFailure::KeepsChanging)
}

fn read_failure(error: &io::Error) -> CopyFailure {
    if error.kind() == ErrorKind::NotFound { CopyFailure::Gone } else { os_failure("reading", error) }
}

/// Creates a file that only its owner can read until it gets the mode of its source.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn copy_content(
    file: &mut File,
    out: &mut File,
    (from, to, expected_size): (&Path, &Path, u64),
    buffer: &mut [u8],
    watch: &Watch,
    activity: &Activity,
) -> Result<(Digest, u64), CopyFailure> {
    let (mut context, mut bytes, mut asked) = (Context::new(&SHA256), 0u64, 0u64);
    loop {
        let count = read(file, buffer).map_err(|error| os_failure("reading", &error))?;
        let part = buffer.get(..count).unwrap_or_default();
        if part.is_empty() {
            return Ok((digest(context), bytes));
        }
        context.update(part);
        activity.begin(to);
        out.write_all(part).map_err(|error| os_failure("writing", &error))?;
        bytes += count as u64;
        watch.bytes(count as u64);
        if bytes - asked >= EARLY {
            start_writing(out, asked);
            asked = bytes;
        }
        if activity.is_given_up() {
            return Err(CopyFailure::Hangs(0));
        }
        // It has grown, so it is copied again anyway; a file that grows faster than it is read never ends.
        if bytes > expected_size {
            return Ok((digest(context), bytes));
        }
        activity.begin(from);
    }
}

/// Returns a file's stamp and digest. With `fresh`, the kernel is asked to drop its cache, so that the disk or share is read; it need
/// not obey.
pub(super) fn digest_of(
    path: &Path,
    fresh: bool,
    buffer: &mut [u8],
    watch: &Watch,
    activity: &Activity,
) -> Result<(Stamp, Digest), CopyFailure> {
    activity.begin(path);
    let failed = |error: io::Error| os_failure("reading it back", &error);
    let mut file = open(path).map_err(failed)?;
    let stamp = stamp(&file.metadata().map_err(failed)?);
    if fresh {
        drop_cache(&file);
    }
    advise_sequential(&file);
    let mut context = Context::new(&SHA256);
    loop {
        activity.renew();
        let count = read(&mut file, buffer).map_err(failed)?;
        match buffer.get(..count) {
            None | Some([]) => return Ok((stamp, digest(context))),
            Some(part) => context.update(part),
        }
        watch.bytes(count as u64);
        if activity.is_given_up() {
            return Err(CopyFailure::Hangs(0));
        }
    }
}

fn digest(context: Context) -> Digest {
    let digest = context.finish();
    Digest(digest.as_ref().try_into().unwrap_or([0; 32]))
}

fn read(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(target_os = "linux")]
fn advise_sequential(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

/// Asks the kernel to drop its cache of a file. Syncs it first, since only written pages can be dropped.
#[cfg(target_os = "linux")]
fn drop_cache(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// Asks the kernel to start writing, without waiting. No other portable call does that.
#[cfg(target_os = "linux")]
fn start_writing(file: &File, from: u64) {
    let _ = rustix::fs::fadvise(file, from, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_file: &File) {}

#[cfg(not(target_os = "linux"))]
fn drop_cache(_file: &File) {}

#[cfg(not(target_os = "linux"))]
fn start_writing(_file: &File, _from: u64) {}

/// Gives a copy its source's owner, mode and time. Returns `false` if the destination did not take all of them, which is no failure:
/// shares have rights of their own.
fn keep_metadata(copy: &File, source: &Metadata) -> bool {
    let is_same = copy_rights(copy, source);
    let times = time(stamp(source).written).map(|written| FileTimes::new().set_modified(written));
    is_same & times.is_some_and(|times| copy.set_times(times).is_ok())
}

#[cfg(unix)]
fn copy_rights(copy: &File, source: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Ok(now) = copy.metadata() else { return false };
    let mut is_same = true;
    // The owner first: changing it may clear bits of the mode.
    if (now.uid(), now.gid()) != (source.uid(), source.gid()) {
        is_same &= fchown(copy, Some(source.uid()), Some(source.gid())).is_ok();
    }
    let mode = std::fs::Permissions::from_mode(source.mode() & 0o777);
    is_same & copy.set_permissions(mode).is_ok()
}

#[cfg(not(unix))]
fn copy_rights(_copy: &File, _source: &Metadata) -> bool {
    true
}

/// Gives a created folder its source's owner and mode. Keeps what it inherited from its parent: the group that a share gives to
/// everything in it.
#[cfg(unix)]
pub(super) fn keep_folder_rights(source: &Path, copy: &Path) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let (Ok(metadata), Ok(now)) = (std::fs::symlink_metadata(source), std::fs::symlink_metadata(copy)) else { return false };
    let inherits = now.mode() & 0o2000 != 0;
    let group = if inherits { now.gid() } else { metadata.gid() };
    let mut is_same = true;
    if (now.uid(), now.gid()) != (metadata.uid(), group) {
        is_same &= chown(copy, Some(metadata.uid()), Some(group)).is_ok();
    }
    let mode = metadata.mode() & 0o777 | now.mode() & 0o7000;
    is_same & (now.mode() & 0o7777 == mode || std::fs::set_permissions(copy, std::fs::Permissions::from_mode(mode)).is_ok())
}

/// On other systems folders keep the rights they inherit.
#[cfg(not(unix))]
pub(super) fn keep_folder_rights(_source: &Path, _copy: &Path) -> bool {
    true
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
