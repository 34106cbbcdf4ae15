//! Errors of the server, the driver and the operating system: which numbers matter, what [`Trouble`] each becomes, and which are
//! worth another try where the work can be repeated.
//!
//! Only the number of a server's error counts, never its text: servers are localised, and other vendors' servers use other
//! words. An unknown number is only shown.

use std::io;
use std::time::Duration;

use crate::model::facts::{SqlTrouble, Trouble, Waiting};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::errors;

/// Cannot open the database that the login asks for: it is absent, or closed to the login.
pub const CANNOT_OPEN_DATABASE: u32 = 4060;
/// The same, but the login got its default database instead.
pub const USED_DEFAULT_DATABASE: u32 = 4063;
/// The database does not exist.
pub const NO_SUCH_DATABASE: u32 = 911;
/// `CREATE DATABASE`: it already exists.
pub const DATABASE_EXISTS: u32 = 1801;
/// `DROP DATABASE`: it is in use.
pub const DATABASE_IN_USE: u32 = 3702;
/// Duplicate key; some servers use either number for both kinds of key.
const DUPLICATE_KEY: [u32; 2] = [2601, 2627];
/// An invalid collation name.
pub const BAD_COLLATION: u32 = 448;
/// Incorrect syntax; a server without such a clause may answer this.
pub const BAD_SYNTAX: u32 = 102;
/// Incorrect syntax near a keyword.
pub const BAD_SYNTAX_NEAR_KEYWORD: u32 = 156;
pub const UNMAPPED: u32 = SqlTrouble::UNMAPPED;
/// The severity class from which on the server ends the session.
pub const ENDS_SESSION: u8 = 20;
/// Invalid column name.
pub const NO_SUCH_COLUMN: u32 = 207;
/// A lock was not granted in time.
pub const LOCK_TIMEOUT: u32 = 1222;

