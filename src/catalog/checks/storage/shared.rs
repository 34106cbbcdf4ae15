//! `storage-shared` and `storage-content`: whether these are the folders that the other nodes use.

use std::collections::BTreeMap;

use super::{Case, field_of_group, group_folders, is_registered, names, reachable_folders, report_known, unknown};
use crate::catalog::form::read;
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::{CanaryFile, Fact, FolderFacts, Heartbeat, Identity, Liveness, NodeSeen};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::quote::bash;
use crate::model::registry::CanaryRow;
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::untrusted::Untrusted;

/// One node's canary in one folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Canary {
    /// The registry knows none.
    Unknown,
    /// In the folder, with the registry's nonce.
    Right,
    /// In the folder, with another nonce.
    Wrong,
    /// Not in the folder.
    Absent,
    /// The folder was not looked into yet, or could not be; or what was seen is not confirmed.
    Unseen,
}

/// How many nodes are searched for one without a canary: this is judged on each frame.
const MOST: usize = 200;

/// Each folder is the one that the other nodes see: their canaries are in it.
pub fn judge_shared(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reachable_folders(case)?;
    let pending = folders.iter().any(|folder| folder.canaries.is_unknown()) || !case.facts.doubted_canaries.is_empty();
    let mut findings = unreadable_findings(case, folders);
    findings.extend(foreign_finding(case, folders));
    if !is_registered(case) {
        return Ok(report_known(case, pending, findings, || Verdict::Good("left at the install; no other node yet".to_owned())));
    }
    let cluster = &case.facts.cluster;
    let (rows, nodes) = match (&cluster.canaries, &cluster.nodes) {
        (Fact::Unknown, _) | (_, Fact::Unknown) => return Err(case.pending()),
        (Fact::Missing(trouble), _) | (_, Fact::Missing(trouble)) => return Err(unknown(trouble)),
        (Fact::Seen(rows), Fact::Seen(nodes)) => (rows, nodes),
    };
    let rows = by_node(rows);
    let mut seen = Vec::new();
    let mut complaints: Vec<Complaint<'_>> = Vec::new();
    for (node, rows) in rows.iter().filter_map(|(name, rows)| Some((nodes.find(name)?, rows))) {
        if !is_expected(case, node) {
            continue;
        }
        let state = |wanted| {
            let is_so = move |folder: &&FolderFacts| confirmed_state(case, rows, node, folder) == wanted;
            folders.iter().filter(is_so).collect::<Vec<_>>()
        };
        let [right, wrong, absent] = [Canary::Right, Canary::Wrong, Canary::Absent].map(state);
        if !right.is_empty() && wrong.is_empty() && absent.is_empty() {
            seen.push(node.name.clone());
        }
        for (state, group) in [(Canary::Wrong, wrong), (Canary::Absent, absent)] {
            complain(&mut complaints, case, node, state, group);
        }
    }
    findings.extend(complaints.iter().map(|complaint| complaint.finding(case, folders.len())));
    let has_none = |node: &&NodeSeen| is_expected(case, node) && !rows.contains_key(&name_key(node.name.as_str()));
    let without: Vec<_> = nodes.iter().take(MOST).filter(has_none).map(|node| node.name.clone()).collect();
    if !without.is_empty() {
        let count = without.len() as u64;
        let says = format!(
            "The registry knows no canary of {}, so nothing tells whether it sees the same folders.",
            format::list(&without, count)
        );
        // One other node's canaries prove the folders.
        findings.push(if seen.is_empty() {
            let fix = "Compare the folders with that node's: a file that one writes there has to appear on the other.";
            Finding::unproven(CheckId::StorageShared, says, fix)
        } else {
            Finding::unknown(CheckId::StorageShared, says)
        });
    }
    Ok(report_known(case, pending, findings, || match seen.len() {
        // There is no other node to share with yet.
        0 => Verdict::DoesNotApply,
        many => Verdict::Good(format!("those of {} are there", format::list(&seen, many as u64))),
    }))
}

