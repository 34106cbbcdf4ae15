//! The journals: one for each instance with a run that is not closed yet.

use std::io;
use std::path::PathBuf;

use super::atomic_write::{self, Existing, atomic_write};
use super::places::Places;
use super::toml_file::{self, TomlFileError};
use super::{folder, small_file};
use crate::model::journal::Journal;

/// Writes a journal, synced, in place of the one before.
pub fn write(places: &Places, journal: &Journal) -> io::Result<()> {
    folder::create_private(&places.journals())?;
    let text = toml::to_string_pretty(journal).map_err(io::Error::other)?;
    atomic_write(&places.journal(&journal.instance), text.as_bytes(), Existing::Replace)
}

/// Reads an instance's journal; `None` where it has none.
pub fn read(places: &Places, instance: &str) -> Result<Option<Journal>, TomlFileError> {
    match toml_file::read(&places.journal(instance), Journal::FORMAT) {
        Ok(journal) => Ok(Some(journal)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes an instance's journal; none is no error.
pub fn remove(places: &Places, instance: &str) -> io::Result<()> {
    atomic_write::remove(&places.journal(instance))
}

/// All journals, by file name; those that cannot be read are errors of their own.
pub fn list(places: &Places) -> Vec<Result<Journal, TomlFileError>> {
    listed(places.journals(), |path| toml_file::read(path, Journal::FORMAT))
}

/// Reads every TOML file in a folder. A folder that cannot be listed is one error.
pub(super) fn listed<T>(
    folder: PathBuf,
    read: impl Fn(&std::path::Path) -> Result<T, TomlFileError>,
) -> Vec<Result<T, TomlFileError>> {
    match small_file::list(&folder, "toml") {
        Ok(paths) => paths.iter().map(|path| read(path)).collect(),
        Err(source) => vec![Err(TomlFileError::Unreadable { path: folder, source })],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::ClusterId;
    use crate::model::fingerprint::Fingerprint;
    use crate::model::flow::Flow;
    use crate::model::journal::StepRecord;
    use crate::model::plan::{StepKind, StepState};

    fn journal(instance: &str) -> Journal {
        Journal {
            format: Journal::FORMAT,
            program: "0.1.0".into(),
            flow: Flow::FirstNode,
            instance: instance.into(),
            begun: "2026-11-21T12:04:05Z".into(),
            written: "2026-11-21T12:04:05Z".into(),
            cluster: ClusterId([7; 16]),
            fingerprint: Fingerprint([1, 2, 3, 4]),
            accepted: vec!["home-disk".into()],
            answers: [("home".to_owned(), "/opt/o".to_owned())].into(),
            run: String::new(),
            before: None,
            folders: vec!["/opt/o".into()],
            steps: vec![StepRecord { kind: StepKind::CreateHome, state: StepState::Begun }],
        }
    }

    #[test]
    fn a_journal_is_read_back_and_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        assert_eq!(read(&places, "A").expect("no error"), None);
        write(&places, &journal("A")).expect("written");
        assert_eq!(read(&places, "a").expect("read"), Some(journal("A")));
        remove(&places, "A").and_then(|()| remove(&places, "A")).expect("removed");
        assert!(list(&places).is_empty());
    }

    #[test]
    fn one_that_cannot_be_read_hides_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        write(&places, &journal("B")).expect("written");
        std::fs::write(places.journal("A"), "format = 9\n").expect("written");
        let listed = list(&places);
        assert!(matches!(listed[0], Err(TomlFileError::OtherFormat { found: 9, .. })));
        assert_eq!(listed[1].as_ref().expect("read"), &journal("B"));
    }
}
