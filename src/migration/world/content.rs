//! Copies a file: its content, hashed on the way, and its time, mode and owner.

use std::fs::{File, FileTimes, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use ring::digest::{Context, SHA256};

use super::walk::{stamp, time};
use super::watch::{Pulse, Watch};
use crate::migration::judge::LARGE;
use crate::migration::model::{CopyFailure, Digest, Stamp};

/// How many bytes are read and written at once. Shares and the hash are faster with large chunks.
const CHUNK: usize = 1 << 20;

/// After so many bytes the kernel is asked to start writing, so that the disk works while the next ones are read.
const EARLY: u64 = 16 << 20;

/// How often a file that changes during its copy is tried.
const TRIES: usize = 3;

/// Returns a buffer for [`copy`] and [`digest_of`].
pub(super) fn buffer() -> Vec<u8> {
    vec![0; CHUNK]
}

/// A copy that was not read back yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    /// The source's, as it was copied.
    pub(super) stamp: Stamp,
    pub(super) digest: Digest,
    /// The destination did not take its time, mode or owner.
    pub(super) unlike: bool,
}

/// Describes an error of the operating system.
pub(super) fn refused(doing: &'static str, error: &io::Error) -> CopyFailure {
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
pub(super) fn copy(from: &Path, to: &Path, buffer: &mut [u8], watch: &Watch, pulse: &Pulse) -> Result<Copied, CopyFailure> {
    let mut out = create(to).map_err(|error| refused("creating its copy", &error))?;
    for _ in 0..TRIES {
        pulse.begin(from);
        let mut file = open(from).map_err(|error| gone(&error))?;
        let met = file.metadata().map_err(|error| refused("reading", &error))?;
        let before = stamp(&met);
        advise_sequential(&file);
        let (digest, bytes) = pour(&mut file, &mut out, (from, to, before.size), buffer, watch, pulse)?;
        pulse.begin(from);
        // By the path, so that a file that was replaced counts as changed too.
        let after = std::fs::symlink_metadata(from).map_err(|error| gone(&error))?;
        if before == stamp(&after) && bytes == before.size {
            pulse.begin(to);
            let unlike = !keep(&out, &met);
            if before.size >= LARGE {
                out.sync_all().map_err(|error| refused("writing", &error))?;
            }
            return Ok(Copied { stamp: before, digest, unlike });
        }
        watch.again(bytes);
        out.set_len(0).and_then(|()| out.seek(SeekFrom::Start(0))).map_err(|error| refused("writing", &error))?;
    }
    Err(CopyFailure::KeepsChanging)
}

fn gone(error: &io::Error) -> CopyFailure {
    if error.kind() == ErrorKind::NotFound { CopyFailure::Gone } else { refused("reading", error) }
}

/// Creates a file that only its owner can read until it gets the mode of its source.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn pour(
    file: &mut File,
    out: &mut File,
    (from, to, most): (&Path, &Path, u64),
    buffer: &mut [u8],
    watch: &Watch,
    pulse: &Pulse,
) -> Result<(Digest, u64), CopyFailure> {
    let (mut context, mut bytes, mut early) = (Context::new(&SHA256), 0u64, 0u64);
    loop {
        let count = read(file, buffer).map_err(|error| refused("reading", &error))?;
        let part = buffer.get(..count).unwrap_or_default();
        if part.is_empty() {
            return Ok((digest(context), bytes));
        }
        context.update(part);
        pulse.begin(to);
        out.write_all(part).map_err(|error| refused("writing", &error))?;
        bytes += count as u64;
        watch.bytes(count as u64);
        if bytes - early >= EARLY {
            begin_to_write(out, early);
            early = bytes;
        }
        if pulse.is_given_up() {
            return Err(CopyFailure::Hangs(0));
        }
        // It has grown, so it is copied again anyway; a file that grows faster than it is read never ends.
        if bytes > most {
            return Ok((digest(context), bytes));
        }
        pulse.begin(from);
    }
}

/// Returns a file's stamp and digest. With `fresh`, the kernel is asked to drop its cache, so that the disk or share is read; it need
/// not obey.
pub(super) fn digest_of(
    path: &Path,
    fresh: bool,
    buffer: &mut [u8],
    watch: &Watch,
    pulse: &Pulse,
) -> Result<(Stamp, Digest), CopyFailure> {
    pulse.begin(path);
    let failed = |error: io::Error| refused("reading it back", &error);
    let mut file = open(path).map_err(failed)?;
    let stamp = stamp(&file.metadata().map_err(failed)?);
    if fresh {
        forget(&file);
    }
    advise_sequential(&file);
    let mut context = Context::new(&SHA256);
    loop {
        pulse.beat();
        let count = read(&mut file, buffer).map_err(failed)?;
        match buffer.get(..count) {
            None | Some([]) => return Ok((stamp, digest(context))),
            Some(part) => context.update(part),
        }
        watch.bytes(count as u64);
        if pulse.is_given_up() {
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
fn forget(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// Asks the kernel to start writing, without waiting. No other portable call does that.
#[cfg(target_os = "linux")]
fn begin_to_write(file: &File, from: u64) {
    let _ = rustix::fs::fadvise(file, from, None, rustix::fs::Advice::DontNeed);
}

#[cfg(not(target_os = "linux"))]
fn advise_sequential(_file: &File) {}

#[cfg(not(target_os = "linux"))]
fn forget(_file: &File) {}

#[cfg(not(target_os = "linux"))]
fn begin_to_write(_file: &File, _from: u64) {}

/// Gives a copy its source's owner, mode and time. Returns `false` if the destination did not take all of them, which is no failure:
/// shares have rights of their own.
pub(super) fn keep(copy: &File, source: &Metadata) -> bool {
    let like = rights(copy, source);
    let times = time(stamp(source).written).map(|written| FileTimes::new().set_modified(written));
    like & times.is_some_and(|times| copy.set_times(times).is_ok())
}

#[cfg(unix)]
fn rights(copy: &File, source: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let Ok(now) = copy.metadata() else { return false };
    let mut like = true;
    // The owner first: changing it may clear bits of the mode.
    if (now.uid(), now.gid()) != (source.uid(), source.gid()) {
        like &= fchown(copy, Some(source.uid()), Some(source.gid())).is_ok();
    }
    let mode = std::fs::Permissions::from_mode(source.mode() & 0o777);
    like & copy.set_permissions(mode).is_ok()
}

#[cfg(not(unix))]
fn rights(_copy: &File, _source: &Metadata) -> bool {
    true
}

/// Gives a created folder its source's owner and mode. Keeps what it inherited from its parent: the group that a share gives to
/// everything in it.
#[cfg(unix)]
pub(super) fn keep_of_folder(source: &Path, copy: &Path) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let (Ok(met), Ok(now)) = (std::fs::symlink_metadata(source), std::fs::symlink_metadata(copy)) else { return false };
    let inherits = now.mode() & 0o2000 != 0;
    let group = if inherits { now.gid() } else { met.gid() };
    let mut like = true;
    if (now.uid(), now.gid()) != (met.uid(), group) {
        like &= chown(copy, Some(met.uid()), Some(group)).is_ok();
    }
    let mode = met.mode() & 0o777 | now.mode() & 0o7000;
    like & (now.mode() & 0o7777 == mode || std::fs::set_permissions(copy, std::fs::Permissions::from_mode(mode)).is_ok())
}

/// On other systems folders keep the rights they inherit.
#[cfg(not(unix))]
pub(super) fn keep_of_folder(_source: &Path, _copy: &Path) -> bool {
    true
}
