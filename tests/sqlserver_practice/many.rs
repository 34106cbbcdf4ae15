//! A cluster of very many nodes.

use octopus_setup::model::facts::NodeSeen;
use octopus_setup::world::sqlserver::SqlServer;

use super::support::{Lab, cluster};

/// Doubles the registry's rows the given number of times, and gives the same nodes a heartbeat of Octopus Server.
async fn doubled(lab: &Lab, times: usize) {
    SqlServer::new().initialise(&lab.as_sa("Octopus"), &cluster(1)).await.expect("initialised");
    let mut batches = Vec::new();
    for time in 0..times {
        batches.push(format!(
            "INSERT INTO octopus_setup.node (name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap) \
             SELECT CAST(name + N'-{time}' AS varbinary(400)), name + N'-{time}', address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap \
             FROM octopus_setup.node"
        ));
    }
    batches.push("CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL, Name nvarchar(200) NOT NULL, LastSeen datetimeoffset NOT NULL)".into());
    batches.push(
        "INSERT INTO dbo.OctopusServerNode (Id, Name, LastSeen) \
         SELECT N'OctopusServerNodes-' + name, UPPER(name), SYSDATETIMEOFFSET() FROM octopus_setup.node"
            .into(),
    );
    let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
    lab.prepare("Octopus", &batches).await;
}

#[tokio::test]
async fn sixteen_thousand_nodes_are_listed_in_order() {
    let lab = Lab::new().await;
    doubled(&lab, 14).await;
    let facts = SqlServer::new().cluster(&lab.as_sa("Octopus"), false).await;
    let nodes = facts.nodes.seen().unwrap_or_else(|| panic!("{facts:?}"));
    assert_eq!(nodes.len(), 1 << 14);
    assert!(nodes.is_sorted_by_key(|node| node.name.as_str().to_lowercase()));
    assert!(nodes.iter().all(|node: &NodeSeen| node.row.is_some() && node.last_seen().is_some()));
}
