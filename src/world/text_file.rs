//! A new text file that everybody may read.

use std::fs::{OpenOptions, remove_file};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a new file, with the rights that the operator's umask leaves; what is there already, be it a link, stays as it is. It
/// holds no secret, and a load balancer's own account has to read it.
///
/// # Errors
/// What the operating system says; nothing is left behind then.
pub fn save_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half a configuration is worse than none. That it cannot be removed either changes nothing of what is told.
        let _ = remove_file(path);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nginx.conf");
        save_new(&path, "mine").expect("written");
        assert_eq!(save_new(&path, "yours").expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(path).expect("read"), "mine");
    }
}
