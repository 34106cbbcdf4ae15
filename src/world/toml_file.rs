//! TOML files of our own: read with errors that say which file and which line, written whole.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{small_file, toml_words};
use crate::model::facts::ConfigTrouble;
use crate::model::plan::Failure;
use crate::model::untrusted::Untrusted;

/// Why a file of ours could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TomlFileError {
    /// The operating system refused, or it is no small text file.
    #[error("{} cannot be read: {source}.", Untrusted::new(&path.to_string_lossy()))]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not TOML, or a key is unknown, missing or of the wrong type.
    #[error("{}, line {line}: {said}.", Untrusted::new(&path.to_string_lossy()))]
    Malformed {
        /// Which.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        said: Untrusted,
    },
    /// It has a format that this program does not know.
    #[error("{} has format {found}, and this program knows {known} only.", Untrusted::new(&path.to_string_lossy()))]
    OtherFormat {
        /// Which.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
}

impl TomlFileError {
    /// Whether there is no such file.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Unreadable { path, .. } | Self::Malformed { path, .. } | Self::OtherFormat { path, .. } => path,
        }
    }
}

impl From<TomlFileError> for Failure {
    fn from(error: TomlFileError) -> Self {
        Self::File { path: shown(error.path()), said: error.to_string().into() }
    }
}

impl From<TomlFileError> for ConfigTrouble {
    fn from(error: TomlFileError) -> Self {
        match error {
            TomlFileError::Unreadable { path, source } => unreadable(&path, &source),
            TomlFileError::Malformed { path, line, said } => Self::Malformed { path: shown(&path), line, said },
            TomlFileError::OtherFormat { path, found, known } => Self::OtherFormat { path: shown(&path), found, known },
        }
    }
}

/// Why the operating system gave no text. A symbolic link that leads nowhere is there, and is not told as an absence:
/// whoever believed that would write in its place.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> ConfigTrouble {
    if error.kind() != io::ErrorKind::NotFound {
        return ConfigTrouble::Unreadable { path: shown(path), said: error.to_string().into() };
    }
    match std::fs::read_link(path) {
        Ok(to) => {
            let said = format!("it is a symbolic link to {}, which is not there", shown(&to));
            ConfigTrouble::Unreadable { path: shown(path), said: said.into() }
        }
        Err(_) => ConfigTrouble::Absent { path: shown(path) },
    }
}

/// A path as text that may be shown.
pub(crate) fn shown(path: &Path) -> Untrusted {
    Untrusted::new(&path.to_string_lossy())
}

/// Reads a file whose `format` is the one that we know. The number is looked at first and by itself, so that a newer
/// file is told as such and not by the first of its keys that we do not know.
pub(super) fn read<T: DeserializeOwned>(path: &Path, known: u32) -> Result<T, TomlFileError> {
    let text = small_file::read_text(path).map_err(|source| TomlFileError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &text, known)
}

/// The same for a text that is at hand already.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str, known: u32) -> Result<T, TomlFileError> {
    let other = |found| TomlFileError::OtherFormat { path: path.to_owned(), found, known };
    match part(path, text) {
        // A number that was cut is a number still. Whatever writes such a file ends its last line.
        Ok(Head { format }) if format == known && !text.ends_with('\n') => part(path, text).and_then(|_: T| {
            let said = "the last line has no end, and the file may break off here; where it is whole, add a line break";
            Err(TomlFileError::Malformed { path: path.to_owned(), line: text.lines().count().max(1), said: said.into() })
        }),
        Ok(Head { format }) if format == known => part(path, text),
        Ok(Head { format }) => Err(other(format)),
        Err(error) => match toml_words::format_of(text) {
            Some(found) if found != known => Err(other(found)),
            _ => Err(error),
        },
    }
}

/// What every file of ours begins with.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

fn part<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, TomlFileError> {
    toml::from_str(text).map_err(|error| {
        let (line, said) = toml_words::explain(text, &error);
        TomlFileError::Malformed { path: path.to_owned(), line, said: said.into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Small {
        #[expect(dead_code, reason = "only its name matters")]
        format: u32,
        word: String,
    }

    fn read_from(text: &str) -> Result<Small, TomlFileError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        std::fs::write(&path, text).expect("written");
        read(&path, 1)
    }

    #[test]
    fn an_error_names_its_line() {
        assert_eq!(read_from("format = 1\nword = 'a'\n").expect("read").word, "a");
        for (text, expected) in [
            ("format = 1\nword = 'a'\n\nsurplus = 2\n", 4),
            ("format = 1\nword = 7\n", 2),
            ("format = 1\nword = \n", 2),
            ("format 1", 1),
        ] {
            assert!(
                matches!(read_from(text), Err(TomlFileError::Malformed { line, .. }) if line == expected),
                "{text}: {:?}",
                read_from(text)
            );
        }
    }

    #[test]
    fn a_last_line_without_an_end_is_not_believed() {
        let said = |text| match read_from(text) {
            Err(TomlFileError::Malformed { line, said, .. }) => (line, said.to_string()),
            other => panic!("{other:?}"),
        };
        let (line, words) = said("format = 1\nword = 'a'");
        assert!(line == 2 && words.contains("may break off here"), "{line}: {words}");
        assert_eq!(said("word = 'a'\nformat = 1").0, 2, "it may have been 10");
    }

    #[test]
    fn a_newer_format_is_told_as_such_whatever_else_is_in_it() {
        assert!(matches!(read_from("format = 2\nnews = []\n"), Err(TomlFileError::OtherFormat { found: 2, known: 1, .. })));
        assert!(matches!(read_from("format = 3\n«new»\n"), Err(TomlFileError::OtherFormat { found: 3, known: 1, .. })));
    }
}
