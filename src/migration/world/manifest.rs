//! The manifest: a line in the state directory for each file that was copied and verified. It is only appended to, and a line counts
//! only while the file at the destination still has its stamp. So a lost line costs a comparison, and never a file.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use data_encoding::HEXLOWER;

use crate::migration::model::{CopySource, ProgressRecord};
use crate::world::places::Places;
use crate::world::{folder, host};

/// A manifest's records by key.
pub(super) type Records = HashMap<String, ProgressRecord>;

/// Returns the manifest's id, 16 hexadecimal digits that stand for its sources, destinations, machine and state directory. Partial
/// files are named by it, and two nodes usually have the same paths: without the machine, each would take the other's partial files on
/// the share for its own leftovers.
pub(super) fn id(sources: &[CopySource], places: &Places) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [host::name().as_bytes(), places.state.as_os_str().as_encoded_bytes()] {
        context.update(part);
        context.update(&[0]);
    }
    for source in sources {
        for part in
            [source.folder.id().as_bytes(), source.from.as_os_str().as_encoded_bytes(), source.to.as_os_str().as_encoded_bytes()]
        {
            context.update(part);
            context.update(&[0]);
        }
    }
    HEXLOWER.encode(context.finish().as_ref().get(..8).unwrap_or_default())
}

/// Returns the manifest's path.
pub(super) fn path(places: &Places, id: &str) -> PathBuf {
    places.state.join("migrations").join(format!("{id}.manifest"))
}

/// Returns the first line.
fn head(id: &str) -> String {
    format!("octopus-setup migration 1 {id}\n")
}

/// Reads a manifest. A missing one, or one of another id, has no records.
pub(super) fn read(path: &Path, id: &str) -> io::Result<Records> {
    let mut text = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Records::new()),
        Err(error) => return Err(error),
    };
    let Some(lines) = text.strip_prefix(head(id).as_bytes()) else { return Ok(Records::new()) };
    // A torn line follows the last line break; the line's own digest catches any other damage.
    let whole = lines.iter().rposition(|byte| *byte == b'\n').map_or(&[][..], |end| lines.get(..end).unwrap_or_default());
    let lines = whole.split(|byte| *byte == b'\n').filter_map(|line| ProgressRecord::read(std::str::from_utf8(line).ok()?));
    Ok(lines.map(|(key, record)| (key.to_owned(), record)).collect())
}

/// A manifest that is open for writing.
#[derive(Debug)]
pub(super) struct Manifest(Mutex<File>);

impl Manifest {
    /// Opens or creates a manifest, and removes a torn last line.
    pub(super) fn open(path: &Path, id: &str) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            folder::create_private(folder)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let keep = if text.starts_with(head(id).as_bytes()) {
            text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
        } else {
            0
        };
        file.set_len(keep as u64)?;
        file.seek(SeekFrom::Start(keep as u64))?;
        if keep == 0 {
            file.write_all(head(id).as_bytes())?;
        }
        Ok(Self(Mutex::new(file)))
    }

    /// Appends lines, each with its line break, in one write.
    pub(super) fn add(&self, lines: &str) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines.as_bytes())
    }

    /// Syncs it to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::model::{Digest, Stamp};

    #[test]
    fn lines_are_read_back_and_a_torn_one_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("m").join("x.manifest");
        let record = ProgressRecord { stamp: Stamp::default(), digest: Digest([3; 32]) };
        assert!(read(&path, "x").expect("none is no error").is_empty());
        let add = |text: &str| Manifest::open(&path, "x").and_then(|manifest| manifest.add(text)).expect("added");
        add(&record.line("packages/a"));
        add("torn 1 2");
        assert_eq!(read(&path, "x").expect("read").len(), 1);
        add(&record.line("packages/b"));
        let lines = read(&path, "x").expect("read");
        assert_eq!((lines.len(), lines.get("packages/b")), (2, Some(&record)));
        assert!(!std::fs::read_to_string(&path).expect("read").contains("torn"));
    }

    #[test]
    fn one_of_something_else_says_nothing_and_is_begun_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.manifest");
        let record = ProgressRecord { stamp: Stamp::default(), digest: Digest([3; 32]) };
        Manifest::open(&path, "x").and_then(|manifest| manifest.add(&record.line("a/b"))).expect("added");
        assert!(read(&path, "y").expect("read").is_empty());
        Manifest::open(&path, "y").and_then(|manifest| manifest.sync()).expect("opened");
        assert!(read(&path, "x").expect("read").is_empty());
    }
}
