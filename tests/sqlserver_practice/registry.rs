//! Writes the registry, and undoes that.

use octopus_setup::model::facts::{Content, DatabaseSeen, Fact, Trouble};
use octopus_setup::model::registry::{CreatedDatabase, DropObstacle, InitialiseOutcome, NewCluster, NodeRow};
use octopus_setup::model::target::{Encryption, Target};
use octopus_setup::world::sqlserver::{Membership, SqlServer, Undone};
use practice_server::WireFault;

use super::support::{Lab, by, cluster, facts, login, node, snapshots};

fn made(CreatedDatabase { made, .. }: CreatedDatabase) -> bool {
    made
}

#[tokio::test]
async fn a_database_is_created_once() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.target("Fresh");
    assert_eq!(server.create_database(&target).await.map(made), Ok(true));
    assert_eq!(server.create_database(&target).await.map(made), Ok(false));
    let facts = facts(&target).await;
    assert!(matches!(facts.database, Fact::Seen(DatabaseSeen::Open(_))), "{facts:?}");
    assert_eq!(facts.collation.seen().expect("collation").name.as_str(), "Latin1_General_CI_AS");
    assert!(facts.rights.seen().expect("rights").create_schema, "the creator owns it");
}

#[tokio::test]
async fn a_missing_database_is_created_on_the_session_that_found_it_missing() {
    let mut lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.target("Fresh");
    snapshots(&server, &target).await;
    lab.counted();
    assert_eq!(server.create_database(&target).await.map(made), Ok(true));
    assert_eq!(lab.counted(), (1, 0));
}

#[tokio::test]
async fn initialising_creates_the_cluster_once_and_recognises_it() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    assert_eq!(server.initialise(&target, &cluster(1)).await, Ok(InitialiseOutcome::Made));
    assert_eq!(server.initialise(&target, &cluster(1)).await, Ok(InitialiseOutcome::Ours));
    let Ok(InitialiseOutcome::Taken(seen)) = server.initialise(&target, &cluster(2)).await else { panic!("taken") };
    assert_eq!((seen.id, seen.node_count), (cluster(1).id, 1));
}

#[tokio::test]
async fn initialising_takes_one_round_trip_on_the_kept_session() {
    let mut lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    snapshots(&server, &target).await;
    lab.counted();
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    assert_eq!(lab.counted(), (1, 0));
}

/// Does everything that a first node asks of the server. TCP of each connection counts as a round trip too.
async fn whole_first_node(lab: &mut Lab, target: &Target) -> (u64, u64) {
    let server = SqlServer::new();
    lab.counted();
    let facts = snapshots(&server, target).await.pop().expect("facts");
    if facts.database == Fact::Seen(DatabaseSeen::Absent) {
        assert_eq!(server.create_database(target).await.map(made), Ok(true));
    }
    assert_eq!(server.initialise(target, &cluster(1)).await, Ok(InitialiseOutcome::Made));
    assert!(matches!(server.prove(target, cluster(1).id, "web01").await, Ok(Membership::Member(_))));
    let (turns, connections) = lab.counted();
    (turns + connections, connections)
}

#[tokio::test]
async fn a_first_node_takes_thirteen_round_trips_and_eleven_in_strict_mode() {
    let mut lab = Lab::new().await;
    let target = lab.target("Octopus");
    assert_eq!(whole_first_node(&mut lab, &target).await, (13, 2));
    lab.database("Other").await;
    let strict = Target { encryption: Encryption::Strict, ..lab.target("Other") };
    assert_eq!(whole_first_node(&mut lab, &strict).await, (11, 2));
}

#[tokio::test]
async fn a_first_node_that_creates_its_database_takes_fifteen_round_trips_and_thirteen_in_strict_mode() {
    let mut lab = Lab::new().await;
    let target = lab.target("Fresh");
    assert_eq!(whole_first_node(&mut lab, &target).await, (15, 2));
    let strict = Target { encryption: Encryption::Strict, ..lab.target("Other") };
    assert_eq!(whole_first_node(&mut lab, &strict).await, (13, 2));
}

#[tokio::test]
async fn a_server_that_refuses_another_database_costs_a_second_login_and_nothing_else() {
    let mut lab = Lab::with(|options| options.insists_on_database = true).await;
    let target = lab.target("Fresh");
    assert_eq!(whole_first_node(&mut lab, &target).await, (20, 3));
}

