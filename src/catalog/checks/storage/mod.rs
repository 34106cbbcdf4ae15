//! The checks of the storage screen: of each folder as this machine sees it. The paths by themselves are in [`folders`], what the
//! registry and the other nodes know in [`shared`].

mod folders;
mod shared;

pub use shared::missing_canaries;

use std::time::Duration;

use super::{Case, Check, report, report_all, report_or, unknown};
use crate::catalog::form::read;
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::facts::{Access, Disk, Fact, FolderFacts, FolderOperation, FolderPlace, FolderRights, Identity, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::quote::{bash, windows};
use crate::model::screen::ScreenId;
use crate::model::storage::{SharedFolder, SharedStorage, StorageKind};
use crate::model::survey::{AccountKind, SurveyId};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::StorageFolders, |case| settle(folders::judge(case))),
    row(CheckId::StorageDisk, |case| settle(judge_disk(case))),
    row(CheckId::StorageRights, |case| settle(judge_rights(case))),
    row(CheckId::StorageAccount, |case| settle(judge_account(case))),
    row(CheckId::StorageSpace, |case| settle(judge_space(case))),
    row(CheckId::StorageLatency, |case| settle(judge_latency(case))),
    row(CheckId::StorageShared, |case| settle(shared::judge_shared(case))),
    row(CheckId::StorageContent, |case| settle(shared::judge_content(case))),
];

const fn row(id: CheckId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check {
        id,
        screen: ScreenId::Storage,
        field: Some(FieldId::Storage),
        surveys: &[SurveyId::Storage, SurveyId::Cluster],
        flows: &Flow::ALL,
        judge,
    }
}

/// Returns the verdict, whether it was reached early or at the end.
fn settle(judged: Result<Verdict, Verdict>) -> Verdict {
    judged.unwrap_or_else(|verdict| verdict)
}

/// Whether the registry says what is shared. Only a cluster's first node is asked for it.
fn is_registered(case: &Case<'_>) -> bool {
    case.flow != Flow::FirstNode
}

/// Returns the verdict of every check if nothing is shared, or if that is not known.
fn require_sharing(case: &Case<'_>) -> Result<(), Verdict> {
    let nothing = || Err(Verdict::DoesNotApply);
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
        // `storage-folders` says that nobody names them.
        (Fact::Seen(Identity::Octopus { .. }), _) => Err(Verdict::DoesNotApply),
        (Fact::Missing(trouble), _) | (_, Fact::Missing(trouble)) => Err(unknown(trouble)),
        (_, Fact::Seen(SharedStorage::None)) => nothing(),
        (_, Fact::Seen(_)) => Ok(()),
    }
}

/// The folders that were surveyed.
fn surveyed_folders<'a>(case: &Case<'a>) -> Result<&'a [FolderFacts], Verdict> {
    require_sharing(case)?;
    match (case.facts.storage.folders.as_slice(), read::storage(case.answers)) {
        (_, Err(_)) => Err(Verdict::NotYet),
        ([], Ok(_)) => Err(case.pending()),
        (folders, Ok(_)) => Ok(folders),
    }
}

/// The folders, if all of them can be reached: nothing is judged behind a wrong place. Only the first node may have a folder still
/// to be made.
fn reachable_folders<'a>(case: &Case<'a>) -> Result<&'a [FolderFacts], Verdict> {
    let folders = surveyed_folders(case)?;
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

/// Reports the findings once all facts are known; a stop does not wait for them.
fn report_known(case: &Case<'_>, unknown: bool, findings: Vec<Finding>, otherwise: impl FnOnce() -> Verdict) -> Verdict {
    if unknown && !findings.iter().any(|finding| finding.severity == Severity::Stop) {
        return case.pending();
    }
    report_or(findings, otherwise)
}

/// Groups the folders that share a finding, so that it is reported once.
fn group_folders<'a, K: PartialEq>(
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

/// The field that names a folder.
fn field_of_folder(case: &Case<'_>, folder: SharedFolder) -> FieldId {
    match case.answers.chosen(FieldId::Storage) {
        Some(StorageKind::Root) => FieldId::StorageRoot,
        Some(StorageKind::Folders) => folder.field(),
        Some(StorageKind::None) | None => FieldId::Storage,
    }
}

fn field_of_group(case: &Case<'_>, group: &[&FolderFacts]) -> FieldId {
    group.first().map_or(FieldId::Storage, |folder| field_of_folder(case, folder.folder))
}

