//! The application lock, and the transaction under it, in which alone the registry is written.

use crate::model::facts::{Content, SqlTrouble, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{self, Reply};
use crate::world::sqlserver::connect::Connection;
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::retry::WorkError;
use crate::world::sqlserver::{errors, limits};

const LOCK: &str = include_str!("../sql/registry/lock.sql");
const COMMIT: &str = "COMMIT TRANSACTION";
const ROLL_BACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// How the application lock is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMode {
    /// Alone: by who creates, drops or undoes something.
    Exclusive,
    /// Beside others: by who changes one row.
    Shared,
}

/// Returns the begin of a batch that writes the registry: the transaction and the lock.
pub fn lock(mode: LockMode) -> String {
    let mode = match mode {
        LockMode::Exclusive => "Exclusive",
        LockMode::Shared => "Shared",
    };
    batch::fill(LOCK, &[("mode", mode)])
}

/// A connection inside the transaction. [`LockedConnection::commit`] and [`LockedConnection::roll_back`] return it; dropped, it ends
/// the connection, and the server rolls back.
pub struct LockedConnection {
    connection: Connection,
    /// What the database holds, seen under the lock.
    pub content: Content,
}

impl LockedConnection {
    /// Begins, waits for the lock, and reads what the database holds. One round trip.
    pub async fn begin(mut connection: Connection) -> Result<Self, WorkError> {
        let sql = [&lock(LockMode::Exclusive), CONTENT].concat();
        let reply = batch::run(&mut connection.session, &sql, &[], limits::WRITE).await?;
        granted(&reply)?;
        let content = content::read(&reply)?;
        Ok(Self { connection, content })
    }

    /// Returns the connection, for work inside the transaction.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Commits the transaction.
    pub async fn commit(mut self) -> Result<Connection, WorkError> {
        batch::run(&mut self.connection.session, COMMIT, &[], limits::WRITE).await?;
        Ok(self.connection)
    }

    /// Leaves everything unchanged. `None` if the session broke, which rolls back too.
    pub async fn roll_back(mut self) -> Option<Connection> {
        batch::run(&mut self.connection.session, ROLL_BACK, &[], limits::WRITE).await.ok().map(|_| self.connection)
    }
}

/// Checks that `sp_getapplock` granted the lock: 0 at once, 1 after waiting. Any negative number means that it did not: other vendors'
/// servers have numbers of their own.
///
/// # Errors
/// The same as for an ordinary lock that was not granted, so that the work is tried again.
pub fn granted(reply: &Reply) -> Result<(), Trouble> {
    let granted = reply.row("lock")?.number("granted").unwrap_or(-1);
    if granted >= 0 {
        return Ok(());
    }
    Err(Trouble::Sql(SqlTrouble {
        number: errors::LOCK_TIMEOUT,
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
    use crate::world::sqlserver::batch::tests::reply;

    #[test]
    fn any_negative_answer_is_no_lock() {
        for (number, expected) in [("#0", true), ("#1", true), ("#-1", false), ("#-3", false), ("#-999", false), ("-", false)] {
            let outcome = granted(&reply(&[&[("part", "lock"), ("granted", number)]]));
            assert_eq!(outcome.is_ok(), expected, "{number}");
        }
        assert_eq!(granted(&reply(&[])), Err(Trouble::Unasked));
    }
}