#[tokio::test]
async fn the_lock_on_creating_a_database_is_released_while_the_session_stays() {
    let lab = Lab::new().await;
    let (first, second) = (SqlServer::new(), SqlServer::new());
    assert_eq!(first.create_database(&lab.target("Fresh")).await.map(made), Ok(true));
    assert_eq!(second.create_database(&lab.target("Other")).await.map(made), Ok(true), "it does not wait for the first");
}

#[tokio::test]
async fn a_registry_of_another_format_is_left_alone() {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    SqlServer::new().initialise(&target, &cluster(1)).await.expect("initialised");
    lab.prepare("Octopus", &["DELETE FROM octopus_setup.cluster", "UPDATE octopus_setup.version SET version = 3"]).await;
    let ended = SqlServer::new().initialise(&target, &cluster(2)).await;
    assert_eq!(ended, Ok(InitialiseOutcome::Occupied(Content::NewerRegistry { version: 3 })));
}

#[tokio::test]
async fn a_registry_without_a_cluster_gets_one() {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    SqlServer::new().initialise(&target, &cluster(1)).await.expect("initialised");
    lab.prepare("Octopus", &["DELETE FROM octopus_setup.cluster", "DELETE FROM octopus_setup.node"]).await;
    assert_eq!(SqlServer::new().initialise(&target, &cluster(2)).await, Ok(InitialiseOutcome::Made));
}

#[tokio::test]
async fn a_failing_statement_rolls_back_the_others() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    // The last row that is written is the first one that does not fit.
    let long = NewCluster { node: NodeRow { program: "p".repeat(60).into(), ..node("web01") }, ..cluster(1) };
    assert!(matches!(server.initialise(&target, &long).await, Err(Trouble::Sql(_))));
    assert_eq!(SqlServer::new().content(&target).await, Ok(Content::Empty));
    assert_eq!(server.initialise(&target, &cluster(1)).await, Ok(InitialiseOutcome::Made));
}

#[tokio::test]
async fn a_connection_that_keeps_breaking_is_given_up_and_the_next_try_finds_out() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.target("Octopus");
    lab.server.set_wire_fault(Some(WireFault::DropMidReply));
    assert_eq!(server.initialise(&target, &cluster(1)).await, Err(Trouble::ConnectionLost));
    lab.server.set_wire_fault(None);
    // Whether the commit was done before the answer was lost, nobody could know.
    let expected = match server.content(&target).await {
        Ok(Content::Empty) => InitialiseOutcome::Made,
        Ok(Content::Cluster(seen)) if seen.id == cluster(1).id && seen.node_count == 1 => InitialiseOutcome::Ours,
        other => panic!("neither all nor nothing: {other:?}"),
    };
    assert_eq!(server.initialise(&target, &cluster(1)).await, Ok(expected));
}

#[tokio::test]
async fn a_foreign_database_is_left_unchanged() {
    let lab = Lab::new().await;
    lab.database("Shop").await;
    lab.prepare("Shop", &["CREATE TABLE dbo.Orders (Id int NOT NULL PRIMARY KEY)"]).await;
    let server = SqlServer::new();
    let target = lab.as_sa("Shop");
    let ended = server.initialise(&target, &cluster(1)).await;
    assert!(matches!(ended, Ok(InitialiseOutcome::Occupied(Content::Foreign { count: 1, .. }))), "{ended:?}");
    // The kept session's transaction is over, and nothing of it remained.
    assert!(matches!(server.content(&target).await, Ok(Content::Foreign { count: 1, .. })));
    assert!(matches!(SqlServer::new().content(&target).await, Ok(Content::Foreign { count: 1, .. })));
}

#[tokio::test]
async fn values_of_a_new_cluster_are_parameters() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    let name = "w'; DROP TABLE octopus_setup.node; --";
    let odd = NewCluster { node: node(name), ..cluster(1) };
    assert_eq!(server.initialise(&target, &odd).await, Ok(InitialiseOutcome::Made));
    assert!(matches!(server.prove(&target, odd.id, name).await, Ok(Membership::Member(_))));
}

#[tokio::test]
async fn a_node_is_proven_on_a_new_connection() {
    let mut lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    assert_eq!(server.prove(&target, cluster(1).id, "web01").await, Ok(Membership::NoCluster(Content::Empty)));
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    lab.counted();
    assert!(matches!(server.prove(&target, cluster(1).id, "WEB01").await, Ok(Membership::Member(_))));
    assert_eq!(lab.counted().1, 1);
    assert!(matches!(server.prove(&target, cluster(1).id, "web02").await, Ok(Membership::NodeMissing(_))));
    assert!(matches!(server.prove(&target, cluster(2).id, "web01").await, Ok(Membership::OtherCluster(_))));
}

