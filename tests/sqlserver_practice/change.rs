//! Changes one node's row, and undoes that.

use octopus_setup::model::facts::{Content, NodeSeen, Trouble};
use octopus_setup::model::registry::{KeptRow, NodeRow, RowChange, RowChangeOutcome, RowOperation};
use octopus_setup::model::target::Target;
use octopus_setup::world::sqlserver::{Membership, SqlServer};
use practice_server::WireFault;

use super::relay::Relay;
use super::support::{Lab, by, cluster, login, node};

/// A change by this run, in the first cluster.
fn by_run(run: &str, operation: RowOperation) -> RowChange {
    RowChange { cluster: cluster(1).id, run: run.into(), host: "here".into(), operation }
}

/// A lab with the first cluster, whose first node is web01.
async fn lab() -> (Lab, Target, SqlServer) {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    let server = SqlServer::new();
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    (lab, target, server)
}

async fn seen(target: &Target, name: &str) -> Option<NodeSeen> {
    SqlServer::new().cluster(target, false).await.node(name).cloned()
}

async fn row(target: &Target, name: &str) -> KeptRow {
    seen(target, name).await.and_then(|node| node.row).expect("a row")
}

/// Counts the lines of the history with this word.
async fn history(lab: &Lab, what: &str) -> String {
    lab.ask(&format!("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.history WHERE what = N'{what}'")).await
}

fn other(name: &str) -> NodeRow {
    NodeRow { host: "elsewhere".into(), task_cap: 9, ..node(name) }
}

#[tokio::test]
async fn a_node_joins_once_in_one_round_trip_and_recognises_its_row() {
    let (mut lab, target, server) = lab().await;
    let join = by_run("a", RowOperation::Insert(node("web02")));
    lab.counted();
    assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(lab.counted(), (1, 0));
    assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Ours));
    assert_eq!(history(&lab, "joined").await, "1");
    let kept = row(&target, "web02").await;
    assert_eq!((kept.row, kept.drained, kept.joined.len()), (node("web02"), false, 23));
    assert!(matches!(server.prove(&target, cluster(1).id, "web02").await, Ok(Membership::Member(seen)) if seen.node_count == 2));
}

#[tokio::test]
async fn a_name_in_use_is_taken_in_upper_or_lower_case() {
    let (_lab, target, server) = lab().await;
    let ended = server.change_row(&target, &by_run("a", RowOperation::Insert(other("WEB01")))).await;
    let Ok(RowChangeOutcome::Taken(kept)) = ended else { panic!("{ended:?}") };
    assert_eq!(kept.row, node("web01"));
    // The same row by another run is not ours either.
    let ended = server.change_row(&target, &by_run("a", RowOperation::Insert(node("web01")))).await;
    assert!(matches!(ended, Ok(RowChangeOutcome::Taken(_))), "{ended:?}");
}

#[tokio::test]
async fn a_dead_nodes_row_is_replaced_once_and_restored_to_the_millisecond() {
    let (lab, target, server) = lab().await;
    let old =
        "UPDATE octopus_setup.node SET joined = '2026-01-02T03:04:05.678', last_seen = '2026-02-03T04:05:06.789', drained = 1";
    lab.prepare("Octopus", &[old]).await;
    let before = row(&target, "web01").await;
    assert_eq!((before.joined.as_str(), before.last_seen.as_str()), ("2026-01-02 03:04:05.678", "2026-02-03 04:05:06.789"));
    let replace = by_run("a", RowOperation::Replace { before: before.clone(), after: other("Web01") });
    assert_eq!(server.change_row(&target, &replace).await, Ok(RowChangeOutcome::Made));
    assert_eq!(server.change_row(&target, &replace).await, Ok(RowChangeOutcome::Ours));
    let after = row(&target, "web01").await;
    assert_eq!((&after.row, after.drained), (&other("Web01"), false));
    assert!(after.joined > before.joined && after.last_seen > before.last_seen);
    let second = by_run("b", replace.operation.clone());
    assert_eq!(server.change_row(&target, &second).await, Ok(RowChangeOutcome::Taken(Box::new(after))), "by another run");
    assert_eq!(server.undo_row_change(&target, &second).await, Ok(RowChangeOutcome::Gone), "it was never made");
    assert_eq!(server.undo_row_change(&target, &replace).await, Ok(RowChangeOutcome::Made));
    assert_eq!(row(&target, "web01").await, before);
    assert_eq!(server.undo_row_change(&target, &replace).await, Ok(RowChangeOutcome::Ours));
    assert_eq!(server.change_row(&target, &replace).await, Ok(RowChangeOutcome::Made), "and it can be made again");
}

