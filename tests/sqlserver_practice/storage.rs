//! Shared storage, canaries and licence in the registry.

use octopus_setup::model::facts::{ClusterFacts, Content, Fact};
use octopus_setup::model::licence::NodeLimit;
use octopus_setup::model::registry::{
    CanaryRow, InitialiseOutcome, NewCluster, RegisterOutcome, RowChange, RowChangeOutcome, RowOperation, StorageRows,
};
use octopus_setup::model::storage::{SharedFolder, SharedStorage};
use octopus_setup::model::target::Target;
use octopus_setup::world::sqlserver::{SqlServer, Undone};
use time::macros::date;

use super::relay::Relay;
use super::support::{Lab, by, cluster, login, node};

async fn lab() -> (Lab, Target, SqlServer) {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    let server = SqlServer::new();
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    (lab, target, server)
}

fn root() -> SharedStorage {
    SharedStorage::Root("/mnt/octopus".into())
}

/// A canary for each folder, with tokens made of this digit.
fn canaries(node: &str, digit: &str) -> Vec<CanaryRow> {
    SharedFolder::ALL.map(|folder| CanaryRow { node: node.into(), folder, token: digit.repeat(32) }).to_vec()
}

fn sets(node: &str, storage: SharedStorage) -> StorageRows {
    StorageRows { cluster: cluster(1).id, node: node.into(), host: "here".into(), storage, sets: true, canaries: Vec::new() }
}

fn leaves(node: &str, digit: &str) -> StorageRows {
    StorageRows { sets: false, canaries: canaries(node, digit), ..sets(node, root()) }
}

async fn seen(target: &Target) -> ClusterFacts {
    SqlServer::new().cluster(target, true).await
}

async fn tokens(target: &Target) -> Vec<String> {
    let mut all: Vec<String> = seen(target).await.canaries.seen().expect("read").iter().map(told).collect();
    all.sort();
    all.dedup();
    all
}

fn told(canary: &CanaryRow) -> String {
    format!("{} {}", canary.node, &canary.token[..1])
}

async fn history(lab: &Lab, what: &str) -> String {
    lab.ask(&format!("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.history WHERE what = N'{what}'")).await
}

fn change(run: &str, operation: RowOperation) -> RowChange {
    RowChange { cluster: cluster(1).id, run: run.into(), host: "here".into(), operation }
}

#[tokio::test]
async fn the_first_node_sets_the_storage_and_its_canaries_once_in_one_round_trip_each() {
    let (mut lab, target, server) = lab().await;
    lab.counted();
    for _ in 0..2 {
        assert_eq!(server.register_storage(&target, &sets("web01", root())).await, Ok(RegisterOutcome::Made));
        assert_eq!(server.register_storage(&target, &leaves("web01", "a")).await, Ok(RegisterOutcome::Made));
    }
    assert_eq!(lab.counted(), (4, 0));
    let facts = seen(&target).await;
    assert_eq!(facts.storage, Fact::Seen(root()));
    let left = facts.canaries.seen().expect("read");
    assert_eq!(left.len(), 6);
    assert!(canaries("web01", "a").iter().all(|canary| left.contains(canary)), "{left:?}");
    assert_eq!((history(&lab, "storage set").await, history(&lab, "canary left").await), ("1".into(), "1".into()));
    let detail = "SELECT detail FROM octopus_setup.history WHERE what = N'storage set'";
    assert_eq!(lab.ask(detail).await, "cluster-shared /mnt/octopus");
}

