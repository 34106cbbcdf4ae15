//! The lock that allows one wizard per instance on this host.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::places::Places;
use super::toml_file::shown;
use super::{folder, ownership};
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
            LockError::Refused { path, source } => {
                Self::StateFile { said: ownership::explain(&path, &source).into(), path: shown(&path) }
            }
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
        let mut file = open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: holder(&mut file).unwrap_or_default() }),
            Err(TryLockError::Error(source)) => return Err(refused(source)),
        }
        // Also where somebody's own file has that name: it would lose its beginning.
        holder(&mut file).and_then(|_| write_process_id(&mut file)).map_err(refused)?;
        Ok(Self { file })
    }
}

/// Opens the lock's file, or creates it, 0600. Follows no link, waits for no pipe, cuts nothing off, and refuses a file that another account
/// could have put there or that has another name as well.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    let file = options.open(path).map_err(|error| {
        let is_link = path.symlink_metadata().is_ok_and(|seen| seen.is_symlink());
        if is_link { io::Error::new(ErrorKind::InvalidInput, "it is a symbolic link, which is not followed") } else { error }
    })?;
    let seen = file.metadata()?;
    if !seen.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a file"));
    }
    if let Some(said) = ownership::other_writer(&seen) {
        return Err(io::Error::new(ErrorKind::PermissionDenied, format!("{said}, and a lock must be this account's alone")));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&seen) != 1 {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the file has another name as well"));
    }
    Ok(file)
}

/// Bytes of a process id with its line break; padded with blanks, so that a shorter one needs no cutting.
const LENGTH: usize = 11;

/// Writes our process id, which the next wizard reports.
fn write_process_id(file: &mut File) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{:<width$}\n", std::process::id(), width = LENGTH - 1).as_bytes())
}

/// Reads the process id in the file; `None` in a new one. What is no process id makes it somebody's own file. Windows' locks forbid reading
/// while another process holds them.
fn holder(file: &mut File) -> io::Result<Option<u32>> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(32).read_to_end(&mut text)?;
    let text = str::from_utf8(&text).unwrap_or("?").trim_matches(['\0', ' ', '\n']);
    match text.parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) if text.is_empty() => Ok(None),
        Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "it holds something else than a process number")),
    }
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

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_and_no_file_of_somebodys_is_cut_off() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        let (path, theirs) = (places.lock("a"), folder.path().join("theirs"));
        std::fs::create_dir_all(places.locks()).expect("made");
        std::fs::write(&theirs, "a diary, and what is in it\n").expect("written");
        let mode = |mode| std::fs::set_permissions(&theirs, std::fs::Permissions::from_mode(mode)).expect("set");
        mode(0o600);
        let refused = |why: &str| match Lock::take(&places, "a") {
            Err(LockError::Refused { source, .. }) => assert!(source.to_string().contains(why), "{source}"),
            other => panic!("{why}: {other:?}"),
        };
        symlink(&theirs, &path).expect("linked");
        refused("symbolic link");
        std::fs::remove_file(&path).expect("removed");
        symlink(folder.path().join("nowhere"), &path).expect("linked");
        refused("symbolic link");
        assert!(!folder.path().join("nowhere").exists(), "nothing is created at its end");
        std::fs::remove_file(&path).expect("removed");
        std::fs::hard_link(&theirs, &path).expect("linked");
        refused("another name");
        std::fs::remove_file(&path).expect("removed");
        std::fs::copy(&theirs, &path).expect("copied");
        refused("something else than a process number");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("set");
        refused("may write it");
        for file in [&theirs, &path] {
            assert_eq!(std::fs::read_to_string(file).expect("read"), "a diary, and what is in it\n");
        }
    }

    #[test]
    fn a_lock_of_an_older_version_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        std::fs::create_dir_all(places.locks()).expect("made");
        for older in ["", "4711\n", "4294967295\n"] {
            std::fs::write(places.lock("a"), older).expect("written");
            drop(Lock::take(&places, "a").expect("free"));
            let now = std::fs::read_to_string(places.lock("a")).expect("read");
            assert_eq!((now.trim().parse(), now.len()), (Ok(std::process::id()), 11), "{now:?}");
        }
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
