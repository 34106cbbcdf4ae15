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
    // The plan promised this mode, so the umask must not change it.
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o750))?;
    Ok(())
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
