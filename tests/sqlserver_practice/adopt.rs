//! Creates a registry for a cluster that Octopus Server made.

use octopus_setup::model::facts::{Content, Evidence, Fact, Identity, Trouble};
use octopus_setup::model::key_evidence::{KeyBasis, KeyVerdict};
use octopus_setup::model::master_key::{MasterKey, Verifier};
use octopus_setup::model::registry::{InitialiseOutcome, NewCluster, RowChange, RowChangeOutcome, RowOperation};
use octopus_setup::world::sqlserver::{SqlServer, Undone};

use super::support::{Lab, cluster, node};

const OCTOPUS: [&str; 2] = [
    "CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL, LastSeen datetimeoffset NOT NULL)",
    "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen) VALUES (N'OctopusServerNodes-app', N'app', SYSDATETIMEOFFSET())",
];

#[tokio::test]
async fn a_database_of_octopus_server_gets_one_registry_without_nodes() {
    let mut lab = Lab::new().await;
    lab.prepare("Octopus", &OCTOPUS).await;
    let target = lab.as_sa("Octopus");
    let server = SqlServer::new();
    assert!(matches!(server.content(&target).await, Ok(Content::Octopus { .. })));
    lab.counted();
    assert_eq!(server.adopt_cluster(&target, &cluster(1)).await, Ok(InitialiseOutcome::Made));
    assert_eq!(lab.counted(), (1, 0));
    assert_eq!(server.adopt_cluster(&target, &cluster(1)).await, Ok(InitialiseOutcome::Ours));
    let Ok(InitialiseOutcome::Taken(seen)) = server.adopt_cluster(&target, &cluster(2)).await else { panic!("taken") };
    assert_eq!((seen.id, seen.node_count, seen.created_by.as_str()), (cluster(1).id, 0, "web01"));
    let facts = server.cluster(&target, false).await;
    assert!(matches!(facts.identity, Fact::Seen(Identity::Registered(_))), "{facts:?}");
    assert_eq!(facts.evidence, Fact::Seen(Evidence::Verifier));
    assert_eq!(facts.nodes.seen().map(|nodes| nodes.len()), Some(1));
}

#[tokio::test]
async fn a_database_without_octopus_server_is_not_adopted() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    assert_eq!(server.adopt_cluster(&target, &cluster(1)).await, Ok(InitialiseOutcome::Occupied(Content::Empty)));
    lab.prepare("Octopus", &["CREATE TABLE dbo.Orders (Id int NOT NULL)"]).await;
    let ended = server.adopt_cluster(&target, &cluster(1)).await;
    assert!(matches!(ended, Ok(InitialiseOutcome::Occupied(Content::Foreign { .. }))), "{ended:?}");
}

#[tokio::test]
async fn a_registry_of_a_newer_format_is_not_adopted() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    lab.prepare("Octopus", &OCTOPUS).await;
    server.adopt_cluster(&target, &cluster(1)).await.expect("adopted");
    lab.prepare("Octopus", &["DELETE FROM octopus_setup.cluster", "UPDATE octopus_setup.version SET version = 3"]).await;
    let ended = server.adopt_cluster(&target, &cluster(2)).await;
    assert_eq!(ended, Ok(InitialiseOutcome::Occupied(Content::NewerRegistry { version: 3 })));
}

#[tokio::test]
async fn undo_drops_an_adopted_registry_without_nodes_and_leaves_octopus_tables() {
    let lab = Lab::new().await;
    lab.prepare("Octopus", &OCTOPUS).await;
    let target = lab.as_sa("Octopus");
    let server = SqlServer::new();
    server.adopt_cluster(&target, &cluster(1)).await.expect("adopted");
    let join =
        RowChange { cluster: cluster(1).id, run: "a".into(), host: "h".into(), operation: RowOperation::Insert(node("web02")) };
    assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert!(matches!(server.undo_initialise(&target, cluster(1).id).await, Ok(Undone::LeftAlone(Content::Cluster(_)))));
    assert_eq!(server.undo_row_change(&target, &join).await, Ok(RowChangeOutcome::Made));
    assert_eq!(server.undo_initialise(&target, cluster(1).id).await, Ok(Undone::Gone));
    let ended = SqlServer::new().content(&target).await;
    assert!(matches!(&ended, Ok(Content::Octopus { nodes, .. }) if nodes.len() == 1), "{ended:?}");
}

#[tokio::test]
async fn a_key_is_verified_on_a_new_connection() {
    let mut lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    let server = SqlServer::new();
    let key = |byte| MasterKey::from_bytes(&[byte; 32]).expect("a key");
    let made = NewCluster { verifier: Verifier::derive(&key(7), [3; 16]), ..cluster(1) };
    server.initialise(&target, &made).await.expect("initialised");
    lab.counted();
    let right = server.verify_key(&target, &key(7)).await.expect("verified");
    assert_eq!(lab.counted().1, 1);
    assert!(matches!(right.content, Content::Cluster(seen) if seen.id == made.id));
    assert_eq!(right.verdict, KeyVerdict::Correct(KeyBasis::Verifier));
    let wrong = server.verify_key(&target, &key(8)).await.expect("verified");
    assert_eq!(wrong.verdict, KeyVerdict::Wrong(KeyBasis::Verifier));
    lab.prepare("Octopus", &["UPDATE octopus_setup.cluster SET key_verifier = 0x01"]).await;
    let damaged = server.verify_key(&target, &key(7)).await;
    assert!(matches!(damaged, Err(Trouble::Io(_))), "a damaged verifier is not an absent one: {damaged:?}");
}

#[tokio::test]
async fn a_newer_registry_with_other_columns_is_reported_as_newer_and_not_as_an_error() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    lab.prepare("Octopus", &OCTOPUS).await;
    server.adopt_cluster(&target, &cluster(1)).await.expect("adopted");
    let another = ["UPDATE octopus_setup.version SET version = 3", "ALTER TABLE octopus_setup.cluster DROP COLUMN fingerprint"];
    lab.prepare("Octopus", &another).await;
    let newer = Ok(InitialiseOutcome::Occupied(Content::NewerRegistry { version: 3 }));
    assert_eq!(server.adopt_cluster(&target, &cluster(2)).await, newer);
    assert_eq!(server.initialise(&target, &cluster(2)).await, newer);
}
