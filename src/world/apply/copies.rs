//! Copies of what a step is about to replace or take away, so that undo can put it back byte for byte.

use std::path::Path;

use super::instance_lock::file;
use crate::model::plan::Failure;
use crate::world::atomic_write::{self, Existing, atomic_write};
use crate::world::journals::{self, Copy};
use crate::world::places::Places;
use crate::world::{folder, small_file};

/// Keeps a copy of a file, or that there was none.
pub(super) fn keep(places: &Places, instance: &str, copy: Copy, path: &Path) -> Result<(), Failure> {
    let bytes = small_file::find(path).map_err(file(path))?;
    journals::keep(places, instance, copy, bytes.as_deref()).map_err(file(path))
}

/// Puts a file back as it was before the run, or removes it where there was none; whoever calls this knows that what is
/// there now is the run's own, or nothing.
pub(super) fn put_back(places: &Places, instance: &str, copy: Copy, path: &Path) -> Result<(), Failure> {
    match kept(places, instance, copy)? {
        Some(bytes) if is(path, &bytes) => Ok(()),
        Some(bytes) => {
            if let Some(parent) = path.parent() {
                // A home that somebody removed meanwhile is made again: 0700, the stricter of its modes.
                folder::create_private(parent).map_err(file(parent))?;
            }
            atomic_write(path, &bytes, Existing::Replace).map_err(file(path))
        }
        // Also where there is none now: an interrupted write may have left its temporary file.
        None => atomic_write::remove(path).map_err(file(path)),
    }
}

/// What was kept of a file.
pub(super) fn kept(places: &Places, instance: &str, copy: Copy) -> Result<Option<Vec<u8>>, Failure> {
    journals::kept(places, instance, copy).map_err(file(&places.journal(instance)))
}

/// Whether the file holds exactly these bytes.
pub(super) fn is(path: &Path, bytes: &[u8]) -> bool {
    small_file::find(path).is_ok_and(|found| found.is_some_and(|found| found == bytes))
}