#[tokio::test]
async fn the_first_nodes_storage_is_written_with_its_cluster_in_the_same_round_trip() {
    let lab = Lab::new().await;
    let (target, server) = (lab.as_sa("Octopus"), SqlServer::new());
    // Characters that the server counts as two each, more than fit into a line of the history.
    let path = format!("/mnt/{}", "\u{1f419}".repeat(300));
    let shared = SharedStorage::Root(path.as_str().into());
    let new = NewCluster { storage: shared.clone(), canaries: canaries("web01", "a"), ..cluster(1) };
    assert_eq!(server.initialise(&target, &new).await, Ok(InitialiseOutcome::Made));
    let facts = seen(&target).await;
    assert_eq!(facts.storage, Fact::Seen(shared.clone()));
    assert_eq!(tokens(&target).await, ["web01 a"]);
    assert_eq!((history(&lab, "storage set").await, history(&lab, "canary left").await), ("1".into(), "1".into()));
    // Told once more, as by a later start of the run, nothing is entered twice.
    let again = StorageRows { canaries: canaries("web01", "a"), ..sets("web01", shared) };
    assert_eq!(server.register_storage(&target, &again).await, Ok(RegisterOutcome::Made));
    assert_eq!((history(&lab, "storage set").await, history(&lab, "canary left").await), ("1".into(), "1".into()));
    // And all of it is taken back at once.
    assert_eq!(server.unregister_storage(&target, &again).await, Ok(RegisterOutcome::Made));
    assert_eq!(seen(&target).await.storage, Fact::Seen(SharedStorage::None));
    assert!(tokens(&target).await.is_empty());
}

#[tokio::test]
async fn each_folder_is_read_back_as_it_was_set() {
    let (_lab, target, server) = lab().await;
    let folders = SharedFolder::ALL.map(|folder| (folder, format!("\\\\files\\Köln's {}", folder.name()).into())).to_vec();
    for some in [folders[..3].to_vec(), folders] {
        let storage = SharedStorage::Folders(some);
        assert_eq!(server.register_storage(&target, &sets("web01", storage.clone())).await, Ok(RegisterOutcome::Made));
        assert_eq!(seen(&target).await.storage, Fact::Seen(storage.clone()));
        assert_eq!(server.unregister_storage(&target, &sets("web01", storage)).await, Ok(RegisterOutcome::Made));
    }
}

#[tokio::test]
async fn storage_that_is_set_differently_is_returned_and_nothing_is_written() {
    let (_lab, target, server) = lab().await;
    assert_eq!(
        server.register_storage(&target, &leaves("web01", "a")).await,
        Ok(RegisterOutcome::Otherwise(SharedStorage::None))
    );
    server.register_storage(&target, &sets("web01", root())).await.expect("set");
    // To the database's collation, and to its padding, these are one path.
    for path in ["/mnt/other", "/mnt/OCTOPUS", "/mnt/octopus "] {
        let other = SharedStorage::Root(path.into());
        assert_eq!(
            server.register_storage(&target, &sets("web01", other.clone())).await,
            Ok(RegisterOutcome::Otherwise(root())),
            "{path}"
        );
        let leaves = StorageRows { storage: other, ..leaves("web01", "a") };
        assert_eq!(server.register_storage(&target, &leaves).await, Ok(RegisterOutcome::Otherwise(root())), "{path}");
    }
    let folders = SharedStorage::Folders(vec![(SharedFolder::Artifacts, "/mnt/octopus".into())]);
    assert_eq!(server.register_storage(&target, &sets("web01", folders)).await, Ok(RegisterOutcome::Otherwise(root())));
    assert_eq!(tokens(&target).await, Vec::<String>::new());
}

#[tokio::test]
async fn another_cluster_an_unknown_node_and_no_registry_are_refused() {
    let (lab, target, server) = lab().await;
    let other = StorageRows { cluster: cluster(2).id, ..sets("web01", root()) };
    let ended = server.register_storage(&target, &other).await;
    assert!(matches!(&ended, Ok(RegisterOutcome::NotThere(Content::Cluster(seen))) if seen.id == cluster(1).id), "{ended:?}");
    let ended = server.unregister_storage(&target, &other).await;
    assert!(matches!(&ended, Ok(RegisterOutcome::NotThere(Content::Cluster(_)))), "{ended:?}");
    let ended = server.register_storage(&target, &sets("web02", root())).await;
    assert!(matches!(&ended, Ok(RegisterOutcome::NotThere(Content::Cluster(_)))), "{ended:?}");
    assert_eq!(seen(&target).await.storage, Fact::Seen(SharedStorage::None));
    lab.prepare("Octopus", &["UPDATE octopus_setup.version SET version = 3"]).await;
    let ended = server.register_storage(&target, &sets("web01", root())).await;
    assert!(matches!(&ended, Ok(RegisterOutcome::NotThere(Content::NewerRegistry { version: 3 }))), "{ended:?}");
    let empty = lab.as_sa("Empty");
    lab.database("Empty").await;
    assert_eq!(server.register_storage(&empty, &sets("web01", root())).await, Ok(RegisterOutcome::NotThere(Content::Empty)));
}

