//! The transaction under the application lock, in which alone the registry is written.

use super::super::answer::{Answer, run};
use super::super::attempts::Hitch;
use super::super::connect::Link;
use super::super::{limits, numbers, read};
use crate::model::facts::{Content, SqlTrouble, Trouble};
use crate::model::untrusted::Untrusted;

const BEGIN: &str = concat!(include_str!("../sql/begin.sql"), include_str!("../sql/content.sql"));
const COMMIT: &str = "COMMIT TRANSACTION";
const ROLL_BACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// A session inside the transaction. It goes back to its owner only through [`Locked::commit`] or [`Locked::give_up`];
/// dropped, it ends the connection, and the server rolls back.
pub struct Locked {
    link: Link,
    /// What the database holds, seen under the lock.
    pub content: Content,
}

impl Locked {
    /// Begins, waits for the lock, and looks at what is there. One round trip.
    pub async fn begin(mut link: Link) -> Result<Self, Hitch> {
        let answer = run(&mut link.session, BEGIN, &[], limits::WRITE).await.map_err(Hitch::Work)?;
        granted(&answer).map_err(Hitch::Work)?;
        let content = read::content::read(&answer).map_err(Hitch::Work)?;
        Ok(Self { link, content })
    }

    /// The session, for work inside the transaction.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Makes it last.
    pub async fn commit(mut self) -> Result<Link, Hitch> {
        run(&mut self.link.session, COMMIT, &[], limits::WRITE).await.map_err(Hitch::Work)?;
        Ok(self.link)
    }

    /// Leaves everything as it was. `None` when the session broke over it, which rolls back just as well.
    pub async fn give_up(mut self) -> Option<Link> {
        run(&mut self.link.session, ROLL_BACK, &[], limits::WRITE).await.ok().map(|_| self.link)
    }
}

/// Whether `sp_getapplock` granted the lock: 0 at once, 1 after waiting. Below zero it did not, whatever the number:
/// other makers' servers have their own.
///
/// # Errors
/// As if an ordinary lock had not been granted, so that it is tried again as such.
pub fn granted(answer: &Answer) -> Result<(), Trouble> {
    let granted = answer.row("lock")?.number("granted").unwrap_or(-1);
    if granted >= 0 {
        return Ok(());
    }
    Err(Trouble::Sql(SqlTrouble {
        number: numbers::LOCK_TIMEOUT,
        state: 0,
        class: 16,
        text: Untrusted::new(&format!(
            "The application lock octopus_setup was not granted (sp_getapplock: {granted}). Another wizard is at work in this database."
        )),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::answer;

    #[test]
    fn any_negative_answer_is_no_lock() {
        for (number, expected) in [("#0", true), ("#1", true), ("#-1", false), ("#-3", false), ("#-999", false), ("-", false)] {
            let outcome = granted(&answer(&[&[("part", "lock"), ("granted", number)]]));
            assert_eq!(outcome.is_ok(), expected, "{number}");
        }
        assert_eq!(granted(&answer(&[])), Err(Trouble::Unasked));
    }
}
