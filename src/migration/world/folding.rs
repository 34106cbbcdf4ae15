//! Whether a destination takes names that differ in case only for one.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use crate::migration::model::Folding;

/// How many of a folder's entries are asked about.
const ENTRIES: usize = 64;

/// Finds out in this folder, which is there: by what is in it, and else by a file that is made and removed, where that may be.
pub(super) fn folding(folder: &Path, id: &str, may_write: bool) -> Folding {
    let told = by_entries(folder);
    if told == Folding::Unknown && may_write { by_probe(folder, id) } else { told }
}

fn by_entries(folder: &Path) -> Folding {
    let Ok(entries) = std::fs::read_dir(folder) else { return Folding::Unknown };
    let names: Vec<OsString> = entries.take(ENTRIES).filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    let swapped = names.iter().find_map(|name| {
        let swapped = swapped(name.to_str()?);
        // A folder that has both spellings does not fold; so much for the ones that would only seem to.
        (swapped != *name.to_str()? && !names.iter().any(|other| *other == *swapped)).then_some(swapped)
    });
    let Some(swapped) = swapped else { return Folding::Unknown };
    exists(&folder.join(swapped))
}

fn by_probe(folder: &Path, id: &str) -> Folding {
    let name = format!(".octopus-setup-case-{id}");
    let path = folder.join(&name);
    if OpenOptions::new().write(true).create(true).truncate(false).open(&path).is_err() {
        return Folding::Unknown;
    }
    let told = exists(&folder.join(swapped(&name)));
    let _ = std::fs::remove_file(&path);
    told
}

fn exists(path: &Path) -> Folding {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Folding::Folds,
        Err(error) if error.kind() == ErrorKind::NotFound => Folding::Keeps,
        Err(_) => Folding::Unknown,
    }
}

fn swapped(name: &str) -> String {
    let swap = |letter: char| if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
    name.chars().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_goes_again_and_a_look_writes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(folding(folder.path(), "x", false), Folding::Unknown);
        let told = folding(folder.path(), "x", true);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        #[cfg(target_os = "linux")]
        assert_eq!(told, Folding::Keeps);
        std::fs::write(folder.path().join("Name"), "").expect("written");
        assert_eq!(folding(folder.path(), "x", false), told);
    }
}
