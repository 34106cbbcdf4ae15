//! From a request to a migration: which node, whether its Octopus Server still runs, which folders, to where.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Migration;
use super::follow_up::InstanceSelector;
use crate::catalog::commands;
use crate::catalog::form::read;
use crate::migration::judge::{MigrationCheck, MigrationFinding, Overrides, nested_source, overlap, plan_sources};
use crate::migration::model::CopySource;
use crate::model::answers::{Answers, Origin};
use crate::model::facts::{ConfigTrouble, Heartbeat, NodeSeen};
use crate::model::field::FieldId;
use crate::model::node::{Maker, Subject};
use crate::model::node_config::NodeConfig;
use crate::model::octopus::OctopusConfig;
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::wizard::review::{self, Wanted};
use crate::world::places::Places;
use crate::world::seal::Sealer;
use crate::world::sqlserver::SqlServer;
use crate::world::toml_file::shown;
use crate::world::{folder, host, node_config, octopus_config, survey};

/// What the operator asked for. Every path is absolute.
#[derive(Debug, Clone)]
pub struct MigrationRequest {
    /// Which node's files.
    pub node: Wanted,
    /// A folder that holds the files, instead of a node's home directory.
    pub from: Option<PathBuf>,
    /// The root on shared storage.
    pub to: PathBuf,
    /// Folders that are not in the home directory.
    pub overrides: Overrides,
    /// How many threads copy.
    pub jobs: usize,
    pub dry_run: bool,
    /// How long the folders may take to answer.
    pub patience: Duration,
}

/// A request, resolved on this machine.
#[derive(Debug)]
pub struct ResolvedMigration {
    /// The node whose files they are; `None` for a bare folder.
    pub node: Option<SourceNode>,
    /// The instance that Octopus Server's own command is about.
    pub instance: InstanceSelector,
    /// Findings about the source folders.
    pub findings: Vec<MigrationFinding>,
    pub migration: Migration,
}

/// Why a request cannot be resolved, as a sentence.
#[derive(Debug)]
pub enum Unresolved {
    /// The node is not known, or its config cannot be read.
    Node(String),
    /// The folders do not answer.
    Folders(String),
}

/// Resolves a request.
///
/// # Errors
/// There is no such node, or the folders do not answer.
pub async fn resolve(request: MigrationRequest, places: &Places) -> Result<ResolvedMigration, Unresolved> {
    let MigrationRequest { node, from, to, overrides, jobs, dry_run, patience } = request;
    let (node, instance, home) = match from {
        Some(from) => (None, InstanceSelector::Unknown, Some(from)),
        None => match find_node(&node, places).await {
            Ok((node, instance)) => {
                let home = node.home().map_err(Unresolved::Node)?;
                (Some(node), instance, Some(home))
            }
            // Folders that were named need no node, unless one was named as well.
            Err(_) if !overrides.is_empty() && node == Wanted::Only => (None, InstanceSelector::Unknown, None),
            Err(says) => return Err(Unresolved::Node(says)),
        },
    };
    let looking = tokio::task::spawn_blocking(move || find_sources(home.as_deref(), &overrides, &to));
    let Ok(Ok((sources, findings))) = tokio::time::timeout(patience, looking).await else {
        return Err(Unresolved::Folders("The folders, or the share, did not answer in time.".to_owned()));
    };
    Ok(ResolvedMigration { node, instance, findings, migration: Migration { sources, jobs, dry_run } })
}

/// Returns the source folders that exist, and findings about those that do not or that overlap. A folder of the home directory may
/// be absent; one that was named may not.
fn find_sources(home: Option<&Path>, overrides: &Overrides, root: &Path) -> (Vec<CopySource>, Vec<MigrationFinding>) {
    let (mut sources, mut findings) = (Vec::new(), Vec::new());
    if let Some(home) = home.filter(|home| !home.is_dir()) {
        let says = format!("{} is no folder that this account can see.", shown(home));
        findings.push(MigrationCheck::SourceMissing.finding(says, "Say with --from where the node's files are."));
    }
    for source in plan_sources(home, overrides, root) {
        match std::fs::symlink_metadata(&source.from) {
            Ok(_) => sources.push(source),
            Err(error) if overrides.contains_key(&source.folder) || error.kind() != ErrorKind::NotFound => {
                let says = format!("{} cannot be looked at: {error}.", shown(&source.from));
                findings.push(MigrationCheck::SourceMissing.finding(says, "Name the folder as it is on this machine."));
            }
            Err(_) => {}
        }
    }
    let resolved: Vec<PathBuf> = sources.iter().map(|source| resolve_path(&source.from)).collect();
    for (source, from) in sources.iter().zip(&resolved) {
        // The walk reports a link as a link; where it leads is not our source.
        let is_link = std::fs::symlink_metadata(&source.from).is_ok_and(|met| met.is_symlink());
        if !is_link && overlap(from, &resolve_path(&source.to)) {
            let says = format!("{} and {} lie in each other.", shown(&source.from), shown(&source.to));
            findings.push(MigrationCheck::Entangled.finding(says, "Choose a root that lies apart from the node's files."));
        }
    }
    if let Some((inner, outer)) = nested_source(&resolved) {
        let path = |place: usize| sources.get(place).map(|source| shown(&source.from)).unwrap_or_default();
        let says = format!("{} lies in {}.", path(inner), path(outer));
        findings.push(MigrationCheck::Entangled.finding(says, "Name folders with --folder that lie apart."));
    }
    (sources, findings)
}

