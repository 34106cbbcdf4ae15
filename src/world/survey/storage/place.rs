//! What stands at a path.

use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::model::facts::{Fact, FolderIdentity, FolderPlace, Trouble};
use crate::world::budget::io;
use crate::world::toml_file::shown;

/// `ELOOP` of Linux, and `ERROR_CANT_RESOLVE_FILENAME`: the standard library has no stable name for them.
const LOOP: i32 = if cfg!(windows) {
    1921
} else if cfg!(target_os = "linux") {
    40
} else {
    62
};

/// What stands there; a path of another system's form, or one that is not absolute, is not looked for.
pub(super) fn seen(path: &Path) -> (Fact<FolderPlace>, Option<FolderIdentity>) {
    if !path.is_absolute() {
        return (Fact::Missing(Trouble::Unasked), None);
    }
    match std::fs::metadata(path) {
        Ok(seen) if seen.is_dir() => (Fact::Seen(FolderPlace::There), identity(&seen)),
        Ok(_) => (Fact::Seen(FolderPlace::NotAFolder), None),
        Err(error) => (absent(path, &error), None),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems do not tell")]
fn identity(seen: &std::fs::Metadata) -> Option<FolderIdentity> {
    use std::os::unix::fs::MetadataExt;
    Some(FolderIdentity(seen.dev(), seen.ino()))
}

#[cfg(not(unix))]
fn identity(_seen: &std::fs::Metadata) -> Option<FolderIdentity> {
    None
}

/// Why there is none, and where it could be made.
fn absent(path: &Path, error: &Error) -> Fact<FolderPlace> {
    match error.kind() {
        _ if error.raw_os_error() == Some(LOOP) => Fact::Seen(FolderPlace::Loop),
        ErrorKind::NotADirectory => Fact::Seen(FolderPlace::NotAFolder),
        // It is there by its name, and leads nowhere: nothing can be made in its place.
        ErrorKind::NotFound if std::fs::symlink_metadata(path).is_ok() => Fact::Seen(FolderPlace::DeadLink),
        ErrorKind::NotFound => match path.parent() {
            None => Fact::Missing(io(error)),
            Some(parent) => match std::fs::metadata(parent) {
                Ok(seen) if seen.is_dir() => Fact::Seen(FolderPlace::Creatable { parent: shown(parent) }),
                Ok(_) => Fact::Seen(FolderPlace::NotAFolder),
                Err(error) => absent(parent, &error),
            },
        },
        // A mount whose server is gone, a folder that this user may not look into.
        _ => Fact::Missing(io(error)),
    }
}
