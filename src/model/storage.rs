//! Shared storage: the folders that all nodes read and write.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::choice::choices;
use super::field::FieldId;

/// A folder that all nodes share (`facts/octopus.md`, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedFolder {
    /// Files that deployments hand over.
    Artifacts,
    /// The tasks' logs.
    TaskLogs,
    /// The built-in package repository.
    Packages,
    Telemetry,
    /// What was imported from other instances.
    Imports,
    /// The archive of the audit log.
    EventExports,
}

impl SharedFolder {
    /// Every one of them.
    pub const ALL: [Self; 6] =
        [Self::Artifacts, Self::TaskLogs, Self::Packages, Self::Telemetry, Self::Imports, Self::EventExports];

    /// Its id in the registry, the node config and the migration's manifest.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Artifacts => "artifacts",
            Self::TaskLogs => "task-logs",
            Self::Packages => "packages",
            Self::Telemetry => "telemetry",
            Self::Imports => "imports",
            Self::EventExports => "event-exports",
        }
    }

    /// The folder of this id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|folder| folder.id() == id)
    }

    /// Its name under a shared root, and under the home directory of a node that shares nothing.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Artifacts => "Artifacts",
            Self::TaskLogs => "TaskLogs",
            Self::Packages => "Packages",
            Self::Telemetry => "Telemetry",
            Self::Imports => "Imports",
            Self::EventExports => "EventExports",
        }
    }

    /// The field that names it where each folder is by itself.
    pub const fn field(self) -> FieldId {
        match self {
            Self::Artifacts => FieldId::ArtifactsFolder,
            Self::TaskLogs => FieldId::TaskLogsFolder,
            Self::Packages => FieldId::PackagesFolder,
            Self::Telemetry => FieldId::TelemetryFolder,
            Self::Imports => FieldId::ImportsFolder,
            Self::EventExports => FieldId::EventExportsFolder,
        }
    }
}

choices! {
    /// What is shared, without its paths.
    pub enum StorageKind {
        /// Nothing.
        None = "none",
        /// One root.
        Root = "root",
        /// Each folder by itself.
        Folders = "folders",
    }
}

/// What the nodes of a cluster share.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedStorage {
    /// Nothing: a single node.
    #[default]
    None,
    /// One root, with a folder for each below it.
    Root(PathBuf),
    /// Each folder by itself, in the order of [`SharedFolder::ALL`].
    Folders(Vec<(SharedFolder, PathBuf)>),
}

impl SharedStorage {
    /// The registry's word for a root.
    pub const ROOT: &'static str = "cluster-shared";

    /// Its kind.
    pub const fn kind(&self) -> StorageKind {
        match self {
            Self::None => StorageKind::None,
            Self::Root(_) => StorageKind::Root,
            Self::Folders(_) => StorageKind::Folders,
        }
    }

    /// The root, where there is one.
    pub fn root(&self) -> Option<String> {
        if let Self::Root(root) = self { Some(root.to_string_lossy().into_owned()) } else { None }
    }

    /// A folder that is shared by itself.
    pub fn folder(&self, wanted: SharedFolder) -> Option<String> {
        let Self::Folders(folders) = self else { return None };
        folders.iter().find(|(folder, _)| *folder == wanted).map(|(_, path)| path.to_string_lossy().into_owned())
    }

    /// The folders and where they are, in the order of [`SharedFolder::ALL`].
    pub fn folders(&self) -> Vec<(SharedFolder, PathBuf)> {
        match self {
            Self::None => Vec::new(),
            Self::Root(root) => SharedFolder::ALL.into_iter().map(|folder| (folder, under(root, folder.name()))).collect(),
            Self::Folders(folders) => folders.clone(),
        }
    }

    /// As the registry keeps it: the root alone, or each folder by its id.
    pub fn rows(&self) -> Vec<(&'static str, PathBuf)> {
        match self {
            Self::None => Vec::new(),
            Self::Root(root) => vec![(Self::ROOT, root.clone())],
            Self::Folders(folders) => folders.iter().map(|(folder, path)| (folder.id(), path.clone())).collect(),
        }
    }

    /// From the registry's rows; words that this program does not know are left out, and a root counts before folders.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut folders = Vec::new();
        for (word, path) in rows {
            if word == Self::ROOT {
                return Self::Root(PathBuf::from(path));
            }
            folders.extend(SharedFolder::from_id(word).map(|folder| (folder, PathBuf::from(path))));
        }
        folders.sort_by_key(|(folder, _)| *folder);
        if folders.is_empty() { Self::None } else { Self::Folders(folders) }
    }

    /// Whether nothing is shared.
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// A folder below a path, by the rules of the system that the path is of: a UNC path keeps its backslashes on Linux too.
pub fn under(root: &Path, name: &str) -> PathBuf {
    let text = root.to_string_lossy();
    if text.contains('\\') && !text.starts_with('/') {
        return PathBuf::from(format!("{}\\{name}", text.trim_end_matches('\\')));
    }
    root.join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_registry_keeps_comes_back() {
        let folders = vec![(SharedFolder::Artifacts, "/a".into()), (SharedFolder::Packages, "/p".into())];
        for storage in [SharedStorage::None, SharedStorage::Root("/srv/octopus".into()), SharedStorage::Folders(folders)] {
            let rows = storage.rows();
            let back = SharedStorage::from_rows(rows.iter().map(|(word, path)| (*word, path.to_str().expect("text"))).rev());
            assert_eq!(back, storage);
        }
    }

    #[test]
    fn a_folder_below_a_root_is_written_as_the_root_is() {
        for (root, path) in [
            ("/srv/octopus", "/srv/octopus/TaskLogs"),
            ("\\\\files\\octopus", "\\\\files\\octopus\\TaskLogs"),
            ("D:\\Shared\\", "D:\\Shared\\TaskLogs"),
        ] {
            assert_eq!(under(Path::new(root), "TaskLogs"), PathBuf::from(path));
        }
    }
}
