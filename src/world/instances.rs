//! The list of this machine's instances, one small file for each.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::atomic_write::{self, Existing, atomic_write};
use super::folder;
use super::journals::listed;
use super::places::Places;
use super::toml_file::{self, TomlFileError};

/// An instance in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// The format's number; 1.
    pub format: u32,
    pub name: String,
    /// Its home directory.
    pub home: PathBuf,
    /// Its node config.
    pub config: PathBuf,
}

impl Instance {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;
}

/// Adds an instance, and replaces an older entry of the same name.
pub fn enter(places: &Places, instance: &Instance) -> io::Result<()> {
    folder::create_private(&places.instances())?;
    let text = toml::to_string_pretty(instance).map_err(io::Error::other)?;
    atomic_write(&places.instance(&instance.name), text.as_bytes(), Existing::Replace)
}

/// Returns an instance's entry, if there is one.
pub fn find(places: &Places, name: &str) -> Result<Option<Instance>, TomlFileError> {
    match toml_file::read_own(&places.instance(name), Instance::FORMAT) {
        Ok(instance) => Ok(Some(instance)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes an instance's entry. A missing one is no error.
pub fn strike(places: &Places, name: &str) -> io::Result<()> {
    atomic_write::remove(&places.instance(name))
}

/// Returns all entries, by file name.
pub fn list(places: &Places) -> Vec<Result<Instance, TomlFileError>> {
    listed(places.instances(), |path| toml_file::read_own(path, Instance::FORMAT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_entered_found_and_struck_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().join("state"));
        let instance =
            Instance { format: 1, name: "My Node".into(), home: "/opt/o".into(), config: "/opt/o/octopus-node.toml".into() };
        enter(&places, &instance).expect("entered");
        assert_eq!(find(&places, "my-node").expect("read"), Some(instance.clone()));
        assert_eq!(list(&places).into_iter().map(Result::unwrap).collect::<Vec<_>>(), [instance]);
        strike(&places, "My Node").expect("struck off");
        assert_eq!(find(&places, "My Node").expect("no error"), None);
    }
}
