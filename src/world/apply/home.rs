//! The step that creates the home directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::instance_lock::file;
use crate::model::plan::{Failure, StepState};
use crate::world::atomic_write::sync_folder;
use crate::world::folder;
use crate::world::toml_file::shown;

/// Whether there is a folder already; something else in its place is in the way.
pub(super) fn is_there(home: &Path) -> Result<bool, Failure> {
    match std::fs::metadata(home) {
        Ok(seen) if seen.is_dir() => Ok(true),
        Ok(_) => Err(Failure::FileInTheWay { path: shown(home) }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(file(home)(error)),
    }
}

/// Creates it, unless an earlier start did, and looks whether it is there.
pub(super) fn create(home: &Path, earlier: StepState) -> Result<StepState, Failure> {
    let there = is_there(home)?;
    // Cut off between creating it and setting its mode, an earlier start left it with another one; so once more.
    if !there || earlier == StepState::Begun {
        folder::create_home(home).map_err(file(home))?;
    }
    if !is_there(home)? {
        return Err(Failure::ReadBack { what: shown(home) });
    }
    Ok(if there && earlier == StepState::Already { StepState::Already } else { StepState::Done })
}

/// Removes the folders that the run created, the innermost first, as far as they are empty. What somebody else put
/// there is theirs, so a folder that is not empty is no failure: it stays, and so do those above it.
pub(super) fn remove(folders: &[PathBuf]) -> Result<(), Failure> {
    for folder in folders.iter().rev() {
        match std::fs::remove_dir(folder) {
            Ok(()) => {
                if let Some(parent) = folder.parent() {
                    sync_folder(parent).map_err(file(parent))?;
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => break,
            Err(error) => return Err(file(folder)(error)),
        }
    }
    Ok(())
}
