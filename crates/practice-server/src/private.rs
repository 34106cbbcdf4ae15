//! Files and folders that only their owner may read: 0600 and 0700 on Unix.
//!
//! On Windows they inherit their folder's permissions; in a user's own profile only that user has access.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Creates a folder, with those above it. An existing one is closed to others, with its files, if it is empty or `is_ours` says
/// that it is the server's own.
pub fn create_folder(folder: &Path, is_ours: impl Fn(&Path) -> bool) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        files.push(entry?.path());
    }
    if files.is_empty() || is_ours(folder) {
        close_to_others(folder, 0o700)?;
        for file in files.iter().filter(|file| file.is_file()) {
            close_to_others(file, 0o600)?;
        }
    }
    Ok(())
}

/// Opens a file for writing, and creates it if it is missing.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Takes all permissions beyond `mode` from a file that an older build or another umask created.
fn close_to_others(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let found = std::fs::metadata(path)?.permissions().mode();
        if found & 0o777 & !mode != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        }
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
    Ok(())
}

/// Writes a file completely or not at all; on Unix with mode 0600 from its first byte.
pub fn write_private(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are created with 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
