//! The registry in databases of several collations, and the migration of a registry of format 1.

use octopus_setup::model::facts::{ClusterFacts, Fact};
use octopus_setup::model::registry::{
    CanaryRow, InitialiseOutcome, NewCluster, NodeRow, RegisterOutcome, RowChange, RowChangeOutcome, RowOperation, StorageRows,
};
use octopus_setup::model::storage::{SharedFolder, SharedStorage};
use octopus_setup::model::target::Target;
use octopus_setup::world::sqlserver::{Membership, SqlServer};

use super::support::{Lab, by, cluster, facts, login, node};

const COLLATIONS: [&str; 4] =
    ["SQL_Latin1_General_CP1_CI_AS", "Latin1_General_100_CI_AS_SC_UTF8", "Turkish_CI_AS", "Japanese_CI_AS"];
/// The tables as older programs made them: two columns name a collation.
const FORMAT_1: &str = include_str!("format_1.sql");
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A lab with an empty database of this collation, and the target of it.
async fn lab(collation: &str) -> (Lab, Target) {
    let lab = Lab::new().await;
    lab.prepare("master", &["DROP DATABASE Octopus", &format!("CREATE DATABASE Octopus COLLATE {collation}")]).await;
    let target = lab.as_sa("Octopus");
    (lab, target)
}

fn by_run(run: &str, operation: RowOperation) -> RowChange {
    RowChange { cluster: cluster(1).id, run: run.into(), host: "here".into(), operation }
}

fn other(name: &str) -> NodeRow {
    NodeRow { host: "elsewhere".into(), ..node(name) }
}

fn storage() -> SharedStorage {
    SharedStorage::Folders(vec![(SharedFolder::Artifacts, "/a".into())])
}

fn canary(name: &str) -> CanaryRow {
    CanaryRow { node: name.into(), folder: SharedFolder::Artifacts, token: TOKEN.into() }
}

fn rows(name: &str) -> StorageRows {
    let canaries = vec![canary(name)];
    StorageRows { cluster: cluster(1).id, node: name.into(), host: "here".into(), storage: storage(), sets: false, canaries }
}

async fn seen(target: &Target) -> ClusterFacts {
    SqlServer::new().cluster(target, false).await
}

fn canaries(facts: &ClusterFacts) -> Vec<String> {
    let mut nodes: Vec<String> = facts.canaries.seen().into_iter().flatten().map(|canary| canary.node.clone()).collect();
    nodes.sort();
    nodes
}

