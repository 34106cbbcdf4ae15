//! Changes one node's row, undoes such a change, and reads the registry's rows.

use compact_str::CompactString;
use tiberius::ToSql;
use time::{Date, Month};

use crate::model::facts::{Content, Trouble};
use crate::model::licence::NodeLimit;
use crate::model::registry::{CanaryRow, KeptRow, NodeRow, RowChange, RowChangeOutcome, RowOperation};
use crate::model::storage::{SharedFolder, SharedStorage};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{Reply, ReplyRow, fill};
use crate::world::sqlserver::content;
use crate::world::sqlserver::errors;
use crate::world::sqlserver::errors::WorkError;
use crate::world::sqlserver::registry::{LockMode, lock, name_key, write};
use crate::world::sqlserver::server::{SessionDatabase, SqlServer};

/// Reads a file of `sql/registry`.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../sql/registry/", $name, ".sql"))
    };
}

const ROW: &str = sql!("row");
const UNDO: &str = sql!("row_undo");

impl SqlServer {
    /// Changes one node's row, in one transaction. Those who change rows share the application lock, so that sixty-four joining
    /// nodes do not queue; the row itself decides between two. One round trip on the kept session.
    ///
    /// May be repeated: a change of the same run that is in the history, and that the row still shows, is [`RowChangeOutcome::Ours`]. So
    /// after a lost reply the next try finds out.
    ///
    /// # Errors
    /// Of the connection or the server. Nothing is changed then, unless the reply itself was lost and no new connection could be
    /// made: then nobody knows, and the next call will find out.
    pub async fn change_row(&self, target: &Target, change: &RowChange) -> Result<RowChangeOutcome, Trouble> {
        let (sql, after) = match &change.operation {
            RowOperation::Insert(after) => (sql!("row_insert"), after),
            RowOperation::Replace { after, .. } => (sql!("row_replace"), after),
            RowOperation::Update { after, .. } => (sql!("row_update"), after),
            RowOperation::Drain { before } => (sql!("row_drain"), &before.row),
            RowOperation::Remove { before } => (sql!("row_remove"), &before.row),
        };
        let sql = row_batch(LockMode::Shared, sql, "@P5", "@P4");
        match self.row_outcome(target, &sql, change, after).await?.after_change(&change.operation) {
            // The row that was in the way was deleted during the batch; now nothing is in the way.
            Err(Trouble::Unasked) => self.row_outcome(target, &sql, change, after).await?.after_change(&change.operation),
            ended => ended,
        }
    }

    /// Undoes exactly this change, by what the history says, and only if nobody else has changed the row since. Restores a row that
    /// was replaced to the millisecond. Under the exclusive lock, in one round trip on the kept session; may be repeated.
    ///
    /// [`RowChangeOutcome::Made`]: it is undone now; [`RowChangeOutcome::Ours`]: it was undone before; [`RowChangeOutcome::Gone`]: there is nothing to undo,
    /// since it was never made or the row is gone; [`RowChangeOutcome::Taken`]: the row is another's by now, and stays.
    ///
    /// # Errors
    /// As [`Self::change_row`].
    pub async fn undo_row_change(&self, target: &Target, change: &RowChange) -> Result<RowChangeOutcome, Trouble> {
        let (undo, before) = match &change.operation {
            RowOperation::Insert(after) => (sql!("row_undo_insert"), after),
            RowOperation::Replace { before, .. } | RowOperation::Update { before, .. } => (sql!("row_undo_update"), &before.row),
            RowOperation::Drain { before } => (sql!("row_undo_drain"), &before.row),
            RowOperation::Remove { before } => (sql!("row_undo_remove"), &before.row),
        };
        let sql = row_batch(LockMode::Exclusive, &fill(UNDO, &[("undo", undo)]), "N'undone'", "@P4 + N' ' + @P5");
        Ok(match self.row_outcome(target, &sql, change, before).await? {
            RowOutcome::Ended(changed) => changed,
            RowOutcome::Unchanged { undone: true, .. } => RowChangeOutcome::Ours,
            RowOutcome::Unchanged { row: Some(row), done: true, .. } => RowChangeOutcome::Taken(row),
            RowOutcome::Unchanged { .. } => RowChangeOutcome::Gone,
        })
    }

    /// Sends the batch of a change, and reads its outcome.
    async fn row_outcome(&self, target: &Target, sql: &str, change: &RowChange, row: &NodeRow) -> Result<RowOutcome, Trouble> {
        match self.send_row(target, sql, change, row).await {
            Ok((reply, content)) => RowOutcome::read(&reply, content, change),
            Err(trouble) => {
                self.newer_registry_or(target, trouble).await.map(|newer| RowOutcome::Ended(RowChangeOutcome::NotThere(newer)))
            }
        }
    }

