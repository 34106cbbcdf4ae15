//! `storage-content`.

use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, FolderFacts, Heartbeat};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::quote::bash;
use crate::model::storage::{SharedFolder, SharedStorage};

use super::{Case, field_of, is_registered, names, reached, weighed};

const CHECK: CheckId = CheckId::StorageContent;

/// What the cluster has stored in these folders is there; in those of a new cluster nothing is.
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reached(case)?;
    let unknown = folders.iter().any(|folder| folder.entries.is_unknown());
    let findings = if is_registered(case) { missing(case, folders) } else { occupied(case, folders) };
    Ok(weighed(case, unknown, findings.into_iter().collect(), || {
        let some = folders.iter().filter(|folder| folder.entries.seen().is_some_and(|count| *count > 0)).count();
        if folders.iter().any(|folder| matches!(folder.entries, Fact::Missing(_))) {
            "cannot be told here".to_owned()
        } else if some == 0 {
            "empty, as in a new cluster".to_owned()
        } else {
            format!("{some} of {} have something in them", format::count(folders.len() as u64, "folder"))
        }
    }))
}

/// A cluster that has run tasks has their logs at least. One that was set up a minute ago has neither, which is as it should be.
fn missing(case: &Case<'_>, folders: &[FolderFacts]) -> Option<Finding> {
    let own = case.answers.trimmed(FieldId::NodeName);
    let nodes = case.facts.cluster.nodes.seen()?;
    let ran =
        nodes.iter().find(|node| matches!(node.beat, Heartbeat::Ago(_)) && (case.is_of_a_node() || !node.is_called(own)))?;
    let is_empty = |folder: &&FolderFacts| folder.entries == Fact::Seen(0);
    let expected = |folder: &&FolderFacts| {
        matches!(folder.folder, SharedFolder::TaskLogs | SharedFolder::Artifacts | SharedFolder::Packages)
    };
    let empty: Vec<&FolderFacts> = folders.iter().filter(expected).filter(is_empty).collect();
    let logs = empty.iter().any(|folder| folder.folder == SharedFolder::TaskLogs);
    if empty.is_empty() {
        return None;
    }
    let names = names(&empty, folders.len());
    let has_run = case.facts.cluster.ran_tasks == Fact::Seen(true);
    if !(logs && has_run) {
        let what = if logs { "no task has run yet" } else { "nothing was stored there" };
        let says = format!("{names}: empty, although node {} has been running; right as long as {what}.", ran.name);
        return Some(Finding::note(CHECK, says).about(field_of(case, &empty)));
    }
    let says =
        format!("{names}: empty, although Octopus has run tasks. The logs and files of node {} are somewhere else.", ran.name);
    let fix = "Look on that node where Octopus Server keeps them; what it kept in its home directory has to be moved here.";
    let root = match read::storage(case.answers) {
        Ok(SharedStorage::Root(root)) => bash(&root.to_string_lossy()),
        _ => "ROOT".to_owned(),
    };
    let finding = Finding::warn(CHECK, says, fix).about(field_of(case, &empty));
    Some(finding.command(format!("octopus-setup migrate --to {root}")))
}

/// A new cluster counts its tasks and artifacts from one, and would write over what another one has left.
fn occupied(case: &Case<'_>, folders: &[FolderFacts]) -> Option<Finding> {
    if case.resuming.is_some() {
        return None;
    }
    let full: Vec<&FolderFacts> = folders.iter().filter(|folder| folder.entries.seen().is_some_and(|count| *count > 0)).collect();
    let count: u64 = full.iter().filter_map(|folder| folder.entries.seen()).sum();
    if full.is_empty() {
        return None;
    }
    let entries = if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
    let says = format!(
        "{}: {entries} of something else. A new cluster numbers its tasks from 1, and may write over them.",
        names(&full, folders.len())
    );
    Some(Finding::warn(CHECK, says, "Type empty or new folders, unless you know what these are.").about(field_of(case, &full)))
}
