//! `storage-rights`.

use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, FolderFacts, FolderOperation, FolderRights, Trouble};
use crate::model::finding::{Finding, Verdict};

use super::{Case, alike, field_of, names, reached, weighed};

const CHECK: CheckId = CheckId::StorageRights;

/// In each folder a file could be created, appended to, locked, synced, renamed and deleted.
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reached(case)?;
    let failed = |folder: &FolderFacts| match &folder.rights {
        Fact::Seen(FolderRights { failed: Some((deed, said)) }) => Some((*deed, said.to_string())),
        Fact::Missing(Trouble::Io(said)) => Some((FolderOperation::Create, said.to_string())),
        Fact::Missing(Trouble::TimedOut { waited }) => {
            Some((FolderOperation::Create, format!("no answer within {}", format::duration(*waited))))
        }
        _ => None,
    };
    let findings = alike(folders, failed).into_iter().map(|((deed, said), group)| {
        let (what, fix) = words(deed);
        let says = format!("{}: a file {what}: {}", names(&group, folders.len()), format::sentence(&said));
        Finding::stop(CHECK, says, fix).about(field_of(case, &group))
    });
    let unknown = folders.iter().any(|folder| folder.rights.is_unknown());
    Ok(weighed(case, unknown, findings.collect(), || {
        if folders.iter().all(|folder| folder.rights.seen().is_some()) {
            "create, append, lock, sync, rename, delete".to_owned()
        } else {
            "cannot be told here".to_owned()
        }
    }))
}

/// What failed, and what to do.
const fn words(deed: FolderOperation) -> (&'static str, &'static str) {
    match deed {
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