    /// Returns the reply, and what the database holds if the batch found another cluster there, or none.
    async fn send_row(
        &self,
        target: &Target,
        sql: &str,
        change: &RowChange,
        row: &NodeRow,
    ) -> Result<(Reply, Option<Content>), Trouble> {
        let (cluster, run_of, what) = (change.cluster.to_string(), format!("run {}", change.run), change.operation.what());
        let before = change.operation.before();
        let seen = |text: fn(&KeptRow) -> &str| before.map(text).unwrap_or_default();
        let (host, joined, last_seen) =
            (seen(|kept| kept.row.host.as_str()), seen(|kept| kept.joined.as_str()), seen(|kept| kept.last_seen.as_str()));
        let drained = before.is_some_and(|kept| kept.drained);
        let node = change.operation.node();
        let [name, address, own_host, system, program, prefixes] = texts(row);
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
            &name,
            &address,
            &own_host,
            &system,
            &program,
            &prefixes,
            &comms,
            &grpc,
            &cap,
        ];
        // After a duplicate key another node of this name was faster: the next try finds it.
        self.retry_also(errors::is_duplicate_key, || async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = write(&mut connection, sql, &values).await?;
            // An error inside the transaction is this part's.
            let is_right = !reply.rows("made")?.is_empty() || !reply.rows("past")?.is_empty();
            let content = if is_right { None } else { Some(content::ask(&mut connection.session).await?) };
            self.keep(target, SessionDatabase::Own, connection);
            Ok::<_, WorkError>((reply, content))
        })
        .await
    }
}

fn row_batch(mode: LockMode, change: &str, what: &str, detail: &str) -> String {
    let key = name_key("@P2");
    let parts = [("lock", &*lock(mode)), ("name_key", &key), ("change", change), ("what", what), ("detail", detail)];
    fill(ROW, &parts)
}

/// The outcome of a change's batch.
#[derive(Debug, Clone, PartialEq)]
enum RowOutcome {
    /// The change is done, or cannot be done.
    Ended(RowChangeOutcome),
    /// Nothing was done, because of the row's state.
    Unchanged {
        /// The row, if there is one.
        row: Option<Box<KeptRow>>,
        /// Whether this run made this very change before, and has not undone it.
        done: bool,
        /// Whether it has undone it.
        undone: bool,
    },
}

impl RowOutcome {
    fn read(reply: &Reply, content: Option<Content>, change: &RowChange) -> Result<Self, Trouble> {
        if !reply.rows("made")?.is_empty() {
            return Ok(Self::Ended(RowChangeOutcome::Made));
        }
        let Some(past) = reply.rows("past")?.first() else {
            return match content {
                // The cluster came in between.
                Some(Content::Cluster(seen)) if seen.id == change.cluster => Err(Trouble::Unasked),
                None => Err(Trouble::Unasked),
                Some(content) => Ok(Self::Ended(RowChangeOutcome::NotThere(content))),
            };
        };
        let (done, undone) = (past.count("done_at"), past.count("undone_at"));
        let row = reply.rows("kept")?.first().map(|row| Box::new(node_row(row)));
        Ok(Self::Unchanged { row, done: done > undone, undone: undone > done })
    }

    fn after_change(self, operation: &RowOperation) -> Result<RowChangeOutcome, Trouble> {
        let (row, done) = match self {
            Self::Ended(changed) => return Ok(changed),
            Self::Unchanged { row, done, .. } => (row, done),
        };
        let stands = |row: &KeptRow| match operation {
            RowOperation::Insert(after) | RowOperation::Replace { after, .. } | RowOperation::Update { after, .. } => {
                row.row == *after
            }
            RowOperation::Drain { before } => row.drained && row.joined == before.joined,
            RowOperation::Remove { .. } => false,
        };
        Ok(match (row, operation) {
            (Some(row), _) if done && stands(&row) => RowChangeOutcome::Ours,
            (Some(row), _) => RowChangeOutcome::Taken(row),
            (None, RowOperation::Remove { .. }) if done => RowChangeOutcome::Ours,
            // No such row, and yet it was in the way: it was deleted in between.
            (None, RowOperation::Insert(_)) => return Err(Trouble::Unasked),
            (None, _) => RowChangeOutcome::Gone,
        })
    }
}

/// Returns the texts of a node's row in the order in which the batches take them.
pub(super) fn texts(row: &NodeRow) -> [&str; 6] {
    [&row.name, &row.address, &row.host, &row.system, &row.program, &row.prefixes].map(CompactString::as_str)
}

