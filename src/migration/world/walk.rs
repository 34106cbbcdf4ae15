//! Walks through the sources, before the copy and once more after it. No link is ever followed, so there are no loops and no way out.

use std::collections::HashSet;
use std::fs::{DirEntry, FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Migration;
use super::destination::at;
use super::manifest::Records;
use super::watch::{Pulse, Watch};
use crate::migration::model::{
    CopyFailure, CopyOutcome, CopySource, Figures, Item, Moment, OWN_FOLDER, SkipReason, SkippedEntry, Stamp, Tree, key,
};
use crate::world::toml_file::shown;

/// Lists everything in the sources, ordered by the bytes of the paths. Ends early if the run has to end.
pub(super) fn walk(sources: &[CopySource], watch: &Watch, pulse: &Pulse) -> Tree {
    let mut walk = Walk { tree: Tree::default(), found: Figures::default(), watch, pulse };
    for (number, source) in sources.iter().enumerate() {
        walk.source(number, &source.from);
    }
    pulse.rest();
    // One order on every file system, so that of two colliding names the same one is reported each time.
    walk.tree.folders.sort();
    walk.tree.files.sort_by(|one, other| (one.source, &one.path).cmp(&(other.source, &other.path)));
    walk.tree.left_out.sort_by(|one, other| (one.source, &one.path).cmp(&(other.source, &other.path)));
    walk.tree
}

struct Walk<'a> {
    tree: Tree,
    found: Figures,
    watch: &'a Watch,
    pulse: &'a Pulse,
}

impl Walk<'_> {
    fn source(&mut self, number: usize, from: &Path) {
        self.pulse.begin(from);
        match std::fs::symlink_metadata(from) {
            Ok(met) if met.is_symlink() => self.leave(number, PathBuf::new(), link(from)),
            Ok(met) if !met.is_dir() => self.leave(number, PathBuf::new(), SkipReason::Special),
            Ok(_) => {
                let mut open = vec![PathBuf::new()];
                while let Some(folder) = open.pop() {
                    if self.watch.stopped() {
                        return;
                    }
                    let whole = if folder.as_os_str().is_empty() { from.to_owned() } else { from.join(&folder) };
                    if let Err(error) = self.folder(number, &whole, &folder, &mut open) {
                        self.leave(number, folder, unreadable(&error));
                    }
                }
            }
            Err(error) => self.leave(number, PathBuf::new(), unreadable(&error)),
        }
    }

    fn folder(&mut self, number: usize, whole: &Path, folder: &Path, open: &mut Vec<PathBuf>) -> io::Result<()> {
        self.pulse.begin(whole);
        for entry in std::fs::read_dir(whole)? {
            self.pulse.beat();
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if folder.as_os_str().is_empty() && entry.file_name() == OWN_FOLDER {
                continue;
            }
            match self.entry(number, &entry, &path) {
                Ok(true) => open.push(path),
                Ok(false) => {}
                // It was deleted in the meantime.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.leave(number, path, unreadable(&error)),
            }
        }
        self.watch.found(self.found);
        Ok(())
    }

    /// Adds an entry. Returns whether it is a folder, which has to be walked as well.
    fn entry(&mut self, number: usize, entry: &DirEntry, path: &Path) -> io::Result<bool> {
        let kind: FileType = entry.file_type()?;
        if kind.is_dir() {
            self.tree.folders.push((number, path.to_owned()));
            return Ok(true);
        }
        if kind.is_symlink() {
            self.leave(number, path.to_owned(), link(&entry.path()));
        } else if kind.is_file() {
            let stamp = stamp(&entry.metadata()?);
            may_read(&entry.path())?;
            self.found = self.found + Figures { files: 1, bytes: stamp.size };
            self.tree.files.push(Item { source: number, path: path.to_owned(), stamp });
        } else {
            self.leave(number, path.to_owned(), SkipReason::Special);
        }
        Ok(false)
    }

    fn leave(&mut self, source: usize, path: PathBuf, why: SkipReason) {
        self.tree.left_out.push(SkippedEntry { source, path, why });
    }
}

fn unreadable(error: &io::Error) -> SkipReason {
    SkipReason::Unreadable(error.to_string().into())
}

fn link(path: &Path) -> SkipReason {
    std::fs::read_link(path).map_or_else(|error| unreadable(&error), |to| SkipReason::Link(shown(&to)))
}

/// Checks that a file can be read, which is better known before the first byte is copied than after the last.
#[cfg(unix)]
fn may_read(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, rustix::fs::Access::READ_OK)?)
}

/// On other systems only reading tells.
#[cfg(not(unix))]
fn may_read(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns a file's stamp.
pub(super) fn stamp(met: &Metadata) -> Stamp {
    Stamp { size: met.len(), written: met.modified().map(moment).unwrap_or_default() }
}

fn moment(time: SystemTime) -> Moment {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => Moment { seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() },
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            match before.subsec_nanos() {
                0 => Moment { seconds: -seconds, nanos: 0 },
                nanos => Moment { seconds: -seconds - 1, nanos: 1_000_000_000 - nanos },
            }
        }
    }
}

/// The inverse; `None` for times that the host cannot represent.
pub(super) fn time(moment: Moment) -> Option<SystemTime> {
    let whole = Duration::from_secs(moment.seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if moment.seconds < 0 { epoch.checked_sub(whole)? } else { epoch.checked_add(whole)? };
    time.checked_add(Duration::from_nanos(moment.nanos.into()))
}

/// Adds a failure for each file of the sources that is not recorded as copied in its present state. Without this, what a running
/// server wrote in the meantime would be lost unnoticed.
pub(super) fn report_changes(
    migration: &Migration,
    copied: &Records,
    untouched: &HashSet<(usize, PathBuf)>,
    watch: &Arc<Watch>,
    outcome: &mut CopyOutcome,
) {
    let pulse = watch.pulse();
    let tree = walk(&migration.sources, watch, &pulse);
    watch.forget(&pulse);
    if watch.stopped() {
        // The walk ended early, so the rest is unknown.
        outcome.open += 1;
        return;
    }
    for left in tree.left_out {
        let known = untouched.contains(&(left.source, left.path.clone()));
        if let (SkipReason::Unreadable(said), Some(source), false) = (left.why, migration.sources.get(left.source), known) {
            outcome.fail(at(&source.from, &left.path), CopyFailure::Refused { doing: "looking at it once more", said });
        }
    }
    for item in tree.files {
        let Some(source) = migration.sources.get(item.source) else { continue };
        let is_copied = copied.get(&key(source.folder, &item.path)).is_some_and(|record| record.stamp == item.stamp);
        let from = at(&source.from, &item.path);
        if !is_copied && !untouched.contains(&(item.source, item.path)) {
            outcome.fail(from, CopyFailure::Changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_1970_come_back() {
        for moment in [
            Moment { seconds: 0, nanos: 0 },
            Moment { seconds: -1, nanos: 999_999_999 },
            Moment { seconds: -86_400, nanos: 0 },
            Moment { seconds: 1_800_000_000, nanos: 5 },
        ] {
            assert_eq!(time(moment).map(super::moment), Some(moment));
        }
    }
}