#[tokio::test]
async fn undoing_drops_this_clusters_registry_and_no_other() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    assert_eq!(server.undo_initialise(&target, cluster(1).id).await, Ok(Undone::NothingThere));
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    let other = server.undo_initialise(&target, cluster(2).id).await;
    assert!(matches!(other, Ok(Undone::LeftAlone(Content::Cluster(_)))), "{other:?}");
    assert_eq!(server.undo_initialise(&target, cluster(1).id).await, Ok(Undone::Gone));
    assert_eq!(SqlServer::new().content(&target).await, Ok(Content::Empty));
    assert_eq!(server.initialise(&target, &cluster(2)).await, Ok(InitialiseOutcome::Made), "and it can be made again");
}

#[tokio::test]
async fn undoing_leaves_a_cluster_with_a_second_node() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    let second = "INSERT INTO octopus_setup.node (name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap) \
                  VALUES (CAST(N'web02' AS varbinary(400)), N'web02', N'', N'', N'', N'', N'', 1, 2, 3)";
    lab.prepare("Octopus", &[second]).await;
    let ended = server.undo_initialise(&target, cluster(1).id).await;
    assert!(matches!(ended, Ok(Undone::LeftAlone(Content::Cluster(seen))) if seen.node_count == 2));
}

#[tokio::test]
async fn undoing_leaves_a_cluster_that_octopus_server_has_begun_to_use() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Octopus");
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    lab.prepare("Octopus", &["CREATE TABLE dbo.OctopusServerNode (Id nvarchar(50) NOT NULL)"]).await;
    let ended = server.undo_initialise(&target, cluster(1).id).await;
    assert!(matches!(&ended, Ok(Undone::LeftAlone(Content::Cluster(seen))) if seen.id == cluster(1).id), "{ended:?}");
    assert!(matches!(SqlServer::new().content(&target).await, Ok(Content::Cluster(_))), "rolled back");
}

#[tokio::test]
async fn only_an_empty_database_is_dropped() {
    let lab = Lab::new().await;
    let server = SqlServer::new();
    let target = lab.as_sa("Fresh");
    server.create_database(&target).await.expect("created");
    server.initialise(&target, &cluster(1)).await.expect("initialised");
    assert!(matches!(server.drop_database(&target).await, Ok(Undone::LeftAlone(Content::Cluster(_)))));
    server.undo_initialise(&target, cluster(1).id).await.expect("undone");
    assert_eq!(server.drop_database(&target).await, Ok(Undone::Gone));
    assert_eq!(server.drop_database(&target).await, Ok(Undone::NothingThere));
    assert_eq!(facts(&target).await.database, Fact::Seen(DatabaseSeen::Absent));
}

#[tokio::test]
async fn without_rights_the_servers_error_number_is_returned() {
    let guest = login("guest1", false, false);
    let lab = Lab::with(|options| options.logins.push(guest.clone())).await;
    let target = by(&guest, lab.target("Fresh"));
    let ended = SqlServer::new().create_database(&target).await;
    assert!(matches!(&ended, Err(Trouble::Sql(said)) if said.number == 262), "{ended:?}");
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_never_dropped() {
    let mut creator = login("creator", false, false);
    creator.dbcreator = true;
    let lab = Lab::with(|options| options.logins.push(creator.clone())).await;
    let target = by(&creator, lab.target("Octopus"));
    let ended = SqlServer::new().drop_database(&target).await;
    assert!(matches!(&ended, Err(Trouble::Sql(said)) if said.number == 4060), "{ended:?}");
    assert_eq!(SqlServer::new().content(&lab.target("Octopus")).await, Ok(Content::Empty), "it is still there");
}

#[tokio::test]
async fn what_a_login_may_not_see_is_not_taken_for_gone() {
    let guest = login("guest1", false, false);
    let lab = Lab::with(|options| options.logins.push(guest.clone())).await;
    let target = by(&guest, lab.target("Fresh"));
    assert_eq!(SqlServer::new().drop_database(&target).await, Ok(Undone::NothingThere));
    lab.prepare("master", &["DENY VIEW ANY DATABASE TO [guest1]"]).await;
    let unseen = Ok(Undone::Held(DropObstacle::Unseen));
    assert_eq!(SqlServer::new().drop_database(&target).await, unseen);
    assert_eq!(SqlServer::new().undo_initialise(&target, cluster(1).id).await, unseen);
}
