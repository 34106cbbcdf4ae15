//! The backups beside a node config, and what each says otherwise.

use std::path::{Path, PathBuf};

use super::diff::{self, note};
use super::masked::Opener;
use crate::model::facts::{Backup, Fact};
use crate::world::budget::io;
use crate::world::toml_file::shown;
use crate::world::{clock, small_file};

/// The most backups that are shown, the newest.
const MOST: usize = 50;

/// The backups of a config, the newest first. `present` is its text, where it has one; it need not be well-formed: just
/// then it matters what a backup says otherwise.
pub(super) fn of(path: &Path, present: Option<&str>, opener: &Opener<'_>) -> Fact<Vec<Backup>> {
    let found = match list(path) {
        Ok(found) => found,
        Err(error) => return Fact::Missing(io(&error)),
    };
    let now = present.map(|text| opener.present(text));
    let backups = found.into_iter().map(|Found { file, when, .. }| {
        let lines = match (small_file::read_text(&file), present, &now) {
            (Err(error), _, _) => vec![note(&format!("This backup cannot be read: {error}."))],
            (Ok(text), Some(present), Some(now)) => diff::of(&opener.older(&text, present), now),
            (Ok(_), _, _) => vec![note("The present config cannot be read, so there is nothing to compare with.")],
        };
        Backup { path: shown(&file), when: when.into(), lines }
    });
    Fact::Seen(backups.collect())
}

/// A file that is named as our backups are.
struct Found {
    file: PathBuf,
    when: String,
    /// The stamp, and the number of backups within its second.
    order: (String, u32),
}

/// The newest ones. A folder that is not there has none.
fn list(path: &Path) -> std::io::Result<Vec<Found>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(Vec::new()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let prefix = format!("{}.", name.to_string_lossy());
    let mut found: Vec<Found> = small_file::list(folder, "bak")?
        .into_iter()
        .filter_map(|file| {
            let name = file.file_name()?.to_string_lossy().into_owned();
            let middle = name.strip_prefix(&prefix)?.strip_suffix(".bak")?;
            let (stamp, number) = match middle.split_once('-') {
                Some((stamp, number)) => (stamp, number.parse().ok()?),
                None => (middle, 0),
            };
            let when = clock::stamp_to_minute(stamp)?;
            Some(Found { file, when, order: (stamp.to_owned(), number) })
        })
        .collect();
    found.sort_by(|one, two| two.order.cmp(&one.order));
    found.truncate(MOST);
    Ok(found)
}
