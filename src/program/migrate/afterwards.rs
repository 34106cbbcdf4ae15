//! What comes after a complete copy: Octopus Server is told where its files are, and the registry what the nodes share.

use std::io::Stdout;
use std::path::{Path, PathBuf};

use octopus_setup::catalog::failures;
use octopus_setup::faces::migration::{After, Teller};
use octopus_setup::model::facts::Fact;
use octopus_setup::model::hand_over::CommandEnded;
use octopus_setup::model::journal::StorageRecord;
use octopus_setup::model::node_config::NodeConfig;
use octopus_setup::model::plan::{Failure, StepKind};
use octopus_setup::model::registry::CanaryRow;
use octopus_setup::model::storage::SharedStorage;
use octopus_setup::world::apply;
use octopus_setup::world::lock::Lock;
use octopus_setup::world::migrate::paths;
use octopus_setup::world::migrate::sources::Node;
use octopus_setup::world::node_config;
use octopus_setup::world::sqlserver::SqlServer;

use super::super::cli::Migrate;
use super::super::outside::Outside;
use super::heart;
use super::order::Wanted;

/// What is told of each.
const PATHS: &str = "Octopus Server is told where its files are, once for all nodes.";
const REGISTRY: &str = "The registry knows the shared storage, and this node has left its canaries there.";
const CONFIG: &str = "The node config says what is shared.";

/// How all of it ended.
pub(super) enum Settled {
    /// Nothing is left.
    All,
    /// Commands are left, which were told.
    ByHand,
    /// Something failed, which was told.
    Failed,
}

/// Does it, step by step, each recognised where it is done already.
pub(super) async fn settle(asked: &Migrate, outside: &Outside, wanted: &Wanted, teller: &mut Teller<Stdout>) -> Settled {
    let root = std::path::absolute(&asked.to).unwrap_or_else(|_| asked.to.clone());
    let mut all = Vec::new();
    let told = tell(asked, outside, wanted, &root).await;
    teller.after(PATHS, &told);
    all.push(told);
    if let Some(Node::Ours(config)) = &wanted.node {
        let registered = register(config, outside, &root).await;
        teller.after(REGISTRY, &registered);
        if matches!(registered, After::Done | After::Already) {
            let kept = keep(config, outside, &root).await;
            teller.after(CONFIG, &kept);
            all.push(kept);
        }
        all.push(registered);
    }
    if all.iter().any(|after| matches!(after, After::Failed(_))) {
        Settled::Failed
    } else if all.iter().any(|after| matches!(after, After::ByHand(_))) {
        Settled::ByHand
    } else {
        Settled::All
    }
}

/// Octopus Server's own setting. A bare folder is nobody's instance, and only the command is told.
async fn tell(asked: &Migrate, outside: &Outside, wanted: &Wanted, root: &Path) -> After {
    let whose = &wanted.whose;
    let program: Option<PathBuf> = paths::program(asked.octopus_server.as_deref(), &outside.places);
    let command = paths::command(program.as_deref(), whose, root);
    let (Some(program), Some(_)) = (&program, &wanted.node) else { return After::ByHand(command) };
    if paths::was_told(whose, &outside.places, root) {
        return After::Already;
    }
    match paths::tell(program, whose, root, outside.places.patience.command).await {
        Ok(ended) if ended.outcome.is_ok() => {
            // Should it not be remembered, it is told once more, which does no harm.
            let _ = paths::note_told(whose, &outside.places, root);
            After::Done
        }
        Ok(ended) => {
            let how = ended.outcome.err().unwrap_or(CommandEnded::NotStarted);
            let failure = Failure::Octopus { ended: how, said: ended.said, by_hand: command.as_str().into() };
            let told = failures::explain(StepKind::OctopusPaths, &failure);
            After::Failed(format!("{} {} {command}", told.says, told.fix))
        }
        Err(says) => After::Failed(says),
    }
}

/// The registry, the canaries.
async fn register(config: &NodeConfig, outside: &Outside, root: &Path) -> After {
    let Some(target) = heart::target(&Node::Ours(Box::new(config.clone())), outside) else {
        return After::Failed("The node's database cannot be asked: its password does not open on this machine.".to_owned());
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
        Ok(()) if was_there => After::Already,
        Ok(()) => After::Done,
        Err((kind, failure)) => {
            let explained = failures::explain_at(kind, &failure, &target);
            After::Failed(format!("{} {}", explained.says, explained.fix))
        }
    }
}

/// The node config; the older one is kept beside it.
async fn keep(config: &NodeConfig, outside: &Outside, root: &Path) -> After {
    let storage = SharedStorage::Root(root.to_owned());
    if config.storage == storage {
        return After::Already;
    }
    let config = NodeConfig { storage, ..config.clone() };
    let places = outside.places.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let _lock = Lock::take(&places, &config.instance).map_err(|error| error.to_string())?;
        node_config::write(&config).map_err(|error| format!("It cannot be written: {error}."))
    });
    match writing.await {
        Ok(Ok(())) => After::Done,
        Ok(Err(says)) => After::Failed(says),
        Err(error) => After::Failed(error.to_string()),
    }
}
