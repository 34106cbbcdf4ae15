//! Reads and writes our own TOML files. They are written whole.
//!
//! Errors name the file, the line, the key and what is expected there. The parser's own messages name no key if a value has the
//! wrong type, and they repeat the value, which may be a password that somebody wrote in the clear.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{ownership, small_file};
use crate::model::facts::ConfigTrouble;
use crate::model::lookalike;
use crate::model::plan::Failure;
use crate::model::untrusted::Untrusted;

/// Why one of our files could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TomlFileError {
    /// The operating system refused, or it is not a small text file.
    #[error("{} cannot be read: {}.", Untrusted::new(&path.to_string_lossy()), ownership::explain(path, source))]
    Unreadable {
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another account than root and this one could have written it.
    #[error("{} is not believed, because {said}.", Untrusted::new(&path.to_string_lossy()))]
    OfOthers {
        path: PathBuf,
        /// Who.
        said: String,
    },
    /// It belongs to another program.
    #[error("{} is no node config: {what}.", Untrusted::new(&path.to_string_lossy()))]
    OtherKind {
        path: PathBuf,
        /// What it is: a sentence without a full stop.
        what: &'static str,
    },
    /// It is not TOML, or a key is unknown, missing or of the wrong type.
    #[error("{}, line {line}: {said}.", Untrusted::new(&path.to_string_lossy()))]
    Malformed {
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        said: Untrusted,
    },
    /// It has a format that this program does not know.
    #[error("{} has format {found}, and this program knows {known} only.", Untrusted::new(&path.to_string_lossy()))]
    OtherFormat {
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
}

impl TomlFileError {
    /// Returns whether the file does not exist.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Returns whether this account may not look at the file, so that it may say anything.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Unreadable { path, .. }
            | Self::OfOthers { path, .. }
            | Self::OtherKind { path, .. }
            | Self::Malformed { path, .. }
            | Self::OtherFormat { path, .. } => path,
        }
    }
}

impl From<TomlFileError> for Failure {
    fn from(error: TomlFileError) -> Self {
        Self::File { path: shown(error.path()), said: error.to_string().into() }
    }
}

/// The failure of a file in the state directory.
pub(super) fn own_record(error: TomlFileError) -> Failure {
    let path = shown(error.path());
    let said = match error {
        TomlFileError::Unreadable { path, source } => ownership::explain(&path, &source),
        TomlFileError::OfOthers { said, .. } => format!("it is not believed, because {said}"),
        TomlFileError::OtherKind { what, .. } => what.to_owned(),
        TomlFileError::Malformed { line, said, .. } => format!("line {line}: {said}"),
        TomlFileError::OtherFormat { found, known, .. } => format!("it has format {found}, and this program knows {known} only"),
    };
    Failure::StateFile { path, said: said.into() }
}

impl From<TomlFileError> for ConfigTrouble {
    fn from(error: TomlFileError) -> Self {
        match error {
            TomlFileError::Unreadable { path, source } => unreadable(&path, &source),
            TomlFileError::OfOthers { ref path, ref said } => {
                let said = format!("it is not believed, because {said}");
                Self::Unreadable { path: shown(path), said: said.into() }
            }
            TomlFileError::OtherKind { path, what } => Self::OtherKind { path: shown(&path), what: what.into() },
            TomlFileError::Malformed { path, line, said } => Self::Malformed { path: shown(&path), line, said },
            TomlFileError::OtherFormat { path, found, known } => Self::OtherFormat { path: shown(&path), found, known },
        }
    }
}

/// Explains why a file could not be read. A dangling symbolic link does not count as absent: anyone who believed that would write in its
/// place.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> ConfigTrouble {
    if error.kind() != io::ErrorKind::NotFound {
        return ConfigTrouble::Unreadable { path: shown(path), said: ownership::explain(path, error).into() };
    }
    match std::fs::read_link(path) {
        Ok(to) => {
            let said = format!("it is a symbolic link to {}, which is not there", shown(&to));
            ConfigTrouble::Unreadable { path: shown(path), said: said.into() }
        }
        Err(_) => ConfigTrouble::Absent { path: shown(path) },
    }
}

/// Returns a path as text that is safe to show.
pub(crate) fn shown(path: &Path) -> Untrusted {
    Untrusted::new(&path.to_string_lossy())
}

/// Reads a file of the known `format`. The number is read first and by itself, so that the error for a newer file is its format and
/// not its first unknown key.
pub(super) fn read<T: DeserializeOwned>(path: &Path, known: u32) -> Result<T, TomlFileError> {
    let text = small_file::read_text(path).map_err(|source| TomlFileError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &text, known)
}

