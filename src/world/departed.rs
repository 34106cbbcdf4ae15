//! The list of instances that were on this machine and are not any more, one small file for each: whose node has left its cluster, or
//! whose set-up was undone. It tells the same command, given once more, from one with a mistyped name.

use std::io;

use serde::{Deserialize, Serialize};

use super::atomic_write::{self, Existing, atomic_write};
use super::folder;
use super::journals::listed;
use super::places::Places;
use super::toml_file::{self, TomlFileError};

/// An instance in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Departed {
    /// The format's number; 1.
    pub format: u32,
    pub name: String,
}

impl Departed {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;
}

/// Adds an instance.
pub fn enter(places: &Places, name: &str) -> io::Result<()> {
    folder::create_private(&places.departures())?;
    let entry = Departed { format: Departed::FORMAT, name: name.to_owned() };
    let text = toml::to_string_pretty(&entry).map_err(io::Error::other)?;
    atomic_write(&places.departure(name), text.as_bytes(), Existing::Replace)
}

/// Removes an instance: it is on this machine again. A missing one is no error.
pub fn strike(places: &Places, name: &str) -> io::Result<()> {
    atomic_write::remove(&places.departure(name))
}

/// Returns all entries, by file name.
pub fn list(places: &Places) -> Vec<Result<Departed, TomlFileError>> {
    listed(places.departures(), |path| toml_file::read_own(path, Departed::FORMAT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_entered_and_struck_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        assert!(list(&places).is_empty());
        strike(&places, "My Node").expect("no error");
        enter(&places, "My Node").expect("entered");
        enter(&places, "my-node").expect("entered again");
        let names: Vec<String> = list(&places).into_iter().map(|entry| entry.expect("read").name).collect();
        assert_eq!(names, ["my-node"]);
        strike(&places, "MY NODE").expect("struck off");
        assert!(list(&places).is_empty());
    }
}
