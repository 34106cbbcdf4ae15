//! The server's error numbers that mean something to us, and what to do about each.
//!
//! Only the number is looked at, never the text: servers are translated, and other makers' servers word things
//! otherwise. An unknown number is simply shown.

use std::time::Duration;

/// Cannot open the database that the login asks for: it is absent, or closed to us.
pub const CANNOT_OPEN_DATABASE: u32 = 4060;
/// The same, where the login took its default database instead.
pub const USED_DEFAULT_DATABASE: u32 = 4063;
/// The database does not exist.
pub const NO_SUCH_DATABASE: u32 = 911;
/// `CREATE DATABASE`: it exists already.
pub const DATABASE_EXISTS: u32 = 1801;
/// `DROP DATABASE`: somebody is in it.
pub const DATABASE_IN_USE: u32 = 3702;
/// A key is there already; some servers use either number for both kinds of key.
const DUPLICATE_KEY: [u32; 2] = [2601, 2627];
/// An invalid collation name.
pub const BAD_COLLATION: u32 = 448;
/// Incorrect syntax, which a server without such a clause may answer.
pub const BAD_SYNTAX: u32 = 102;
/// Incorrect syntax near a keyword.
pub const BAD_SYNTAX_NEAR_KEYWORD: u32 = 156;
/// What Babelfish says for everything that it cannot map.
pub const UNMAPPED: u32 = 33_557_097;
/// A lock was not granted in time.
pub const LOCK_TIMEOUT: u32 = 1222;

/// Whether an error at login says that the *database* cannot be opened, and not that the login is wrong: then a look
/// through `master` can tell more. All of these come after the password was found to be right.
pub const fn is_about_the_database(number: u32) -> bool {
    matches!(
        number,
        CANNOT_OPEN_DATABASE
            | NO_SUCH_DATABASE
            | 916 // no user of ours in it
            | 921 // not recovered yet
            | 922 // being recovered
            | 924 // single-user, and somebody is in
            | 926 // suspect
            | 927 // restoring
            | 942 // offline
            | 945 // files missing
            | 946 // of another version
            | 952 // in transition
            | 954 // mirror
            | 976 // secondary of an availability group, no connections
            | 978 // secondary, read-intent connections only
            | 979 | 981 | 982 | 983 | 988 // other states of a secondary
            | USED_DEFAULT_DATABASE
            | 4064 // nor its default database
    )
}

/// Whether somebody else's row stands where ours was to go.
pub fn is_a_duplicate(number: u32) -> bool {
    DUPLICATE_KEY.contains(&number)
}

/// Whether `CREATE DATABASE … COLLATE` was refused because of the collation.
pub const fn is_about_the_collation(number: u32) -> bool {
    matches!(number, BAD_COLLATION | BAD_SYNTAX | BAD_SYNTAX_NEAR_KEYWORD | UNMAPPED)
}

/// How long to wait before the same work may be tried again, for an error that passes; `None` for one that does not.
///
/// The union of what Microsoft's own drivers retry (the configurable retry logic of `SqlClient`, and EF Core), without 4060,
/// which is an answer here, and without −2, after which nobody knows what happened. Only for work that can be
/// repeated, and never for logins: a retried wrong password locks the account.
pub const fn wait_before_retry(number: u32) -> Option<Duration> {
    match number {
        // The server says itself: too busy, come back in ten seconds.
        10928 | 10929 | 10936 | 40501 | 49918 | 49919 | 49920 => Some(Duration::from_secs(10)),
        20 | 64 | 121 | 233 | 601 | 617 | 669 | 921 | 997 | 1203 | 1204 | 1205 | 1221 | 1222 | 1807 | 3935 | 3960 | 3966
        | 4221 | 8628 | 8645 | 8651 | 9515 | 10053 | 10054 | 10060 | 10922 | 14355 | 17197 | 20041 | 40143 | 40197 | 40540
        | 40613 | 41301 | 41302 | 41305 | 41325 | 41839 | 42108 | 42109 => Some(Duration::from_millis(200)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_logins_are_never_retried() {
        for number in [18452, 18456, 18461, 18470, 18486, 18487, 18488, 40615, 229, 262, 911, 15247, 4060] {
            assert_eq!(wait_before_retry(number), None, "{number}");
        }
    }

    #[test]
    fn a_deadlock_is_retried_soon_and_a_busy_service_later() {
        assert!(wait_before_retry(1205).expect("passes") < Duration::from_secs(1));
        assert!(wait_before_retry(40501).expect("passes") >= Duration::from_secs(10));
    }

    #[test]
    fn a_wrong_password_says_nothing_about_the_database() {
        assert!(!is_about_the_database(18456));
        for number in [4060, 911, 916, 924, 927, 978] {
            assert!(is_about_the_database(number), "{number}");
        }
    }
}
