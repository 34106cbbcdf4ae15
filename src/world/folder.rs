//! Creating folders.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::atomic_write::sync_folder;

/// Creates a folder for our own files and its parents, all 0700, and syncs each: without the folder of the machine key, no sealed key
/// opens after a power cut. It may exist already, or be created by another wizard at the same moment.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for folder in missing(path) {
        match builder.create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made?,
        }
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match sync_folder(above) {
            // A folder that may be written but not read cannot be synced.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    // Something other than a folder is in the way.
    builder.recursive(true).create(path)
}

/// Returns this folder's missing parents and itself, the outermost first.
pub(super) fn missing(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<_> = path
        .ancestors()
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
        .take_while(|ancestor| std::fs::symlink_metadata(ancestor).is_err())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

/// Creates a node's home directory, 0750, and its missing parents, and syncs each.
pub(super) fn create_home(path: &Path) -> io::Result<()> {
    for folder in missing(path) {
        std::fs::create_dir(&folder)?;
        if let Some(parent) = folder.parent() {
            sync_folder(parent)?;
        }
    }
    // The plan promised this mode, so the umask must not change it. By handle, since the name may lead elsewhere by now.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = (OFlags::DIRECTORY | OFlags::NOFOLLOW).bits().cast_signed();
        let folder = std::fs::File::options().read(true).custom_flags(flags).open(path)?;
        folder.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o750))?;
    }
    Ok(())
}

/// A folder that is held open, so that its files stay in it wherever its name leads meanwhile.
#[derive(Debug)]
pub(super) struct HeldFolder {
    path: PathBuf,
    /// The path by which its files are reached: by the handle, where the system has such paths.
    reached: PathBuf,
    handle: std::fs::File,
}

impl HeldFolder {
    /// Opens a folder. Its path may be a link now, but is not followed again.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = std::fs::File::options();
        options.read(true);
        #[cfg(unix)]
        {
            let flags = rustix::fs::OFlags::DIRECTORY;
            // A folder that this account may enter need not be one that it may list.
            #[cfg(target_os = "linux")]
            let flags = flags | rustix::fs::OFlags::PATH;
            std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
        }
        #[cfg(windows)]
        {
            use std::os::windows::fs::OpenOptionsExt;
            // FILE_FLAG_BACKUP_SEMANTICS opens folders. Without FILE_SHARE_DELETE nobody can rename or remove it while it is open.
            options.custom_flags(0x0200_0000).share_mode(0x1 | 0x2);
        }
        let handle = options.open(path)?;
        let reached = by_handle(&handle).unwrap_or_else(|| path.to_owned());
        Ok(Self { path: path.to_owned(), reached, handle })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path by which its files are reached.
    pub(super) fn reached(&self) -> &Path {
        &self.reached
    }

    /// Returns whether its name still leads to it.
    pub(super) fn is_at_its_path(&self) -> io::Result<bool> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let (held, named) = (self.handle.metadata()?, std::fs::metadata(&self.path)?);
            Ok((held.dev(), held.ino()) == (named.dev(), named.ino()))
        }
        #[cfg(not(unix))]
        self.handle.metadata().map(|_| true)
    }
}

/// Returns a path that leads to an open folder itself. Only Linux has such paths, and only where `/proc` is mounted.
fn by_handle(handle: &std::fs::File) -> Option<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        let path = PathBuf::from(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(handle)));
        path.is_dir().then_some(path)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = handle;
        None
    }
}

/// Returns the nearest folder that exists: this one or a parent.
pub(crate) fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().find(|ancestor| ancestor.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_is_created_once_whatever_is_missing_above_it() {
        let root = tempfile::tempdir().expect("a folder");
        let path = root.path().join("a").join("b").join("c");
        create_private(&path).and_then(|()| create_private(&path)).expect("created");
        #[cfg(unix)]
        for folder in path.ancestors().take(3) {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(folder).expect("there").permissions().mode() & 0o777, 0o700);
        }
        std::fs::write(path.join("file"), "x").expect("written");
        assert!(create_private(&path.join("file")).is_err(), "a file is no folder");
        assert!(create_private(&path.join("file").join("d")).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_held_folder_is_reached_wherever_its_name_leads() {
        let root = tempfile::tempdir().expect("a folder");
        let (home, moved, trap) = (root.path().join("home"), root.path().join("moved"), root.path().join("trap"));
        std::fs::create_dir(&home).and_then(|()| std::fs::create_dir(&trap)).expect("made");
        let held = HeldFolder::open(&home).expect("opened");
        assert!(held.is_at_its_path().expect("seen"));
        std::fs::rename(&home, &moved).expect("moved");
        std::os::unix::fs::symlink(&trap, &home).expect("swapped");
        super::super::atomic_write::atomic_write(&held.reached().join("a"), b"x", super::super::atomic_write::Existing::Refuse)
            .expect("written");
        assert!(moved.join("a").exists() && std::fs::read_dir(&trap).expect("there").next().is_none());
        assert!(!held.is_at_its_path().expect("seen"));
        assert!(create_home(&home).is_err(), "a link is no new home, and the mode of what it leads to stays");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_may_be_entered_and_not_listed_is_held_too() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().expect("a folder");
        std::fs::write(root.path().join("a"), "x").expect("written");
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o300)).expect("set");
        let held = HeldFolder::open(root.path()).expect("opened");
        assert_eq!(std::fs::read(held.reached().join("a")).expect("reached"), b"x");
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o700)).expect("set");
    }

    #[test]
    fn a_home_is_created_with_what_is_missing_above_it() {
        let root = tempfile::tempdir().expect("a folder");
        let home = root.path().join("a").join("b");
        assert_eq!(missing(&home), [root.path().join("a"), home.clone()]);
        assert_eq!(nearest(&home), Some(root.path()));
        create_home(&home).expect("created");
        assert_eq!(missing(&home), Vec::<PathBuf>::new());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&home).expect("there").permissions().mode() & 0o777, 0o750);
        }
    }
}
