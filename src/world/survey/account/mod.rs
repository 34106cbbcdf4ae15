//! Accounts of this host, and what they may do in a folder: by lists and modes alone, without becoming them.

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

/// An account, by its numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "the standard library cannot tell accounts elsewhere"))]
pub(super) struct Account {
    /// Its own.
    user: u32,
    /// Those of its groups, the first one its own.
    groups: Vec<u32>,
}

impl Account {
    /// The machine's own account, which may do everything.
    pub(super) const ROOT: Self = Self { user: 0, groups: Vec::new() };
}

/// Looks for an account of this name; none where this host knows that there is none.
#[cfg(unix)]
pub(super) fn find(places: &Places, user: &str, budget: Duration) -> Fact<Option<Account>> {
    lookup::find(places, user, budget)
}

/// What an account may do in a folder, or in the one that this process would make there.
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

/// The same of an account that was looked for.
pub(super) fn access_of(who: &Fact<Option<Account>>, folder: &Path) -> Fact<Access> {
    match who {
        Fact::Seen(Some(account)) => access(account, folder),
        Fact::Seen(None) | Fact::Unknown => Fact::Missing(Trouble::Unasked),
        Fact::Missing(trouble) => Fact::Missing(trouble.clone()),
    }
}
