//! Changing one node's row: lock, look, change, history and commit in one batch.

use tiberius::ToSql;

use super::super::answer::{Answer, run};
use super::super::attempts::{Attempts, Hitch};
use super::super::handle::{Place, SqlServer};
use super::super::registry::granted;
use super::super::{limits, numbers, read};
use super::kept::kept;
use crate::model::facts::{Content, Trouble};
use crate::model::registry::{Changed, Deed, KeptRow, NodeRow, RowChange};
use crate::model::target::Target;

/// A batch around one deed.
macro_rules! batch {
    ($begin:literal, [$($deed:literal),+], $end:literal) => {
        concat!(
            include_str!(concat!("../sql/", $begin)),
            include_str!("../sql/change_if_right.sql"),
            $(include_str!(concat!("../sql/", $deed)),)+
            include_str!(concat!("../sql/", $end)),
            include_str!("../sql/change_past.sql"),
            include_str!("../sql/content.sql"),
            include_str!("../sql/change_otherwise.sql"),
        )
    };
}
pub(super) use batch;

const INSERT: &str = batch!("begin_shared.sql", ["change_insert.sql"], "change_end.sql");
const REPLACE: &str = batch!("begin_shared.sql", ["change_replace.sql"], "change_end.sql");
const UPDATE: &str = batch!("begin_shared.sql", ["change_update.sql"], "change_end.sql");
const DRAIN: &str = batch!("begin_shared.sql", ["change_drain.sql"], "change_end.sql");
const REMOVE: &str = batch!("begin_shared.sql", ["change_remove.sql"], "change_end.sql");

impl SqlServer {
    /// Changes one node's row, in one transaction. Those who change rows hold the application lock together, so that
    /// sixty-four joiners do not queue; what decides between two is the row itself. One round trip on the kept session.
    ///
    /// May be repeated: a change of the same run that the history knows, and that the row still shows, is
    /// [`Changed::Ours`], so a lost answer is simply looked into again.
    ///
    /// # Errors
    /// The way to the server, or an error of the server. Nothing is changed then, unless the answer itself was lost and no
    /// new connection could be had: then nobody knows, and the next call will.
    pub async fn change(&self, target: &Target, change: &RowChange) -> Result<Changed, Trouble> {
        let batch = match &change.deed {
            Deed::Insert(_) => INSERT,
            Deed::Replace { .. } => REPLACE,
            Deed::Update { .. } => UPDATE,
            Deed::Drain { .. } => DRAIN,
            Deed::Remove { .. } => REMOVE,
        };
        let after = match &change.deed {
            Deed::Insert(after) | Deed::Replace { after, .. } | Deed::Update { after, .. } => after,
            Deed::Drain { before } | Deed::Remove { before } => &before.row,
        };
        match self.outcome(target, batch, change, after).await?.after_change(&change.deed) {
            // Whoever was in the way went between the batch's two looks; the next one finds the way free.
            Err(Trouble::Unasked) => self.outcome(target, batch, change, after).await?.after_change(&change.deed),
            ended => ended,
        }
    }

    /// Sends the batch of a change, and reads what it came to.
    pub(super) async fn outcome(
        &self,
        target: &Target,
        batch: &str,
        change: &RowChange,
        row: &NodeRow,
    ) -> Result<Outcome, Trouble> {
        match self.send(target, batch, change, row).await {
            Ok(answer) => Outcome::of(&answer, change),
            Err(trouble) => self.newer_behind(target, trouble).await.map(|newer| Outcome::Ended(Changed::NotThere(newer))),
        }
    }

    async fn send(&self, target: &Target, batch: &str, change: &RowChange, row: &NodeRow) -> Result<Answer, Trouble> {
        let mut attempts = Attempts::new();
        loop {
            match self.try_to_send(target, batch, change, row).await {
                Ok(answer) => return Ok(answer),
                // Somebody of this name was quicker by a moment: the next look sees who.
                Err(Hitch::Work(Trouble::Sql(said))) if numbers::is_a_duplicate(said.number) => {
                    attempts.once_more(Trouble::Sql(said)).await?;
                }
                Err(hitch) => attempts.again(hitch).await?,
            }
        }
    }