/// Reads a node's row in a `member` or `kept` part. Not cleaned, since it is compared with what is in the database, and written back
/// there.
pub fn node_row(row: &ReplyRow) -> KeptRow {
    let text = |name| row.raw(name).unwrap_or_default().into();
    // A number that does not fit was put there by hand, and is not a port.
    let small = |name| row.number(name).and_then(|number| u16::try_from(number).ok()).unwrap_or_default();
    KeptRow {
        row: NodeRow {
            name: text("name"),
            address: text("address"),
            host: text("host"),
            system: text("operating_system"),
            program: text("program"),
            prefixes: text("prefixes"),
            comms_port: small("comms_port"),
            grpc_port: small("grpc_port"),
            task_cap: small("task_cap"),
        },
        joined: text("joined"),
        last_seen: text("last_seen"),
        drained: row.flag("drained"),
    }
}

/// Reads how many nodes the licence allows, if the registry knows it.
pub fn node_limit(reply: &Reply) -> Result<Option<NodeLimit>, Trouble> {
    let number = reply.rows("licence")?.first().and_then(|row| row.number("node_limit"));
    Ok(number.and_then(|number| NodeLimit::from_row(i32::try_from(number).ok()?)))
}

/// Reads the licence's last day, if the registry knows it.
pub fn licence_ends(reply: &Reply) -> Result<Option<Date>, Trouble> {
    Ok(reply.rows("licence_end")?.first().and_then(|row| row.raw("ends")).and_then(day))
}

/// Reads `2027-01-31`; anything else was put there by hand.
fn day(text: &str) -> Option<Date> {
    let mut numbers = text.trim().splitn(3, '-');
    let (year, month, day) = (numbers.next()?, numbers.next()?.parse::<u8>().ok()?, numbers.next()?);
    Date::from_calendar_date(year.parse().ok()?, Month::try_from(month).ok()?, day.parse().ok()?).ok()
}

/// Reads what the nodes share.
pub fn storage(reply: &Reply) -> Result<SharedStorage, Trouble> {
    let rows = reply.rows("storage")?.iter();
    Ok(SharedStorage::from_rows(rows.filter_map(|row| Some((row.raw("folder")?, row.raw("path")?)))))
}

/// Reads the canaries. Ignores one in a folder that this program does not know.
pub fn canaries(reply: &Reply) -> Result<Vec<CanaryRow>, Trouble> {
    let rows = reply.rows("canary")?.iter();
    Ok(rows
        .filter_map(|row| {
            let folder = SharedFolder::from_id(row.raw("folder")?)?;
            Some(CanaryRow { node: row.raw("node")?.to_owned(), folder, token: row.raw("token")?.trim().to_owned() })
        })
        .collect())
}

