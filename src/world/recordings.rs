//! The files of recordings.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::small_file;

/// The most bytes of a recording that is read.
const LIMIT: u64 = 256 << 20;

/// Creates a new file that only its owner can read. Anything that exists, even a link, stays as it is.
///
/// # Errors
/// What the operating system says.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Removes the file of a recording that was never begun. Its absence is all that is wanted, so that a failure is no problem.
pub fn discard(path: &Path) {
    drop(std::fs::remove_file(path));
}

/// Reads a recording.
///
/// # Errors
/// The operating system's error, or it is not a regular file, too large, or not UTF-8.
pub fn read(path: &Path) -> io::Result<String> {
    let bytes = small_file::read(path, LIMIT)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_its_owner_s_alone_and_overwrites_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run.jsonl");
        create(&path).expect("created");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&path.metadata().expect("there").permissions()) & 0o777, 0o600);
        assert_eq!(create(&path).expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&path).expect("read"), "");
    }
}