#[tokio::test]
async fn only_canaries_with_these_tokens_are_deleted() {
    let (lab, target, server) = lab().await;
    server.register_storage(&target, &sets("web01", root())).await.expect("set");
    server.register_storage(&target, &leaves("web01", "a")).await.expect("left");
    assert_eq!(server.unregister_storage(&target, &leaves("web01", "b")).await, Ok(RegisterOutcome::Made));
    assert_eq!(tokens(&target).await, ["web01 a"]);
    for _ in 0..2 {
        assert_eq!(server.unregister_storage(&target, &leaves("web01", "a")).await, Ok(RegisterOutcome::Made));
        assert_eq!(tokens(&target).await, Vec::<String>::new());
    }
    for _ in 0..2 {
        assert_eq!(server.unregister_storage(&target, &sets("web01", root())).await, Ok(RegisterOutcome::Made));
        assert_eq!(seen(&target).await.storage, Fact::Seen(SharedStorage::None));
    }
    assert_eq!((history(&lab, "storage unset").await, history(&lab, "canary taken").await), ("1".into(), "1".into()));
}

#[tokio::test]
async fn storage_stays_while_another_node_has_a_canary() {
    let (_lab, target, server) = lab().await;
    server.register_storage(&target, &sets("web01", root())).await.expect("set");
    server.change_row(&target, &change("r", RowOperation::Insert(node("web02")))).await.expect("joined");
    server.register_storage(&target, &leaves("web02", "c")).await.expect("left");
    assert_eq!(server.unregister_storage(&target, &sets("web01", root())).await, Ok(RegisterOutcome::Otherwise(root())));
    assert_eq!(seen(&target).await.storage, Fact::Seen(root()));
    // And is nobody's to take who has not set it.
    server.unregister_storage(&target, &leaves("web02", "c")).await.expect("taken");
    assert_eq!(server.unregister_storage(&target, &sets("web02", root())).await, Ok(RegisterOutcome::Otherwise(root())));
}

#[tokio::test]
async fn removing_a_node_deletes_its_canaries_and_undoing_that_restores_them() {
    let (lab, target, server) = lab().await;
    server.register_storage(&target, &sets("web01", root())).await.expect("set");
    server.register_storage(&target, &leaves("web01", "a")).await.expect("left");
    server.change_row(&target, &change("r", RowOperation::Insert(node("web02")))).await.expect("joined");
    server.register_storage(&target, &leaves("WEB02", "c")).await.expect("left");
    assert_eq!(tokens(&target).await, ["web01 a", "web02 c"]);
    let before = seen(&target).await.node("web02").and_then(|node| node.row.clone()).expect("a row");
    for run in ["x", "y"] {
        let leaves = change(run, RowOperation::Remove { before: before.clone() });
        assert_eq!(server.change_row(&target, &leaves).await, Ok(RowChangeOutcome::Made));
        assert_eq!(lab.ask("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.canary").await, "6");
        assert_eq!(tokens(&target).await, ["web01 a"]);
        assert_eq!(server.undo_row_change(&target, &leaves).await, Ok(RowChangeOutcome::Made));
        assert_eq!(tokens(&target).await, ["web01 a", "web02 c"]);
        assert_eq!(seen(&target).await.canaries.seen().map(Vec::len), Some(12));
    }
}