    async fn try_to_send(&self, target: &Target, batch: &str, change: &RowChange, row: &NodeRow) -> Result<Answer, Hitch> {
        let (cluster, run_of, what) = (change.cluster.to_string(), format!("run {}", change.run), change.deed.what());
        let before = change.deed.before();
        let seen = |text: fn(&KeptRow) -> &str| before.map(text).unwrap_or_default();
        let (host, joined, last_seen) =
            (seen(|kept| kept.row.host.as_str()), seen(|kept| kept.joined.as_str()), seen(|kept| kept.last_seen.as_str()));
        let drained = before.is_some_and(|kept| kept.drained);
        let node = change.deed.node();
        let (comms, grpc, cap) = (i32::from(row.comms_port), i32::from(row.grpc_port), i32::from(row.task_cap));
        let values: [&dyn ToSql; 18] = [
            &cluster,
            &node,
            &change.host,
            &run_of,
            &what,
            &host,
            &joined,
            &last_seen,
            &drained,
            &row.name,
            &row.address,
            &row.host,
            &row.system,
            &row.program,
            &row.prefixes,
            &comms,
            &grpc,
            &cap,
        ];
        let mut link = self.link(target, Place::Database).await?;
        let answer = run(&mut link.session, batch, &values, limits::WRITE).await.map_err(Hitch::Work)?;
        granted(&answer).map_err(Hitch::Work)?;
        // An error inside the transaction comes as this part's.
        answer.rows("made").map_err(Hitch::Work)?;
        self.keep(target, Place::Database, link);
        Ok(answer)
    }
}

/// What the batch of a change came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// It is done, or cannot be.
    Ended(Changed),
    /// Nothing was done, since the row stands as it does.
    Otherwise {
        /// The row, where there is one.
        row: Option<Box<KeptRow>>,
        /// Whether this run did this very thing before, and did not take it back.
        done: bool,
        /// Whether it took it back.
        undone: bool,
    },
}

impl Outcome {
    /// Reads it.
    pub(super) fn of(answer: &Answer, change: &RowChange) -> Result<Self, Trouble> {
        if !answer.rows("made")?.is_empty() {
            return Ok(Self::Ended(Changed::Made));
        }
        let Some(past) = answer.rows("past")?.first() else {
            return match read::content::read(answer)? {
                // The batch saw something that the look did not.
                Content::Cluster(seen) if seen.id == change.cluster => Err(Trouble::Unasked),
                content => Ok(Self::Ended(Changed::NotThere(content))),
            };
        };
        let (done, undone) = (past.count("done_at"), past.count("undone_at"));
        let row = answer.rows("kept")?.first().map(|row| Box::new(kept(row)));
        Ok(Self::Otherwise { row, done: done > undone, undone: undone > done })
    }

    fn after_change(self, deed: &Deed) -> Result<Changed, Trouble> {
        let (row, done) = match self {
            Self::Ended(changed) => return Ok(changed),
            Self::Otherwise { row, done, .. } => (row, done),
        };
        let stands = |row: &KeptRow| match deed {
            Deed::Insert(after) | Deed::Replace { after, .. } | Deed::Update { after, .. } => row.row == *after,
            Deed::Drain { before } => row.drained && row.joined == before.joined,
            Deed::Remove { .. } => false,
        };
        Ok(match (row, deed) {
            (Some(row), _) if done && stands(&row) => Changed::Ours,
            (Some(row), _) => Changed::Taken(row),
            (None, Deed::Remove { .. }) if done => Changed::Ours,
            // Nobody of this name, and yet it was in the way: it went in between.
            (None, Deed::Insert(_)) => return Err(Trouble::Unasked),
            (None, _) => Changed::Gone,
        })
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
