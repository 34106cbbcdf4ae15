//! Looks an account up: in this host's own files, or else through the name service.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Account;
use crate::model::facts::{Fact, Trouble};
use crate::world::budget::io;
use crate::world::own_variables;
use crate::world::places::Places;
use crate::world::small_file;

/// The most bytes of an answer. A pipe holds as much, so a program that prints more blocks, and is given up.
const MOST: u64 = 64 << 10;

pub(super) fn find(places: &Places, user: &str, budget: Duration) -> Fact<Option<Account>> {
    // Neither the file nor getent can have such a name, and getent would look for something else.
    if user.is_empty() || user.contains([':', '\0', '\n']) {
        return Fact::Missing(Trouble::Unasked);
    }
    let passwd = small_file::read_text(&places.passwd).unwrap_or_default();
    if let Some((number, group)) = passwd.lines().find_map(|line| numbers(line, user)) {
        let group_list = small_file::read_text(&places.group).unwrap_or_default();
        let others = group_list.lines().filter_map(|line| group_of(line, user));
        return Fact::Seen(Some(Account { user: number, groups: std::iter::once(group).chain(others).collect() }));
    }
    // getent would take a number for a user's id.
    if user.bytes().all(|byte| byte.is_ascii_digit()) {
        return Fact::Seen(None);
    }
    let line = match getent(&["passwd", "--", user], budget) {
        Ok(Some(line)) => line,
        Ok(None) => return Fact::Seen(None),
        Err(trouble) => return Fact::Missing(trouble),
    };
    // A directory may spell the account differently.
    let Some((number, group)) = line.lines().next().and_then(|line| numbers(line, line.split(':').next()?)) else {
        return Fact::Missing(Trouble::Unasked);
    };
    // If the groups are unknown, at least its own is known.
    let told = getent(&["initgroups", "--", user], budget).ok().flatten().unwrap_or_default();
    let others = told.split_whitespace().skip(1).filter_map(|number| number.parse().ok());
    Fact::Seen(Some(Account { user: number, groups: std::iter::once(group).chain(others).collect() }))
}

/// Reads user id and group id from a line of passwd(5): `name:x:1000:1000:…`.
fn numbers(line: &str, user: &str) -> Option<(u32, u32)> {
    let mut parts = line.split(':');
    if parts.next()? != user {
        return None;
    }
    Some((parts.nth(1)?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Reads the id of a group that the user is in from a line of group(5): `name:x:1000:one,another`.
fn group_of(line: &str, user: &str) -> Option<u32> {
    let mut parts = line.split(':');
    let number = parts.nth(2)?.parse().ok()?;
    parts.next()?.trim().split(',').any(|member| member == user).then_some(number)
}

/// Runs getent(1), which ends with 0 if it finds something and with 2 if not.
fn getent(arguments: &[&str], budget: Duration) -> Result<Option<String>, Trouble> {
    let mut command = Command::new("getent");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    own_variables::remove(&mut command);
    let mut child = command.spawn().map_err(|error| io(&error))?;
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let mut said = String::new();
                let read = child.stdout.take().map(|out| out.take(MOST).read_to_string(&mut said));
                return match (status.code(), read) {
                    (Some(0), Some(Ok(_))) => Ok(Some(said)),
                    (Some(2), _) => Ok(None),
                    _ => Err(Trouble::Unasked),
                };
            }
            Ok(None) if begun.elapsed() < budget => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // Kill and reap it, so that nothing is left behind; an error means that it ended by itself.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Trouble::TimedOut { waited: budget });
            }
            Err(error) => return Err(io(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_its_own_group_and_those_that_list_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut places = Places::under(folder.path().join("state"));
        (places.passwd, places.group) = (folder.path().join("passwd"), folder.path().join("group"));
        std::fs::write(&places.passwd, "octo:x:7001:7001::/:/bin/false\noctopus:x:7002:7003::/:/bin/false\nbad:x:y:z\n")
            .expect("written");
        std::fs::write(&places.group, "storage:x:7010:web,octopus\nnone:x:7011:\nocto:x:7012:octo\nbroken\n").expect("written");
        let budget = Duration::from_secs(5);
        assert_eq!(find(&places, "octopus", budget), Fact::Seen(Some(Account { user: 7002, groups: vec![7003, 7010] })));
        assert_eq!(find(&places, "octo", budget), Fact::Seen(Some(Account { user: 7001, groups: vec![7001, 7012] })));
        assert_eq!(find(&places, "7001", budget), Fact::Seen(None));
        assert_eq!(find(&places, "a:b", budget), Fact::Missing(Trouble::Unasked));
    }
}
