//! The settings of the storage screen. A joining node takes the registry's values and does not change them.

use super::{FIRST, Group, OnlyWith, ROW, Setting};
use crate::catalog::form::read;
use crate::catalog::octopus::{OctopusOption, Reach, Verb};
use crate::model::choice::Choice;
use crate::model::field::{FieldId, Kind};
use crate::model::screen::ScreenId;
use crate::model::storage::{SharedFolder, SharedStorage, StorageKind};

const STORAGE: Setting = Setting { kind: Kind::Path, group: Group::Storage, screens: &[(ScreenId::Storage, FIRST)], ..ROW };

/// The setting of a single folder.
const FOLDER: Setting = Setting { only_with: OnlyWith::Values(FieldId::Storage, &[StorageKind::Folders.spelling()]), ..STORAGE };

/// Creates an option of `path`, which sets what all nodes share (`facts/octopus.md`, section 7).
const fn path(name: &'static str) -> OctopusOption {
    OctopusOption { verb: Verb::Path, name, reach: Reach::Cluster }
}

pub(super) const ROWS: [Setting; 8] = [
    Setting {
        field: FieldId::Storage,
        id: "storage",
        kind: Kind::Choice(StorageKind::SPELLINGS),
        default: StorageKind::None.spelling(),
        to_choose: true,
        node: Some(|node| Some(node.storage.kind().spelling().to_owned())),
        config: Some(|config| Some(config.storage.kind().spelling().to_owned())),
        ..STORAGE
    },
    Setting {
        field: FieldId::StorageRoot,
        id: "storage-root",
        only_with: OnlyWith::Values(FieldId::Storage, &[StorageKind::Root.spelling()]),
        problem: |answers| read::storage_root(answers).err(),
        node: Some(|node| node.storage.root()),
        config: Some(|config| config.storage.root()),
        option: Some(path("--clusterShared")),
        ..STORAGE
    },
    Setting {
        field: FieldId::ArtifactsFolder,
        id: "artifacts-folder",
        problem: |answers| read::shared_folder(FieldId::ArtifactsFolder, answers).err(),
        node: Some(|node| node.storage.folder(SharedFolder::Artifacts)),
        config: Some(|config| config.storage.folder(SharedFolder::Artifacts)),
        option: Some(path("--artifacts")),
        ..FOLDER
    },
    Setting {
        field: FieldId::TaskLogsFolder,
        id: "task-logs-folder",
        problem: |answers| read::shared_folder(FieldId::TaskLogsFolder, answers).err(),
        node: Some(|node| node.storage.folder(SharedFolder::TaskLogs)),
        config: Some(|config| config.storage.folder(SharedFolder::TaskLogs)),
        option: Some(path("--taskLogs")),
        ..FOLDER
    },
    Setting {
        field: FieldId::PackagesFolder,
        id: "packages-folder",
        problem: |answers| read::shared_folder(FieldId::PackagesFolder, answers).err(),
        node: Some(|node| node.storage.folder(SharedFolder::Packages)),
        config: Some(|config| config.storage.folder(SharedFolder::Packages)),
        option: Some(path("--nugetRepository")),
        ..FOLDER
    },
    Setting {
        field: FieldId::TelemetryFolder,
        id: "telemetry-folder",
        optional: true,
        problem: |answers| read::shared_folder(FieldId::TelemetryFolder, answers).err(),
        node: Some(|node| node.storage.folder(SharedFolder::Telemetry)),
        config: Some(|config| config.storage.folder(SharedFolder::Telemetry)),
        option: Some(path("--telemetry")),
        ..FOLDER
    },
    Setting {
        field: FieldId::ImportsFolder,
        id: "imports-folder",
        optional: true,
        problem: |answers| read::shared_folder(FieldId::ImportsFolder, answers).err(),
        node: Some(|node| node.storage.folder(SharedFolder::Imports)),
        config: Some(|config| config.storage.folder(SharedFolder::Imports)),
        option: Some(path("--imports")),
        ..FOLDER
    },
    Setting {
        field: FieldId::EventExportsFolder,
        id: "event-exports-folder",
        optional: true,
        problem: |answers| read::shared_folder(FieldId::EventExportsFolder, answers).err(),
        node: Some(|node| node.storage.folder(SharedFolder::EventExports)),
        config: Some(|config| config.storage.folder(SharedFolder::EventExports)),
        option: Some(path("--eventExports")),
        ..FOLDER
    },
];

/// Returns the answers that describe the shared storage; empty texts for paths that are not set.
pub fn answers(storage: &SharedStorage) -> impl Iterator<Item = (FieldId, String)> {
    let folder = |folder: SharedFolder| (folder.field(), storage.folder(folder).unwrap_or_default());
    [(FieldId::Storage, storage.kind().spelling().to_owned()), (FieldId::StorageRoot, storage.root().unwrap_or_default())]
        .into_iter()
        .chain(SharedFolder::ALL.into_iter().map(folder))
}
