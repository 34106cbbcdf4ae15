//! `storage-account`.

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::{Access, Fact, FolderFacts, FolderPlace, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::quote::{bash, windows};
use crate::model::survey::AccountKind;

use super::{Case, alike, names, paths, reached, weighed};

const CHECK: CheckId = CheckId::StorageAccount;

/// The service account can use each folder, as far as this machine tells.
///
/// Only warned of: a share's own server may grant more than the owner and the mode tell here, and what is to be made yet
/// can be given to the account afterwards.
pub fn judge(case: &Case<'_>) -> Result<Verdict, Verdict> {
    let folders = reached(case)?;
    let Ok(user) = read::service_user(case.answers) else { return Err(Verdict::NotYet) };
    let kind = read::account_kind(case.answers);
    if case.is_on_windows() {
        return Ok(on_windows(case, kind, &user, folders));
    }
    if kind == AccountKind::LocalSystem {
        // What root may do there is what was tried, where we are root; else nobody tells more.
        return Ok(weighed(case, false, Vec::new(), || "local system (root)".to_owned()));
    }
    let findings = alike(folders, |folder| match folder.account.seen()? {
        Access::Full => None,
        access => Some((access, matches!(folder.place, Fact::Seen(FolderPlace::Creatable { .. })))),
    });
    let findings =
        findings.iter().map(|((access, to_be_made), group)| denied(case, &user, access, *to_be_made, group, folders.len()));
    let unknown = folders.iter().any(|folder| folder.account.is_unknown());
    Ok(weighed(case, unknown, findings.collect(), || {
        if folders.iter().all(|folder| folder.account.seen() == Some(&Access::Full)) {
            format!("{user} has full control, by owner and mode")
        } else if folders.iter().any(|folder| matches!(folder.account.trouble(), Some(Trouble::TimedOut { .. }))) {
            format!("{user}; the directory or the share did not answer in time")
        } else {
            format!("{user}; this machine cannot tell what it may do there")
        }
    }))
}

fn denied(case: &Case<'_>, user: &str, access: &Access, to_be_made: bool, group: &[&FolderFacts], all: usize) -> Finding {
    let names = names(group, all);
    let account = bash(user);
    let paths: Vec<String> = paths(case, group).iter().map(|path| bash(path)).collect();
    let paths = paths.join(" ");
    let (says, fix, command) = match access {
        Access::Barred(folder) => (
            format!("{names}: the account {user} does not get there; it may not enter {folder}."),
            "Let the account pass.",
            format!("sudo setfacl -m u:{account}:x {}", bash(folder.as_str())),
        ),
        _ if to_be_made => (
            format!(
                "{names}: what the wizard makes there belongs to the user that it runs as, and the account {user} could not write to it."
            ),
            "Make the folder for the account beforehand, and check again; or give it to the account after the install.",
            format!("sudo install -d -m 0770 -o {account} {paths}"),
        ),
        _ => (
            format!("{names}: the account {user} has no full control, by owner, group and mode."),
            "Give it full control, on this machine or on the share's server.",
            format!("sudo chown -R {account} {paths}"),
        ),
    };
    Finding::warn(CHECK, says, fix).about(FieldId::ServiceAccount).command(command)
}

/// Windows' access control lists are not read; the command that grants the right does no harm where it is granted.
fn on_windows(case: &Case<'_>, kind: AccountKind, user: &str, folders: &[FolderFacts]) -> Verdict {
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
    super::one(Finding::note(CHECK, says).about(FieldId::ServiceAccount).command(commands))
}
