//! Taking a change of a row back.

use super::super::handle::SqlServer;
use super::change::{Outcome, batch};
use crate::model::facts::Trouble;
use crate::model::registry::{Changed, Deed, RowChange};
use crate::model::target::Target;

const INSERT: &str = batch!("begin.sql", ["unchange_if_ours.sql", "unchange_insert.sql"], "unchange_end.sql");
const UPDATE: &str = batch!("begin.sql", ["unchange_if_ours.sql", "unchange_update.sql"], "unchange_end.sql");
const DRAIN: &str = batch!("begin.sql", ["unchange_if_ours.sql", "unchange_drain.sql"], "unchange_end.sql");
const REMOVE: &str = batch!("begin.sql", ["unchange_if_ours.sql", "unchange_remove.sql"], "unchange_end.sql");

impl SqlServer {
    /// Takes back what this very change did, by what the history says, and only while nobody else has changed the row
    /// since. What was put in the place of another row puts that one back as it was, to the millisecond. Under the
    /// exclusive lock, in one round trip on the kept session; may be repeated.
    ///
    /// [`Changed::Made`] it is taken back now; [`Changed::Ours`] it was before; [`Changed::Gone`] there is nothing to take
    /// back: it was never made, or the row went since; [`Changed::Taken`] the row is somebody else's by now, and stays.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn unchange(&self, target: &Target, change: &RowChange) -> Result<Changed, Trouble> {
        let (batch, row) = match &change.deed {
            Deed::Insert(after) => (INSERT, after),
            Deed::Replace { before, .. } | Deed::Update { before, .. } => (UPDATE, &before.row),
            Deed::Drain { before } => (DRAIN, &before.row),
            Deed::Remove { before } => (REMOVE, &before.row),
        };
        Ok(match self.outcome(target, batch, change, row).await? {
            Outcome::Ended(changed) => changed,
            Outcome::Otherwise { undone: true, .. } => Changed::Ours,
            Outcome::Otherwise { row: Some(row), done: true, .. } => Changed::Taken(row),
            Outcome::Otherwise { .. } => Changed::Gone,
        })
    }
}
