//! Contents: read, hashed, copied.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use ring::digest::{Context, SHA256};

use super::attributes;
use super::walk::stamp;
use super::watch::{Pulse, Watch};
use crate::migration::judge::LARGE;
use crate::migration::model::{Digest, Stamp, Trouble};

/// How much is read and written at once. Shares like it large, and so does the hash.
const CHUNK: usize = 1 << 20;

/// After so many bytes the kernel is asked to begin to write them, so that the disk works while the next are read.
const EARLY: u64 = 16 << 20;

/// How often a file is copied again that was written to in the meantime.
const TRIES: usize = 3;

/// A buffer for any file.
pub(super) fn buffer() -> Vec<u8> {
    vec![0; CHUNK]
}

/// What came of a copy, which is not read back yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    /// The source as it was copied.
    pub(super) stamp: Stamp,
    /// Its content.
    pub(super) digest: Digest,
    /// The destination did not take its time, mode or owner.
    pub(super) unlike: bool,
}

/// The operating system's refusal while something was done.
pub(super) fn refused(doing: &'static str, error: &io::Error) -> Trouble {
    Trouble::Refused { doing, said: error.to_string().into() }
}

/// Opens a file to read it, and nothing else in its place: no link is followed, and a pipe keeps nobody waiting.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        // The flags have the width of a C int on every system that there is.
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no file any more")) }
}

/// Copies a source into a new file. The content is hashed on its way, so that what is compared later is what was read here.
///
/// `copy_file_range` would spare two copies in memory, and a hash of a second reading of the source would not be the hash of what
/// it copied. The hash is what this is about.
pub(super) fn copy(from: &Path, to: &Path, buffer: &mut [u8], watch: &Watch, pulse: &Pulse) -> Result<Copied, Trouble> {
    let mut out = create(to).map_err(|error| refused("creating its copy", &error))?;
    for _ in 0..TRIES {
        pulse.begin(from);
        let mut file = open(from).map_err(|error| gone(&error))?;
        let met = file.metadata().map_err(|error| refused("reading", &error))?;
        let before = stamp(&met);
        advise_sequential(&file);
        let (digest, bytes) = pour(&mut file, &mut out, (from, to, before.size), buffer, watch, pulse)?;
        pulse.begin(from);
        // By the path: a file that was replaced by another one has changed as well.
        let after = std::fs::symlink_metadata(from).map_err(|error| gone(&error))?;
        if before == stamp(&after) && bytes == before.size {
            pulse.begin(to);
            let unlike = !attributes::keep(&out, &met);
            if before.size >= LARGE {
                out.sync_all().map_err(|error| refused("writing", &error))?;
            }
            return Ok(Copied { stamp: before, digest, unlike });
        }
        watch.again(bytes);
        out.set_len(0).and_then(|()| out.seek(SeekFrom::Start(0))).map_err(|error| refused("writing", &error))?;
    }
    Err(Trouble::KeepsChanging)
}

fn gone(error: &io::Error) -> Trouble {
    if error.kind() == ErrorKind::NotFound { Trouble::Gone } else { refused("reading", error) }
}

/// Only its owner reads it until it has the mode of its source.
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
) -> Result<(Digest, u64), Trouble> {
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
            return Err(Trouble::Hangs(0));
        }
        // It has grown, and is copied again in any case; a file that grows faster than it is read has no end.
        if bytes > most {
            return Ok((digest(context), bytes));
        }
        pulse.begin(from);
    }
}

/// What stands in a file: its stamp and its content. With `fresh`, the kernel is asked to forget what it remembers of it, so that the
/// disk is read, or the share asked; it need not obey.
pub(super) fn digest_of(
    path: &Path,
    fresh: bool,
    buffer: &mut [u8],
    watch: &Watch,
    pulse: &Pulse,
) -> Result<(Stamp, Digest), Trouble> {
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
            return Err(Trouble::Hangs(0));
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

/// Asks for the content to be read from the disk. Only what is written already can be forgotten, so it is synced before.
#[cfg(target_os = "linux")]
fn forget(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// The same advice begins to write what is not written yet, without waiting for it; nothing else that is portable does.
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
