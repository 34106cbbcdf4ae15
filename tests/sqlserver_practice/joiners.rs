//! Many nodes join at the same time.

use octopus_setup::model::registry::{NodeRow, RowChange, RowChangeOutcome, RowOperation};
use octopus_setup::world::sqlserver::SqlServer;

use super::support::{Lab, cluster, node};

/// Joins all nodes at the same time, each on its own session; returns their results in order.
async fn join(lab: &Lab, rows: Vec<NodeRow>) -> Vec<RowChangeOutcome> {
    let joiners = rows.into_iter().enumerate().map(|(index, row)| {
        let target = lab.as_sa("Octopus");
        let run = format!("{index}-{}", row.name);
        let change = RowChange { cluster: cluster(1).id, run, host: row.host.to_string(), operation: RowOperation::Insert(row) };
        tokio::spawn(async move { SqlServer::new().change_row(&target, &change).await })
    });
    let mut ended = Vec::new();
    for joiner in joiners.collect::<Vec<_>>() {
        ended.push(joiner.await.expect("ended").expect("no error"));
    }
    ended
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_joining_nodes_get_sixty_four_rows_without_an_error() {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    SqlServer::new().initialise(&target, &cluster(1)).await.expect("initialised");
    for round in 0..2 {
        let rows = (0..64).map(|index| node(&format!("node-{round}-{index:02}"))).collect();
        assert_eq!(join(&lab, rows).await, vec![RowChangeOutcome::Made; 64]);
    }
    let facts = SqlServer::new().cluster(&target, false).await;
    assert_eq!(facts.nodes.seen().map(|nodes| nodes.len()), Some(129));
    assert_eq!(lab.ask("SELECT CAST(COUNT(*) AS nvarchar(9)) FROM octopus_setup.history WHERE what = N'joined'").await, "128");
}

#[tokio::test]
async fn a_joining_node_does_not_wait_for_a_slow_one() {
    let lab = Lab::new().await;
    let target = lab.as_sa("Octopus");
    SqlServer::new().initialise(&target, &cluster(1)).await.expect("initialised");
    let mut slow = lab.client(&target, "Octopus").await;
    let begun =
        "BEGIN TRANSACTION; EXEC sp_getapplock @Resource = N'octopus_setup', @LockMode = N'Shared', @LockOwner = N'Transaction';";
    slow.simple_query(begun).await.expect("begun").into_results().await.expect("locked");
    assert_eq!(join(&lab, vec![node("web02")]).await, [RowChangeOutcome::Made]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_joining_nodes_with_one_name_one_wins() {
    let lab = Lab::new().await;
    SqlServer::new().initialise(&lab.as_sa("Octopus"), &cluster(1)).await.expect("initialised");
    for count in 2..=8_usize {
        let spelled = |index: usize| {
            let name = format!("twin-of-{count}");
            name.char_indices()
                .map(|(at, letter)| if at == index { letter.to_ascii_uppercase() } else { letter })
                .collect::<String>()
        };
        let rows = (0..count).map(|index| NodeRow { host: format!("host{index}").into(), ..node(&spelled(index)) });
        let ended = join(&lab, rows.collect()).await;
        let made: Vec<usize> = (0..count).filter(|index| ended[*index] == RowChangeOutcome::Made).collect();
        let [winner] = made[..] else { panic!("{count}: {ended:?}") };
        let host = format!("host{winner}");
        for (index, ended) in ended.iter().enumerate().filter(|(index, _)| *index != winner) {
            assert!(matches!(ended, RowChangeOutcome::Taken(kept) if kept.row.host == host), "{index} of {count}: {ended:?}");
        }
    }
}
