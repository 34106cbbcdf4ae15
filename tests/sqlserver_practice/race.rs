//! Several wizards at the same time.

use octopus_setup::model::facts::Content;
use octopus_setup::model::registry::InitialiseOutcome;
use octopus_setup::world::sqlserver::SqlServer;

use super::support::{Lab, cluster};

/// Starts several first nodes at the same time: exactly one creates the cluster, and the others learn whose it is.
async fn race(count: u8) {
    let lab = Lab::new().await;
    let runs = (1..=count).map(|byte| {
        let target = lab.as_sa("Octopus");
        tokio::spawn(async move { (byte, SqlServer::new().initialise(&target, &cluster(byte)).await) })
    });
    let mut made = None;
    let mut taken = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        match run.await.expect("ended") {
            (byte, Ok(InitialiseOutcome::Made)) => assert_eq!(made.replace(byte), None, "a second one made it"),
            (_, Ok(InitialiseOutcome::Taken(seen))) => taken.push(seen.id),
            (byte, other) => panic!("{byte}: {other:?}"),
        }
    }
    let winner = cluster(made.expect("one made it")).id;
    assert_eq!(taken, vec![winner; usize::from(count) - 1]);
    let content = SqlServer::new().content(&lab.as_sa("Octopus")).await;
    assert!(matches!(content, Ok(Content::Cluster(seen)) if seen.id == winner && seen.node_count == 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_first_nodes_wins() {
    race(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_eight_first_nodes_wins() {
    race(8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_eight_wizards_creates_the_database() {
    let lab = Lab::new().await;
    let runs = (0..8).map(|_| {
        let target = lab.target("Fresh");
        tokio::spawn(async move { SqlServer::new().create_database(&target).await.expect("created or there").made })
    });
    let mut made = 0;
    for run in runs.collect::<Vec<_>>() {
        made += u8::from(run.await.expect("ended"));
    }
    assert_eq!(made, 1);
}
