//! An account's access to a folder, as the kernel would decide it: by owner, group, others and the access control list. The server
//! behind a mount may decide otherwise, which only the account itself could find out.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Account;
use crate::model::facts::{Access, Fact, Trouble};
use crate::world::folder;
use crate::world::survey::disk;
use crate::world::toml_file::shown;

/// Enter.
const ENTER: u32 = 0o1;
/// Read, write and enter.
const ALL: u32 = 0o7;

pub(super) fn access(account: &Account, path: &Path) -> io::Result<Fact<Access>> {
    if account.user == 0 {
        return Ok(Fact::Seen(Access::Full));
    }
    let Some(nearest) = folder::nearest(path) else { return Ok(Fact::Missing(Trouble::Unasked)) };
    // The kernel checks the folders that a link leads through, not only those that lead to the link.
    let whole = nearest.canonicalize()?;
    let is_there = nearest == path;
    let mut above: Vec<&Path> = whole.ancestors().skip(usize::from(is_there)).collect();
    above.reverse();
    for folder in above {
        if !may(account, folder, ENTER)? {
            return Ok(Fact::Seen(Access::Barred(shown(folder))));
        }
    }
    if is_there {
        let full = may(account, &whole, ALL)?;
        return Ok(Fact::Seen(if full { Access::Full } else { Access::Less }));
    }
    // On a network disk the server decides who owns a new folder; otherwise we do.
    if disk::under(nearest).seen().is_none_or(|disk| disk.network) {
        return Ok(Fact::Missing(Trouble::Unasked));
    }
    let ours = rustix::process::geteuid().as_raw() == account.user;
    Ok(Fact::Seen(if ours { Access::Full } else { Access::Less }))
}

/// Returns whether an account has all of this access, by the first class that it belongs to.
fn may(account: &Account, folder: &Path, wanted: u32) -> io::Result<bool> {
    let seen = std::fs::metadata(folder)?;
    let allows = |bits: u32| bits & wanted == wanted;
    let mode = seen.mode();
    if seen.uid() == account.user {
        return Ok(allows(mode >> 6 & ALL));
    }
    #[cfg(target_os = "linux")]
    if let Some(list) = super::acl::read(folder) {
        return Ok(list.allows(account, seen.gid(), wanted));
    }
    let of_group = account.groups.contains(&seen.gid());
    Ok(allows(if of_group { mode >> 3 & ALL } else { mode & ALL }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn account(user: u32, groups: &[u32]) -> Account {
        Account { user, groups: groups.to_vec() }
    }

    /// A folder that everybody may enter, and what is above it too: `/tmp` as a rule.
    fn open_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        set(folder.path(), 0o755);
        folder
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    }

    fn of(account: &Account, path: &Path) -> Access {
        access(account, path).expect("seen").seen().cloned().expect("told")
    }

    #[test]
    fn modes_decide_by_the_first_class_that_fits() {
        let root = open_folder();
        let folder = root.path().join("it's a \u{fc}ber folder");
        std::fs::create_dir(&folder).expect("made");
        let seen = std::fs::metadata(&folder).expect("seen");
        let (owner, group) = (seen.uid(), seen.gid());
        let stranger = account(owner + 7001, &[group + 7001]);
        let colleague = account(owner + 7001, &[group + 7001, group]);
        for (mode, stranger_may, colleague_may) in
            [(0o700, false, false), (0o770, false, true), (0o707, true, false), (0o755, false, false)]
        {
            set(&folder, mode);
            assert_eq!(of(&stranger, &folder) == Access::Full, stranger_may, "{mode:o}");
            assert_eq!(of(&colleague, &folder) == Access::Full, colleague_may, "{mode:o}");
        }
        assert_eq!(of(&Account::ROOT, &folder), Access::Full);
    }

    #[test]
    fn a_folder_above_it_bars_the_way() {
        let root = open_folder();
        let inner = root.path().join("closed").join("inner");
        std::fs::create_dir_all(&inner).expect("made");
        set(&inner, 0o777);
        let seen = std::fs::metadata(&inner).expect("seen");
        let stranger = account(seen.uid() + 7001, &[seen.gid() + 7001]);
        assert_eq!(of(&stranger, &inner), Access::Full);
        set(&root.path().join("closed"), 0o700);
        let closed = shown(&root.path().join("closed").canonicalize().expect("whole"));
        assert_eq!(of(&stranger, &inner), Access::Barred(closed));
    }

    #[test]
    fn what_this_process_would_make_is_its_own() {
        let root = open_folder();
        let to_be_made = root.path().join("a").join("b");
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(of(&account(own, &[]), &to_be_made), Access::Full);
        assert_eq!(of(&account(own + 7001, &[]), &to_be_made), Access::Less);
    }
}