/// Whether at least one other node's canaries are in all of these folders.
pub(super) fn is_proven(case: &Case<'_>, folders: &[FolderFacts]) -> bool {
    let cluster = &case.facts.cluster;
    let (Some(rows), Some(nodes)) = (cluster.canaries.seen(), cluster.nodes.seen()) else { return false };
    let own = case.answers.trimmed(FieldId::NodeName);
    let other = |name: &str| nodes.find(name).filter(|node| !node.is_called(own));
    by_node(rows)
        .iter()
        .filter_map(|(name, rows)| Some((other(name)?, rows)))
        .any(|(node, rows)| folders.iter().all(|folder| canary_state(rows, node, folder) == Canary::Right))
}

/// The rows of each node, by its name in lower case.
fn by_node(rows: &[CanaryRow]) -> BTreeMap<String, Vec<&CanaryRow>> {
    let mut nodes: BTreeMap<String, Vec<&CanaryRow>> = BTreeMap::new();
    for row in rows {
        nodes.entry(name_key(&row.node)).or_default().push(row);
    }
    nodes
}

fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether a node should have a canary: each node of the registry, and this one only if it exists already.
fn is_expected(case: &Case<'_>, node: &NodeSeen) -> bool {
    let own = node.is_called(case.answers.trimmed(FieldId::NodeName));
    node.row.is_some() && (!own || case.is_existing_node())
}

/// The registry's canaries that are not in the folders, or not with the registry's nonce.
pub fn missing_canaries(case: &Case<'_>) -> Vec<CanaryRow> {
    let (Ok(folders), Some(rows), Some(nodes)) =
        (reachable_folders(case), case.facts.cluster.canaries.seen(), case.facts.cluster.nodes.seen())
    else {
        return Vec::new();
    };
    if !is_registered(case) {
        return Vec::new();
    }
    let is_missing = |row: &&CanaryRow| {
        let node = nodes.find(&row.node).filter(|node| is_expected(case, node));
        let state = |node| folders.iter().map(move |folder| canary_state(&[*row], node, folder));
        node.is_some_and(|node| state(node).any(|state| matches!(state, Canary::Absent | Canary::Wrong)))
    };
    rows.iter().filter(is_missing).cloned().collect()
}

/// One node's canary in one folder, as far as it is confirmed.
fn confirmed_state(case: &Case<'_>, rows: &[&CanaryRow], node: &NodeSeen, folder: &FolderFacts) -> Canary {
    let is_doubted = |row: &&&CanaryRow| row.folder == folder.folder && case.facts.doubted_canaries.contains(row);
    match canary_state(rows, node, folder) {
        Canary::Absent | Canary::Wrong if rows.iter().any(|row| is_doubted(&row)) => Canary::Unseen,
        state => state,
    }
}

/// One node's canary in one folder, by the node's rows.
fn canary_state(rows: &[&CanaryRow], node: &NodeSeen, folder: &FolderFacts) -> Canary {
    let Some(row) = rows.iter().find(|row| row.folder == folder.folder) else { return Canary::Unknown };
    let Some(files) = folder.canaries.seen() else { return Canary::Unseen };
    let own: Vec<&CanaryFile> = files.iter().filter(|file| node.is_called(file.node.as_str())).collect();
    if own.is_empty() {
        Canary::Absent
    } else if own.iter().any(|file| file.token.as_str() == row.token) {
        Canary::Right
    } else {
        Canary::Wrong
    }
}

/// A wrong canary of a node that is alive is a stop; a node that was not seen for long may have had other folders.
fn severity(node: &NodeSeen) -> Severity {
    if node.life() == Liveness::Alive { Severity::Stop } else { Severity::Warn }
}

/// What is wrong with the canaries of some nodes in some folders. A wrong mount concerns all nodes of a cluster, and is told once.
struct Complaint<'a> {
    /// [`Canary::Wrong`] or [`Canary::Absent`].
    state: Canary,
    severity: Severity,
    /// Whether it is about this node itself, which is then the only one.
    is_own: bool,
    group: Vec<&'a FolderFacts>,
    nodes: Vec<Untrusted>,
}

