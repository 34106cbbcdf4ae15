//! The service account that was asked for.

use std::path::Path;
use std::time::Duration;

use crate::model::facts::{Fact, ServiceFacts, Trouble};
use crate::model::survey::AccountKind;
use crate::world::budget::fact_within;
use crate::world::places::Places;

/// A directory service that does not answer is given up after this.
const BUDGET: Duration = Duration::from_secs(5);

/// Looks for the account.
pub async fn service(places: &Places, kind: AccountKind, user: &str, _home: &Path) -> ServiceFacts {
    let account = match kind {
        AccountKind::LocalSystem => Fact::Seen(true),
        AccountKind::Custom | AccountKind::Managed => {
            let (passwd, user) = (places.passwd.clone(), user.trim().to_owned());
            fact_within(BUDGET, move || lookup::account(&passwd, &user, BUDGET)).await
        }
    };
    ServiceFacts { account, home: Fact::Missing(Trouble::Unasked), elevated: elevated() }
}

/// Whether we are root.
#[cfg(unix)]
fn elevated() -> Fact<bool> {
    Fact::Seen(rustix::process::geteuid().is_root())
}

/// The standard library cannot tell.
#[cfg(not(unix))]
fn elevated() -> Fact<bool> {
    Fact::Missing(Trouble::Unasked)
}

#[cfg(not(unix))]
mod lookup {
    use super::{Duration, Fact, Trouble};

    /// The standard library cannot tell.
    pub(super) fn account(_passwd: &std::path::Path, _user: &str, _budget: Duration) -> Fact<bool> {
        Fact::Missing(Trouble::Unasked)
    }
}

#[cfg(unix)]
mod lookup {
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::{Duration, Fact, Trouble};
    use crate::world::budget::io;
    use crate::world::small_file;

    /// Whether this host knows the user: by its own list, else by whatever the name service is connected to.
    pub(super) fn account(passwd: &Path, user: &str, budget: Duration) -> Fact<bool> {
        // Neither the list nor getent can hold such a name, and the latter would look for something else.
        if user.is_empty() || user.contains([':', '\0', '\n']) {
            return Fact::Missing(Trouble::Unasked);
        }
        let listed = small_file::read_text(passwd).unwrap_or_default();
        if listed.lines().any(|line| line.split_once(':').is_some_and(|(name, _)| name == user)) {
            return Fact::Seen(true);
        }
        getent(user, budget)
    }

    /// `getent passwd`: 0 when it knows the user, 2 when it does not; getent(1). A user's number would be taken for the
    /// user, and is no name.
    fn getent(user: &str, budget: Duration) -> Fact<bool> {
        if user.bytes().all(|byte| byte.is_ascii_digit()) {
            return Fact::Seen(false);
        }
        let mut command = Command::new("getent");
        command.args(["passwd", "--", user]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return Fact::Missing(io(&error)),
        };
        let begun = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) => {
                    return match status.code() {
                        Some(0) => Fact::Seen(true),
                        Some(2) => Fact::Seen(false),
                        _ => Fact::Missing(Trouble::Unasked),
                    };
                }
                Ok(None) if begun.elapsed() < budget => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    // Killed and reaped, so that nothing of ours is left behind; errors mean that it ended by itself.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Fact::Missing(Trouble::TimedOut { waited: budget });
                }
                Err(error) => return Fact::Missing(io(&error)),
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
        // Where there is no getent, the host cannot tell, and says that.
        let unknown = account(AccountKind::Managed, "no-such-user-octopus").await;
        assert!(unknown == Fact::Seen(false) || matches!(unknown, Fact::Missing(Trouble::Io(_))), "{unknown:?}");
        assert_eq!(account(AccountKind::Custom, "0").await, Fact::Seen(false));
    }
}
