//! Tries work again after transient errors, where the work can be repeated.

use std::time::Duration;

use super::errors;
use crate::model::facts::Trouble;

/// How often work is tried in all.
const MAX_TRIES: u32 = 4;
/// The first wait after a lost connection.
const AFTER_A_LOSS: Duration = Duration::from_millis(100);

/// Why work failed, by whether it may be tried again.
#[derive(Debug)]
pub enum WorkError {
    /// While connecting or logging in: never tried again, since a repeated wrong password locks the account.
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

/// Does work that can be repeated, and repeats it after transient errors.
///
/// # Errors
/// The last trouble, when it is not transient or lasts too long.
pub async fn retry<T, F>(work: impl Fn() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, WorkError>>,
{
    retry_also(|_| false, work).await
}

/// The same, which also repeats the work after error numbers that are transient for this work only.
///
/// # Errors
/// As [`retry`].
pub async fn retry_also<T, F>(also: impl Fn(u32) -> bool, work: impl Fn() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, WorkError>>,
{
    let mut tries = 1;
    loop {
        match work().await {
            Ok(done) => return Ok(done),
            Err(error) => match pause(&error, &also, tries) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error.into_trouble()),
            },
        }
        tries += 1;
    }
}

/// Returns how long to wait before the next try; `None` where there is none. Doubles with each try. Without jitter: only a few
/// wizards collide here, and the lock puts them in order.
fn pause(error: &WorkError, also: impl Fn(u32) -> bool, tries: u32) -> Option<Duration> {
    let base = match error {
        WorkError::Working(_) if tries >= MAX_TRIES => return None,
        WorkError::Working(Trouble::ConnectionLost) => AFTER_A_LOSS,
        WorkError::Working(Trouble::Sql(error)) if also(error.number) => AFTER_A_LOSS,
        WorkError::Working(Trouble::Sql(error)) => errors::wait_before_retry(error.number)?,
        WorkError::Working(_) | WorkError::Connecting(_) => return None,
    };
    Some(base.saturating_mul(1 << (tries - 1).min(3)))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::model::facts::SqlTrouble;
    use crate::model::untrusted::Untrusted;

    fn sql(number: u32) -> Trouble {
        Trouble::Sql(SqlTrouble { number, state: 1, class: 16, text: Untrusted::default() })
    }

    fn never(_: u32) -> bool {
        false
    }

    #[tokio::test]
    async fn connecting_is_never_tried_again() {
        for trouble in [Trouble::ConnectionLost, sql(1205), sql(18456)] {
            assert_eq!(pause(&WorkError::Connecting(trouble.clone()), |_| true, 1), None);
            let tries = Cell::new(0);
            let ended = retry::<(), _>(|| async {
                tries.set(tries.get() + 1);
                Err(WorkError::Connecting(trouble.clone()))
            });
            assert_eq!(ended.await, Err(trouble.clone()));
            assert_eq!(tries.get(), 1);
        }
    }

    #[test]
    fn a_lost_connection_is_replaced_a_few_times_and_not_forever() {
        let lost = WorkError::Working(Trouble::ConnectionLost);
        assert_eq!(pause(&lost, never, 1), Some(AFTER_A_LOSS));
        assert!(pause(&lost, never, MAX_TRIES - 1).is_some());
        assert_eq!(pause(&lost, never, MAX_TRIES), None);
    }

    #[test]
    fn pauses_grow_and_permission_errors_have_none() {
        let (deadlock, denied) = (WorkError::Working(sql(1205)), WorkError::Working(sql(262)));
        assert!(pause(&deadlock, never, 2) > pause(&deadlock, never, 1));
        assert_eq!(pause(&denied, never, 1), None);
        assert_eq!(pause(&denied, |number| number == 262, 1), Some(AFTER_A_LOSS));
        assert_eq!(pause(&WorkError::Working(Trouble::Silent { waited: Duration::ZERO }), never, 1), None);
    }
}