/// Adds a node to the complaint that it shares with others, or makes one.
fn complain<'a>(
    complaints: &mut Vec<Complaint<'a>>,
    case: &Case<'_>,
    node: &NodeSeen,
    state: Canary,
    group: Vec<&'a FolderFacts>,
) {
    if group.is_empty() {
        return;
    }
    let (severity, is_own) = (severity(node), node.is_called(case.answers.trimmed(FieldId::NodeName)));
    let is_same = |other: &Complaint<'_>| {
        let folders = |group: &[&FolderFacts]| group.iter().map(|folder| folder.folder).collect::<Vec<_>>();
        !is_own && !other.is_own && (other.state, other.severity) == (state, severity) && folders(&other.group) == folders(&group)
    };
    match complaints.iter_mut().find(|other| is_same(other)) {
        Some(other) => other.nodes.push(node.name.clone()),
        None => complaints.push(Complaint { state, severity, is_own, group, nodes: vec![node.name.clone()] }),
    }
}

impl Complaint<'_> {
    /// Says it; there are so many folders in all.
    fn finding(&self, case: &Case<'_>, all: usize) -> Finding {
        let Self { state, severity, is_own, group, nodes } = self;
        let folders = names(group, all);
        let path = group.first().map(|folder| bash(folder.path.as_str())).unwrap_or_default();
        let who = format::list(nodes, nodes.len() as u64);
        let is_one = nodes.len() == 1;
        let says = match (state, is_own, is_one) {
            (Canary::Wrong, _, true) => format!(
                "{folders}: the canary of node {who} in it is not the one that the registry has; this folder is an old copy or a \
                 restored backup."
            ),
            (Canary::Wrong, _, false) => format!(
                "{folders}: the canaries of nodes {who} in it are not those that the registry has; this folder is an old copy or a \
                 restored backup."
            ),
            (_, true, _) => {
                format!("{folders}: this is not the folder that was there when this node was set up; its own canary is gone.")
            }
            (_, false, true) => format!("{folders}: this folder is not the one that node {who} sees; its canary is not in it."),
            (_, false, false) => {
                format!("{folders}: this folder is not the one that nodes {who} see; their canaries are not in it.")
            }
        };
        let fix = if *state == Canary::Wrong {
            "Find out which folder that node writes to now, and mount that one here; what is in this copy is out of date."
        } else {
            "Mount the same share at the same path as on that node; look there and here at what is mounted."
        };
        Finding::new(CheckId::StorageShared, *severity, says, fix)
            .about(field_of_group(case, group))
            .command(format!("findmnt --target {path}; ls -la {path}/.octopus-setup"))
    }
}

fn unreadable_findings(case: &Case<'_>, folders: &[FolderFacts]) -> Vec<Finding> {
    let groups = group_folders(folders, |folder| folder.canaries.trouble().cloned());
    let severity = if is_registered(case) { Severity::Stop } else { Severity::Unproven };
    let found = groups.iter().map(|(trouble, group)| {
        let why = match unknown(trouble) {
            Verdict::Unknown(why) => why,
            _ => "could not be read".to_owned(),
        };
        let says = format!("{}: the canaries in it {why}", names(group, folders.len()));
        Finding::new(
            CheckId::StorageShared,
            severity,
            format::sentence(&says),
            "Let this user read the folder .octopus-setup in it, and check again.",
        )
        .about(field_of_group(case, group))
    });
    found.collect()
}

