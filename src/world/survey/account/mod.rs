//! Accounts of this host, and their access to folders: judged by lists and modes alone, without becoming them.

#[cfg(unix)]
mod access;
#[cfg(target_os = "linux")]
mod acl;
#[cfg(unix)]
mod lookup;

use std::path::Path;
use std::time::Duration;

use crate::model::facts::{Access, Fact, Trouble};
use crate::world::places::Places;

/// An account, by its ids.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "the standard library cannot tell accounts elsewhere"))]
pub(super) struct Account {
    user: u32,
    /// Its groups' ids, its own group's first.
    groups: Vec<u32>,
}

impl Account {
    /// The machine's own account, which may do everything.
    pub(super) const ROOT: Self = Self { user: 0, groups: Vec::new() };
}

/// Looks an account up by name; `None` if this host has none.
#[cfg(unix)]
pub(super) fn find(places: &Places, user: &str, budget: Duration) -> Fact<Option<Account>> {
    lookup::find(places, user, budget)
}

/// Returns an account's access to a folder, or to the one that this process would create there.
#[cfg(unix)]
pub(super) fn access(account: &Account, folder: &Path) -> Fact<Access> {
    access::access(account, folder).unwrap_or_else(|error| Fact::Missing(crate::world::budget::io(&error)))
}

/// The standard library cannot tell.
#[cfg(not(unix))]
pub(super) fn find(_places: &Places, _user: &str, _budget: Duration) -> Fact<Option<Account>> {
    Fact::Missing(Trouble::Unasked)
}

/// The standard library cannot tell.
#[cfg(not(unix))]
pub(super) fn access(_account: &Account, _folder: &Path) -> Fact<Access> {
    Fact::Missing(Trouble::Unasked)
}

/// Returns the access of an account that was looked up.
pub(super) fn access_of(who: &Fact<Option<Account>>, folder: &Path) -> Fact<Access> {
    match who {
        Fact::Seen(Some(account)) => access(account, folder),
        Fact::Seen(None) | Fact::Unknown => Fact::Missing(Trouble::Unasked),
        Fact::Missing(trouble) => Fact::Missing(trouble.clone()),
    }
}