/// The paths of the folders, or the root if that covers all of them.
fn paths(case: &Case<'_>, group: &[&FolderFacts]) -> Vec<String> {
    let all = group.len() == case.facts.storage.folders.len();
    match read::storage(case.answers) {
        Ok(SharedStorage::Root(root)) if all => vec![root.display().to_string()],
        _ => group.iter().map(|folder| folder.path.to_string()).collect(),
    }
}

/// What is wrong with the place of a folder.
#[derive(Debug, Clone, PartialEq)]
enum Misplacement<'a> {
    Silent(std::time::Duration),
    Unseen(&'a str),
    Else(String),
    NotAFolder,
    Loop,
    DeadLink,
    NotThere,
    ReadOnly,
    Memory(&'a str),
    Local(&'a str),
}

/// Each folder is there or can be made, and is not on a disk of this machine alone.
fn judge_disk(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = surveyed_folders(case)?;
    // A path of another system's form was not looked at; `storage-folders` says so.
    if folders.iter().any(|folder| folder.place == Fact::Missing(Trouble::Unasked)) {
        return Err(Verdict::NotYet);
    }
    let proven = is_registered(case) && shared::is_proven(case, folders);
    let groups = group_folders(folders, |folder| misplacement(case, folder, proven));
    let findings = groups.iter().map(|(wrong, group)| misplacement_finding(case, wrong, group, folders.len())).collect();
    let unknown = folders.iter().any(|folder| folder.place.is_unknown() || folder.disk.is_unknown());
    Ok(report_known(case, unknown, findings, || disk_verdict(folders, proven)))
}

fn misplacement<'a>(case: &Case<'_>, folder: &'a FolderFacts, proven: bool) -> Option<Misplacement<'a>> {
    match &folder.place {
        Fact::Unknown => return None,
        Fact::Missing(Trouble::TimedOut { waited }) => return Some(Misplacement::Silent(*waited)),
        Fact::Missing(Trouble::Io(said)) => return Some(Misplacement::Unseen(said.as_str())),
        Fact::Missing(other) => return Some(Misplacement::Else(failures::explain_trouble(other).says)),
        Fact::Seen(FolderPlace::NotAFolder) => return Some(Misplacement::NotAFolder),
        Fact::Seen(FolderPlace::Loop) => return Some(Misplacement::Loop),
        Fact::Seen(FolderPlace::DeadLink) => return Some(Misplacement::DeadLink),
        Fact::Seen(FolderPlace::Creatable { .. }) if is_registered(case) => return Some(Misplacement::NotThere),
        Fact::Seen(FolderPlace::There | FolderPlace::Creatable { .. }) => {}
    }
    if folder.read_only == Fact::Seen(true) {
        return Some(Misplacement::ReadOnly);
    }
    let Disk { file_system, network, volatile, free: _ } = folder.disk.seen()?;
    match (volatile, network) {
        (true, _) => Some(Misplacement::Memory(file_system.as_str())),
        // A bind mount and a cluster's file system look like a local disk; that others' canaries are in it tells more.
        (false, false) if !proven => Some(Misplacement::Local(file_system.as_str())),
        _ => None,
    }
}

fn misplacement_finding(case: &Case<'_>, wrong: &Misplacement<'_>, group: &[&FolderFacts], all: usize) -> Finding {
    let names = names(group, all);
    let path = group.first().map(|folder| folder.path.to_string()).unwrap_or_default();
    let stop = |says: String, fix: &str| Finding::stop(CheckId::StorageDisk, format!("{names}: {says}"), fix);
    let finding = match wrong {
        Misplacement::Silent(waited) => stop(
            format!("no answer within {}; the share hangs, or its server is gone.", format::duration(*waited)),
            "Have the share answer again (is its server up, does the network lead there?), and check again.",
        )
        .command(format!("timeout 5 stat {}", bash(&path))),
        Misplacement::Unseen(told) => stop(
            format!("cannot be looked at: {}", format::sentence(told)),
            "Mount the share anew if its mount is dead, or start the wizard as a user who may look there.",
        )
        .command(format!("stat {}; findmnt --target {}", bash(&path), bash(&path))),
        Misplacement::Else(says) => stop(says.clone(), "Type another path."),
        Misplacement::NotAFolder => stop(
            "a file is in its place, or in the place of a folder above it.".to_owned(),
            "Move the file away, or type another path.",
        ),
        Misplacement::Loop => {
            stop("the links in its path lead in a circle.".to_owned(), "Fix the links, or type the path that is meant.")
        }
        Misplacement::DeadLink => stop(
            "a link in its path leads to something that is not there.".to_owned(),
            "Mount what it leads to, or fix the link.",
        ),
        Misplacement::NotThere => stop(
            "not there, although the other nodes share it.".to_owned(),
            "Mount the share at the same path as on the other nodes, and check again.",
        )
        .command(format!("findmnt --target {}", bash(&path))),
        Misplacement::ReadOnly => stop(
            "mounted so that it can only be read.".to_owned(),
            "Mount it so that it can be written; if the disk has had errors, have it looked at first.",
        )
        .command(format!("sudo mount -o remount,rw \"$(findmnt -no TARGET --target {})\"", bash(&path))),
        Misplacement::Memory(kind) => stop(
            format!("in this machine's memory{}, which no other node sees and the next boot empties.", in_brackets(kind)),
            "Type a path on storage that all nodes reach.",
        ),
        Misplacement::Local(kind) => Finding::new(
            CheckId::StorageDisk,
            Severity::Warn,
            format!(
                "{names}: on a local disk{}, as far as this machine can tell. A second node would not see it.",
                in_brackets(kind)
            ),
            "Type a path on a share or a mount that every node has; go on only if this is a bind mount of one, or a cluster's file system.",
        ),
    };
    finding.about(field_of_group(case, group))
}

fn in_brackets(kind: &str) -> String {
    if kind.is_empty() { String::new() } else { format!(" ({kind})") }
}

fn disk_verdict(folders: &[FolderFacts], proven: bool) -> Verdict {
    let made = folders.iter().filter(|folder| matches!(folder.place, Fact::Seen(FolderPlace::Creatable { .. }))).count();
    let place = match made {
        0 => "there".to_owned(),
        all if all == folders.len() => "can be made".to_owned(),
        some => format!("{some} can be made, the others are there"),
    };
    let mut disks: Vec<String> = Vec::new();
    for folder in folders {
        let disk = match folder.disk.seen() {
            Some(disk) if disk.network => format!("on the network{}", in_brackets(disk.file_system.as_str())),
            Some(disk) if proven => format!("local{}, yet shared", in_brackets(disk.file_system.as_str())),
            Some(disk) => format!("local{}", in_brackets(disk.file_system.as_str())),
            None => "on a disk that this machine does not tell".to_owned(),
        };
        if !disks.contains(&disk) {
            disks.push(disk);
        }
    }
    let said = format!("{place}, {}", disks.join(", "));
    let is_told = folders.iter().all(|folder| folder.disk.seen().is_some());
    if is_told { Verdict::Good(said) } else { Verdict::Unknown(said) }
}

/// In each folder a file could be created, appended to, locked, synced, renamed and deleted.
fn judge_rights(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reachable_folders(case)?;
    let is_failure = |trouble: &Trouble| matches!(trouble, Trouble::Io(_) | Trouble::TimedOut { .. });
    let failed = |folder: &FolderFacts| match &folder.rights {
        Fact::Seen(FolderRights { failed: Some((operation, said)) }) => Some((*operation, said.to_string())),
        Fact::Missing(Trouble::Io(said)) => Some((FolderOperation::Create, said.to_string())),
        Fact::Missing(Trouble::TimedOut { waited }) => {
            Some((FolderOperation::Create, format!("no answer within {}", format::duration(*waited))))
        }
        _ => None,
    };
    let findings = group_folders(folders, failed).into_iter().map(|((operation, said), group)| {
        let (what, fix) = failure_and_fix(operation);
        let says = format!("{}: a file {what}: {}", names(&group, folders.len()), format::sentence(&said));
        Finding::stop(CheckId::StorageRights, says, fix).about(field_of_group(case, &group))
    });
    let unknown = folders.iter().any(|folder| folder.rights.is_unknown());
    let untold = group_folders(folders, |folder| folder.rights.trouble().filter(|trouble| !is_failure(trouble)).cloned());
    let untold = untold.into_iter().map(|(trouble, group)| {
        let says = format!("{}: {UNTOLD} {}", names(&group, folders.len()), failures::explain_trouble(&trouble).says);
        Finding::unproven(CheckId::StorageRights, says, "Try it as the account that Octopus Server will run as.")
            .about(field_of_group(case, &group))
    });
    Ok(report_known(case, unknown, findings.chain(untold).collect(), || {
        Verdict::Good("create, append, lock, sync, rename, delete".to_owned())
    }))
}

const UNTOLD: &str = "cannot tell whether a file can be created, locked, synced, renamed and deleted there.";

/// What failed, and what to do.
const fn failure_and_fix(operation: FolderOperation) -> (&'static str, &'static str) {
    match operation {
        FolderOperation::Create => (
            "could not be created",
            "Give this user full control there; on NFS root is nobody unless the export says no_root_squash. Or mount it so that it can \
             be written.",
        ),
        FolderOperation::Append => (
            "could not be appended to",
            "Octopus appends to task logs: mount the share in a way that allows it, and look at its quota.",
        ),
        FolderOperation::Lock => (
            "could not be locked",
            "Octopus locks what it writes: mount NFS without nolock and with its lock service (NFS 4 has its own), and SMB without nobrl.",
        ),
        FolderOperation::Sync => {
            ("could not be synced to the disk", "Have the share or its disk looked at: what was written there may not last.")
        }
        FolderOperation::Rename => {
            ("could not be renamed", "Give this user full control there, the right to delete and rename with it.")
        }
        FolderOperation::Delete => (
            "could not be deleted",
            "Give this user full control there, the right to delete with it; a file of ours may still be in it.",
        ),
    }
}

/// The service account can use each folder, as far as this machine tells.
///
/// Only warned of: a share's own server may grant more than the owner and the mode tell here, and what is to be made yet
/// can be given to the account afterwards.
fn judge_account(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reachable_folders(case)?;
    let Ok(user) = read::service_user(case.answers) else { return Err(Verdict::NotYet) };
    let kind = read::account_kind(case.answers);
    if case.is_on_windows() {
        return Ok(judge_windows_account(case, kind, &user, folders));
    }
    if kind == AccountKind::LocalSystem {
        // What root may do there is what was tried, where we are root; else nobody tells more.
        return Ok(Verdict::Good("local system (root)".to_owned()));
    }
    let findings = group_folders(folders, |folder| match folder.account.seen()? {
        Access::Full => None,
        access => Some((access, matches!(folder.place, Fact::Seen(FolderPlace::Creatable { .. })))),
    });
    let findings = findings
        .iter()
        .map(|((access, to_be_made), group)| denied_finding(case, &user, access, *to_be_made, group, folders.len()));
    let unknown = folders.iter().any(|folder| folder.account.is_unknown());
    Ok(report_known(case, unknown, findings.collect(), || {
        if folders.iter().all(|folder| folder.account.seen() == Some(&Access::Full)) {
            Verdict::Good(format!("{user} has full control, by owner and mode"))
        } else if folders.iter().any(|folder| matches!(folder.account.trouble(), Some(Trouble::TimedOut { .. }))) {
            Verdict::Unknown(format!("{user}; the directory or the share did not answer in time"))
        } else {
            Verdict::Unknown(format!("{user}; this machine cannot tell what it may do there"))
        }
    }))
}

fn denied_finding(case: &Case<'_>, user: &str, access: &Access, to_be_made: bool, group: &[&FolderFacts], all: usize) -> Finding {
    let names = names(group, all);
    let account = bash(user);
    let paths: Vec<String> = paths(case, group).iter().map(|path| bash(path)).collect();
    let paths = paths.join(" ");
    let (says, fix, command) = match access {
        Access::Barred(folder) => (
            format!("{names}: the account {user} does not get there; it may not enter {folder}."),
            "Let the account pass.",
            Some(format!("sudo setfacl -m u:{account}:x {}", bash(folder.as_str()))),
        ),
        _ if to_be_made => (
            format!(
                "{names}: what the wizard makes there belongs to the user that it runs as, and the account {user} could not write to it."
            ),
            "Make the folder for the account beforehand, and check again; or give it to the account after the install.",
            Some(format!("sudo install -d -m 0770 -o {account} {paths}")),
        ),
        _ => (
            format!("{names}: the account {user} has no full control, by owner, group and mode."),
            // No command: another owner for a shared folder takes it from the other nodes' accounts.
            "Let the accounts of all nodes write there: as one account with the same number on each, or by a group that they share.",
            None,
        ),
    };
    let finding = Finding::warn(CheckId::StorageAccount, says, fix).about(FieldId::ServiceAccount);
    match command {
        Some(command) => finding.command(command),
        None => finding,
    }
}

/// Windows' access control lists are not read; the command that grants the right does no harm where it is granted.
fn judge_windows_account(case: &Case<'_>, kind: AccountKind, user: &str, folders: &[FolderFacts]) -> Verdict {
    let group: Vec<&FolderFacts> = folders.iter().collect();
    let on_a_share = folders.iter().any(|folder| folder.path.as_str().starts_with("\\\\"));
    let host = case.facts.machine.host_name.as_str();
    let (account, says) = match kind {
        AccountKind::LocalSystem if !on_a_share => return Verdict::Good("local system".to_owned()),
        AccountKind::LocalSystem => (
            format!("DOMAIN\\{host}$"),
            format!(
                "Local system reaches a share as the computer's own account, {host}$ of its domain, which needs full control there."
            ),
        ),
        AccountKind::Custom | AccountKind::Managed => (
            user.to_owned(),
            format!(
                "This machine cannot tell whether {user} has full control of the shared folders, on the share and in the folder."
            ),
        ),
    };
    let grant = format!("/grant {}", windows(&format!("{account}:(OI)(CI)F")));
    let commands =
        paths(case, &group).iter().map(|path| format!("icacls {} {grant}", windows(path))).collect::<Vec<_>>().join("\n");
    report(Finding::unknown(CheckId::StorageAccount, says).about(FieldId::ServiceAccount).command(commands))
}

/// Packages of a small installation and a few months of task logs take more.
const ROOM: u64 = 1 << 30;
/// Below this not even one task's log and artifacts fit for sure.
const LEAST: u64 = 16 << 20;

/// There is room in each folder.
fn judge_space(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reachable_folders(case)?;
    let free = |folder: &FolderFacts| folder.disk.seen().map(|disk| disk.free);
    let scarce = |folder: &FolderFacts| free(folder).filter(|free| *free < ROOM);
    let findings = group_folders(folders, scarce).into_iter().map(|(free, group)| {
        let (names, free_said) = (names(&group, folders.len()), format::size(free));
        let finding = if free < LEAST {
            Finding::stop(
                CheckId::StorageSpace,
                format!("{names}: the disk is full; {free_said} are free."),
                "Make room there, or type a path on another share.",
            )
        } else {
            Finding::warn(
                CheckId::StorageSpace,
                format!("{names}: only {free_said} are free; all nodes keep their packages, artifacts and logs there."),
                "Make room for at least 1 GiB, and for far more where packages are kept.",
            )
        };
        finding.about(field_of_group(case, &group))
    });
    let unknown = folders.iter().any(|folder| folder.disk.is_unknown());
    let told: Vec<u64> = folders.iter().filter_map(free).collect();
    Ok(report_known(case, unknown, findings.collect(), || match told.iter().min() {
        Some(least) if folders.iter().all(|folder| matches!(folder.disk, Fact::Seen(_))) => {
            Verdict::Good(format!("{} free", format::size(*least)))
        }
        Some(least) => Verdict::Unknown(format!("{} free where this machine can tell", format::size(*least))),
        None => Verdict::Unknown("this machine cannot tell".to_owned()),
    }))
}

/// A share in the same building needs a hundredth of it. A busy disk that is synced may take some of it for a while, and is
/// nothing to be warned of.
const SLOW: Duration = Duration::from_millis(500);

/// Each folder answers quickly.
fn judge_latency(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reachable_folders(case)?;
    let slow: Vec<&FolderFacts> =
        folders.iter().filter(|folder| folder.latency.seen().is_some_and(|took| *took >= SLOW)).collect();
    let hanging: Vec<&FolderFacts> =
        folders.iter().filter(|folder| matches!(folder.latency.trouble(), Some(Trouble::TimedOut { .. }))).collect();
    let slowest = |group: &[&FolderFacts]| group.iter().filter_map(|folder| folder.latency.seen()).max().copied();
    let mut findings = Vec::new();
    if let Some(took) = slowest(&slow) {
        findings.push((
            &slow,
            format!("one small file takes {}: to be created, written, synced and deleted.", format::duration(took)),
        ));
    }
    if !hanging.is_empty() {
        findings.push((&hanging, "a few small files were not written within the time that they were given.".to_owned()));
    }
    let findings = findings.into_iter().map(|(group, says)| {
        let says = format!("{}: {says}", names(group, folders.len()));
        Finding::warn(
            CheckId::StorageLatency,
            says,
            "Look at the share and the network to it: every line of a task's log goes there.",
        )
        .about(field_of_group(case, group))
    });
    let unknown = folders.iter().any(|folder| folder.latency.is_unknown());
    Ok(report_known(case, unknown, findings.collect(), || {
        match folders.iter().filter_map(|folder| folder.latency.seen()).max() {
            Some(took) => Verdict::Good(format!("{} for a small file", format::duration(*took))),
            None => Verdict::Unknown("not tried".to_owned()),
        }
    }))
}

#[cfg(test)]
mod tests;
