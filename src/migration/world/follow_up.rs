//! What follows a complete copy: Octopus Server learns the new paths, the registry and the node config the shared storage.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::request::SourceNode;
use crate::catalog::failures;
use crate::migration::model::FollowUp;
use crate::model::facts::Fact;
use crate::model::field::FieldId;
use crate::model::journal::StorageRecord;
use crate::model::names::instance_key;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::CommandFailure;
use crate::model::plan::{Failure, StepKind};
use crate::model::quote::Shell;
use crate::model::registry::CanaryRow;
use crate::model::storage::SharedStorage;
use crate::render::ClearSecrets;
use crate::render::octopus::{CommandOption, Flag, OctopusCommand, Verb, Word};
use crate::world::atomic_write::{Existing, atomic_write};
use crate::world::lock::Lock;
use crate::world::octopus_server::{Call, Ended, Masks, refusal, run};
use crate::world::places::Places;
use crate::world::sqlserver::SqlServer;
use crate::world::{apply, folder, host, node_config, small_file};

const OCTOPUS: &str = "Octopus Server is told where its files are, once for all nodes.";
const REGISTRY: &str = "The registry knows the shared storage, and this node has left its canaries there.";
const CONFIG: &str = "The node config says what is shared.";

/// Whose files were copied, and where they are now.
#[derive(Debug, Clone, Copy)]
pub struct Moved<'a> {
    pub node: Option<&'a SourceNode>,
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
    if let Some(node @ SourceNode::Ours(config)) = moved.node {
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
    let program = find_program(octopus_server, places);
    let command = command_line(program.as_deref(), instance, root);
    let (Some(program), Some(_)) = (&program, node) else { return FollowUp::ByHand(command) };
    if is_recorded(instance, places, root) {
        return FollowUp::Already;
    }
    match run_command(program, instance, root, places.patience.command).await {
        Ok(ended) if ended.outcome.is_ok() => {
            // Without the record the next run sets it once more, which does no harm.
            let _ = record(instance, places, root);
            FollowUp::Done
        }
        Ok(ended) => {
            let how = ended.outcome.err().unwrap_or(CommandFailure::NotStarted);
            let failure = Failure::Octopus { ended: how, said: ended.said, by_hand: command.as_str().into() };
            let told = failures::explain_step(StepKind::OctopusPaths, &failure);
            FollowUp::Failed(format!("{} {} {command}", told.says, told.fix))
        }
        Err(says) => FollowUp::Failed(says),
    }
}

/// Writes the shared storage and this node's canaries into the registry.
async fn register(node: &SourceNode, config: &NodeConfig, places: &Places, root: &Path) -> FollowUp {
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
            let explained = failures::explain_step_at(kind, &failure, (&target, None), host::platform());
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

/// Selects the instance instance setting is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceSelector {
    Instance(String),
    /// By its config, because this machine's lists do not name it. Without an option Octopus Server would change its default
    /// instance, which may be another one.
    Config(PathBuf),
    /// Not known here; the operator runs the command.
    Unknown,
}

impl InstanceSelector {
    /// Returns the option that selects it on the command line.
    fn option(&self) -> Option<(Flag, &str, String)> {
        match self {
            Self::Instance(name) => Some((Flag::Instance, "--instance", name.clone())),
            Self::Config(path) => Some((Flag::Config, "--config", path.to_string_lossy().into_owned())),
            Self::Unknown => None,
        }
    }
}

/// Returns Octopus Server's program: the one that was named, or the first in a usual place.
fn find_program(named: Option<&Path>, places: &Places) -> Option<PathBuf> {
    match named {
        Some(named) => Some(std::path::absolute(named).unwrap_or_else(|_| named.to_owned())),
        None => places.octopus_executables.iter().find(|program| program.is_file()).cloned(),
    }
}