#[tokio::test]
async fn a_node_that_takes_over_a_name_has_no_canaries_of_the_older_one() {
    let (lab, target, server) = lab().await;
    server.register_storage(&target, &sets("web01", root())).await.expect("set");
    server.change_row(&target, &change("r", RowOperation::Insert(node("web02")))).await.expect("joined");
    server.register_storage(&target, &leaves("web02", "c")).await.expect("left");
    let before = seen(&target).await.node("web02").and_then(|node| node.row.clone()).expect("a row");
    let replace = change("s", RowOperation::Replace { before, after: node("web02") });
    assert_eq!(server.change_row(&target, &replace).await, Ok(RowChangeOutcome::Made));
    assert_eq!(tokens(&target).await, Vec::<String>::new());
    server.register_storage(&target, &leaves("web02", "d")).await.expect("left");
    assert_eq!(
        server.undo_row_change(&target, &replace).await,
        Ok(RowChangeOutcome::Made),
        "what is told of the storage is not in the way"
    );
    // Rows of a node that somebody took out by hand.
    lab.prepare("Octopus", &["DELETE FROM octopus_setup.node WHERE name = N'web02'"]).await;
    assert_eq!(tokens(&target).await, Vec::<String>::new());
    let join = change("t", RowOperation::Insert(node("Web02")));
    assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(tokens(&target).await, Vec::<String>::new());
    server.register_storage(&target, &leaves("web02", "e")).await.expect("left");
    assert_eq!(server.undo_row_change(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(lab.ask("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.canary").await, "0");
}

#[tokio::test]
async fn after_a_lost_reply_nothing_is_written_twice() {
    let (lab, target, server) = lab().await;
    let relay = Relay::to(lab.server.addr()).await;
    let target = relay.through(target);
    server.cluster(&target, false).await;
    for (rows, word) in [(sets("web01", root()), "storage set"), (leaves("web01", "a"), "canary left")] {
        relay.swallow_a_reply();
        assert_eq!(server.register_storage(&target, &rows).await, Ok(RegisterOutcome::Made));
        assert_eq!(history(&lab, word).await, "1", "{word}");
    }
    for (rows, word) in [(leaves("web01", "a"), "canary taken"), (sets("web01", root()), "storage unset")] {
        relay.swallow_a_reply();
        assert_eq!(server.unregister_storage(&target, &rows).await, Ok(RegisterOutcome::Made));
        assert_eq!(history(&lab, word).await, "1", "{word}");
    }
}

#[tokio::test]
async fn without_rights_nothing_is_written_and_the_error_is_returned() {
    let reader = login("reader", false, false);
    let lab = Lab::with(|options| options.logins.push(reader.clone())).await;
    let server = SqlServer::new();
    server.initialise(&lab.as_sa("Octopus"), &cluster(1)).await.expect("initialised");
    lab.prepare("Octopus", &["CREATE USER reader FOR LOGIN reader", "ALTER ROLE db_datareader ADD MEMBER reader"]).await;
    let ended = SqlServer::new().register_storage(&by(&reader, lab.target("Octopus")), &sets("web01", root())).await;
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(seen(&lab.as_sa("Octopus")).await.storage, Fact::Seen(SharedStorage::None));
}

#[tokio::test]
async fn the_licence_is_stored_with_the_cluster_and_an_older_registry_has_none() {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    let server = SqlServer::new();
    let licence = NewCluster { node_limit: Some(NodeLimit::Unlimited), licence_ends: Some(date!(2027 - 01 - 31)), ..cluster(1) };
    server.initialise(&target, &licence).await.expect("initialised");
    let facts = seen(&target).await;
    assert_eq!(facts.node_limit, Fact::Seen(Some(NodeLimit::Unlimited)));
    assert_eq!(facts.licence_ends, Fact::Seen(Some(date!(2027 - 01 - 31))));
    lab.prepare("Octopus", &["DROP TABLE octopus_setup.licence"]).await;
    let facts = seen(&target).await;
    assert_eq!((facts.licence_ends, facts.node_limit), (Fact::Seen(None), Fact::Seen(Some(NodeLimit::Unlimited))));
    assert_eq!(server.undo_initialise(&target, cluster(1).id).await, Ok(Undone::Gone));
    // And in one that lost its cluster the licence is written anew.
    let limited = NewCluster { node_limit: Some(NodeLimit::Nodes(3)), licence_ends: None, ..licence };
    server.initialise(&target, &limited).await.expect("initialised");
    lab.prepare("Octopus", &["DELETE FROM octopus_setup.cluster; DELETE FROM octopus_setup.node"]).await;
    server.initialise(&target, &NewCluster { node_limit: None, ..limited }).await.expect("initialised");
    let facts = seen(&target).await;
    assert_eq!((facts.licence_ends, facts.node_limit), (Fact::Seen(None), Fact::Seen(None)));
    assert_eq!(server.undo_initialise(&target, cluster(1).id).await, Ok(Undone::Gone));
}
