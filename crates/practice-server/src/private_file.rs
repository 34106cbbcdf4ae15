//! Files that only their owner may read.

use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file, whole or not at all; on Unix with mode 0600 from its first byte.
///
/// On Windows it inherits the folder's permissions, which in a user's own profile are the user's.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are created with 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
