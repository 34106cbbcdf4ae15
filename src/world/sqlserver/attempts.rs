//! Trying again, for work that may be repeated, after errors that pass.

use std::time::Duration;

use super::numbers;
use crate::model::facts::Trouble;

/// How often work is tried in all.
const MOST: u32 = 4;
/// A lost connection is replaced at once, and then more slowly.
const AFTER_A_LOSS: Duration = Duration::from_millis(100);

/// Why work ended early, and where: what happened on the way is never tried again.
#[derive(Debug)]
pub enum Hitch {
    /// On the way to a session, the login included.
    Way(Trouble),
    /// In the work itself, on a session that was up.
    Work(Trouble),
}

impl Hitch {
    /// What went wrong.
    pub fn trouble(self) -> Trouble {
        match self {
            Self::Way(trouble) | Self::Work(trouble) => trouble,
        }
    }
}

/// Counts the tries of one piece of work.
#[derive(Debug)]
pub struct Attempts {
    made: u32,
}

impl Attempts {
    /// The first try is about to be made.
    pub fn new() -> Self {
        Self { made: 1 }
    }

    /// Waits until the work may be tried again.
    ///
    /// # Errors
    /// The trouble itself, when it does not pass, or not in time.
    pub async fn again(&mut self, hitch: Hitch) -> Result<(), Trouble> {
        let wait = match &hitch {
            Hitch::Work(trouble) if self.made < MOST => pause(trouble, self.made),
            _ => None,
        };
        let Some(wait) = wait else { return Err(hitch.trouble()) };
        self.made += 1;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// The same for a trouble that passes for a reason that only the caller knows.
    ///
    /// # Errors
    /// The trouble itself, when it has not passed in time.
    pub async fn once_more(&mut self, trouble: Trouble) -> Result<(), Trouble> {
        self.again(Hitch::Work(Trouble::ConnectionLost)).await.map_err(|_| trouble)
    }
}

/// Doubles with each try. Without chance in it: what collides here are a few wizards, and the lock puts those in order.
fn pause(trouble: &Trouble, made: u32) -> Option<Duration> {
    let base = match trouble {
        Trouble::ConnectionLost => AFTER_A_LOSS,
        Trouble::Sql(said) => numbers::wait_before_retry(said.number)?,
        _ => return None,
    };
    Some(base.saturating_mul(1 << (made - 1).min(3)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::facts::SqlTrouble;
    use crate::model::untrusted::Untrusted;

    fn sql(number: u32) -> Trouble {
        Trouble::Sql(SqlTrouble { number, state: 1, class: 16, text: Untrusted::default() })
    }

    #[tokio::test]
    async fn the_way_is_never_tried_again() {
        for trouble in [Trouble::ConnectionLost, sql(1205), sql(18456)] {
            assert_eq!(Attempts::new().again(Hitch::Way(trouble.clone())).await, Err(trouble));
        }
    }

    #[tokio::test]
    async fn a_lost_connection_is_replaced_a_few_times_and_not_forever() {
        let mut attempts = Attempts { made: 1 };
        assert_eq!(attempts.again(Hitch::Work(Trouble::ConnectionLost)).await, Ok(()));
        attempts.made = MOST;
        let ended = attempts.again(Hitch::Work(Trouble::ConnectionLost)).await;
        assert_eq!(ended, Err(Trouble::ConnectionLost));
    }

    #[test]
    fn pauses_grow_and_permission_errors_have_none() {
        assert!(pause(&sql(1205), 2) > pause(&sql(1205), 1));
        assert_eq!(pause(&sql(262), 1), None);
        assert_eq!(pause(&Trouble::Silent { waited: Duration::ZERO }, 1), None);
    }
}
