//! `storage-disk`.

use crate::catalog::failures;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Disk, Fact, FolderFacts, FolderPlace, Trouble};
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::quote::bash;

use super::{Case, alike, field_of, is_registered, looked, names, shared, weighed};

const CHECK: CheckId = CheckId::StorageDisk;

/// What is wrong with where a folder is; the same words for all of which the same is so.
#[derive(Debug, Clone, PartialEq)]
enum Wrong<'a> {
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
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = looked(case)?;
    // A path of another system's form was not looked at; `storage-folders` says so.
    if folders.iter().any(|folder| folder.place == Fact::Missing(Trouble::Unasked)) {
        return Err(Verdict::NotYet);
    }
    let proven = is_registered(case) && shared::is_proven(case, folders);
    let groups = alike(folders, |folder| wrong(case, folder, proven));
    let findings = groups.iter().map(|(wrong, group)| said(case, wrong, group, folders.len())).collect();
    let unknown = folders.iter().any(|folder| folder.place.is_unknown() || folder.disk.is_unknown());
    Ok(weighed(case, unknown, findings, || evidence(folders, proven)))
}

fn wrong<'a>(case: &Case<'_>, folder: &'a FolderFacts, proven: bool) -> Option<Wrong<'a>> {
    match &folder.place {
        Fact::Unknown => return None,
        Fact::Missing(Trouble::TimedOut { waited }) => return Some(Wrong::Silent(*waited)),
        Fact::Missing(Trouble::Io(said)) => return Some(Wrong::Unseen(said.as_str())),
        Fact::Missing(other) => return Some(Wrong::Else(failures::explain_trouble(other).says)),
        Fact::Seen(FolderPlace::NotAFolder) => return Some(Wrong::NotAFolder),
        Fact::Seen(FolderPlace::Loop) => return Some(Wrong::Loop),
        Fact::Seen(FolderPlace::DeadLink) => return Some(Wrong::DeadLink),
        Fact::Seen(FolderPlace::Creatable { .. }) if is_registered(case) => return Some(Wrong::NotThere),
        Fact::Seen(FolderPlace::There | FolderPlace::Creatable { .. }) => {}
    }
    if folder.read_only == Fact::Seen(true) {
        return Some(Wrong::ReadOnly);
    }
    let Disk { file_system, network, volatile, free: _ } = folder.disk.seen()?;
    match (volatile, network) {
        (true, _) => Some(Wrong::Memory(file_system.as_str())),
        // A bind mount and a cluster's file system look like a local disk; that others' canaries are in it tells more.
        (false, false) if !proven => Some(Wrong::Local(file_system.as_str())),
        _ => None,
    }
}

fn said(case: &Case<'_>, wrong: &Wrong<'_>, group: &[&FolderFacts], all: usize) -> Finding {
    let names = names(group, all);
    let path = group.first().map(|folder| folder.path.to_string()).unwrap_or_default();
    let stop = |says: String, fix: &str| Finding::stop(CHECK, format!("{names}: {says}"), fix);
    let finding = match wrong {
        Wrong::Silent(waited) => stop(
            format!("no answer within {}; the share hangs, or its server is gone.", format::duration(*waited)),
            "Have the share answer again (is its server up, does the network lead there?), and check again.",
        )
        .command(format!("timeout 5 stat {}", bash(&path))),
        Wrong::Unseen(told) => stop(
            format!("cannot be looked at: {}", format::sentence(told)),
            "Mount the share anew if its mount is dead, or start the wizard as a user who may look there.",
        )
        .command(format!("stat {}; findmnt --target {}", bash(&path), bash(&path))),
        Wrong::Else(says) => stop(says.clone(), "Type another path."),
        Wrong::NotAFolder => stop(
            "a file is in its place, or in the place of a folder above it.".to_owned(),
            "Move the file away, or type another path.",
        ),
        Wrong::Loop => {
            stop("the links in its path lead in a circle.".to_owned(), "Fix the links, or type the path that is meant.")
        }
        Wrong::DeadLink => stop(
            "a link in its path leads to something that is not there.".to_owned(),
            "Mount what it leads to, or fix the link.",
        ),
        Wrong::NotThere => stop(
            "not there, although the other nodes share it.".to_owned(),
            "Mount the share at the same path as on the other nodes, and check again.",
        )
        .command(format!("findmnt --target {}", bash(&path))),
        Wrong::ReadOnly => stop(
            "mounted so that it can only be read.".to_owned(),
            "Mount it so that it can be written; if the disk has had errors, have it looked at first.",
        )
        .command(format!("sudo mount -o remount,rw \"$(findmnt -no TARGET --target {})\"", bash(&path))),
        Wrong::Memory(kind) => stop(
            format!("in this machine's memory{}, which no other node sees and the next boot empties.", named(kind)),
            "Type a path on storage that all nodes reach.",
        ),
        Wrong::Local(kind) => Finding::new(
            CHECK,
            Severity::Warn,
            format!("{names}: on a local disk{}, as far as this machine can tell. A second node would not see it.", named(kind)),
            "Type a path on a share or a mount that every node has; go on only if this is a bind mount of one, or a cluster's file system.",
        ),
    };
    finding.about(field_of(case, group))
}

fn named(kind: &str) -> String {
    if kind.is_empty() { String::new() } else { format!(" ({kind})") }
}

fn evidence(folders: &[FolderFacts], proven: bool) -> String {
    let made = folders.iter().filter(|folder| matches!(folder.place, Fact::Seen(FolderPlace::Creatable { .. }))).count();
    let place = match made {
        0 => "there".to_owned(),
        all if all == folders.len() => "can be made".to_owned(),
        some => format!("{some} can be made, the others are there"),
    };
    let mut disks: Vec<String> = Vec::new();
    for folder in folders {
        let disk = match folder.disk.seen() {
            Some(disk) if disk.network => format!("on the network{}", named(disk.file_system.as_str())),
            Some(disk) if proven => format!("local{}, yet shared", named(disk.file_system.as_str())),
            Some(disk) => format!("local{}", named(disk.file_system.as_str())),
            None => "on a disk that this machine does not tell".to_owned(),
        };
        if !disks.contains(&disk) {
            disks.push(disk);
        }
    }
    format!("{place}, {}", disks.join(", "))
}
