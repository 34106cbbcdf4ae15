//! `storage-folders`.

use std::path::Path;

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Fact, FolderFacts, Identity, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::platform::has_drive;
use crate::model::storage::{SharedFolder, SharedStorage};

use super::{Case, field_of_folder, is_registered, report, report_all, unknown};

/// The folders are named as every node can reach them, none in the home directory, and no two the same.
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    if let Some(verdict) = judge_unshared(case) {
        return Ok(verdict);
    }
    let storage = match read::storage(case.answers) {
        Ok(storage) => storage,
        Err(bad) if is_registered(case) => return Ok(report(malformed_finding(case, bad))),
        Err(_) => return Err(Verdict::NotYet),
    };
    let named = match &storage {
        SharedStorage::None => return Err(case.pending()),
        SharedStorage::Root(root) => vec![(FieldId::StorageRoot, "The root", root.as_path())],
        SharedStorage::Folders(folders) => {
            folders.iter().map(|(folder, path)| (folder.field(), folder.name(), path.as_path())).collect()
        }
    };
    let mut findings: Vec<Finding> =
        named.iter().filter_map(|(field, name, path)| path_finding(case, *field, name, path)).collect();
    if let SharedStorage::Folders(folders) = &storage {
        for (at, (folder, path)) in folders.iter().enumerate() {
            let others = folders.iter().take(at);
            findings.extend(others.filter_map(|(other, before)| pair_finding(case, (*other, before), (*folder, path))));
        }
    }
    let seen = &case.facts.storage.folders;
    if findings.is_empty() {
        findings.extend(linked_finding(case, seen));
    }
    if findings.iter().all(|finding| finding.severity < Severity::Stop) && seen.is_empty() {
        return Err(case.pending());
    }
    Ok(report_all(findings, || match &storage {
        SharedStorage::Root(root) => format!("{} folders under {}", SharedFolder::ALL.len(), root.display()),
        _ => format!("{} folders, each by itself", named.len()),
    }))
}

/// The verdict if nothing is shared, or if that is not known.
fn judge_unshared(case: &Case<'_>) -> Option<Verdict> {
    if !is_registered(case) {
        let none = read::storage(case.answers) == Ok(SharedStorage::None);
        return none.then_some(Verdict::DoesNotApply);
    }
    let cluster = &case.facts.cluster;
    match (&cluster.identity, &cluster.storage) {
        (Fact::Unknown, _) | (Fact::Seen(Identity::Registered(_)), Fact::Unknown) => Some(case.pending()),
        (Fact::Seen(Identity::Octopus { .. }), _) => {
            Some(report(unnamed_finding(case, "Octopus Server made this cluster, and no registry names its shared folders.")))
        }
        // The cluster's own checks say why it cannot be read.
        (Fact::Missing(trouble), _) => Some(unknown(trouble)),
        (_, Fact::Missing(trouble)) => Some(judge_unread(trouble)),
        (_, Fact::Seen(SharedStorage::None)) => Some(judge_nothing_shared(case)),
        (_, Fact::Seen(_)) => None,
    }
}

fn judge_unread(trouble: &Trouble) -> Verdict {
    if *trouble == Trouble::Unasked {
        return unknown(trouble);
    }
    report(Finding::unproven(
        CheckId::StorageFolders,
        "What the nodes share could not be read from the registry, so this node's shared folders are not proven.",
        "Check again; if it stays so, look at the cluster's own checks.",
    ))
}

/// Nobody names the shared folders. A node that is added needs the operator's word; one that is there works with them already.
fn unnamed_finding(case: &Case<'_>, says: &str) -> Finding {
    let severity = if case.is_existing_node() { Severity::Unknown } else { Severity::Unproven };
    let fix = "Make sure that the paths that the other nodes use lead to the same folders on this machine.";
    Finding::new(CheckId::StorageFolders, severity, says, fix)
}

/// A cluster that shares nothing works with one node only.
fn judge_nothing_shared(case: &Case<'_>) -> Verdict {
    let own = case.answers.trimmed(FieldId::NodeName);
    let others = case.facts.cluster.nodes.seen().is_some_and(|nodes| !nodes.except(own).is_empty());
    if is_adopted(case) {
        return report(unnamed_finding(
            case,
            "This registry was made for a cluster of Octopus Server's own, and does not say what is shared.",
        ));
    }
    if case.is_existing_node() && !others {
        return Verdict::DoesNotApply;
    }
    report(Finding::warn(
        CheckId::StorageFolders,
        "This cluster shares no folders: each node would see only the task logs, artifacts and packages that it wrote itself.",
        "Move the first node's folders to shared storage before a second one works; run this there.",
    )
    .command("octopus-setup migrate --to ROOT"))
}

/// Whether the registry was made in a database that Octopus Server had made, which does not tell its folders.
fn is_adopted(case: &Case<'_>) -> bool {
    let Some(Identity::Registered(seen)) = case.facts.cluster.identity.seen() else { return false };
    read::database(case.answers).is_ok_and(|database| ClusterId::adopted(seen.fingerprint, &database) == seen.id)
}

