//! Reads files that are small by nature, and refuses large or special ones at no cost.

use std::fs::{File, Metadata, OpenOptions, remove_file};
use std::io::Write as _;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use zeroize::Zeroizing;

/// The most bytes of a config, a journal or a registry entry.
pub(super) const LIMIT: u64 = 1 << 20;

/// Free bytes with which the standard library looks for the end of a file without growing the buffer.
const PROBE: usize = 64;

/// Reads a regular file of at most `limit` bytes. A device or a pipe is refused before it is opened, because opening
/// a pipe waits for a writer.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_seen(path, limit).map(|(bytes, _)| bytes)
}

/// Like [`read`], and returns the metadata of the very file that was read; its name may belong to another one by now.
pub(super) fn read_seen(path: &Path, limit: u64) -> io::Result<(Vec<u8>, Metadata)> {
    let file = |seen: Metadata| {
        if seen.is_file() { Ok(seen) } else { Err(io::Error::new(ErrorKind::InvalidInput, "it is not a file")) }
    };
    file(std::fs::metadata(path)?)?;
    let opened = options().open(path)?;
    let seen = file(opened.metadata()?)?;
    // Room for all of it and for the check for more, at once: some of these files are keys, and a growing buffer leaves copies behind.
    let room = usize::try_from(seen.len().min(limit)).unwrap_or_default() + PROBE;
    let mut bytes = Vec::with_capacity(room);
    opened.take(limit + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        Ok((bytes, seen))
    } else {
        Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes")))
    }
}

/// Opens a file without waiting for a pipe that may have replaced it since the check.
fn options() -> OpenOptions {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    options
}

/// Reads a small file; `None` if it does not exist.
pub(crate) fn find(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match read(path, LIMIT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a small file as text, without a byte order mark.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    read_text_seen(path).map(|(text, _)| text)
}

/// Like [`read_text`], and returns the metadata of the very file that was read.
pub(super) fn read_text_seen(path: &Path) -> io::Result<(String, Metadata)> {
    let (bytes, seen) = read_seen(path, LIMIT)?;
    if is_utf16(&bytes) {
        return Err(not_text(&bytes, 0));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_text(error.as_bytes(), error.utf8_error().valid_up_to()))?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    Ok((text, seen))
}

/// Returns the text of a file that Windows' programs write, in UTF-8 or UTF-16, without its byte order mark. Its buffer never grows, so no
/// copy of a password is left behind.
pub(super) fn decode(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    match (utf16_order(bytes), bytes) {
        (Some(unit), [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..]) => wide(rest, unit),
        (Some(unit), _) => wide(bytes, unit),
        (None, _) => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            let text = std::str::from_utf8(bytes).map_err(|error| not_text(bytes, error.valid_up_to()))?;
            Ok(Zeroizing::new(text.to_owned()))
        }
    }
}

/// Returns how the units of UTF-16 text are read; `None` if it is none. Without a mark, a first character of ASCII in two bytes tells.
fn utf16_order(bytes: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    match bytes {
        [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => Some(u16::from_be_bytes),
        _ => None,
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> io::Result<Zeroizing<String>> {
    let broken = || io::Error::new(ErrorKind::InvalidData, "it begins as UTF-16 text and does not go on as such");
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(broken());
    }
    // Three bytes are the most that one unit becomes.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for character in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(character.map_err(|_| broken())?);
    }
    Ok(text)
}

/// Returns whether bytes are UTF-16 text, which without its mark may pass for UTF-8 with a NUL behind each letter.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    utf16_order(bytes).is_some()
}

/// Describes bytes that are not UTF-8 from this position on.
pub(super) fn not_text(bytes: &[u8], valid: usize) -> io::Error {
    let said = if is_utf16(bytes) {
        "it is UTF-16 text, and must be UTF-8".to_owned()
    } else {
        let line = bytes.iter().take(valid).filter(|byte| **byte == b'\n').count() + 1;
        format!("it is not UTF-8 text; the first wrong byte is in line {line}")
    };
    io::Error::new(ErrorKind::InvalidData, said)
}

/// Returns the files of one extension in a folder, by name; none if the folder does not exist.
pub(super) fn list(folder: &Path, extension: &str) -> io::Result<Vec<std::path::PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Writes a new file with the rights that the operator's umask leaves, because a load balancer's own account has to read it and it
/// holds no secret. Anything that exists, even a link, stays as it is.
///
/// # Errors
/// What the operating system says; nothing is left behind then.
pub fn save_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half a configuration is worse than none. The error of writing is the one to report.
        let _ = remove_file(path);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_and_a_folder_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, [b'x'; 11]).expect("written");
        let whole = read(&path, 11).expect("read");
        assert_eq!((whole.len(), whole.capacity()), (11, 11 + PROBE), "the buffer did not grow");
        assert_eq!(read(&path, 10).map_err(|error| error.kind()), Err(ErrorKind::FileTooLarge));
        assert_eq!(read(folder.path(), 10).map_err(|error| error.kind()), Err(ErrorKind::InvalidInput));
        assert_eq!(read_text(&folder.path().join("y")).map_err(|error| error.kind()), Err(ErrorKind::NotFound));
    }

    #[test]
    fn text_loses_its_mark_and_must_be_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, "\u{feff}a").expect("written");
        assert_eq!(read_text(&path).ok().as_deref(), Some("a"));
        std::fs::write(&path, [0xff, 0xfe]).expect("written");
        assert_eq!(read_text(&path).map_err(|error| error.kind()), Err(ErrorKind::InvalidData));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("nginx.conf");
        save_new(&path, "mine").expect("written");
        assert_eq!(save_new(&path, "yours").expect_err("it is there").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(path).expect("read"), "mine");
    }
}
