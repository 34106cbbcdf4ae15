//! The settings of a node under review, as its files tell them, and where each of them came from. Pure; faces render it.

mod fill;
mod list;

pub use fill::answers;
pub use list::of;

use std::path::Path;

use crate::model::field::FieldId;
use crate::model::node_config::TrustSection;
use crate::model::storage::SharedStorage;
use crate::model::survey::AccountKind;

/// What a setting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// This machine's Octopus Server.
    Node,
    /// The account that it runs as.
    Service,
    /// The database.
    Database,
    /// The cluster and its key.
    Cluster,
    /// What all nodes share.
    Storage,
    /// Web portal and ports.
    Web,
}

impl Group {
    /// Every group, in the order in which they are told.
    pub const ALL: [Self; 6] = [Self::Node, Self::Service, Self::Database, Self::Cluster, Self::Storage, Self::Web];

    /// Its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Service => "Service account",
            Self::Database => "Database",
            Self::Cluster => "Cluster",
            Self::Storage => "Shared storage",
            Self::Web => "Web portal and ports",
        }
    }

    /// Its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Service => "service",
            Self::Database => "database",
            Self::Cluster => "cluster",
            Self::Storage => "storage",
            Self::Web => "web",
        }
    }
}

/// Where a setting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The node config.
    NodeConfig,
    /// `OctopusServer.config`.
    OctopusConfig,
    /// The cluster's registry.
    Registry,
    /// Nobody said anything: Octopus' own default.
    Default,
    /// This machine.
    Host,
}

impl Source {
    /// Its name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NodeConfig => "node config",
            Self::OctopusConfig => "OctopusServer.config",
            Self::Registry => "registry",
            Self::Default => "default",
            Self::Host => "host",
        }
    }

    /// Its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::NodeConfig => "node-config",
            Self::OctopusConfig => "octopus-config",
            Self::Registry => "registry",
            Self::Default => "default",
            Self::Host => "host",
        }
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What it is about.
    pub group: Group,
    /// Its id for programs: the field's where it is one.
    pub id: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Its value. Of a secret only whether it is there and opens.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

/// A choice's value in the answers.
const fn account(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::LocalSystem => "local-system",
        AccountKind::Custom => "custom",
        AccountKind::Managed => "managed",
    }
}

/// How trust is answered: the choice, and the field that belongs to it with its text.
fn trust(trust: &TrustSection) -> (&'static str, Option<(FieldId, String)>) {
    match trust {
        TrustSection::System => ("system", None),
        TrustSection::CaFile(path) => ("ca-file", Some((FieldId::CaFile, path.display().to_string()))),
        TrustSection::Fingerprint(text) => ("fingerprint", Some((FieldId::Fingerprint, text.clone()))),
        TrustSection::None => ("none", None),
    }
}

/// How the shared storage is answered: the choice, and the fields that belong to it with their texts.
fn storage(storage: &SharedStorage) -> (&'static str, Vec<(FieldId, String)>) {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    match storage {
        SharedStorage::None => ("none", Vec::new()),
        SharedStorage::Root(root) => ("root", vec![(FieldId::StorageRoot, text(root))]),
        SharedStorage::Folders(folders) => {
            ("folders", folders.iter().map(|(folder, path)| (folder.field(), text(path))).collect())
        }
    }
}

const fn truth(on: bool) -> &'static str {
    if on { "true" } else { "false" }
}

#[cfg(test)]
mod tests;
