//! Reads files that hold answers or secrets, and checks who else can read them.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::model::untrusted::Untrusted;
use crate::world::small_file;

/// Why a file cannot be used: the end of a sentence, and what to do.
#[derive(Debug)]
pub(super) struct UnreadableFile {
    pub says: String,
    pub fix: &'static str,
}

/// Reads a file of at most `limit` bytes, and returns whether others can read it. Refuses folders, devices and pipes unread.
pub(super) fn read(path: &Path, limit: u64) -> Result<(Zeroizing<Vec<u8>>, bool), UnreadableFile> {
    let meta = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if meta.is_dir() {
        return Err(UnreadableFile { says: "is a folder, and must be a file".into(), fix: "Name the file in it." });
    }
    if !meta.is_file() {
        let fix = "Copy it to a file. Answers, though no secrets' files, can also be piped in: --answers -.";
        return Err(UnreadableFile { says: "is a device or a pipe, and must be a file".into(), fix });
    }
    if meta.len() > limit {
        let says = format!("has {} bytes, and may have {limit}", meta.len());
        return Err(UnreadableFile { says, fix: "See whether it is the right file." });
    }
    let (bytes, seen) = small_file::read_seen(path, limit).map_err(|error| unreadable(path, &error))?;
    Ok((Zeroizing::new(bytes), is_open_to_others(&seen)))
}

fn unreadable(path: &Path, error: &io::Error) -> UnreadableFile {
    let dangling = || std::fs::read_link(path).ok();
    match error.kind() {
        io::ErrorKind::NotFound => match dangling() {
            Some(to) => {
                let says = format!("is a symbolic link to {}, which is not there", Untrusted::new(&to.to_string_lossy()));
                UnreadableFile { says, fix: "Fix the link." }
            }
            None => UnreadableFile { says: "is not there".into(), fix: "See whether the path is right." },
        },
        io::ErrorKind::PermissionDenied => {
            UnreadableFile { says: "may not be read by this account".into(), fix: "Give this account the right to read it." }
        }
        _ => UnreadableFile { says: format!("cannot be read: {error}"), fix: "" },
    }
}

/// Reads a file's UTF-8 text, and returns whether others can read it.
pub(super) fn read_text(path: &Path) -> Result<(Zeroizing<String>, bool), UnreadableFile> {
    let (mut bytes, open) = read(path, small_file::LIMIT)?;
    Ok((utf8(std::mem::take(&mut *bytes))?, open))
}

/// Reads bytes as UTF-8. The error names UTF-16 where it is that.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<Zeroizing<String>, UnreadableFile> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = Zeroizing::new(error.into_bytes());
            let says = small_file::not_text(&bytes, valid).to_string();
            let says = says.strip_prefix("it ").unwrap_or(&says).to_owned();
            Err(UnreadableFile { says, fix: "Save it as UTF-8." })
        }
    }
}

/// Returns whether others than the owner may read it; `false` where the system does not tell.
fn is_open_to_others(seen: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        seen.permissions().mode() & 0o077 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = seen;
        false
    }
}
