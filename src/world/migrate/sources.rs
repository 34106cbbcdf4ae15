//! Where a node's files are, and whether they can be moved to where they are to be.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::model::facts::ConfigTrouble;
use crate::model::field::FieldId;
use crate::model::migration::Source;
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::subject::{Maker, Subject};
use crate::wizard::migration::{Concern, ConcernId, Overrides, entangled, misplaced, planned};
use crate::world::toml_file::shown;
use crate::world::{folder, node_config, octopus_config};

/// A node whose files are to be moved.
#[derive(Debug, Clone)]
pub enum Node {
    /// One of ours.
    Ours(Box<NodeConfig>),
    /// One that Octopus Server made by itself.
    Octopus(Box<OctopusConfig>),
}

impl Node {
    /// Reads the config of a node.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence.
    pub fn read(subject: &Subject) -> Result<Self, String> {
        match subject.maker {
            Maker::Wizard => match node_config::read_file(&subject.config) {
                Ok(config) => Ok(Self::Ours(Box::new(config))),
                Err(error) => Err(error.to_string()),
            },
            Maker::Octopus => match octopus_config::read(&subject.config) {
                Ok(config) => Ok(Self::Octopus(Box::new(config))),
                Err(ConfigTrouble::Absent { path }) => Err(format!("There is no {path}.")),
                Err(ConfigTrouble::Unreadable { path, said }) => Err(format!("{path} cannot be read: {said}.")),
                Err(ConfigTrouble::Malformed { path, line, said }) => Err(format!("{path}, line {line}: {said}.")),
                Err(ConfigTrouble::OtherFormat { path, found, known }) => {
                    Err(format!("{path} has format {found}, and this program knows {known} only."))
                }
            },
        }
    }

    /// Its home directory.
    ///
    /// # Errors
    /// The config does not tell, as a sentence.
    pub fn home(&self) -> Result<PathBuf, String> {
        match self {
            Self::Ours(config) => Ok(config.node.home.clone()),
            Self::Octopus(config) => match config.text(FieldId::Home) {
                Some(home) => Ok(PathBuf::from(home)),
                None => Err(format!("{} has no setting Octopus.Home; say with --from where the node's files are.", config.path)),
            },
        }
    }
}

/// The sources that are there, and what is to be said of those that are not.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Those that are there.
    pub sources: Vec<Source>,
    /// What is to be said.
    pub concerns: Vec<Concern>,
}

/// Looks for the sources: a folder of the home directory need not be there, and one that was named must.
#[must_use]
pub fn find(home: Option<&Path>, overrides: &Overrides, root: &Path) -> Found {
    let mut found = Found::default();
    if let Some(home) = home.filter(|home| !home.is_dir()) {
        let says = format!("{} is no folder that this account can see.", shown(home));
        found.concerns.push(Concern::new(ConcernId::SourceMissing, says, "Say with --from where the node's files are."));
    }
    for source in planned(home, overrides, root) {
        let there = match std::fs::symlink_metadata(&source.from) {
            Ok(_) => true,
            Err(error) => {
                if overrides.contains_key(&source.folder) || error.kind() != ErrorKind::NotFound {
                    let says = format!("{} cannot be looked at: {error}.", shown(&source.from));
                    found.concerns.push(Concern::new(
                        ConcernId::SourceMissing,
                        says,
                        "Name the folder as it is on this machine.",
                    ));
                }
                false
            }
        };
        if there {
            found.sources.push(source);
        }
    }
    let resolved: Vec<PathBuf> = found.sources.iter().map(|source| resolved(&source.from)).collect();
    for (source, from) in found.sources.iter().zip(&resolved) {
        // A link is told as one, by the walk; where it leads is not our source.
        let is_link = std::fs::symlink_metadata(&source.from).is_ok_and(|met| met.is_symlink());
        if !is_link && entangled(from, &self::resolved(&source.to)) {
            let says = format!("{} and {} lie in each other.", shown(&source.from), shown(&source.to));
            found.concerns.push(Concern::new(ConcernId::Entangled, says, "Choose a root that lies apart from the node's files."));
        }
    }
    if let Some((inner, outer)) = misplaced(&resolved) {
        let path = |place: usize| found.sources.get(place).map(|source| shown(&source.from)).unwrap_or_default();
        let says = format!("{} lies in {}.", path(inner), path(outer));
        found.concerns.push(Concern::new(ConcernId::Entangled, says, "Name folders with --folder that lie apart."));
    }
    found
}

/// A path as the operating system resolves it, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let Some(nearest) = folder::nearest(path) else { return path.to_owned() };
    let rest = path.strip_prefix(nearest).unwrap_or(Path::new(""));
    let whole = nearest.canonicalize().unwrap_or_else(|_| nearest.to_owned());
    if rest.as_os_str().is_empty() { whole } else { whole.join(rest) }
}