/// Returns whether an error at login is about the *database* and not the login: then `master` can tell more. All of these come
/// after the password was accepted.
pub const fn is_about_the_database(number: u32) -> bool {
    matches!(
        number,
        CANNOT_OPEN_DATABASE
            | NO_SUCH_DATABASE
            | 916 // the login has no user in it
            | 921 // not recovered yet
            | 922 // being recovered
            | 924 // single-user, and in use
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

/// Returns whether another row has the key already.
pub fn is_duplicate_key(number: u32) -> bool {
    DUPLICATE_KEY.contains(&number)
}

/// Returns whether `CREATE DATABASE … COLLATE` was refused because of the collation.
pub const fn is_about_the_collation(number: u32) -> bool {
    matches!(number, BAD_COLLATION | BAD_SYNTAX | BAD_SYNTAX_NEAR_KEYWORD | UNMAPPED)
}

/// Returns how long to wait before trying again after a transient error; `None` for any other error.
///
/// The union of what Microsoft's own drivers retry (configurable retry logic of `SqlClient`, and EF Core), without 4060,
/// which is an answer here, and −2, after which the outcome is unknown. Only for work that can be repeated, never for logins:
/// a repeated wrong password locks the account.
pub const fn wait_before_retry(number: u32) -> Option<Duration> {
    match number {
        // The server itself says: too busy, try again in ten seconds.
        10928 | 10929 | 10936 | 40501 | 49918 | 49919 | 49920 => Some(Duration::from_secs(10)),
        20 | 64 | 121 | 233 | 601 | 617 | 669 | 921 | 997 | 1203 | 1204 | 1205 | 1221 | 1222 | 1807 | 3935 | 3960 | 3966
        | 983 | 4221 | 8628 | 8645 | 8651 | 9515 | 10053 | 10054 | 10060 | 10922 | 14355 | 17197 | 20041 | 40143 | 40197
        | 40540 | 40613 | 41301 | 41302 | 41305 | 41325 | 41839 | 42108 | 42109 => Some(Duration::from_millis(200)),
        _ => None,
    }
}

/// Returns how long to wait before a login is tried again; `None` for any answer that another try would not change.
///
/// All of these come after the password was accepted, or before it was looked at. A wrong password is never among them: a few
/// tries lock the account.
pub const fn wait_before_login(number: u32, tries: u32) -> Option<Duration> {
    match number {
        // The server itself says: try again in ten seconds.
        10928 | 10929 | 10936 | 40501 | 49918 | 49919 | 49920 => Some(Duration::from_secs(10)),
        // 983: a replica changes its role. 40613: a database of Azure SQL is moved, or is woken.
        983 | 40143 | 40197 | 40540 | 40613 | 42108 | 42109 => Some(doubled(tries)),
        _ => None,
    }
}

/// Returns a pause that grows with the number of tries so far, from a quarter of a second to four.
pub const fn doubled(tries: u32) -> Duration {
    Duration::from_millis(250 << if tries > 4 { 4 } else { tries })
}

/// Converts an error of tiberius on an established connection.
pub fn from_tiberius(error: &tiberius::error::Error) -> Trouble {
    match error {
        tiberius::error::Error::Server(token) => Trouble::Sql(SqlTrouble {
            number: token.code(),
            state: token.state(),
            class: token.class(),
            text: Untrusted::new(token.message()),
        }),
        tiberius::error::Error::Io { kind, message } => from_kind(*kind, message),
        tiberius::error::Error::Routing { .. } => Trouble::RoutedTooOften,
        other => Trouble::NotUnderstood(Untrusted::new(&other.to_string())),
    }
}

/// Converts an I/O error on an established connection.
pub fn from_io(error: &io::Error) -> Trouble {
    from_kind(error.kind(), &error.to_string())
}

fn from_kind(kind: io::ErrorKind, text: &str) -> Trouble {
    use io::ErrorKind as Kind;
    match kind {
        Kind::UnexpectedEof
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::NotConnected
        | Kind::TimedOut
        | Kind::WriteZero => Trouble::ConnectionLost,
        Kind::InvalidData => Trouble::NotUnderstood(Untrusted::new(text)),
        _ => Trouble::Io(Untrusted::new(text)),
    }
}

/// Waits for work on an established connection, for at most `limit`.
pub async fn within<T>(limit: Duration, work: impl Future<Output = T> + Send) -> Result<T, Trouble> {
    tokio::time::timeout(limit, work).await.map_err(|_| Trouble::Silent { waited: limit })
}

/// How often work is tried in all.
const MAX_TRIES: u32 = 4;
/// The first wait after a lost connection.
const AFTER_A_LOSS: Duration = Duration::from_millis(100);

/// Why work failed, by whether it may be tried again.
#[derive(Debug)]
pub enum WorkError {
    /// While connecting or logging in. Tried again only if the line broke: a repeated wrong password locks the account.
    Connecting(Trouble),
    /// In the work itself, on an established session: tried again if the error is transient.
    Working(Trouble),
}

/// What `?` makes of a [`Trouble`] in work on a session. Functions that connect return [`WorkError::Connecting`] themselves.
impl From<Trouble> for WorkError {
    fn from(trouble: Trouble) -> Self {
        Self::Working(trouble)
    }
}

impl WorkError {
    fn into_trouble(self) -> Trouble {
        match self {
            Self::Connecting(trouble) | Self::Working(trouble) => trouble,
        }
    }
}

/// Does work that can be repeated, and repeats it after transient errors: those that always are, and those of which `also` says that
/// they are for this work. Tells what is waited for, and when that is over.
///
/// # Errors
/// The last trouble, when it is not transient or lasts too long.
pub async fn retry<T, F>(also: impl Fn(u32) -> bool, tell: impl Fn(Option<Waiting>), work: impl Fn() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, WorkError>>,
{
    let mut tries = 1;
    let mut line_broke = false;
    loop {
        match work().await {
            Ok(done) => return Ok(done),
            Err(error) => match pause(&error, &also, tries, &mut line_broke) {
                Some(pause) => {
                    tell(Some(Waiting { trouble: error.into_trouble(), limit: budget(pause, tries) }));
                    tokio::time::sleep(pause).await;
                    tell(None);
                }
                None => return Err(error.into_trouble()),
            },
        }
        tries += 1;
    }
}

/// Returns how long to wait before the next try; `None` where there is none. Doubles with each try. Without jitter: only a few
/// wizards collide here, and the lock puts them in order.
///
/// A server that fails over breaks its connections, and refuses new ones for a moment: `line_broke` remembers that.
fn pause(error: &WorkError, also: impl Fn(u32) -> bool, tries: u32, line_broke: &mut bool) -> Option<Duration> {
    let base = match error {
        _ if tries >= MAX_TRIES => return None,
        WorkError::Working(Trouble::ConnectionLost)
        | WorkError::Connecting(Trouble::ConnectionLost | Trouble::HungUp { takes_strict: false }) => {
            *line_broke = true;
            AFTER_A_LOSS
        }
        WorkError::Connecting(Trouble::Refused) if *line_broke => AFTER_A_LOSS,
        WorkError::Working(Trouble::Sql(error)) if also(error.number) => AFTER_A_LOSS,
        WorkError::Working(Trouble::Sql(error)) => errors::wait_before_retry(error.number)?,
        WorkError::Working(_) | WorkError::Connecting(_) => return None,
    };
    Some(base.saturating_mul(1 << (tries - 1).min(3)))
}

/// Returns how long is waited in all, if each try fails as this one did.
fn budget(pause: Duration, tries: u32) -> Duration {
    (tries..MAX_TRIES).map(|later| pause * (1 << (later - tries))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::cell::{Cell, RefCell};

    #[test]
    fn refused_logins_are_never_retried() {
        for number in [18452, 18456, 18461, 18470, 18486, 18487, 18488, 40615, 229, 262, 911, 15247, 4060] {
            assert_eq!(wait_before_retry(number), None, "{number}");
            assert_eq!(wait_before_login(number, 0), None, "{number}");
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

    #[test]
    fn an_end_in_the_middle_is_a_lost_connection() {
        assert_eq!(from_io(&io::ErrorKind::UnexpectedEof.into()), Trouble::ConnectionLost);
        assert_eq!(from_io(&io::ErrorKind::ConnectionReset.into()), Trouble::ConnectionLost);
        assert!(matches!(from_io(&io::ErrorKind::PermissionDenied.into()), Trouble::Io(_)));
    }

    #[test]
    fn what_the_driver_does_not_understand_is_not_the_operating_systems() {
        let error = tiberius::error::Error::Protocol("odd".into());
        assert_eq!(from_tiberius(&error), Trouble::NotUnderstood(Untrusted::new("Protocol error: odd")));
        assert!(matches!(from_io(&io::ErrorKind::InvalidData.into()), Trouble::NotUnderstood(_)));
    }

    fn sql(number: u32) -> Trouble {
        Trouble::Sql(SqlTrouble { number, state: 1, class: 16, text: Untrusted::default() })
    }

    fn never(_: u32) -> bool {
        false
    }

    #[tokio::test]
    async fn connecting_is_not_tried_again_unless_the_line_broke() {
        for trouble in [Trouble::Refused, sql(1205), sql(18456), sql(40613)] {
            assert_eq!(pause(&WorkError::Connecting(trouble.clone()), |_| true, 1, &mut false), None);
            let tries = Cell::new(0);
            let ended = retry::<(), _>(
                never,
                |_| {},
                || async {
                    tries.set(tries.get() + 1);
                    Err(WorkError::Connecting(trouble.clone()))
                },
            );
            assert_eq!(ended.await, Err(trouble.clone()));
            assert_eq!(tries.get(), 1);
        }
    }

    #[tokio::test]
    async fn what_is_waited_for_is_told_and_that_it_is_over() {
        let told = RefCell::new(Vec::new());
        let tell = |waiting: Option<Waiting>| told.borrow_mut().push(waiting.map(|waiting| waiting.limit));
        let work = || async { Err(WorkError::Working(Trouble::ConnectionLost)) };
        assert_eq!(retry::<(), _>(never, tell, work).await, Err(Trouble::ConnectionLost));
        let limits = [7, 6, 4].map(|times| Some(AFTER_A_LOSS * times));
        assert_eq!(told.into_inner(), [limits[0], None, limits[1], None, limits[2], None]);
    }

    #[test]
    fn a_lost_connection_is_replaced_a_few_times_and_not_forever() {
        for lost in [WorkError::Working(Trouble::ConnectionLost), WorkError::Connecting(Trouble::ConnectionLost)] {
            let mut broke = false;
            assert_eq!(pause(&lost, never, 1, &mut broke), Some(AFTER_A_LOSS));
            assert!(pause(&lost, never, MAX_TRIES - 1, &mut broke).is_some());
            assert_eq!(pause(&lost, never, MAX_TRIES, &mut broke), None);
            assert!(pause(&WorkError::Connecting(Trouble::Refused), never, 2, &mut broke).is_some());
            assert_eq!(pause(&WorkError::Connecting(sql(18456)), never, 2, &mut broke), None);
        }
    }

    #[test]
    fn pauses_grow_and_permission_errors_have_none() {
        let (deadlock, denied) = (WorkError::Working(sql(1205)), WorkError::Working(sql(262)));
        let pause = |error: &WorkError, also: fn(u32) -> bool, tries| pause(error, also, tries, &mut false);
        assert!(pause(&deadlock, never, 2) > pause(&deadlock, never, 1));
        assert_eq!(pause(&denied, never, 1), None);
        assert_eq!(pause(&denied, |number| number == 262, 1), Some(AFTER_A_LOSS));
        assert_eq!(pause(&WorkError::Working(Trouble::Silent { waited: Duration::ZERO }), never, 1), None);
    }
}