#[tokio::test]
async fn a_row_that_was_seen_since_is_not_replaced() {
    let (lab, target, server) = lab().await;
    let before = row(&target, "web01").await;
    lab.prepare("Octopus", &["UPDATE octopus_setup.node SET last_seen = '2027-02-03T04:05:06.789'"]).await;
    for operation in [
        RowOperation::Replace { before: before.clone(), after: other("web01") },
        RowOperation::Update { before: before.clone(), after: other("web01") },
        RowOperation::Drain { before: before.clone() },
        RowOperation::Remove { before: before.clone() },
    ] {
        let ended = server.change_row(&target, &by_run("a", operation.clone())).await;
        let Ok(RowChangeOutcome::Taken(kept)) = ended else { panic!("{operation:?}: {ended:?}") };
        assert_eq!((kept.row, kept.last_seen.as_str()), (node("web01"), "2027-02-03 04:05:06.789"));
    }
}

#[tokio::test]
async fn a_node_changes_its_own_row_and_undoes_it() {
    let (_lab, target, server) = lab().await;
    let before = row(&target, "web01").await;
    let update = by_run("a", RowOperation::Update { before: before.clone(), after: other("web01") });
    assert_eq!(server.change_row(&target, &update).await, Ok(RowChangeOutcome::Made));
    let after = row(&target, "web01").await;
    assert_eq!((&after.row, &after.joined), (&other("web01"), &before.joined));
    assert_eq!(server.undo_row_change(&target, &update).await, Ok(RowChangeOutcome::Made));
    assert_eq!(row(&target, "web01").await, before);
}

#[tokio::test]
async fn a_node_drains_and_removes_itself_and_both_can_be_undone() {
    let (lab, target, server) = lab().await;
    let before = row(&target, "web01").await;
    let (drain, remove) = (RowOperation::Drain { before: before.clone() }, RowOperation::Remove { before: before.clone() });
    let (drain, remove) = (by_run("a", drain), by_run("a", remove));
    assert_eq!(server.change_row(&target, &drain).await, Ok(RowChangeOutcome::Made));
    assert_eq!(server.change_row(&target, &drain).await, Ok(RowChangeOutcome::Ours));
    assert!(seen(&target, "web01").await.expect("a node").drained);
    assert_eq!(server.change_row(&target, &remove).await, Ok(RowChangeOutcome::Made));
    assert_eq!(server.change_row(&target, &remove).await, Ok(RowChangeOutcome::Ours));
    assert_eq!(seen(&target, "web01").await, None);
    assert_eq!(server.change_row(&target, &by_run("b", remove.operation.clone())).await, Ok(RowChangeOutcome::Gone));
    assert_eq!(server.undo_row_change(&target, &remove).await, Ok(RowChangeOutcome::Made));
    assert_eq!(row(&target, "web01").await, before, "as the operation knew it");
    assert_eq!(server.undo_row_change(&target, &drain).await, Ok(RowChangeOutcome::Made));
    assert_eq!(row(&target, "web01").await, before);
    assert_eq!(history(&lab, "undone").await, "2");
}

#[tokio::test]
async fn joining_is_undone_only_by_its_own_run() {
    let (_lab, target, server) = lab().await;
    let join = by_run("a", RowOperation::Insert(node("web02")));
    assert_eq!(server.undo_row_change(&target, &join).await, Ok(RowChangeOutcome::Gone));
    server.change_row(&target, &join).await.expect("joined");
    assert_eq!(server.undo_row_change(&target, &by_run("b", join.operation.clone())).await, Ok(RowChangeOutcome::Gone));
    assert!(seen(&target, "web02").await.is_some());
    assert_eq!(server.undo_row_change(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(seen(&target, "web02").await, None);
    assert_eq!(server.undo_row_change(&target, &join).await, Ok(RowChangeOutcome::Ours));
    assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Made));
}

#[tokio::test]
async fn a_row_that_somebody_else_has_changed_since_is_not_restored() {
    let (_lab, target, server) = lab().await;
    let join = by_run("a", RowOperation::Insert(node("web02")));
    server.change_row(&target, &join).await.expect("joined");
    let before = row(&target, "web02").await;
    let update = by_run("b", RowOperation::Update { before, after: NodeRow { task_cap: 1, ..node("WEB02") } });
    assert_eq!(server.change_row(&target, &update).await, Ok(RowChangeOutcome::Made));
    let ended = server.undo_row_change(&target, &join).await;
    assert!(matches!(&ended, Ok(RowChangeOutcome::Taken(kept)) if kept.row.task_cap == 1), "{ended:?}");
}

#[tokio::test]
async fn a_removed_row_is_not_restored_if_its_name_is_in_use() {
    let (_lab, target, server) = lab().await;
    let remove = by_run("a", RowOperation::Remove { before: row(&target, "web01").await });
    server.change_row(&target, &remove).await.expect("removed");
    server.change_row(&target, &by_run("b", RowOperation::Insert(other("WEB01")))).await.expect("joined");
    let ended = server.undo_row_change(&target, &remove).await;
    assert!(matches!(&ended, Ok(RowChangeOutcome::Taken(kept)) if kept.row == other("WEB01")), "{ended:?}");
}

