//! The lock that allows one wizard per instance on this host.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::folder;
use super::places::Places;
use super::toml_file::shown;
use crate::model::plan::Failure;

/// An instance's lock, held until it is dropped or the process ends in any way.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Unlocks explicitly, because closing the file is not enough: a child process that another thread starts has a copy of every open
/// file between fork and exec, and the lock would live as long as that copy.
impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another wizard holds it.
    #[error("another wizard works on this instance right now")]
    Held {
        /// Its process id, if known.
        pid: Option<u32>,
    },
    /// The operating system refused.
    #[error("{} cannot be locked: {source}.", path.display())]
    Refused {
        /// The lock's file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { pid } => Self::Busy { pid },
            LockError::Refused { path, source } => Self::File { path: shown(&path), said: source.to_string().into() },
        }
    }
}

impl Lock {
    /// Takes an instance's lock without waiting. The file stays: if it were removed, a third wizard could lock a new file of the same name
    /// while the second one holds the old.
    pub fn take(places: &Places, instance: &str) -> Result<Self, LockError> {
        let path = places.lock(instance);
        let refused = |source| LockError::Refused { path: path.clone(), source };
        let locks = path.parent().unwrap_or(&places.state);
        folder::create_private(locks).map_err(refused)?;
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: holder(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        write_process_id(&mut file).map_err(refused)?;
        Ok(Self { file })
    }
}

/// Writes our process id, which the next wizard reports.
fn write_process_id(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

/// Reads the process id in the file. Windows' locks forbid reading too, so it is unknown there.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_file_that_a_child_has_for_a_moment_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        let lock = Lock::take(&places, "My Node").expect("free");
        // What fork gives to a child: another descriptor of the same open file.
        let copy = lock.file.try_clone().expect("a copy");
        drop(lock);
        Lock::take(&places, "My Node").expect("free again");
        drop(copy);
    }

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        let first = Lock::take(&places, "My Node").expect("free");
        match Lock::take(&places, "my-node") {
            Err(LockError::Held { pid }) => assert_eq!(pid, cfg!(unix).then(std::process::id)),
            other => panic!("{other:?}"),
        }
        Lock::take(&places, "another").expect("free");
        drop(first);
        Lock::take(&places, "My Node").expect("free again");
    }
}
