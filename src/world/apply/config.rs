//! The steps that write the node config and enter the instance in this machine's list, or take both away.

use std::path::Path;

use super::copies;
use super::instance_lock::file;
use crate::model::cluster::ClusterId;
use crate::model::node_config::NodeConfig;
use crate::model::plan::{Failure, Plan};
use crate::world::instances::{self, Instance};
use crate::world::journals::{self, Copy};
use crate::world::node_config::{self, OpenError, same_but_for_seals};
use crate::world::places::Places;
use crate::world::seal::{SealError, Sealer};
use crate::world::toml_file::{TomlFileError, shown};

/// Keeps copies of the config and the entry, before a step that changes them is begun. A config that the step will refuse to
/// touch needs none, and may be of any size.
pub(super) fn keep_copies(places: &Places, instance: &str, home: &Path, cluster: ClusterId) -> Result<(), Failure> {
    let path = node_config::path(home);
    if is_ours(home, instance, cluster) {
        copies::keep(places, instance, Copy::Config, &path)?;
    } else {
        journals::keep(places, instance, Copy::Config, None).map_err(file(&path))?;
    }
    copies::keep(places, instance, Copy::Entry, &places.instance(instance))
}

/// Writes both and reads both back. A config that says the same already stays as it is, nonces and all; one of the same
/// instance and cluster is kept under a dated name; one of any other is in the way.
pub(super) fn write(places: &Places, plan: &Plan) -> Result<(), Failure> {
    let home = &plan.node.home;
    let path = node_config::path(home);
    let sealer = Sealer::open_or_create(places).map_err(|error| sealing(&path, &error))?;
    let config = node_config::build(plan, &sealer).map_err(|error| sealing(&path, &error))?;
    let older = node_config::find(home).map_err(|_| Failure::FileInTheWay { path: shown(&path) })?;
    if older.as_ref().is_some_and(|older| !is_of(older, &plan.node.instance, plan.cluster)) {
        return Err(Failure::FileInTheWay { path: shown(&path) });
    }
    // An older one that does not open was sealed under another machine key; then it does not say the same.
    let as_it_should = older.is_some_and(|older| same_but_for_seals(&older, &config, &sealer).unwrap_or(false));
    if !as_it_should {
        node_config::write(&config).map_err(file(&path))?;
    }
    let back = node_config::read(home)?;
    if !same_but_for_seals(&back, &config, &sealer).map_err(|error| opening(&path, &error))? {
        return Err(Failure::ReadBack { what: shown(&path) });
    }
    enter(places, &config)
}

/// Enters the instance, unless its name belongs to another home.
fn enter(places: &Places, config: &NodeConfig) -> Result<(), Failure> {
    let entry = places.instance(&config.instance);
    let wanted = Instance {
        format: Instance::FORMAT,
        name: config.instance.clone(),
        home: config.node.home.clone(),
        config: node_config::path(&config.node.home),
    };
    match instances::find(places, &config.instance)? {
        Some(found) if found == wanted => return Ok(()),
        Some(found) if found.home != wanted.home => return Err(Failure::FileInTheWay { path: shown(&entry) }),
        _ => {}
    }
    instances::enter(places, &wanted).map_err(file(&entry))?;
    match instances::find(places, &config.instance)? {
        Some(found) if found == wanted => Ok(()),
        _ => Err(Failure::ReadBack { what: shown(&entry) }),
    }
}

/// Takes back what [`write`] did: the config and the entry are as they were before the run, or gone where there were none;
/// as far as they are this cluster's: beside another cluster's config the entry is that one's too.
pub(super) fn undo_write(places: &Places, instance: &str, home: &Path, cluster: ClusterId) -> Result<(), Failure> {
    let path = node_config::path(home);
    match node_config::find(home) {
        Ok(found) if found.as_ref().is_some_and(|config| !is_of(config, instance, cluster)) => return Ok(()),
        Ok(_) => {}
        // Ours is written whole or not at all, so what does not parse is somebody else's.
        Err(TomlFileError::Malformed { .. } | TomlFileError::OtherFormat { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    if instances::find(places, instance)?.is_none_or(|found| found.home == home) {
        copies::put_back(places, instance, Copy::Entry, &places.instance(instance))?;
    }
    copies::put_back(places, instance, Copy::Config, &path)
}

/// Takes the config away, which stays under a dated name, and strikes the instance off the list. A config that is not
/// this instance's and cluster's, or that nobody can read, is in the way. The sealed master key stays where it is:
/// should it be the last copy, nobody could make another.
pub(super) fn remove(places: &Places, instance: &str, home: &Path, cluster: ClusterId) -> Result<(), Failure> {
    let path = node_config::path(home);
    let there = match node_config::find(home) {
        Ok(None) => false,
        Ok(Some(config)) if is_of(&config, instance, cluster) => true,
        _ => return Err(Failure::FileInTheWay { path: shown(&path) }),
    };
    if instances::find(places, instance)?.is_some_and(|found| found.home == home) {
        instances::strike(places, instance).map_err(file(&places.instance(instance)))?;
    }
    // Last, since a run that stops before this is gone on with by what the config says.
    if there {
        node_config::set_aside(home).map_err(file(&path))?;
    }
    match node_config::find(home) {
        Ok(None) => Ok(()),
        _ => Err(Failure::ReadBack { what: shown(&path) }),
    }
}

/// Takes back what [`remove`] did: puts both files back, unless somebody has put others in their place.
pub(super) fn undo_remove(places: &Places, instance: &str, home: &Path) -> Result<(), Failure> {
    for (copy, path) in [(Copy::Config, node_config::path(home)), (Copy::Entry, places.instance(instance))] {
        let Some(bytes) = copies::kept(places, instance, copy)? else { continue };
        if std::fs::symlink_metadata(&path).is_ok() && !copies::is(&path, &bytes) {
            return Err(Failure::FileInTheWay { path: shown(&path) });
        }
        copies::put_back(places, instance, copy, &path)?;
    }
    Ok(())
}

/// Whether [`remove`] has done all that it is to do.
pub(super) fn is_removed(places: &Places, instance: &str, home: &Path) -> Result<bool, Failure> {
    let listed = instances::find(places, instance)?.is_some_and(|found| found.home == home);
    Ok(!listed && matches!(node_config::find(home), Ok(None)))
}

/// Whether there is a config that can be read, and is this instance's and cluster's.
fn is_ours(home: &Path, instance: &str, cluster: ClusterId) -> bool {
    matches!(node_config::find(home), Ok(Some(config)) if is_of(&config, instance, cluster))
}

fn is_of(config: &NodeConfig, instance: &str, cluster: ClusterId) -> bool {
    config.instance == instance && config.cluster.id == cluster
}

/// A failure to seal what goes into the config.
pub(super) fn sealing(path: &Path, error: &SealError) -> Failure {
    match error {
        SealError::MachineKey { path, source } => Failure::File { path: shown(path), said: source.to_string().into() },
        other => Failure::File { path: shown(path), said: other.to_string().into() },
    }
}

/// A failure to open what is in the config.
pub(super) fn opening(path: &Path, error: &OpenError) -> Failure {
    match error {
        OpenError::Seal { source: SealError::OtherMachine | SealError::Damaged | SealError::Malformed, .. } => {
            Failure::SealBroken { path: shown(path) }
        }
        other => Failure::File { path: shown(path), said: other.to_string().into() },
    }
}