#[tokio::test]
async fn after_a_lost_reply_the_change_is_recognised() {
    let (lab, target, server) = lab().await;
    let relay = Relay::to(lab.server.addr()).await;
    let target = relay.through(target);
    let before = row(&target, "web01").await;
    let deeds = [
        RowOperation::Insert(node("web02")),
        RowOperation::Update { before: before.clone(), after: other("web01") },
        RowOperation::Replace { before: row(&target, "web01").await, after: other("web01") },
    ];
    for (index, operation) in deeds.into_iter().enumerate() {
        let change = by_run(&index.to_string(), operation);
        server.content(&target).await.expect("a kept session");
        relay.swallow_a_reply();
        assert_eq!(server.change_row(&target, &change).await, Ok(RowChangeOutcome::Ours), "{index}");
        relay.swallow_a_reply();
        assert_eq!(server.undo_row_change(&target, &change).await, Ok(RowChangeOutcome::Ours), "{index}");
        assert_eq!(row(&target, "web01").await, before);
    }
    let remove = by_run("r", RowOperation::Remove { before });
    relay.swallow_a_reply();
    assert_eq!(server.change_row(&target, &remove).await, Ok(RowChangeOutcome::Ours));
    assert_eq!(history(&lab, "undone").await, "3");
}

#[tokio::test]
async fn a_connection_that_keeps_breaking_changes_a_row_once() {
    let (lab, target, server) = lab().await;
    let join = by_run("a", RowOperation::Insert(node("web02")));
    lab.server.set_wire_fault(Some(WireFault::DropMidReply));
    assert_eq!(server.change_row(&target, &join).await, Err(Trouble::ConnectionLost));
    lab.server.set_wire_fault(None);
    let expected = if seen(&target, "web02").await.is_some() { RowChangeOutcome::Ours } else { RowChangeOutcome::Made };
    assert_eq!(server.change_row(&target, &join).await, Ok(expected));
    assert_eq!(history(&lab, "joined").await, "1");
}

#[tokio::test]
async fn another_registry_or_a_missing_one_is_not_written() {
    let (lab, target, server) = lab().await;
    let join = |byte| RowChange { cluster: cluster(byte).id, ..by_run("a", RowOperation::Insert(node("web02"))) };
    let ended = server.change_row(&target, &join(2)).await;
    assert!(matches!(&ended, Ok(RowChangeOutcome::NotThere(Content::Cluster(seen))) if seen.id == cluster(1).id), "{ended:?}");
    lab.prepare("Octopus", &["UPDATE octopus_setup.version SET version = 3"]).await;
    let newer = Ok(RowChangeOutcome::NotThere(Content::NewerRegistry { version: 3 }));
    assert_eq!(server.change_row(&target, &join(1)).await, newer);
    assert_eq!(server.undo_row_change(&target, &join(1)).await, newer);
    lab.database("Empty").await;
    let empty = lab.as_sa("Empty");
    assert_eq!(server.change_row(&empty, &join(1)).await, Ok(RowChangeOutcome::NotThere(Content::Empty)));
    assert_eq!(server.undo_row_change(&empty, &join(1)).await, Ok(RowChangeOutcome::NotThere(Content::Empty)));
    assert_eq!(lab.ask("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.node").await, "1");
}

#[tokio::test]
async fn a_newer_registry_with_other_columns_is_reported_as_newer() {
    let (lab, target, server) = lab().await;
    lab.prepare(
        "Octopus",
        &["UPDATE octopus_setup.version SET version = 3", "ALTER TABLE octopus_setup.node DROP COLUMN task_cap"],
    )
    .await;
    let newer = Ok(RowChangeOutcome::NotThere(Content::NewerRegistry { version: 3 }));
    let join = by_run("a", RowOperation::Insert(node("web02")));
    assert_eq!(server.change_row(&target, &join).await, newer);
    assert_eq!(server.undo_row_change(&target, &join).await, newer);
}

#[tokio::test]
async fn without_rights_nothing_is_changed_and_the_server_says_why() {
    let guest = login("guest1", false, false);
    let lab = Lab::with(|options| options.logins.push(guest.clone())).await;
    let target = lab.as_sa("Octopus");
    SqlServer::new().initialise(&target, &cluster(1)).await.expect("initialised");
    lab.prepare("Octopus", &["CREATE USER guest1 FOR LOGIN guest1", "ALTER ROLE db_datareader ADD MEMBER guest1"]).await;
    let join = by_run("a", RowOperation::Insert(node("web02")));
    let ended = SqlServer::new().change_row(&by(&guest, target.clone()), &join).await;
    assert!(matches!(&ended, Err(Trouble::Sql(said)) if said.number == 229), "{ended:?}");
    assert_eq!(SqlServer::new().change_row(&target, &join).await, Ok(RowChangeOutcome::Made));
}

#[tokio::test]
async fn values_of_a_change_are_parameters() {
    let (_lab, target, server) = lab().await;
    let odd = "w'; DROP TABLE octopus_setup.node; --";
    let join = RowChange { run: odd.into(), host: odd.into(), ..by_run("a", RowOperation::Insert(node(odd))) };
    assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(row(&target, odd).await.row, node(odd));
    assert_eq!(server.undo_row_change(&target, &join).await, Ok(RowChangeOutcome::Made));
}
