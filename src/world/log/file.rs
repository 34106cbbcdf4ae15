//! The file under the log: only its owner's, appended to, and never larger than it may become.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::catalog::say;

/// A log file. Whole lines are appended, each by one call, so that two programs with one log do not mix theirs; nothing is
/// held back, so that a defect's last words are there; and nothing that goes wrong disturbs who writes.
#[derive(Debug)]
pub struct LogFile {
    file: File,
    most: u64,
    length: AtomicU64,
    is_full: AtomicBool,
}

impl LogFile {
    /// The most bytes of a log: 10 MiB, which at the usual level are years of runs.
    pub const MOST: u64 = 10 << 20;

    /// Opens it, or makes it, 0600. Refused is one that somebody else could read or has made, that is no file of its own
    /// (a link, a pipe, a device), and one that is full.
    pub fn open(path: &Path, most: u64) -> io::Result<Self> {
        let refused = |why: String| Err(io::Error::new(ErrorKind::InvalidInput, why));
        if std::fs::symlink_metadata(path).is_ok_and(|seen| !seen.is_file()) {
            return refused("it is a link, a folder or a device, and must be a file".to_owned());
        }
        let file = options().open(path)?;
        let seen = file.metadata()?;
        if let Some(why) = private::objection(&seen) {
            return refused(why.to_owned());
        }
        if seen.len() >= most {
            return refused(format!("it is full, at {}; move it away", say::size(seen.len())));
        }
        Ok(Self { file, most, length: AtomicU64::new(seen.len()), is_full: AtomicBool::new(false) })
    }

    /// Appends a line, which ends with its line break. The first one for which there is no room is replaced by one that says
    /// so, and nothing follows it.
    pub fn append(&self, line: &str) {
        let length = line.len() as u64;
        let fits = self.length.fetch_add(length, Ordering::Relaxed).saturating_add(length) <= self.most;
        let line = if fits {
            line
        } else if self.is_full.swap(true, Ordering::Relaxed) {
            return;
        } else {
            FULL
        };
        // A full disk is no reason to stop what the log is about.
        let _ = (&self.file).write_all(line.as_bytes());
    }
}

/// A full log's last line. It stands a few bytes beyond the limit.
const FULL: &str = "The log is full; nothing more is written to it.\n";

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    // A link that appears after the look is not followed, and a pipe not waited for.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = File::options();
    options.append(true).create(true).mode(0o600).custom_flags(flags);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = File::options();
    options.append(true).create(true);
    options
}

#[cfg(unix)]
mod private {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt as _;

    /// What is to be said against logging to this file.
    pub(super) fn objection(seen: &Metadata) -> Option<&'static str> {
        if !seen.is_file() {
            Some("it is no file")
        } else if seen.uid() != rustix::process::geteuid().as_raw() {
            Some("it is another account's")
        } else if seen.mode() & 0o077 != 0 {
            Some("others may read or write it; take that right away (chmod 600), or name another one")
        } else if seen.nlink() != 1 {
            Some("it has a second name elsewhere")
        } else {
            None
        }
    }
}

#[cfg(not(unix))]
mod private {
    use std::fs::Metadata;

    /// What is to be said against logging to this file. Its rights are its folder's, which in a user's own profile are the
    /// user's.
    pub(super) fn objection(seen: &Metadata) -> Option<&'static str> {
        (!seen.is_file()).then_some("it is no file")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_at_its_limit_with_a_line_that_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let log = LogFile::open(&path, 30).expect("opened");
        for line in ["0123456789\n", "another line\n", "too much\n", "x\n"] {
            log.append(line);
        }
        assert_eq!(std::fs::read_to_string(&path).expect("there"), format!("0123456789\nanother line\n{FULL}"));
        let again = LogFile::open(&path, 30).map(drop).map_err(|error| error.to_string());
        assert_eq!(again, Err(format!("it is full, at {}; move it away", say::size(24 + FULL.len() as u64))));
    }

    #[test]
    fn lines_are_added_to_those_that_are_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        for line in ["one\n", "two\n"] {
            LogFile::open(&path, 100).expect("opened").append(line);
        }
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "one\ntwo\n");
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_alone_or_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let open = |path: &Path| LogFile::open(path, 100).map(drop).map_err(|error| error.to_string());
        assert_eq!(open(&path), Ok(()));
        let rights = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        rights(0o640);
        assert!(open(&path).is_err_and(|said| said.contains("chmod 600")));
        rights(0o600);
        std::fs::hard_link(&path, folder.path().join("second")).expect("linked");
        assert!(open(&path).is_err_and(|said| said.contains("second name")));
        std::fs::remove_file(folder.path().join("second")).expect("removed");

        let link = folder.path().join("link");
        symlink(&path, &link).expect("linked");
        for odd in [link.as_path(), folder.path(), Path::new("/dev/null")] {
            assert!(open(odd).is_err_and(|said| said.contains("must be a file")), "{}", odd.display());
        }
        let nowhere = folder.path().join("nowhere/log");
        assert!(open(&nowhere).is_err());
        symlink(folder.path().join("made"), folder.path().join("dangling")).expect("linked");
        assert!(open(&folder.path().join("dangling")).is_err());
        assert!(!folder.path().join("made").exists());
    }
}
