//! What was asked for: which node, which folders, to where.

use std::path::{Path, PathBuf};
use std::time::Duration;

use octopus_setup::faces::exit::Exit;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::wizard::migration::{Concern, Overrides, read_override};
use octopus_setup::wizard::subjects;
use octopus_setup::world::migrate::paths::Whose;
use octopus_setup::world::migrate::sources::{self, Node};
use octopus_setup::world::migrate::{self, Order};
use octopus_setup::world::survey;

use super::super::cli::Migrate;
use super::super::outside::Outside;
use super::super::review;
use super::End;

/// What is wanted.
pub(super) struct Wanted {
    /// The node whose files they are; `None` for a bare folder.
    pub(super) node: Option<Node>,
    /// Whom Octopus Server's own command is about.
    pub(super) whose: Whose,
    /// What is to be said of the folders.
    pub(super) found: Vec<Concern>,
    pub(super) order: Order,
}

/// Finds out.
pub(super) async fn wanted(asked: &Migrate, outside: &Outside, patience: Duration) -> Result<Wanted, End> {
    let mut overrides = Overrides::new();
    for text in &asked.folder {
        let (folder, path) = read_override(text).map_err(|says| End::because(Exit::Usage, format!("--folder {text}: {says}")))?;
        if overrides.insert(folder, absolute(&path)?).is_some() {
            return Err(End::because(Exit::Usage, format!("--folder {} is said twice.", folder.id())));
        }
    }
    let root = absolute(&asked.to)?;
    let mut whose = Whose::Unknown;
    let (node, home) = match &asked.from {
        Some(from) => (None, Some(absolute(from)?)),
        None => match node(asked, outside).await {
            Ok(node) => {
                let (node, named) = node;
                whose = named;
                let home = node.home().map_err(|says| End::because(Exit::Answers, says))?;
                (Some(node), Some(home))
            }
            // Folders that were named need no node, unless one was named as well.
            Err(_) if !overrides.is_empty() && asked.node.instance.is_none() && asked.node.config.is_none() => (None, None),
            Err(says) => return Err(End::because(Exit::Answers, says)),
        },
    };
    let looking = tokio::task::spawn_blocking(move || sources::find(home.as_deref(), &overrides, &root));
    let Ok(Ok(found)) = tokio::time::timeout(patience, looking).await else {
        return Err(End::because(Exit::Checks, "The folders, or the share, did not answer in time."));
    };
    let jobs = asked.jobs.map_or_else(migrate::jobs, usize::from);
    let order = Order { sources: found.sources, jobs, only_look: asked.dry_run };
    Ok(Wanted { node, whose, found: found.concerns, order })
}

async fn node(asked: &Migrate, outside: &Outside) -> Result<(Node, Whose), String> {
    let wanted = review::wanted(asked.node.config.as_deref(), asked.node.instance.as_deref());
    let machine = survey::machine(&outside.places, |_| {}).await;
    let subject = subjects::find(&machine, &wanted).map_err(|says| {
        if says == subjects::NOTHING {
            "No instance of Octopus Server is on this machine's lists; say with --from where the node's files are.".to_owned()
        } else {
            says
        }
    })?;
    let node = Node::read(&subject)?;
    let listed = |(_, config): &&(Untrusted, Untrusted)| Path::new(config.as_str()) == subject.config;
    let whose = match &node {
        Node::Ours(config) => Whose::Instance(config.instance.clone()),
        Node::Octopus(_) if !subject.instance.is_empty() => Whose::Instance(subject.instance.clone()),
        Node::Octopus(_) => match machine.octopus_instances.iter().find(listed) {
            Some((name, _)) => Whose::Instance(name.as_str().to_owned()),
            None => Whose::Config(subject.config.clone()),
        },
    };
    Ok((node, whose))
}

fn absolute(path: &Path) -> Result<PathBuf, End> {
    std::path::absolute(path).map_err(|error| End::because(Exit::Usage, format!("{}: {error}.", path.display())))
}