/// Counts the columns whose collation is not the database's, in any schema: what Octopus refuses to upgrade.
async fn odd_columns(target: &Target) -> u64 {
    match facts(target).await.collation {
        Fact::Seen(collation) => collation.odd_count.expect("told"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn names_compare_alike_in_databases_of_every_collation() {
    for collation in COLLATIONS {
        let (lab, target) = lab(collation).await;
        let server = SqlServer::new();
        let first = NewCluster { node: node("webi"), storage: storage(), canaries: vec![canary("webi")], ..cluster(1) };
        assert_eq!(server.initialise(&target, &first).await, Ok(InitialiseOutcome::Made), "{collation}");
        assert_eq!(odd_columns(&target).await, 0, "{collation}");
        // Upper and lower case are one name, accents are not.
        let ended = server.change_row(&target, &by_run("a", RowOperation::Insert(other("WEBI")))).await;
        assert!(matches!(&ended, Ok(RowChangeOutcome::Taken(kept)) if kept.row == node("webi")), "{collation}: {ended:?}");
        let join = by_run("b", RowOperation::Insert(other("wébI")));
        assert_eq!(server.change_row(&target, &join).await, Ok(RowChangeOutcome::Made), "{collation}");
        assert!(matches!(server.prove(&target, cluster(1).id, "WÉBi").await, Ok(Membership::Member(_))), "{collation}");
        assert!(matches!(server.prove(&target, cluster(1).id, "wébIx").await, Ok(Membership::NodeMissing(_))), "{collation}");
        assert_eq!(server.register_storage(&target, &rows("WÉBI")).await, Ok(RegisterOutcome::Made), "{collation}");
        let known = seen(&target).await;
        assert_eq!(canaries(&known), ["webi", "wébI"], "{collation}");
        // A removed node takes its canaries along, and undo brings both back.
        let before = known.node("wébi").and_then(|node| node.row.clone()).expect("a row");
        let remove = by_run(
            "c",
            RowOperation::Remove { before: octopus_setup::model::registry::KeptRow { row: other("WÉBI"), ..before } },
        );
        assert_eq!(server.change_row(&target, &remove).await, Ok(RowChangeOutcome::Made), "{collation}");
        assert_eq!(canaries(&seen(&target).await), ["webi"], "{collation}");
        assert_eq!(server.undo_row_change(&target, &remove).await, Ok(RowChangeOutcome::Made), "{collation}");
        assert_eq!(canaries(&seen(&target).await), ["WÉBI", "webi"], "{collation}");
        assert_eq!(lab.ask("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.node").await, "2");
    }
}

/// A registry of format 1 with the cluster, two nodes and their canaries.
async fn format_1(lab: &Lab) {
    let insert = "INSERT INTO octopus_setup.cluster (only_one, id, key_verifier, fingerprint) VALUES (1, '01010101010101010101010101010101', \
                  0x0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101, '0101-0101'); \
                  INSERT INTO octopus_setup.node (name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap) \
                  VALUES (N'webi', N'', N'webi', N'Linux', N'0.1.0', N'', 10943, 8443, 5), (N'wébI', N'', N'wébI', N'Linux', N'0.1.0', N'', 10943, 8443, 5); \
                  INSERT INTO octopus_setup.history (what, node) VALUES (N'initialised', N'webi'); \
                  INSERT INTO octopus_setup.shared_storage (folder, path, set_by) VALUES (N'artifacts', N'/a', N'webi'); \
                  INSERT INTO octopus_setup.canary (node, folder, token) VALUES (N'WEBI', N'artifacts', '0123456789abcdef0123456789abcdef')";
    lab.prepare("Octopus", &[FORMAT_1, insert]).await;
}

#[tokio::test]
async fn the_first_run_that_writes_migrates_a_registry_of_format_1() {
    for collation in COLLATIONS {
        let (lab, target) = lab(collation).await;
        format_1(&lab).await;
        assert_eq!(odd_columns(&target).await, 2, "{collation}: node.name and canary.node");
        // Who only reads leaves it.
        assert_eq!(canaries(&seen(&target).await), ["webi"], "{collation}");
        assert!(matches!(SqlServer::new().prove(&target, cluster(1).id, "WEBI").await, Ok(Membership::Member(_))));
        assert_eq!(lab.ask("SELECT CAST(version AS nvarchar(9)) FROM octopus_setup.version").await, "1");

        let join = by_run("a", RowOperation::Insert(node("node2")));
        assert_eq!(SqlServer::new().change_row(&target, &join).await, Ok(RowChangeOutcome::Made), "{collation}");
        assert_eq!(lab.ask("SELECT CAST(version AS nvarchar(9)) FROM octopus_setup.version").await, "2");
        assert_eq!(odd_columns(&target).await, 0, "{collation}");
        assert_eq!(canaries(&seen(&target).await), ["webi"], "{collation}");
        let taken = SqlServer::new().change_row(&target, &by_run("b", RowOperation::Insert(other("WEBI")))).await;
        assert!(matches!(taken, Ok(RowChangeOutcome::Taken(_))), "{collation}: {taken:?}");
        assert_eq!(SqlServer::new().register_storage(&target, &rows("NODE2")).await, Ok(RegisterOutcome::Made), "{collation}");
        assert_eq!(canaries(&seen(&target).await), ["node2", "webi"], "{collation}");
    }
}

#[tokio::test]
async fn every_kind_of_write_migrates() {
    let (lab, target) = lab("Turkish_CI_AS").await;
    let version = "SELECT CAST(version AS nvarchar(9)) FROM octopus_setup.version";
    let server = SqlServer::new();
    let again = ["DROP DATABASE Octopus", "CREATE DATABASE Octopus COLLATE Turkish_CI_AS"];

    format_1(&lab).await;
    assert_eq!(server.register_storage(&target, &rows("WEBI")).await, Ok(RegisterOutcome::Made));
    assert_eq!(lab.ask(version).await, "2");

    server.forget();
    lab.prepare("master", &again).await;
    format_1(&lab).await;
    assert_eq!(server.unregister_storage(&target, &rows("webi")).await, Ok(RegisterOutcome::Made));
    assert_eq!((lab.ask(version).await.as_str(), canaries(&seen(&target).await).len()), ("2", 0));

    server.forget();
    lab.prepare("master", &again).await;
    format_1(&lab).await;
    lab.prepare("Octopus", &["DELETE FROM octopus_setup.cluster", "DELETE FROM octopus_setup.node"]).await;
    assert_eq!(server.initialise(&target, &cluster(2)).await, Ok(InitialiseOutcome::Made));
    assert_eq!(lab.ask(version).await, "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_that_write_at_once_migrate_once() {
    let (lab, target) = lab("Turkish_CI_AS").await;
    format_1(&lab).await;
    let joins = (0..8).map(|number| {
        let target = target.clone();
        tokio::spawn(async move {
            let join = by_run(&number.to_string(), RowOperation::Insert(node(&format!("node-{number}"))));
            SqlServer::new().change_row(&target, &join).await
        })
    });
    for join in joins.collect::<Vec<_>>() {
        assert_eq!(join.await.expect("ended"), Ok(RowChangeOutcome::Made));
    }
    let migrated = "SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.history WHERE what = N'migrated'";
    assert_eq!(lab.ask(migrated).await, "1");
    assert_eq!(lab.ask("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.node").await, "10");
}

#[tokio::test]
async fn who_may_not_change_tables_leaves_format_1_as_it_was() {
    let guest = login("guest1", false, false);
    let lab = Lab::with(|options| options.logins.push(guest.clone())).await;
    format_1(&lab).await;
    let rights = [
        "CREATE USER guest1 FOR LOGIN guest1",
        "ALTER ROLE db_datareader ADD MEMBER guest1",
        "ALTER ROLE db_datawriter ADD MEMBER guest1",
    ];
    lab.prepare("Octopus", &rights).await;
    let target = by(&guest, lab.as_sa("Octopus"));
    let ended = SqlServer::new().change_row(&target, &by_run("a", RowOperation::Insert(node("node2")))).await;
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(lab.ask("SELECT CAST(version AS nvarchar(9)) FROM octopus_setup.version").await, "1");
    assert_eq!(canaries(&seen(&lab.as_sa("Octopus")).await), ["webi"]);
}
