//! From a request to a migration: which node, which folders, to where.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Migration;
use super::node::{Node, find_node};
use super::octopus_paths::InstanceSelector;
use crate::migration::judge::{Finding, MigrationCheck, Overrides, entangled, misplaced, planned};
use crate::migration::model::Source;
use crate::wizard::subjects::Wanted;
use crate::world::folder;
use crate::world::places::Places;
use crate::world::toml_file::shown;

/// What the operator asked for. Every path is absolute.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which node's files.
    pub node: Wanted,
    /// A folder that holds the files, instead of a node's home directory.
    pub from: Option<PathBuf>,
    /// The root on shared storage.
    pub to: PathBuf,
    /// Folders that are elsewhere than in the home directory.
    pub overrides: Overrides,
    /// How many threads copy.
    pub jobs: usize,
    pub dry_run: bool,
    /// How long the folders may take to answer.
    pub patience: Duration,
}

/// A request, resolved on this machine.
#[derive(Debug)]
pub struct Resolved {
    /// The node whose files they are; `None` for a bare folder.
    pub node: Option<Node>,
    /// The instance that Octopus Server's own command is about.
    pub instance: InstanceSelector,
    /// Findings about the source folders.
    pub findings: Vec<Finding>,
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
pub async fn resolve(request: Request, places: &Places) -> Result<Resolved, Unresolved> {
    let Request { node, from, to, overrides, jobs, dry_run, patience } = request;
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
    Ok(Resolved { node, instance, findings, migration: Migration { sources, jobs, dry_run } })
}

/// Returns the source folders that exist, and findings about those that do not or that overlap. A folder of the home directory may
/// be absent; one that was named may not.
fn find_sources(home: Option<&Path>, overrides: &Overrides, root: &Path) -> (Vec<Source>, Vec<Finding>) {
    let (mut sources, mut findings) = (Vec::new(), Vec::new());
    if let Some(home) = home.filter(|home| !home.is_dir()) {
        let says = format!("{} is no folder that this account can see.", shown(home));
        findings.push(MigrationCheck::SourceMissing.finding(says, "Say with --from where the node's files are."));
    }
    for source in planned(home, overrides, root) {
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
        if !is_link && entangled(from, &resolve_path(&source.to)) {
            let says = format!("{} and {} lie in each other.", shown(&source.from), shown(&source.to));
            findings.push(MigrationCheck::Entangled.finding(says, "Choose a root that lies apart from the node's files."));
        }
    }
    if let Some((inner, outer)) = misplaced(&resolved) {
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
