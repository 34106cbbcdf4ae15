//! Octopus Server's own instance registry: one small JSON file for each instance.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model::untrusted::Untrusted;
use crate::world::small_file;
use crate::world::toml_file::shown;

/// An instance in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::world::survey) struct Record {
    /// Its name.
    pub(in crate::world::survey) name: String,
    /// Its `OctopusServer.config`.
    pub(in crate::world::survey) config: PathBuf,
}

/// Returns each instance's name and config file, and sentences about what could not be read.
pub(in crate::world::survey) fn list_instances(folder: &Path) -> (Vec<(Untrusted, Untrusted)>, Vec<Untrusted>) {
    let (records, unreadable) = read(folder);
    (records.into_iter().map(|record| (record.name.into(), shown(&record.config))).collect(), unreadable)
}

/// Reads the records, and returns sentences about what could not be read.
pub(in crate::world::survey) fn read(folder: &Path) -> (Vec<Record>, Vec<Untrusted>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    let mut sentence = |path: &Path, error: &Error| {
        unreadable.push(Untrusted::new(&format!("{} cannot be read: {error}.", shown(path))));
    };
    match small_file::list(folder, "config") {
        Ok(paths) => {
            for path in paths {
                let record = small_file::read_text(&path).and_then(|text| {
                    record(&text).ok_or_else(|| Error::new(ErrorKind::InvalidData, "it is no instance record of Octopus"))
                });
                match record {
                    Ok(record) => found.push(record),
                    Err(error) => sentence(&path, &error),
                }
            }
        }
        Err(error) => sentence(folder, &error),
    }
    (found, unreadable)
}

/// Reads `Name` and `ConfigurationFilePath` in upper or lower case; other fields are Octopus' own.
fn record(text: &str) -> Option<Record> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return None };
    let field = |name: &str| {
        let (_, value) = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str().map(str::to_owned)
    };
    Some(Record { name: field("name")?, config: field("configurationfilepath")?.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_fields_are_found_among_others() {
        let expected = Some(Record { name: "Default".into(), config: r"C:\Octopus\OctopusServer.config".into() });
        assert_eq!(record(r#"{"Name":"Default","ConfigurationFilePath":"C:\\Octopus\\OctopusServer.config"}"#), expected);
        assert_eq!(
            record(
                r#" { "Other": {"Name": "x", "y": [1, "z"]}, "n": null, "configurationFilePath" : "C:\\Octopus\\OctopusServer.config",
                "\u004eame": "Default" } "#
            ),
            expected
        );
    }

    #[test]
    fn what_is_malformed_is_no_record() {
        let deep = "[".repeat(10_000);
        for text in [
            "",
            "{}",
            "]",
            r#"{"Name":"a"}"#,
            r#"{"Name":"a","ConfigurationFilePath":7}"#,
            r#"{"Name":"a"#,
            r#"{"Name":"\u12"#,
            &deep,
        ] {
            assert_eq!(record(text), None, "{text}");
        }
    }

    #[test]
    fn one_bad_file_hides_no_other_and_no_folder_is_no_trouble() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.config"), [0xff, 0xfe]).expect("written");
        std::fs::write(folder.path().join("b.config"), "\u{feff}{\"Name\":\"b\",\"ConfigurationFilePath\":\"/b\"}")
            .expect("written");
        let (found, unreadable) = list_instances(folder.path());
        assert_eq!(found, [("b".into(), "/b".into())]);
        assert_eq!(unreadable.len(), 1);
        assert_eq!(list_instances(&folder.path().join("none")), (Vec::new(), Vec::new()));
    }
}
