//! What can be done in a folder, by doing it with a file of our own, which is removed on every way out.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tempfile::{Builder, TempPath};

use super::PROOF;
use crate::model::facts::{Deed, Fact, FolderRights, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::budget::{io as trouble_of, within};
use crate::world::folder;

/// What the file says to whoever finds it in the moment in which it is there.
const TEXT: &[u8] = b"octopus-setup looks whether it can write here, and removes this file at once.\n";

/// Which deed is being tried: should it hang, that is what is known of it.
#[derive(Debug, Clone, Default)]
pub(super) struct At(Arc<AtomicUsize>);

impl At {
    pub(super) fn set(&self, deed: Deed) {
        let place = Deed::ALL.iter().position(|other| *other == deed).unwrap_or_default();
        self.0.store(place, Ordering::Relaxed);
    }

    fn get(&self) -> Deed {
        Deed::ALL.get(self.0.load(Ordering::Relaxed)).copied().unwrap_or(Deed::Create)
    }
}

/// Tries everything in a folder, or in the nearest one that is there.
pub(super) async fn tried(budget: Duration, path: PathBuf) -> Fact<FolderRights> {
    of(budget, move |at| match folder::nearest(&path) {
        Some(nearest) => all(nearest, at),
        None => Ok(()),
    })
    .await
}

/// The same of any work: what failed, or hung.
pub(super) async fn of<W>(budget: Duration, work: W) -> Fact<FolderRights>
where
    W: FnOnce(&At) -> io::Result<()> + Send + 'static,
{
    let at = At::default();
    let there = at.clone();
    let failed = |said: Untrusted| Fact::Seen(FolderRights { failed: Some((at.get(), said)) });
    match within(budget, move || work(&there)).await {
        Ok(Ok(())) => Fact::Seen(FolderRights::ALL),
        Ok(Err(error)) => match trouble_of(&error) {
            Trouble::Io(said) => failed(bare(said.as_str()).into()),
            trouble => Fact::Missing(trouble),
        },
        Err(Trouble::TimedOut { waited }) => failed(format!("no answer within {} s", waited.as_secs()).as_str().into()),
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// What the operating system said, without the file that was tried with: its name is drawn anew for each folder, and the same
/// trouble in all of them is told once.
fn bare(said: &str) -> &str {
    match said.split_once(" at path ") {
        Some((bare, path)) if path.contains(PROOF) => bare,
        _ => said,
    }
}

fn all(folder: &Path, at: &At) -> io::Result<()> {
    at.set(Deed::Create);
    let (mut file, path) = Builder::new().prefix(PROOF).tempfile_in(folder)?.into_parts();
    file.write_all(TEXT)?;
    at.set(Deed::Append);
    append(&path)?;
    at.set(Deed::Lock);
    lock(&file)?;
    at.set(Deed::Sync);
    file.sync_all()?;
    // Windows renames no file that is open.
    drop(file);
    at.set(Deed::Rename);
    let mut name = path.as_os_str().to_owned();
    name.push("-renamed");
    let renamed = TempPath::try_from_path(PathBuf::from(name))?;
    std::fs::rename(&path, &renamed)?;
    at.set(Deed::Delete);
    renamed.close()
}

/// Adds to a file as Octopus adds to its task logs, and looks whether that is what came of it.
fn append(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(TEXT)?;
    let (length, expected) = (file.metadata()?.len(), 2 * TEXT.len() as u64);
    if length == expected {
        return Ok(());
    }
    Err(io::Error::other(format!("the file has {length} bytes where {expected} were written")))
}

/// A lock on the file's bytes, as the server of the share keeps it for all its clients; not the one of `flock`, which some
/// file systems keep on this machine alone.
#[cfg(unix)]
fn lock(file: &File) -> io::Result<()> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    fcntl_lock(file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(fcntl_lock(file, FlockOperation::Unlock)?)
}

/// The same.
#[cfg(not(unix))]
fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(io::Error::from)?;
    file.unlock()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trouble_is_told_in_the_same_words_whatever_the_file_was_called() {
        let denied = |name: &str| format!("Permission denied (os error 13) at path \"/mnt/octopus/{name}\"");
        assert_eq!(bare(&denied(".octopus-setup-proof-Ab12Cd")), "Permission denied (os error 13)");
        assert_eq!(bare(&denied("else")), denied("else"));
        assert_eq!(bare("No locks available (os error 37)"), "No locks available (os error 37)");
    }
}