/// Like [`read`], for files in the state directory: one that another account could have written is refused.
pub(super) fn read_own<T: DeserializeOwned>(path: &Path, known: u32) -> Result<T, TomlFileError> {
    let unreadable = |source| TomlFileError::Unreadable { path: path.to_owned(), source };
    let (text, seen) = small_file::read_text_seen(path).map_err(unreadable)?;
    match ownership::other_writer(&seen) {
        Some(said) => Err(TomlFileError::OfOthers { path: path.to_owned(), said }),
        None => parse(path, &text, known),
    }
}

/// Parses a text of the known `format`.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str, known: u32) -> Result<T, TomlFileError> {
    let other = |found| TomlFileError::OtherFormat { path: path.to_owned(), found, known };
    match part(path, text) {
        // A truncated number is still a number, but every writer of such files ends the last line.
        Ok(Head { format }) if format == known && !text.ends_with('\n') => part(path, text).and_then(|_: T| {
            let said = "the last line has no end, and the file may break off here; where it is whole, add a line break";
            Err(TomlFileError::Malformed { path: path.to_owned(), line: text.lines().count().max(1), said: said.into() })
        }),
        Ok(Head { format }) if format == known => part(path, text),
        Ok(Head { format }) => Err(other(format)),
        Err(error) => match format_of(text) {
            Some(found) if found != known => Err(other(found)),
            _ => Err(error),
        },
    }
}

/// The key that each of our files begins with.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

fn part<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, TomlFileError> {
    toml::from_str(text).map_err(|error| {
        if let Some(what) = other_kind(text) {
            return TomlFileError::OtherKind { path: path.to_owned(), what };
        }
        let (line, said) = explain(text, &error);
        TomlFileError::Malformed { path: path.to_owned(), line, said: said.into() }
    })
}

/// Returns the line, from 1, and a part of a sentence.
pub(super) fn explain(text: &str, error: &toml::de::Error) -> (usize, String) {
    let message = error.message().lines().next().unwrap_or_default().trim_end_matches('.');
    let at = error.span().map_or(0, |span| span.start);
    let line = text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let last = text.lines().count().max(1);
    if text.trim().is_empty() {
        return (1, "it is empty".into());
    }
    if let Some(name) = quoted_after(message, "missing field ") {
        return match header(text.lines().nth(line - 1).unwrap_or_default()) {
            Some(table) => (line, format!("`{table}.{name}` is missing")),
            // A file without a whole section was most likely truncated at the end.
            None => (last, format!("`{name}` is missing; the file may break off here")),
        };
    }
    // A line that is good TOML may have such characters in its texts.
    let is_syntax = !message.contains(", expected ") || message.starts_with("invalid ") || message.contains("must be quoted");
    let lookalike = text.lines().nth(line - 1).filter(|_| is_syntax).and_then(lookalike::find);
    if let Some(character) = lookalike {
        return (line.min(last), format!("there is {character}, which an editor has put in place of what was typed"));
    }
    let key = key_of(text, line);
    let said = match (&key, message.split_once(", expected ")) {
        (_, Some((head, expected))) if head.starts_with("unknown field ") => {
            let name = quoted_after(head, "unknown field ").unwrap_or_default();
            let table = table_of(text, line).filter(|table| *table != name).map(|table| format!("{table}.")).unwrap_or_default();
            format!("unknown key `{table}{name}`, expected {expected}")
        }
        (Some(key), Some((head, expected))) if head.starts_with("invalid type: ") => {
            format!("`{key}` must be {}, and is {}", wanted(expected), kind(head))
        }
        (Some(key), Some((head, expected))) if head.starts_with("invalid value: ") || head.starts_with("unknown variant ") => {
            format!("`{key}` must be {}", wanted(expected))
        }
        (Some(key), _) => format!("`{key}`: {message}"),
        (None, Some((head, expected))) if head.starts_with("invalid type: ") => {
            format!("it must be {}, and is {}", wanted(expected), kind(head))
        }
        (None, _) => message.to_owned(),
    };
    let cut = line >= last && !text.ends_with('\n');
    (line.min(last), if cut { format!("{said}; the file may break off here") } else { said })
}

/// Says what a text is that belongs to another program, in a sentence without a full stop. A line of TOML begins with neither of these
/// characters; some versions of Octopus Server print an exception before the JSON of `show-configuration`.
pub(super) fn other_kind(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let begins_with = |first: char| text.starts_with(first);
    let has_json = text.lines().any(|line| line.starts_with('{'));
    if has_json && ["\"Tentacle\"", "\"Tentacle."].iter().any(|key| text.contains(key)) {
        Some("it is JSON, as the show-configuration of a Tentacle prints it, and not of an Octopus Server")
    } else if has_json && text.contains("\"Octopus") {
        Some("it is JSON, as Octopus Server's show-configuration prints it, and not the file itself")
    } else if begins_with('{') {
        Some("it is JSON")
    } else if begins_with('<') && text.contains("<octopus-settings") && !text.contains("\"Tentacle.") {
        Some("it is XML as in OctopusServer.config; a file of that kind has a name that ends in .config")
    } else if begins_with('<') && text.contains("<octopus-settings") {
        Some(OF_A_TENTACLE)
    } else {
        begins_with('<').then_some("it is XML, and a node config is TOML")
    }
}

