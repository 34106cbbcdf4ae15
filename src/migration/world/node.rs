//! The node whose files are moved.

use std::path::{Path, PathBuf};

use super::octopus_paths::InstanceSelector;
use crate::catalog::form::read;
use crate::model::answers::{Answers, Origin};
use crate::model::facts::ConfigTrouble;
use crate::model::field::FieldId;
use crate::model::node_config::NodeConfig;
use crate::model::octopus_config::OctopusConfig;
use crate::model::subject::{Maker, Subject};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::wizard::subjects::{self, Wanted};
use crate::world::places::Places;
use crate::world::seal::Sealer;
use crate::world::{host, node_config, octopus_config, survey};

/// A node whose files are to be moved.
#[derive(Debug, Clone)]
pub enum Node {
    /// Set up by this wizard.
    Ours(Box<NodeConfig>),
    /// Set up by Octopus Server itself.
    Octopus(Box<OctopusConfig>),
}

impl Node {
    /// Reads the node's config.
    fn read(subject: &Subject) -> Result<Self, String> {
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

    /// Its home directory, or a sentence where the config does not name one.
    pub(super) fn home(&self) -> Result<PathBuf, String> {
        match self {
            Self::Ours(config) => Ok(config.node.home.clone()),
            Self::Octopus(config) => match config.text(FieldId::Home) {
                Some(home) => Ok(PathBuf::from(home)),
                None => Err(format!("{} has no setting Octopus.Home; say with --from where the node's files are.", config.path)),
            },
        }
    }

    /// How to connect to its database; `None` where its config does not suffice on this machine.
    pub(super) fn target(&self, places: &Places) -> Option<Target> {
        match self {
            Self::Ours(config) => {
                let sealer = Sealer::open(places).ok()?;
                node_config::target(config, &sealer).ok()
            }
            Self::Octopus(config) => {
                let mut answers = Answers::new(host::platform());
                for (field, raw) in &config.said {
                    answers.set(*field, raw.clone(), Origin::File);
                }
                read::target(&answers)
            }
        }
    }
}

/// Finds the node that was asked for among the machine's instances, or explains in a sentence why there is none.
pub(super) async fn find_node(wanted: &Wanted, places: &Places) -> Result<(Node, InstanceSelector), String> {
    let machine = survey::machine(places, |_| {}).await;
    let subject = subjects::find(&machine, wanted).map_err(|says| {
        if says == subjects::NOTHING {
            "No instance of Octopus Server is on this machine's lists; say with --from where the node's files are.".to_owned()
        } else {
            says
        }
    })?;
    let node = Node::read(&subject)?;
    let is_listed = |(_, config): &&(Untrusted, Untrusted)| Path::new(config.as_str()) == subject.config;
    let instance = match &node {
        Node::Ours(config) => InstanceSelector::Instance(config.instance.clone()),
        Node::Octopus(_) if !subject.instance.is_empty() => InstanceSelector::Instance(subject.instance.clone()),
        Node::Octopus(_) => match machine.octopus_instances.iter().find(is_listed) {
            Some((name, _)) => InstanceSelector::Instance(name.as_str().to_owned()),
            None => InstanceSelector::Config(subject.config.clone()),
        },
    };
    Ok((node, instance))
}
