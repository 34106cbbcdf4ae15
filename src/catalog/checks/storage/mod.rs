//! The checks of the storage screen: of the folders by themselves, of what this machine sees of them, and of what the
//! registry knows.

mod account;
mod content;
mod disk;
mod folders;
mod latency;
mod rights;
mod shared;
mod space;

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, FolderFacts, FolderPlace, Identity};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::storage::{SharedFolder, SharedStorage, StorageKind};
use crate::model::survey::SurveyId;

use super::{Case, Check, all, one, unknown};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::StorageFolders,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(folders::judge(case)),
    },
    Check {
        id: CheckId::StorageDisk,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(disk::judge(case)),
    },
    Check {
        id: CheckId::StorageRights,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(rights::judge(case)),
    },
    Check {
        id: CheckId::StorageAccount,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(account::judge(case)),
    },
    Check {
        id: CheckId::StorageSpace,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(space::judge(case)),
    },
    Check {
        id: CheckId::StorageLatency,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(latency::judge(case)),
    },
    Check {
        id: CheckId::StorageShared,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(shared::judge(case)),
    },
    Check {
        id: CheckId::StorageContent,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        judge: |case| settled(content::judge(case)),
    },
];

/// The verdict, whether it was come to early or at the end.
fn settled(judged: Result<Verdict, Verdict>) -> Verdict {
    judged.unwrap_or_else(|verdict| verdict)
}

/// Whether the registry says what is shared; only a cluster's first node is asked for it.
fn is_registered(case: &Case<'_>) -> bool {
    case.flow != Flow::FirstNode
}

/// What is shared; the verdict of every check where nothing is, or where that is not known.
fn sharing(case: &Case<'_>) -> Result<(), Verdict> {
    let nothing = || Err(Verdict::Good("not looked at: nothing is shared".to_owned()));
    if !is_registered(case) {
        return match read::storage(case.answers) {
            Err(_) => Err(Verdict::NotYet),
            Ok(SharedStorage::None) => nothing(),
            Ok(_) => Ok(()),
        };
    }
    let cluster = &case.facts.cluster;
    match (&cluster.identity, &cluster.storage) {
        (Fact::Unknown, _) | (Fact::Seen(Identity::Registered(_)), Fact::Unknown) => Err(case.pending()),
        (Fact::Seen(Identity::Octopus { .. }), _) => {
            Err(Verdict::Good("cannot be told: this cluster has no registry that names the folders".to_owned()))
        }
        (Fact::Missing(trouble), _) | (_, Fact::Missing(trouble)) => Err(unknown(trouble)),
        (_, Fact::Seen(SharedStorage::None)) => nothing(),
        (_, Fact::Seen(_)) => Ok(()),
    }
}

/// The folders as far as they have been looked at.
fn looked<'a>(case: &Case<'a>) -> Result<&'a [FolderFacts], Verdict> {
    sharing(case)?;
    match (case.facts.storage.folders.as_slice(), read::storage(case.answers)) {
        (_, Err(_)) => Err(Verdict::NotYet),
        ([], Ok(_)) => Err(case.pending()),
        (folders, Ok(_)) => Ok(folders),
    }
}

/// The folders, where all of them can be got at: what stands behind a place that is wrong is not judged. A folder that is
/// yet to be made counts for the first node alone.
fn reached<'a>(case: &Case<'a>) -> Result<&'a [FolderFacts], Verdict> {
    let folders = looked(case)?;
    let is_good = |folder: &FolderFacts| match folder.place {
        Fact::Seen(FolderPlace::There) | Fact::Unknown => true,
        Fact::Seen(FolderPlace::Creatable { .. }) => !is_registered(case),
        _ => false,
    };
    if !folders.iter().all(is_good) {
        return Err(Verdict::NotYet);
    }
    if folders.iter().any(|folder| folder.place.is_unknown()) { Err(case.pending()) } else { Ok(folders) }
}

/// The verdict on findings, while some facts may still be on their way: what stops does not wait for them.
fn weighed(case: &Case<'_>, unknown: bool, findings: Vec<Finding>, evidence: impl FnOnce() -> String) -> Verdict {
    if unknown && !findings.iter().any(|finding| finding.severity == Severity::Stop) {
        return case.pending();
    }
    all(findings, evidence)
}

/// The folders of which the same is to be said, said once.
fn alike<'a, K: PartialEq>(
    folders: &'a [FolderFacts],
    said: impl Fn(&'a FolderFacts) -> Option<K>,
) -> Vec<(K, Vec<&'a FolderFacts>)> {
    let mut groups: Vec<(K, Vec<&FolderFacts>)> = Vec::new();
    for folder in folders {
        let Some(key) = said(folder) else { continue };
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, group)) => group.push(folder),
            None => groups.push((key, vec![folder])),
        }
    }
    groups
}

/// The folders' names before a colon: `TaskLogs (/mnt/octopus/TaskLogs)`, `Artifacts and TaskLogs`, `All folders`.
fn names(group: &[&FolderFacts], all: usize) -> String {
    match group {
        [one] => format!("{} ({})", one.folder.name(), one.path),
        many if many.len() == all => "All folders".to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(|folder| folder.folder.name()).collect();
            format!("{} and {}", first.join(", "), last.folder.name())
        }
        [] => String::new(),
    }
}

/// The field that is to blame for a folder.
fn field(case: &Case<'_>, folder: SharedFolder) -> FieldId {
    match case.answers.chosen(FieldId::Storage) {
        Some(StorageKind::Root) => FieldId::StorageRoot,
        Some(StorageKind::Folders) => folder.field(),
        Some(StorageKind::None) | None => FieldId::Storage,
    }
}

/// The same of several: the first one's.
fn field_of(case: &Case<'_>, group: &[&FolderFacts]) -> FieldId {
    group.first().map_or(FieldId::Storage, |folder| field(case, folder.folder))
}

/// The shortest list of paths that says the same: the root where all of them are below it.
fn paths(case: &Case<'_>, group: &[&FolderFacts]) -> Vec<String> {
    let all = group.len() == case.facts.storage.folders.len();
    match read::storage(case.answers) {
        Ok(SharedStorage::Root(root)) if all => vec![root.display().to_string()],
        _ => group.iter().map(|folder| folder.path.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests;