/// What a `Tentacle.config` is.
pub(super) const OF_A_TENTACLE: &str = "it is the config of a Tentacle and not of an Octopus Server";

/// Finds the format's number in a text that is not valid TOML, which a later format may not be.
pub(super) fn format_of(text: &str) -> Option<u32> {
    let mut lines = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    lines.find_map(|line| line.strip_prefix("format")?.trim_start().strip_prefix('=')?.trim().parse().ok())
}

/// Returns the word in backquotes right after `before`.
fn quoted_after<'a>(message: &'a str, head: &str) -> Option<&'a str> {
    message.strip_prefix(head)?.strip_prefix('`')?.split('`').next()
}

/// Returns the section that a line begins.
fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.split(']').next().map(|name| name.trim_start_matches('['))
}

/// Returns the section that a line is in.
fn table_of(text: &str, line: usize) -> Option<&str> {
    text.lines().take(line).filter_map(header).last()
}

/// Returns the whole key that a line sets.
fn key_of(text: &str, line: usize) -> Option<String> {
    let (key, _) = text.lines().nth(line - 1)?.split_once('=')?;
    let key = key.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if key.is_empty() || !key.chars().all(plain) {
        return None;
    }
    Some(table_of(text, line).map_or_else(|| key.to_owned(), |table| format!("{table}.{key}")))
}

/// Describes for people what a value must be.
fn wanted(expected: &str) -> String {
    match expected {
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" => "a whole number from 0 to 4294967295".into(),
        "a boolean" => "true or false".into(),
        "a string" | "path string" => "a text in quotes".into(),
        "a sequence" => "a list".into(),
        other if other.starts_with("struct ") => "a section".into(),
        other => other.to_owned(),
    }
}

/// Describes the kind of a value, never the value itself.
fn kind(head: &str) -> &'static str {
    let kinds = [
        ("string", "a text"),
        ("integer", "a whole number"),
        ("floating point", "a decimal number"),
        ("boolean", "true or false"),
        ("sequence", "a list"),
        ("map", "a section"),
        ("datetime", "a date"),
    ];
    let said = head.strip_prefix("invalid type: ").unwrap_or_default();
    kinds.iter().find(|(name, _)| said.starts_with(name)).map_or("something else", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node_config::NodeConfig;

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

    #[cfg(unix)]
    #[test]
    fn a_file_of_the_state_directory_that_others_could_have_written_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.toml");
        std::fs::write(&path, "format = 1\nword = 'a'\n").expect("written");
        for (mode, is_refused) in [(0o600, false), (0o640, false), (0o620, true), (0o602, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            let read = read_own::<Small>(&path, 1);
            assert_eq!(matches!(read, Err(TomlFileError::OfOthers { .. })), is_refused, "{mode:o}: {read:?}");
        }
        let said = read_own::<Small>(&path, 1).expect_err("refused").to_string();
        assert!(
            said.ends_with("x.toml is not believed, because accounts other than its owner may write it (mode 0602)."),
            "{said}"
        );
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

    fn said(text: &str) -> (usize, String) {
        explain(text, &toml::from_str::<NodeConfig>(text).expect_err("malformed"))
    }

    #[test]
    fn a_value_is_never_repeated() {
        for text in [
            "format = 1\ninstance = 4711\n",
            "format = 'hunter2'\n",
            "format = 1\ninstance = hunter2\n",
            "format = 1\ninstance = \"hunter2\n",
            "format = 1\ninstance = 'a' hunter2\n",
            "format = [ 'hunter2' ]\n",
        ] {
            let (_, said) = said(text);
            assert!(!said.contains("hunter2") && !said.contains("4711"), "{text}: {said}");
        }
    }

    #[test]
    fn a_format_is_found_in_what_is_no_toml() {
        assert_eq!(format_of("# x\nformat = 7\n<<new>>"), Some(7));
        assert_eq!(format_of("formats = 7"), None);
        assert_eq!(format_of("[a]\nformat = 7"), None);
        assert_eq!(format_of("format = 99999999999"), None);
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_explained_without_a_panic(text in "(format = 1\n)?([\\[\\]a-c=\"'{}\\n.\u{e4} 0-9]{0,60})") {
            if let Err(error) = toml::from_str::<NodeConfig>(&text) {
                let (line, said) = explain(&text, &error);
                proptest::prop_assert!(line >= 1 && !said.is_empty());
            }
        }
    }
}
