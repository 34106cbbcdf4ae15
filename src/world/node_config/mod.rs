//! The node config on disk: made from a node, written, read back, and turned into a target again.

mod build;
mod open;

use std::io;
use std::path::{Path, PathBuf};

pub use build::build;
pub use open::{OpenError, database_password, same_but_for_seals, service_password, target};

use super::atomic_write::{self, Existing, atomic_write};
use super::toml_file::{self, TomlFileError};
use super::{clock, node_config};
use crate::model::node_config::NodeConfig;
use crate::model::untrusted::Untrusted;

/// Where the config of a home is.
pub fn path(home: &Path) -> PathBuf {
    home.join(NodeConfig::FILE)
}

/// The file's text: the same for the same config, so it names no time.
pub fn render(config: &NodeConfig) -> io::Result<String> {
    let body = toml::to_string_pretty(config).map_err(io::Error::other)?;
    // A name with a line break would end the comment and begin a key.
    let instance = Untrusted::new(&config.instance);
    Ok(format!(
        "# The node config of the Octopus Server instance \"{instance}\".\n\
         # Written by octopus-setup {}.\n\
         # Values that begin with \"sealed:\" are secrets that only this machine can open.\n\n{body}",
        env!("CARGO_PKG_VERSION"),
    ))
}

/// Writes the config into its home, 0600; an older one is kept beside it under a dated name.
pub fn write(config: &NodeConfig) -> io::Result<()> {
    let stamp = clock::stamp(clock::now());
    atomic_write(&node_config::path(&config.node.home), render(config)?.as_bytes(), Existing::Backup(&stamp))
}

/// Takes a home's config away: it stays beside its place under a dated name, like one that was replaced.
pub fn set_aside(home: &Path) -> io::Result<()> {
    atomic_write::set_aside(&path(home), &clock::stamp(clock::now()))
}

/// Reads the config of a home.
pub fn read(home: &Path) -> Result<NodeConfig, TomlFileError> {
    toml_file::read(&path(home), NodeConfig::FORMAT)
}

/// Reads the config at this path.
pub fn read_file(path: &Path) -> Result<NodeConfig, TomlFileError> {
    toml_file::read(path, NodeConfig::FORMAT)
}

/// Reads the config of a home; `None` where there is none.
pub fn find(home: &Path) -> Result<Option<NodeConfig>, TomlFileError> {
    match read(home) {
        Ok(config) => Ok(Some(config)),
        Err(error) if error.is_absence() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
