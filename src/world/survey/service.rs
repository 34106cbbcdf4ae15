//! Surveys the chosen service account, and what it may do in the home directory.

use std::path::Path;
use std::time::Duration;

use super::account::{self, Account};
#[cfg(not(unix))]
use crate::model::facts::Trouble;
use crate::model::facts::{Fact, ServiceFacts};
use crate::model::survey::AccountKind;
use crate::world::budget::fact_within;
use crate::world::places::Places;

/// The budget for a directory service, and for a disk.
const BUDGET: Duration = Duration::from_secs(5);

/// Looks for the account, and checks its access to the home directory.
pub async fn service(places: &Places, kind: AccountKind, user: &str, home: &Path) -> ServiceFacts {
    let who = match kind {
        AccountKind::LocalSystem => Fact::Seen(Some(Account::ROOT)),
        AccountKind::Custom | AccountKind::Managed => {
            let (places, user) = (places.clone(), user.trim().to_owned());
            fact_within(BUDGET, move || account::find(&places, &user, BUDGET)).await
        }
    };
    let account = match &who {
        Fact::Seen(found) => Fact::Seen(found.is_some()),
        Fact::Unknown => Fact::Unknown,
        Fact::Missing(trouble) => Fact::Missing(trouble.clone()),
    };
    let home = home.to_owned();
    let home = fact_within(BUDGET, move || account::access_of(&who, &home)).await;
    ServiceFacts { account, home, elevated: elevated() }
}

/// Returns whether we are root.
#[cfg(unix)]
fn elevated() -> Fact<bool> {
    Fact::Seen(rustix::process::geteuid().is_root())
}

/// The standard library cannot tell.
#[cfg(not(unix))]
fn elevated() -> Fact<bool> {
    Fact::Missing(Trouble::Unasked)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::model::facts::{Access, Trouble};

    #[tokio::test]
    async fn the_hosts_own_list_is_enough() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut places = Places::under(folder.path().join("state"));
        places.passwd = folder.path().join("passwd");
        std::fs::write(&places.passwd, "root:x:0:0::/root:/bin/sh\noctopus-test-7:x:9:9::/:/bin/false\n").expect("written");
        let account = async |kind, user| service(&places, kind, user, Path::new("/")).await.account;
        assert_eq!(account(AccountKind::LocalSystem, "").await, Fact::Seen(true));
        assert_eq!(account(AccountKind::Custom, "octopus-test-7").await, Fact::Seen(true));
        assert_eq!(account(AccountKind::Custom, "").await, Fact::Missing(Trouble::Unasked));
        // Without getent the host cannot tell.
        let unknown = account(AccountKind::Managed, "no-such-user-octopus").await;
        assert!(unknown == Fact::Seen(false) || matches!(unknown, Fact::Missing(Trouble::Io(_))), "{unknown:?}");
        assert_eq!(account(AccountKind::Custom, "0").await, Fact::Seen(false));
    }

    #[tokio::test]
    async fn the_home_that_this_wizard_would_make_is_not_the_account_s_own() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
        let mut places = Places::under(folder.path().join("state"));
        places.passwd = folder.path().join("passwd");
        std::fs::write(&places.passwd, "octopus-test-7:x:64007:64007::/:/bin/false\n").expect("written");
        let home = async |kind, user, path: &str| service(&places, kind, user, &folder.path().join(path)).await.home;
        assert_eq!(home(AccountKind::LocalSystem, "", "new").await, Fact::Seen(Access::Full));
        assert_eq!(home(AccountKind::Custom, "octopus-test-7", "new").await, Fact::Seen(Access::Less));
        let ready = folder.path().join("ready");
        std::fs::create_dir(&ready).expect("made");
        std::fs::set_permissions(&ready, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("a mode");
        assert_eq!(home(AccountKind::Custom, "octopus-test-7", "ready").await, Fact::Seen(Access::Full));
        let nobody = home(AccountKind::Custom, "no-such-user-octopus", "ready").await;
        assert!(matches!(nobody, Fact::Missing(Trouble::Unasked | Trouble::Io(_))), "{nobody:?}");
    }
}
