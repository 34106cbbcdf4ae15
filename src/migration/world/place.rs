//! A copy's way to its name, and to the disk.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::walk::stamp;
use crate::migration::model::Stamp;

/// Gives a copy its name. Nothing that is there is replaced, unless it is what we copied before, `over` which it is to go, and still
/// looks so: whoever wrote to it since the look loses nothing.
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
        // NFS and many others know no such flag.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => link_to_nothing(part, to),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_to_nothing(part: &Path, to: &Path) -> io::Result<()> {
    link_to_nothing(part, to)
}

/// A second name refuses to replace anything, too. Where there are no second names either (SMB, FAT), a look has to do: whoever
/// takes the name in the moment after it loses what he wrote, and that moment is as short as it can be.
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

/// A disk that is written to, opened before the first byte: it then tells of every write of these files that fails behind their
/// backs, even where somebody else was told of it before. One that is opened afterwards would not.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(super) struct Disk(File);

#[cfg(target_os = "linux")]
impl Disk {
    /// The disk that holds this folder.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        File::open(folder).map(Self)
    }

    /// Makes everything last that was written to it: one call for many files.
    pub(super) fn sync(&self) -> io::Result<bool> {
        Ok(rustix::fs::syncfs(&self.0).map(|()| true)?)
    }
}

/// Elsewhere a disk is not asked as a whole.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Disk;

#[cfg(not(target_os = "linux"))]
impl Disk {
    /// The disk that holds this folder.
    pub(super) fn open(_folder: &Path) -> io::Result<Self> {
        Ok(Self)
    }

    /// There is no such call: `false`, and each file has to be synced by itself.
    pub(super) fn sync(&self) -> io::Result<bool> {
        Ok(false)
    }
}

/// Makes one file last.
pub(super) fn sync_file(path: &Path) -> io::Result<()> {
    // Windows syncs only what is open for writing.
    let file = if cfg!(windows) { File::options().write(true).open(path)? } else { File::open(path)? };
    file.sync_all()
}

/// Which disk holds this folder: whatever is mounted there.
#[cfg(unix)]
pub(super) fn disk(folder: &Path) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(folder).ok()?))
}

/// Not told elsewhere.
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
