//! `OctopusServer.config` of the instance under review.

use std::path::{Path, PathBuf};

use super::super::octopus::registry;
use crate::model::facts::{ConfigTrouble, Fact, Trouble};
use crate::model::names::instance_key;
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::subject::Subject;
use crate::world::octopus_config;
use crate::world::places::Places;

/// The one at this path, which must be there.
pub(super) fn at(path: &Path) -> Fact<Option<Box<OctopusConfig>>> {
    match octopus_config::read(path) {
        Ok(config) => Fact::Seen(Some(Box::new(config))),
        Err(trouble) => Fact::Missing(Trouble::Config(trouble)),
    }
}

/// The one that belongs to a node config: as Octopus' own instance registry says, or else in the home directory,
/// where it need not be.
pub(super) fn beside(places: &Places, subject: &Subject, config: Option<&NodeConfig>) -> Fact<Option<Box<OctopusConfig>>> {
    let instance = config.map_or(&subject.instance, |config| &config.instance);
    if let Some(path) = registered(places, instance) {
        return at(&path);
    }
    let own = subject.config.parent().map(Path::to_owned);
    let Some(home) = config.map(|config| config.node.home.clone()).or(own) else { return Fact::Seen(None) };
    match at(&home.join(octopus_config::FILE)) {
        Fact::Missing(Trouble::Config(ConfigTrouble::Absent { .. })) => Fact::Seen(None),
        found => found,
    }
}

/// The config file of an instance in Octopus' own registry, which pays no heed to case, and takes a blank for a `-`.
fn registered(places: &Places, instance: &str) -> Option<PathBuf> {
    if instance.is_empty() {
        return None;
    }
    let key = instance_key(instance);
    let (records, _) = registry::records(&places.octopus_instances);
    records.into_iter().find(|record| instance_key(&record.name) == key).map(|record| record.config)
}