/// Reads the names of the nodes that are no more.
pub fn removed(reply: &Reply) -> Result<Vec<Untrusted>, Trouble> {
    Ok(reply.rows("removed")?.iter().filter_map(|row| row.raw("node").map(Untrusted::new)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::model::cluster::ClusterId;
    use crate::world::sqlserver::batch::tests::{reply, row as reply_row};

    type Cells = &'static [(&'static str, &'static str)];

    const DONE: Cells = &[("part", "past"), ("done_at", "#7"), ("undone_at", "#3")];
    const NEVER: Cells = &[("part", "past"), ("done_at", "#0"), ("undone_at", "#0")];
    const KEPT: Cells =
        &[("part", "kept"), ("name", "web01"), ("host", "a"), ("joined", "j"), ("last_seen", "s"), ("drained", "#1")];

    fn row_on(host: &str) -> NodeRow {
        NodeRow {
            name: "web01".into(),
            address: "".into(),
            host: host.into(),
            system: "".into(),
            program: "".into(),
            prefixes: "".into(),
            comms_port: 0,
            grpc_port: 0,
            task_cap: 0,
        }
    }

    fn before() -> KeptRow {
        KeptRow { row: row_on("a"), joined: "j".into(), last_seen: "s".into(), drained: false }
    }

    fn ended(operation: RowOperation, rows: &[Cells]) -> Result<RowChangeOutcome, Trouble> {
        let change = RowChange { cluster: ClusterId([1; 16]), run: "r".into(), host: "h".into(), operation };
        RowOutcome::read(&reply(rows), content::read(&reply(rows)).ok(), &change)?.after_change(&change.operation)
    }

    #[test]
    fn ours_is_what_this_run_did_and_what_still_stands() {
        let (insert, other) = (RowOperation::Insert(row_on("a")), RowOperation::Insert(row_on("b")));
        assert_eq!(ended(insert.clone(), &[DONE, KEPT]), Ok(RowChangeOutcome::Ours));
        assert!(matches!(ended(insert.clone(), &[NEVER, KEPT]), Ok(RowChangeOutcome::Taken(_))), "another run with the same row");
        assert!(matches!(ended(other, &[DONE, KEPT]), Ok(RowChangeOutcome::Taken(_))), "changed since");
        assert_eq!(ended(insert, &[NEVER]), Err(Trouble::Unasked));
        assert_eq!(ended(RowOperation::Drain { before: before() }, &[DONE, KEPT]), Ok(RowChangeOutcome::Ours));
    }

    #[test]
    fn a_missing_row_is_gone_and_only_the_wizard_that_removed_it_says_removed() {
        assert_eq!(ended(RowOperation::Remove { before: before() }, &[DONE]), Ok(RowChangeOutcome::Ours));
        assert_eq!(ended(RowOperation::Remove { before: before() }, &[NEVER]), Ok(RowChangeOutcome::Gone));
        assert_eq!(ended(RowOperation::Update { before: before(), after: row_on("a") }, &[DONE]), Ok(RowChangeOutcome::Gone));
        assert!(matches!(ended(RowOperation::Remove { before: before() }, &[DONE, KEPT]), Ok(RowChangeOutcome::Taken(_))));
    }

    #[test]
    fn without_our_cluster_it_says_what_is_there() {
        let empty: Cells = &[("part", "content"), ("tables", "#0"), ("sees", "#1")];
        assert_eq!(ended(RowOperation::Insert(row_on("a")), &[empty]), Ok(RowChangeOutcome::NotThere(Content::Empty)));
        assert_eq!(ended(RowOperation::Insert(row_on("a")), &[]), Err(Trouble::Unasked));
    }

    #[test]
    fn an_error_in_the_transaction_is_the_servers() {
        let failed: Cells = &[("part", "trouble"), ("of_part", "made"), ("number", "#229"), ("message", "denied")];
        assert!(matches!(ended(RowOperation::Insert(row_on("a")), &[failed]), Err(Trouble::Sql(said)) if said.number == 229));
    }

    #[test]
    fn a_port_that_is_none_is_nought() {
        let row = reply_row(&[("name", "web01"), ("comms_port", "#70000"), ("grpc_port", "#8443"), ("drained", "#1")]);
        let kept = node_row(&row);
        assert_eq!((kept.row.name.as_str(), kept.row.comms_port, kept.row.grpc_port), ("web01", 0, 8443));
        assert!(kept.drained);
    }

    #[test]
    fn a_licence_without_end_is_read_as_such_and_nonsense_as_nothing() {
        let limit = |number| node_limit(&reply(&[&[("part", "licence"), ("node_limit", number)]]));
        assert_eq!(limit("#3"), Ok(Some(NodeLimit::Nodes(3))));
        assert_eq!(limit("#2147483647"), Ok(Some(NodeLimit::Unlimited)));
        assert_eq!((limit("-"), limit("#0")), (Ok(None), Ok(None)));
        let ends = |text| licence_ends(&reply(&[&[("part", "licence_end"), ("ends", text)]]));
        assert_eq!(ends("2027-01-31"), Ok(Some(time::macros::date!(2027 - 01 - 31))));
        for nonsense in ["-", "", "2027-02-30", "2027-1", "soon"] {
            assert_eq!(ends(nonsense), Ok(None), "{nonsense}");
        }
        assert_eq!(licence_ends(&reply(&[])), Ok(None), "an older registry");
    }

    #[test]
    fn storage_and_canaries_are_read_and_unknown_folders_left_out() {
        let token = "0123456789abcdef0123456789abcdef";
        let seen = reply(&[
            &[("part", "storage"), ("folder", "packages"), ("path", "/p")],
            &[("part", "storage"), ("folder", "artifacts"), ("path", "/a")],
            &[("part", "canary"), ("node", "web01"), ("folder", "packages"), ("token", token)],
            &[("part", "canary"), ("node", "web01"), ("folder", "news"), ("token", token)],
        ]);
        let folders = vec![(SharedFolder::Artifacts, "/a".into()), (SharedFolder::Packages, "/p".into())];
        assert_eq!(storage(&seen), Ok(SharedStorage::Folders(folders)));
        let canary = CanaryRow { node: "web01".into(), folder: SharedFolder::Packages, token: token.into() };
        assert_eq!(canaries(&seen), Ok(vec![canary]));
        assert_eq!(storage(&reply(&[])), Ok(SharedStorage::None));
    }
}
