//! Octopus Server's own instance registry: one small JSON file for each instance.

use std::io::{Error, ErrorKind};
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

use crate::model::untrusted::Untrusted;
use crate::world::small_file;
use crate::world::toml_file::shown;

/// Name and config file of each instance, and sentences about what could not be read.
pub(super) fn list(folder: &Path) -> (Vec<(Untrusted, Untrusted)>, Vec<Untrusted>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    let mut sentence = |path: &Path, error: &Error| {
        unreadable.push(Untrusted::new(&format!("{} cannot be read: {error}.", shown(path))));
    };
    match small_file::list(folder, "config") {
        Ok(paths) => {
            for path in paths {
                let entry = small_file::read_text(&path).and_then(|text| {
                    entry(&text).ok_or_else(|| Error::new(ErrorKind::InvalidData, "it is no instance record of Octopus"))
                });
                match entry {
                    Ok((name, config)) => found.push((name.into(), config.into())),
                    Err(error) => sentence(&path, &error),
                }
            }
        }
        Err(error) => sentence(folder, &error),
    }
    (found, unreadable)
}

/// `Name` and `ConfigurationFilePath` of an object's top level. Two text fields of a record that one program writes
/// are no reason for a JSON library: whatever else is in the record is skipped, and what is malformed gives `None`.
fn entry(text: &str) -> Option<(String, String)> {
    let (mut name, mut config) = (None, None);
    let mut characters = text.chars().peekable();
    let mut depth = 0_usize;
    let mut last = None;
    while let Some(character) = characters.next() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.checked_sub(1)?,
            '"' => {
                let text = string(&mut characters)?;
                skip_blanks(&mut characters);
                if characters.peek() == Some(&':') {
                    last = (depth == 1).then_some(text);
                    continue;
                }
                match last.take() {
                    Some(key) if key.eq_ignore_ascii_case("name") => name = Some(text),
                    Some(key) if key.eq_ignore_ascii_case("configurationfilepath") => config = Some(text),
                    _ => {}
                }
            }
            ',' => last = None,
            _ => {}
        }
    }
    name.zip(config).filter(|_| depth == 0)
}

/// The rest of a JSON string whose opening quote is behind us.
fn string(characters: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut text = String::new();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' => match characters.next()? {
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&digits, 16).ok()?;
                    // Halves of a surrogate pair: a character outside the first plane. Paths have none worth a decoder.
                    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

fn skip_blanks(characters: &mut Peekable<Chars<'_>>) {
    while characters.next_if(|character| character.is_whitespace()).is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_fields_are_found_among_others() {
        let expected = Some(("Default".to_owned(), r"C:\Octopus\OctopusServer.config".to_owned()));
        assert_eq!(entry(r#"{"Name":"Default","ConfigurationFilePath":"C:\\Octopus\\OctopusServer.config"}"#), expected);
        assert_eq!(
            entry(
                r#" { "Other": {"Name": "x", "y": [1, "z"]}, "n": null, "configurationFilePath" : "C:\\Octopus\\OctopusServer.config",
                "\u004eame": "Default" } "#
            ),
            expected
        );
    }

    #[test]
    fn what_is_malformed_is_no_record() {
        for text in
            ["", "{}", "]", r#"{"Name":"a"}"#, r#"{"Name":"a","ConfigurationFilePath":7}"#, r#"{"Name":"a"#, r#"{"Name":"\u12"#]
        {
            assert_eq!(entry(text), None, "{text}");
        }
    }

    #[test]
    fn one_bad_file_hides_no_other_and_no_folder_is_no_trouble() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.config"), [0xff, 0xfe]).expect("written");
        std::fs::write(folder.path().join("b.config"), r#"{"Name":"b","ConfigurationFilePath":"/b"}"#).expect("written");
        let (found, unreadable) = list(folder.path());
        assert_eq!(found, [("b".into(), "/b".into())]);
        assert_eq!(unreadable.len(), 1);
        assert_eq!(list(&folder.path().join("none")), (Vec::new(), Vec::new()));
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_read_without_a_panic(text in "[\\[\\]{}\":,\\\\u0-9a-zN ]{0,60}") {
            let _ = entry(&text);
        }
    }
}
