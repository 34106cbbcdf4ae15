//! The instance on this machine's list.

use std::path::{Path, PathBuf};

use super::super::instance_lock::file;
use super::server::Server;
use crate::model::field::FieldId;
use crate::model::plan::Failure;
use crate::model::untrusted::Untrusted;
use crate::render::octopus::{config, list_instances};
use crate::world::octopus_config;
use crate::world::octopus_server::{Listed, listed};

/// What the list says of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// It is not on it.
    Absent,
    /// It is, with the config in this home, and as this node or as one that nobody has named.
    Ours(Listed),
    /// It is, with the config in this home, and as another node.
    OtherNode(Listed),
    /// It is, with another config.
    Elsewhere(Listed),
}

/// Looks an instance up; `node` is the name that it is to have in the cluster, where that matters.
pub(super) async fn find(server: &Server, name: &str, home: &Path, node: Option<&str>) -> Result<Found, Failure> {
    let said = server.ask(&list_instances()).await?;
    let Some(found) = listed(&said, name) else { return Ok(Found::Absent) };
    let path = config_in(home);
    let wanted = Untrusted::new(&path.to_string_lossy());
    let same = if cfg!(windows) { found.config.as_str().eq_ignore_ascii_case(wanted.as_str()) } else { found.config == wanted };
    if !same {
        return Ok(Found::Elsewhere(found));
    }
    // One that cannot be read says nothing against it; the next command will say why.
    let config = octopus_config::read(&path).unwrap_or_default();
    match (config.text(FieldId::NodeName), node) {
        (Some(named), Some(node)) if named != Untrusted::new(node).as_str() => Ok(Found::OtherNode(found)),
        _ => Ok(Found::Ours(found)),
    }
}

/// An instance that is not this run's.
pub(super) fn in_the_way(listed: Listed) -> Failure {
    Failure::InstanceInTheWay { instance: listed.name, config: listed.config }
}

/// Octopus Server's own config in a home directory.
pub(super) fn config_in(home: &Path) -> PathBuf {
    PathBuf::from(config(&home.to_string_lossy()))
}

/// Removes the config, which the run made.
pub(super) fn remove_config(home: &Path) -> Result<(), Failure> {
    let path = config_in(home);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(&path)(error)),
        _ => Ok(()),
    }
}
