//! Journals: one for each instance whose run is not closed yet.

use std::io;
use std::path::PathBuf;

use super::atomic_write::{self, Existing, atomic_write};
use super::places::Places;
use super::toml_file::{self, TomlFileError};
use super::{folder, small_file};
use crate::model::journal::Journal;

/// Writes and syncs a journal, and replaces the previous one.
pub fn write(places: &Places, journal: &Journal) -> io::Result<()> {
    folder::create_private(&places.journals())?;
    let text = toml::to_string_pretty(journal).map_err(io::Error::other)?;
    atomic_write(&places.journal(&journal.instance), text.as_bytes(), Existing::Replace)
}

/// Reads an instance's journal, if there is one.
pub fn read(places: &Places, instance: &str) -> Result<Option<Journal>, TomlFileError> {
    match toml_file::read_own(&places.journal(instance), Journal::FORMAT) {
        Ok(journal) => Ok(Some(journal)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes an instance's journal, and then the copies beside it: in this order, because a journal without its copies would undo too
/// much. A missing journal is no error.
pub fn remove(places: &Places, instance: &str) -> io::Result<()> {
    atomic_write::remove(&places.journal(instance))?;
    forget_copies(places, instance)
}

/// Removes the copies kept beside a journal, even if the journal is gone.
pub fn forget_copies(places: &Places, instance: &str) -> io::Result<()> {
    Copy::ALL.into_iter().try_for_each(|copy| atomic_write::remove(&beside(places, instance, copy)))
}

/// A copy of a file that a run replaces or removes, kept beside the journal, 0600, until the run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copy {
    /// The node config.
    Config,
    /// The sealed master key.
    Key,
    /// The entry in the instance list.
    Entry,
}

impl Copy {
    const ALL: [Self; 3] = [Self::Config, Self::Key, Self::Entry];

    /// The suffix of its name. Not `toml`, which would make it a journal.
    const fn extension(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Key => "key",
            Self::Entry => "entry",
        }
    }
}

/// Keeps and syncs these bytes; `None` means that there is no such file, and keeps none.
pub fn keep(places: &Places, instance: &str, copy: Copy, bytes: Option<&[u8]>) -> io::Result<()> {
    let path = beside(places, instance, copy);
    match bytes {
        Some(bytes) => {
            folder::create_private(&places.journals())?;
            atomic_write(&path, bytes, Existing::Replace)
        }
        None => atomic_write::remove(&path),
    }
}

/// Returns the kept bytes; `None` if there was no such file.
pub fn kept(places: &Places, instance: &str, copy: Copy) -> io::Result<Option<Vec<u8>>> {
    small_file::find(&beside(places, instance, copy))
}

fn beside(places: &Places, instance: &str, copy: Copy) -> PathBuf {
    let mut name = places.journal(instance).into_os_string();
    name.push(".");
    name.push(copy.extension());
    name.into()
}

/// Returns all journals by file name, with an error for each that cannot be read.
pub fn list(places: &Places) -> Vec<Result<Journal, TomlFileError>> {
    listed(places.journals(), |path| toml_file::read_own(path, Journal::FORMAT))
}

/// Reads every TOML file in a folder. A folder that cannot be listed counts as one error.
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
    use crate::model::flow::Flow;
    use crate::model::journal::StepRecord;
    use crate::model::master_key::Fingerprint;
    use crate::model::plan::{StepKind, StepState};
    use crate::model::registry::{KeptRow, NodeRow};

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
            after: None,
            folders: vec!["/opt/o".into()],
            storage: None,
            kept_passwords: Vec::new(),
            changes: Vec::new(),
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
    fn copies_are_no_journals_and_go_with_theirs() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        let journal = Journal { after: Some(row()), before: Some(before()), ..journal("A") };
        write(&places, &journal).expect("written");
        for copy in Copy::ALL {
            keep(&places, "A", copy, Some(b"old")).expect("kept");
        }
        keep(&places, "A", Copy::Entry, None).expect("there is none by now");
        assert_eq!(kept(&places, "A", Copy::Config).expect("read").as_deref(), Some(&b"old"[..]));
        assert_eq!(kept(&places, "A", Copy::Entry).expect("read"), None);
        assert_eq!(list(&places).into_iter().map(Result::unwrap).collect::<Vec<_>>(), [journal]);
        remove(&places, "A").expect("removed");
        assert_eq!(std::fs::read_dir(places.journals()).expect("a folder").count(), 0);
    }

    fn row() -> NodeRow {
        NodeRow {
            name: "web01".into(),
            address: "https://web01:443/".into(),
            host: "web01".into(),
            system: "Linux".into(),
            program: "0.1.0".into(),
            prefixes: "https://web01:443/".into(),
            comms_port: 10_943,
            grpc_port: 8_443,
            task_cap: 5,
        }
    }

    fn before() -> KeptRow {
        KeptRow {
            row: row(),
            joined: "2026-11-18 12:04:05.123".into(),
            last_seen: "2026-11-18 12:04:05.123".into(),
            drained: true,
        }
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
