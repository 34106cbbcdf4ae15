//! What follows a complete copy: Octopus Server learns the new paths, the registry and the node config the shared storage.

use std::path::Path;

use super::node::Node;
use super::octopus_paths::{self, InstanceSelector};
use crate::catalog::failures;
use crate::migration::model::FollowUp;
use crate::model::facts::Fact;
use crate::model::hand_over::CommandEnded;
use crate::model::journal::StorageRecord;
use crate::model::node_config::NodeConfig;
use crate::model::plan::{Failure, StepKind};
use crate::model::registry::CanaryRow;
use crate::model::storage::SharedStorage;
use crate::world::lock::Lock;
use crate::world::node_config;
use crate::world::places::Places;
use crate::world::sqlserver::SqlServer;
use crate::world::{apply, host};

const OCTOPUS: &str = "Octopus Server is told where its files are, once for all nodes.";
const REGISTRY: &str = "The registry knows the shared storage, and this node has left its canaries there.";
const CONFIG: &str = "The node config says what is shared.";

/// Whose files were copied, and where they are now.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'a> {
    pub node: Option<&'a Node>,
    pub instance: &'a InstanceSelector,
    pub root: &'a Path,
    /// Octopus Server's program, where one was named.
    pub octopus_server: Option<&'a Path>,
}

/// Runs the steps, each of which recognises that it was done before, and reports each as soon as it ended.
pub async fn follow_up(moved: Moved<'_>, places: &Places, mut report: impl FnMut(&'static str, &FollowUp)) -> Vec<FollowUp> {
    let mut all = Vec::new();
    let mut ended = |what, how: FollowUp| {
        report(what, &how);
        all.push(how);
    };
    ended(OCTOPUS, tell_octopus(moved, places).await);
    if let Some(node @ Node::Ours(config)) = moved.node {
        let registered = register(node, config, places, moved.root).await;
        let is_registered = matches!(registered, FollowUp::Done | FollowUp::Already);
        ended(REGISTRY, registered);
        if is_registered {
            ended(CONFIG, write_config(config, places, moved.root).await);
        }
    }
    all
}

/// Sets the paths in Octopus Server. A bare folder belongs to no instance, so its operator gets the command only.
async fn tell_octopus(moved: Moved<'_>, places: &Places) -> FollowUp {
    let Moved { node, instance, root, octopus_server } = moved;
    let program = octopus_paths::find_program(octopus_server, places);
    let command = octopus_paths::command_line(program.as_deref(), instance, root);
    let (Some(program), Some(_)) = (&program, node) else { return FollowUp::ByHand(command) };
    if octopus_paths::is_recorded(instance, places, root) {
        return FollowUp::Already;
    }
    match octopus_paths::run_command(program, instance, root, places.patience.command).await {
        Ok(ended) if ended.outcome.is_ok() => {
            // Without the record the next run sets it once more, which does no harm.
            let _ = octopus_paths::record(instance, places, root);
            FollowUp::Done
        }
        Ok(ended) => {
            let how = ended.outcome.err().unwrap_or(CommandEnded::NotStarted);
            let failure = Failure::Octopus { ended: how, said: ended.said, by_hand: command.as_str().into() };
            let told = failures::explain(StepKind::OctopusPaths, &failure);
            FollowUp::Failed(format!("{} {} {command}", told.says, told.fix))
        }
        Err(says) => FollowUp::Failed(says),
    }
}

/// Writes the shared storage and this node's canaries into the registry.
async fn register(node: &Node, config: &NodeConfig, places: &Places, root: &Path) -> FollowUp {
    let Some(target) = node.target(places) else {
        return FollowUp::Failed("The node's database cannot be asked: its password does not open on this machine.".to_owned());
    };
    let storage = SharedStorage::Root(root.to_owned());
    let database = SqlServer::new();
    let facts = database.cluster(&target, false).await;
    let name = config.node.name.to_lowercase();
    let mine = |canaries: Vec<_>| canaries.into_iter().filter(|canary: &CanaryRow| canary.node.to_lowercase() == name);
    let canaries: Vec<_> = match facts.canaries {
        Fact::Seen(canaries) => mine(canaries).collect(),
        Fact::Missing(_) | Fact::Unknown => Vec::new(),
    };
    let was_there = facts.storage == Fact::Seen(storage.clone()) && canaries.len() == storage.folders().len();
    let record = StorageRecord { node: config.node.name.clone(), storage, made: Vec::new(), canaries };
    match apply::share(&database, &target, config.cluster.id, record).await {
        Ok(()) if was_there => FollowUp::Already,
        Ok(()) => FollowUp::Done,
        Err((kind, failure)) => {
            let explained = failures::explain_at(kind, &failure, &target, host::platform());
            FollowUp::Failed(format!("{} {}", explained.says, explained.fix))
        }
    }
}

/// Writes the node config. Its older version is kept beside it.
async fn write_config(config: &NodeConfig, places: &Places, root: &Path) -> FollowUp {
    let storage = SharedStorage::Root(root.to_owned());
    if config.storage == storage {
        return FollowUp::Already;
    }
    let config = NodeConfig { storage, ..config.clone() };
    let places = places.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let _lock = Lock::take(&places, &config.instance).map_err(|error| error.to_string())?;
        node_config::write(&config).map_err(|error| format!("It cannot be written: {error}."))
    });
    match writing.await {
        Ok(Ok(())) => FollowUp::Done,
        Ok(Err(says)) => FollowUp::Failed(says),
        Err(error) => FollowUp::Failed(error.to_string()),
    }
}
