//! Who could have written a file, judged as SSH judges its own: by owner and permission bits. Windows does not tell them to us, and
//! nothing is said there.

use std::fs::Metadata;
use std::io;
use std::path::Path;

#[cfg(unix)]
use std::os::unix::fs::MetadataExt;

#[cfg(unix)]
use crate::catalog::format;

/// Returns who else could have written a file, as a part of a sentence; `None` if only root and this account could.
pub(super) fn other_writer(seen: &Metadata) -> Option<String> {
    #[cfg(unix)]
    {
        let (owner, mode) = (seen.uid(), seen.mode() & 0o7777);
        if !is_trusted(owner) {
            return Some(format!("it belongs to {}", format::account(owner)));
        }
        (mode & 0o022 != 0).then(|| format!("accounts other than its owner may write it (mode {mode:04o})"))
    }
    #[cfg(not(unix))]
    {
        let _ = seen;
        None
    }
}

/// Like [`other_writer`], for a node config: a home directory may have been given to the account that Octopus Server runs as, with all that
/// is in it.
pub(super) fn other_writer_in_home(seen: &Metadata, home: &Path) -> Option<String> {
    #[cfg(unix)]
    if !is_trusted(seen.uid()) && home.metadata().is_ok_and(|home| home.uid() == seen.uid()) && seen.mode() & 0o022 == 0 {
        return None;
    }
    let _ = home;
    other_writer(seen)
}

/// Returns who else could have put another file in a file's place, as a part of a sentence: any folder above it, and above what a link
/// leads to, counts. In a sticky folder such as `/tmp`, only the owner of an entry replaces it.
pub(super) fn other_replacer(path: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        let named = std::path::absolute(path).ok()?;
        let real = std::fs::canonicalize(path).ok()?;
        [&named, &real].into_iter().flat_map(|path| path.ancestors().skip(1)).find_map(|above| {
            let seen = std::fs::symlink_metadata(above).ok()?;
            let (owner, mode) = (seen.uid(), seen.mode() & 0o7777);
            let shown = super::toml_file::shown(above);
            if !is_trusted(owner) {
                return Some(format!("the folder {shown} belongs to {}", format::account(owner)));
            }
            let is_open = seen.is_dir() && mode & 0o022 != 0 && mode & 0o1000 == 0;
            is_open.then(|| format!("accounts other than its owner may write the folder {shown} (mode {mode:04o})"))
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Returns the error of a file that may not be looked at, with whose the file is, or the folder that hides it.
pub(super) fn explain(path: &Path, error: &io::Error) -> String {
    #[cfg(unix)]
    if error.kind() == io::ErrorKind::PermissionDenied
        && error.raw_os_error().is_some()
        && let Some((at, seen)) = path.ancestors().find_map(|at| Some((at, at.symlink_metadata().ok()?)))
        && seen.uid() != rustix::process::geteuid().as_raw()
    {
        return format!("{error}; {} belongs to {}", super::toml_file::shown(at), format::account(seen.uid()));
    }
    let _ = path;
    error.to_string()
}

/// Returns whether something belongs to an account other than root and this one.
pub(super) fn is_of_another(seen: &Metadata) -> bool {
    #[cfg(unix)]
    {
        !is_trusted(seen.uid())
    }
    #[cfg(not(unix))]
    {
        let _ = seen;
        false
    }
}

/// Returns whether this account administers the machine. On Windows, only an elevated administrator may list this folder of the registry's
/// files.
pub(super) fn is_administrator() -> bool {
    #[cfg(unix)]
    {
        rustix::process::geteuid().is_root()
    }
    #[cfg(not(unix))]
    {
        let system = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        std::fs::read_dir(Path::new(&system).join("System32").join("config")).is_ok()
    }
}

/// Returns whether an account is root or this one.
#[cfg(unix)]
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path, mode: u32) {
        assert!(std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).is_ok());
    }

    #[test]
    fn a_file_that_others_may_write_or_own_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, "x").expect("written");
        let said = || other_writer(&path.metadata().expect("there"));
        for (bits, is_open) in [(0o600, false), (0o644, false), (0o664, true), (0o646, true), (0o666, true)] {
            mode(&path, bits);
            assert_eq!(said().is_some(), is_open, "{bits:o}: {:?}", said());
        }
        mode(&path, 0o600);
        if std::os::unix::fs::chown(&path, Some(54_321), None).is_ok() {
            assert_eq!(said().as_deref(), Some("it belongs to another account (user number 54321)"));
        }
    }

    #[test]
    fn a_folder_above_it_that_others_may_write_is_told_and_a_sticky_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("a");
        std::fs::create_dir(&inner).expect("made");
        let path = inner.join("x");
        std::fs::write(&path, "x").expect("written");
        assert_eq!(other_replacer(&path), None);
        mode(&inner, 0o777);
        assert!(other_replacer(&path).is_some_and(|said| said.contains("/a (mode 0777)")), "{:?}", other_replacer(&path));
        mode(&inner, 0o1777);
        assert_eq!(other_replacer(&path), None);
        // A link in a folder of one's own leads to where others may write.
        mode(&inner, 0o777);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        assert!(other_replacer(&link).is_some());
    }
}