/// Runs the command. The error is a sentence that says why it was not run at all.
async fn run_command(program: &Path, instance: &InstanceSelector, root: &Path, limit: Duration) -> Result<Ended, String> {
    if let Some(refusal) = refusal(program) {
        return Err(refusal);
    }
    let option = |flag, text: &str| CommandOption { flag, value: Some(Word::text(text)) };
    let mut options: Vec<CommandOption> = instance.option().iter().map(|(flag, _, text)| option(*flag, text)).collect();
    options.push(option(Flag::Setting(FieldId::StorageRoot), &root.to_string_lossy()));
    let why = "Where all nodes find what they share, once for the whole cluster.";
    let command =
        OctopusCommand { step: StepKind::OctopusPaths, verb: Verb::Path, options, environment: None, why, awaits: None };
    // It takes no secret, so no file is made and nothing has to be masked.
    let call = Call::with_secrets(&command, &ClearSecrets::default(), Path::new("")).map_err(|error| error.to_string())?;
    Ok(run(program, &call, &Masks::default(), limit).await)
}

/// Returns the same command as an operator types it.
fn command_line(program: Option<&Path>, instance: &InstanceSelector, root: &Path) -> String {
    let platform = host::platform();
    let shell = Shell::of(platform);
    let usual = platform.server_program();
    let program = program.map_or_else(|| usual.to_owned(), |program| shell.program(&program.to_string_lossy()));
    let instance = instance.option().map_or_else(String::new, |(_, flag, text)| format!(" {flag} {}", shell.word(&text)));
    format!("{program} path{instance} --clusterShared {}", shell.word(&root.to_string_lossy()))
}

/// Returns whether an earlier migration of this instance set this root, and none has set another since. Octopus keeps the setting in
/// its own tables, which are not ours to read.
fn is_recorded(instance: &InstanceSelector, places: &Places, root: &Path) -> bool {
    let kept = small_file::find(&record_path(instance, places)).ok().flatten();
    kept.is_some_and(|kept| kept == root.as_os_str().as_encoded_bytes())
}

/// Records that the root was set. If this fails, the next run sets it once more, which does no harm.
fn record(instance: &InstanceSelector, places: &Places, root: &Path) -> io::Result<()> {
    let record = record_path(instance, places);
    if let Some(above) = record.parent() {
        folder::create_private(above)?;
    }
    atomic_write(&record, root.as_os_str().as_encoded_bytes(), Existing::Replace)
}

/// Returns the record's file. An instance has only one, whatever was moved: the root set last replaced those before.
fn record_path(instance: &InstanceSelector, places: &Places) -> PathBuf {
    let text = match instance {
        InstanceSelector::Instance(name) => format!("instance {}", instance_key(name)),
        InstanceSelector::Config(path) => format!("config {}", path.to_string_lossy()),
        InstanceSelector::Unknown => String::new(),
    };
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let name = data_encoding::HEXLOWER.encode(digest.as_ref().get(..8).unwrap_or_default());
    places.state.join("migrations").join(format!("{name}.told"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> InstanceSelector {
        InstanceSelector::Instance(name.into())
    }

    #[test]
    fn only_the_root_set_last_is_recorded() {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places::under(folder.path().to_owned());
        let (one, other) = (Path::new("/mnt/one"), Path::new("/mnt/other"));
        for root in [one, other, one] {
            assert!(!is_recorded(&named("My Node"), &places, root));
            record(&named("My Node"), &places, root).expect("recorded");
            assert!(is_recorded(&named("my node"), &places, root) && !is_recorded(&named("another"), &places, root));
        }
        assert!(!is_recorded(&named("My Node"), &places, other));
        assert!(!is_recorded(&InstanceSelector::Config("My Node".into()), &places, one));
    }

    #[cfg(unix)]
    #[test]
    fn the_command_is_typed_as_it_is_read() {
        let root = Path::new("/mnt/o");
        assert_eq!(command_line(None, &InstanceSelector::Unknown, root), "Octopus.Server path --clusterShared /mnt/o");
        let config = InstanceSelector::Config("/o/My Config".into());
        assert_eq!(command_line(None, &config, root), "Octopus.Server path --config '/o/My Config' --clusterShared /mnt/o");
        assert_eq!(
            command_line(Some(Path::new("/Octopus/Octopus.Server")), &named("My Node"), Path::new("/mnt/it's")),
            "/Octopus/Octopus.Server path --instance 'My Node' --clusterShared '/mnt/it'\\''s'"
        );
    }
}