/// Canaries of another cluster: two clusters in one folder overwrite each other's files.
fn foreign_finding(case: &Case<'_>, folders: &[FolderFacts]) -> Option<Finding> {
    let own = own_cluster(case);
    let strange = |file: &&CanaryFile| Some(file.cluster) != own;
    let group: Vec<&FolderFacts> = folders
        .iter()
        .filter(|folder| folder.canaries.seen().is_some_and(|files| files.iter().any(|file| strange(&file))))
        .collect();
    let file = group.first()?.canaries.seen()?.iter().find(strange)?;
    let path = group.first().map(|folder| bash(folder.path.as_str())).unwrap_or_default();
    let says = format!(
        "{}: node {} of another cluster ({}) uses it. Two clusters in one folder overwrite each other's files.",
        names(&group, folders.len()),
        file.node,
        file.cluster.short()
    );
    let fix = "Type another folder; only if that cluster is no more, remove its canaries.";
    Some(
        Finding::warn(CheckId::StorageShared, says, fix)
            .about(field_of_group(case, &group))
            .command(format!("grep -r . {path}/.octopus-setup")),
    )
}

fn own_cluster(case: &Case<'_>) -> Option<ClusterId> {
    match (case.flow, case.facts.cluster.identity.seen()) {
        (Flow::FirstNode, _) | (_, None | Some(Identity::Octopus { .. })) => case.resuming,
        (_, Some(Identity::Registered(seen))) => Some(seen.id),
    }
}

/// What the cluster has stored in these folders is there; in those of a new cluster nothing is.
pub fn judge_content(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reachable_folders(case)?;
    let pending = folders.iter().any(|folder| folder.entries.is_unknown());
    let found = if is_registered(case) { missing_finding(case, folders) } else { occupied_finding(case, folders) };
    let unread = group_folders(folders, |folder| folder.entries.trouble().cloned()).into_iter().map(|(trouble, group)| {
        let says =
            format!("{}: cannot tell what is in it. {}", names(&group, folders.len()), failures::explain_trouble(&trouble).says);
        let fix = "Look into it by hand: files of another cluster must not be in it, and those of this one must not be missing.";
        Finding::unproven(CheckId::StorageContent, says, fix).about(field_of_group(case, &group))
    });
    let findings = found.into_iter().chain(unread).collect();
    Ok(report_known(case, pending, findings, || {
        let some = folders.iter().filter(|folder| folder.entries.seen().is_some_and(|count| *count > 0)).count();
        Verdict::Good(if some == 0 {
            "empty, as in a new cluster".to_owned()
        } else {
            format!("{some} of {} have something in them", format::count(folders.len() as u64, "folder"))
        })
    }))
}

/// A cluster that has run tasks has their logs at least. One that was set up a minute ago has neither, which is as it should be.
fn missing_finding(case: &Case<'_>, folders: &[FolderFacts]) -> Option<Finding> {
    let own = case.answers.trimmed(FieldId::NodeName);
    let nodes = case.facts.cluster.nodes.seen()?;
    let ran =
        nodes.iter().find(|node| matches!(node.beat, Heartbeat::Ago(_)) && (case.is_existing_node() || !node.is_called(own)))?;
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
        return Some(Finding::note(CheckId::StorageContent, says).about(field_of_group(case, &empty)));
    }
    let says =
        format!("{names}: empty, although Octopus has run tasks. The logs and files of node {} are somewhere else.", ran.name);
    let fix = "Look on that node where Octopus Server keeps them; what it kept in its home directory has to be moved here.";
    let root = match read::storage(case.answers) {
        Ok(SharedStorage::Root(root)) => bash(&root.to_string_lossy()),
        _ => "ROOT".to_owned(),
    };
    let finding = Finding::warn(CheckId::StorageContent, says, fix).about(field_of_group(case, &empty));
    Some(finding.command(format!("octopus-setup migrate --to {root}")))
}

/// A new cluster counts its tasks and artifacts from one, and would write over what another one has left.
fn occupied_finding(case: &Case<'_>, folders: &[FolderFacts]) -> Option<Finding> {
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
    Some(
        Finding::warn(CheckId::StorageContent, says, "Type empty or new folders, unless you know what these are.")
            .about(field_of_group(case, &full)),
    )
}
