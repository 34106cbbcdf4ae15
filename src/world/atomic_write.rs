//! Atomic writes: a reader, and the disk after a power cut, has the old file or the new one and never a part.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What happens to an existing file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing<'a> {
    /// It is replaced.
    Replace,
    /// It stays, and writing fails with [`ErrorKind::AlreadyExists`]. A symbolic link counts, wherever it leads.
    Refuse,
    /// It is kept as `<name>.<stamp>.bak`.
    Backup(&'a str),
}

/// Writes a file that only its owner can read: a temporary file in the same folder, 0600 from its creation, synced,
/// renamed, and the folder synced.
pub fn atomic_write(path: &Path, bytes: &[u8], existing: Existing<'_>) -> io::Result<()> {
    write(path, bytes, existing, Readers::Owner)
}

/// Writes a file that others may read: its mode is left to the umask.
pub fn atomic_write_for_others(path: &Path, bytes: &[u8], existing: Existing<'_>) -> io::Result<()> {
    write(path, bytes, existing, Readers::Others)
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    Others,
}

fn write(path: &Path, bytes: &[u8], existing: Existing<'_>, readers: Readers) -> io::Result<()> {
    if let Existing::Backup(stamp) = existing {
        keep(path, stamp)?;
    }
    sweep(path)?;
    let folder = folder_of(path);
    // tempfile creates with O_EXCL and mode 0600, its documented default; a test below checks it.
    let prefix = prefix(path)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY);
    #[cfg(unix)]
    if readers == Readers::Others {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = builder.tempfile_in(&folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Refuse => file.persist_noclobber(path).map_err(|error| error.error)?,
        Existing::Replace | Existing::Backup(_) => file.persist(path).map_err(|error| error.error)?,
    };
    sync_folder(&folder)
}

/// Removes a file and what interrupted writes of it left behind, and syncs its folder. A missing file is no error.
pub fn remove(path: &Path) -> io::Result<()> {
    sweep(path)?;
    match std::fs::remove_file(path) {
        Ok(()) => sync_folder(&folder_of(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Renames a file to a backup's dated name, `<name>.<stamp>.bak`. A missing file is no error. The caller holds the instance's lock, so
/// nobody takes the name between the check and the renaming.
pub fn set_aside(path: &Path, stamp: &str) -> io::Result<()> {
    sweep(path)?;
    let free = backups(path, stamp).find(|name| std::fs::symlink_metadata(name).is_err());
    match std::fs::rename(path, free.ok_or(ErrorKind::AlreadyExists)?) {
        Ok(()) => sync_folder(&folder_of(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Syncs a folder's entries. Windows has no such call; NTFS journals its directories by itself. Some network and FUSE file systems
/// refuse it: nothing more can be done then, and the file is there.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Suffix of temporary files' names.
const TEMPORARY: &str = ".octopus-setup-tmp";

/// Returns the prefix of this file's temporary files.
fn prefix(path: &Path) -> io::Result<OsString> {
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path names no file"))?;
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    Ok(prefix)
}

/// Removes what killed writes of this file left behind. The instance's lock allows one writer at a time, so none of these is in use.
fn sweep(path: &Path) -> io::Result<()> {
    let prefix = prefix(path)?;
    let prefix = prefix.to_string_lossy();
    let entries = match std::fs::read_dir(folder_of(path)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&*prefix) && name.ends_with(TEMPORARY) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Keeps the older file under a dated name. It is copied, not renamed, so that the old name exists at every moment.
fn keep(path: &Path, stamp: &str) -> io::Result<()> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for name in backups(path, stamp) {
        match atomic_write(&name, &bytes, Existing::Refuse) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            done => return done,
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Returns the names that a backup may have: two within a second differ by a number, and a hundred are a loop gone wrong.
fn backups(path: &Path, stamp: &str) -> impl Iterator<Item = PathBuf> {
    (0..100).map(move |number| {
        let number = if number == 0 { String::new() } else { format!("-{number}") };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{stamp}{number}.bak"));
        name.into()
    })
}

/// Returns the folder that a file is in.
fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_replaced_file_leaves_nothing_else_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        std::fs::write(folder.path().join(".a.toml.Xy12.octopus-setup-tmp"), "torn").expect("written");
        atomic_write(&path, b"one", Existing::Refuse).expect("written");
        atomic_write(&path, b"two", Existing::Replace).expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"two");
        assert_eq!(names(folder.path()), ["a.toml"]);
        remove(&path).and_then(|()| remove(&path)).expect("removed, and gone is no error");
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn an_older_file_is_kept_under_a_dated_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        for text in ["one", "two", "three"] {
            atomic_write(&path, text.as_bytes(), Existing::Backup("20261121T120405Z")).expect("written");
        }
        assert_eq!(names(folder.path()), ["a.toml", "a.toml.20261121T120405Z-1.bak", "a.toml.20261121T120405Z.bak"]);
        assert_eq!(std::fs::read(folder.path().join("a.toml.20261121T120405Z.bak")).expect("read"), b"one");
    }

    #[test]
    fn a_file_that_is_set_aside_is_there_under_a_dated_name_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.toml");
        for text in ["one", "two"] {
            std::fs::write(&path, text).expect("written");
            set_aside(&path, "20261121T120405Z").expect("set aside");
        }
        set_aside(&path, "20261121T120405Z").expect("gone is no error");
        assert_eq!(names(folder.path()), ["a.toml.20261121T120405Z-1.bak", "a.toml.20261121T120405Z.bak"]);
        assert_eq!(std::fs::read(folder.path().join("a.toml.20261121T120405Z-1.bak")).expect("read"), b"two");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_system_that_syncs_no_folders_is_no_failure() {
        let folder = Path::new("/proc/self/task");
        assert_eq!(
            File::open(folder).and_then(|open| open.sync_all()).map_err(|error| error.kind()),
            Err(ErrorKind::InvalidInput)
        );
        sync_folder(folder).expect("nothing more to do");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_and_a_link_is_not_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        atomic_write(&path, b"x", Existing::Refuse).expect("written");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);

        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).expect("linked");
        let refused = atomic_write(&link, b"x", Existing::Refuse);
        assert_eq!(refused.map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
        assert!(!folder.path().join("nowhere").exists());
    }
}
