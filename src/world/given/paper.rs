//! Files that answers come from: their content, and who else can read it.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::model::untrusted::Untrusted;
use crate::world::small_file;

/// Why a file gives nothing: what is wrong, as a part of a sentence, and what to do.
#[derive(Debug)]
pub(super) struct NoPaper {
    pub says: String,
    pub fix: &'static str,
}

/// A file's bytes, at most `limit` of them, and whether others can read them. Nothing is read of a folder, a device, a pipe or
/// anything larger.
pub(super) fn bytes(path: &Path, limit: u64) -> Result<(Zeroizing<Vec<u8>>, bool), NoPaper> {
    let meta = std::fs::metadata(path).map_err(|error| no_paper(path, &error))?;
    if meta.is_dir() {
        return Err(NoPaper { says: "is a folder, and must be a file".into(), fix: "Name the file in it." });
    }
    if !meta.is_file() {
        let fix = "Copy it to a file. Answers, though no secrets' files, can also be piped in: --answers -.";
        return Err(NoPaper { says: "is a device or a pipe, and must be a file".into(), fix });
    }
    if meta.len() > limit {
        let says = format!("has {} bytes, and may have {limit}", meta.len());
        return Err(NoPaper { says, fix: "See whether it is the right file." });
    }
    let (bytes, seen) = small_file::read_seen(path, limit).map_err(|error| no_paper(path, &error))?;
    Ok((Zeroizing::new(bytes), is_open_to_others(&seen)))
}

fn no_paper(path: &Path, error: &io::Error) -> NoPaper {
    let dangling = || std::fs::read_link(path).ok();
    match error.kind() {
        io::ErrorKind::NotFound => match dangling() {
            Some(to) => {
                let says = format!("is a symbolic link to {}, which is not there", Untrusted::new(&to.to_string_lossy()));
                NoPaper { says, fix: "Fix the link." }
            }
            None => NoPaper { says: "is not there".into(), fix: "See whether the path is right." },
        },
        io::ErrorKind::PermissionDenied => {
            NoPaper { says: "may not be read by this account".into(), fix: "Give this account the right to read it." }
        }
        _ => NoPaper { says: format!("cannot be read: {error}"), fix: "" },
    }
}

/// The file's text: UTF-8, with or without a mark; and whether others can read it.
pub(super) fn text(path: &Path) -> Result<(Zeroizing<String>, bool), NoPaper> {
    let (mut bytes, open) = bytes(path, small_file::LIMIT)?;
    Ok((utf8(std::mem::take(&mut *bytes))?, open))
}

/// Bytes as text; UTF-16 is told as such.
pub(super) fn utf8(bytes: Vec<u8>) -> Result<Zeroizing<String>, NoPaper> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = Zeroizing::new(error.into_bytes());
            let says = small_file::not_text(&bytes, valid).to_string();
            let says = says.strip_prefix("it ").unwrap_or(&says).to_owned();
            Err(NoPaper { says, fix: "Save it as UTF-8." })
        }
    }
}

/// Whether others than its owner may read it, where the system can tell.
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