/// The registry's text is no path on this machine.
fn malformed_finding(case: &Case<'_>, bad: FieldId) -> Finding {
    let text = case.answers.trimmed(bad);
    let says = if text.is_empty() {
        format!("The registry names no path for {}.", bad.id())
    } else {
        format!("The registry has the shared folders at {text}, which is no path of this machine's system.")
    };
    Finding::stop(
        CheckId::StorageFolders,
        says,
        "All nodes of a cluster use the same paths: add a server with the operating system of the others.",
    )
}

/// Judges a path by itself, and against the home directory.
fn path_finding(case: &Case<'_>, field: FieldId, name: &str, path: &Path) -> Option<Finding> {
    let text = path.to_string_lossy();
    let stop = |says: String, fix: &str| Some(Finding::stop(CheckId::StorageFolders, says, fix).about(field));
    let windows = case.is_on_windows();
    if text.starts_with("\\\\") && !windows {
        return stop(
            format!("{name}: {text} is a path of Windows, which leads nowhere on this system."),
            "Mount the share, and type the path of the mount.",
        );
    }
    if parts(&text).iter().any(|part| part == "..") {
        return stop(format!("{name}: the path has .. in it."), "Type the path as it is without the detour.");
    }
    if parts(&text).is_empty() {
        return stop(format!("{name}: {text} is the root of the disk."), "Type a folder of its own, for instance /mnt/octopus.");
    }
    if let Ok(home) = read::home(case.answers) {
        let home_text = home.to_string_lossy();
        if contains(&home_text, &text) {
            return stop(
                format!("{name}: {text} is in the home directory {home_text}, which belongs to this node alone."),
                "Type a folder outside of the home directory, on storage that all nodes reach.",
            );
        }
        if contains(&text, &home_text) {
            return stop(
                format!("{name}: the home directory {home_text} is in {text}, where other nodes would see it."),
                "Type another folder here, or a home directory on a local disk.",
            );
        }
    }
    if windows && has_drive(&text) {
        return Some(
            Finding::warn(
                CheckId::StorageFolders,
                format!("{name}: {text} has a drive letter; where that is mapped, it is mapped for one user, and the service does not see it."),
                "Type the UNC path of the share, as in \\\\files\\octopus.",
            )
            .about(field),
        );
    }
    None
}

/// Two folders that are the same, or one in the other.
fn pair_finding(
    case: &Case<'_>,
    (other, before): (SharedFolder, &Path),
    (folder, path): (SharedFolder, &Path),
) -> Option<Finding> {
    let (before, path) = (before.to_string_lossy(), path.to_string_lossy());
    let (one, two) = (other.name(), folder.name());
    let about = field_of_folder(case, folder);
    if contains(&before, &path) && contains(&path, &before) {
        return Some(
            Finding::stop(
                CheckId::StorageFolders,
                format!("{one} and {two} are the same folder, {path}."),
                "Give each a folder of its own.",
            )
            .about(about),
        );
    }
    let (lower_before, lower) = (before.to_lowercase(), path.to_lowercase());
    if contains(&lower_before, &lower) && contains(&lower, &lower_before) {
        return Some(
            Finding::stop(
                CheckId::StorageFolders,
                format!("{one} and {two} differ only in upper and lower case, and are one folder on many shares."),
                "Give each a folder of its own.",
            )
            .about(about),
        );
    }
    let (outer, inner) = if contains(&before, &path) {
        (one, two)
    } else if contains(&path, &before) {
        (two, one)
    } else {
        return None;
    };
    let says = format!("{inner} is in the folder of {outer}: what cleans up the one may take the other with it.");
    let severity = if is_registered(case) { Severity::Warn } else { Severity::Stop };
    Some(Finding::new(CheckId::StorageFolders, severity, says, "Give each a folder of its own, side by side.").about(about))
}

/// Finds two folders that are one, by a link or because the disk ignores case.
fn linked_finding(case: &Case<'_>, seen: &[FolderFacts]) -> Option<Finding> {
    let (one, two) = seen.iter().enumerate().find_map(|(at, folder)| {
        let same = |other: &&FolderFacts| other.identity.is_some() && other.identity == folder.identity;
        Some((seen.iter().take(at).find(same)?, folder))
    })?;
    let says = format!("{} and {} lead to the same folder: {} and {}.", one.folder.name(), two.folder.name(), one.path, two.path);
    Some(
        Finding::stop(
            CheckId::StorageFolders,
            says,
            "Give each a folder of its own; look for a link, or names that differ in case only.",
        )
        .about(field_of_folder(case, two.folder)),
    )
}

/// Splits a path by the rules of its system, in lower case if that ignores case.
fn parts(text: &str) -> Vec<String> {
    let windows = is_of_windows(text);
    let split = |c: char| c == '/' || windows && c == '\\';
    let parts = text.split(split).filter(|part| !part.is_empty() && *part != ".");
    parts.map(|part| if windows { part.to_lowercase() } else { part.to_owned() }).collect()
}

fn is_of_windows(text: &str) -> bool {
    text.starts_with("\\\\") || has_drive(text)
}

/// Whether a folder is the other one, or above it.
fn contains(outer: &str, inner: &str) -> bool {
    is_of_windows(outer) == is_of_windows(inner) && parts(inner).starts_with(&parts(outer))
}