/// Resolves links in the part of a path that exists.
fn resolve_path(path: &Path) -> PathBuf {
    let Some(nearest) = folder::nearest(path) else { return path.to_owned() };
    let rest = path.strip_prefix(nearest).unwrap_or(Path::new(""));
    let whole = nearest.canonicalize().unwrap_or_else(|_| nearest.to_owned());
    if rest.as_os_str().is_empty() { whole } else { whole.join(rest) }
}

/// A node whose files are to be moved.
#[derive(Debug, Clone)]
pub enum SourceNode {
    /// Set up by this wizard.
    Ours(Box<NodeConfig>),
    /// Set up by Octopus Server itself.
    Octopus(Box<OctopusConfig>),
}

impl SourceNode {
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
                Err(ConfigTrouble::OtherKind { path, what }) => Err(format!("{path} is no node config: {what}.")),
                Err(ConfigTrouble::Malformed { path, line, said }) => Err(format!("{path}, line {line}: {said}.")),
                Err(ConfigTrouble::OtherFormat { path, found, known }) => {
                    Err(format!("{path} has format {found}, and this program knows {known} only."))
                }
            },
        }
    }

    /// Returns its home directory, or a sentence where the config does not name one.
    fn home(&self) -> Result<PathBuf, String> {
        match self {
            Self::Ours(config) => Ok(config.node.home.clone()),
            Self::Octopus(config) => match config.text(FieldId::Home) {
                Some(home) => Ok(PathBuf::from(home)),
                None => Err(format!("{} has no setting Octopus.Home; say with --from where the node's files are.", config.path)),
            },
        }
    }

    /// Returns how to connect to its database; `None` where its config does not suffice on this machine.
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
async fn find_node(wanted: &Wanted, places: &Places) -> Result<(SourceNode, InstanceSelector), String> {
    let machine = survey::machine(places, |_| {}).await;
    let subject = review::find_subject(&machine, wanted).map_err(|says| {
        if says == review::NOTHING_TO_REVIEW {
            "No instance of Octopus Server is on this machine's lists; say with --from where the node's files are.".to_owned()
        } else {
            says
        }
    })?;
    let node = SourceNode::read(&subject)?;
    let is_listed = |(_, config): &&(Untrusted, Untrusted)| Path::new(config.as_str()) == subject.config;
    let instance = match &node {
        SourceNode::Ours(config) => InstanceSelector::Instance(config.instance.clone()),
        SourceNode::Octopus(_) if !subject.instance.is_empty() => InstanceSelector::Instance(subject.instance.clone()),
        SourceNode::Octopus(_) => match machine.octopus_instances.iter().find(is_listed) {
            Some((name, _)) => InstanceSelector::Instance(name.as_str().to_owned()),
            None => InstanceSelector::Config(subject.config.clone()),
        },
    };
    Ok((node, instance))
}

/// How long the database may take to answer.
const BUDGET: Duration = Duration::from_secs(20);

/// What to do while it runs.
const STOP: &str = "Stop Octopus Server first: what it writes while files are copied is copied again, or missed.";

/// What to do once it was stopped: a node counts as alive for minutes after its last heartbeat.
const STOPPED: &str = "Where it has been stopped, go on with --accept octopus-running: what changes anyway is found at the end.";

/// Returns a finding unless the node's last heartbeat is old enough.
pub async fn check_octopus(node: Option<&SourceNode>, places: &Places) -> Option<MigrationFinding> {
    let Some(node) = node else { return Some(unknown("No node was named")) };
    let (name, instance) = match node {
        SourceNode::Ours(config) => (config.node.name.clone(), Some(config.instance.clone())),
        SourceNode::Octopus(config) => match config.text(FieldId::NodeName) {
            Some(name) => (name.to_owned(), None),
            None => return Some(unknown("The node's name is not in its config")),
        },
    };
    let Some(target) = node.target(places) else {
        return Some(unknown("The node's database cannot be asked from its config"));
    };
    match tokio::time::timeout(BUDGET, SqlServer::new().node(&target, &name)).await {
        Ok(Ok(Some(NodeSeen { beat: Heartbeat::Ago(age), .. }))) if age <= NodeSeen::BEAT => {
            let (name, age) = (Untrusted::new(&name), age.as_secs());
            let says = format!("The heart of {name} beat {age} s ago: Octopus Server runs, or was stopped just now.");
            let platform = host::platform();
            let service = match instance {
                Some(instance) => commands::server(platform, "service", &instance),
                None => format!("{} service", platform.server_program()),
            };
            let finding = MigrationCheck::OctopusRunning.finding(says, format!("{STOP} {STOPPED}"));
            Some(finding.command(format!("{service} --stop")))
        }
        Ok(Ok(Some(NodeSeen { beat: Heartbeat::Ago(_) | Heartbeat::Never, .. }) | None)) => None,
        Ok(Ok(Some(_))) => Some(unknown("The database does not tell its nodes' heartbeats")),
        Ok(Err(_)) | Err(_) => Some(unknown("The node's database did not answer")),
    }
}

fn unknown(why: &str) -> MigrationFinding {
    MigrationCheck::OctopusUnknown.finding(format!("{why}, so whether Octopus Server runs is unknown."), STOP)
}
