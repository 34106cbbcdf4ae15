//! Waiting until the node is in.

use tokio::time::{Instant, sleep};

use super::super::database::ClusterDatabase;
use crate::model::facts::Heartbeat;
use crate::model::node::Node;
use crate::model::plan::Failure;
use crate::model::web::PingEndpoint;
use crate::world::octopus_server::{self, Patience};

/// A beat that is no older is this start's: a name is taken over from a node that has been dead for five minutes at least.
const FRESH: std::time::Duration = std::time::Duration::from_secs(60);

/// Waits until the node answers its load balancer by 200. While it drains (418) it is up, and not in.
pub(super) async fn ping(patience: Patience, at: Option<PingEndpoint>) -> Result<(), Failure> {
    let Some(at) = at else { return Ok(()) };
    let begun = Instant::now();
    loop {
        let status = octopus_server::ping(&at).await.ok();
        if status == Some(200) {
            return Ok(());
        }
        let waited = begun.elapsed();
        if waited >= patience.ping {
            return Err(Failure::NotAnswering { url: at.url().into(), status, waited });
        }
        sleep(patience.between).await;
    }
}

/// Waits until the database has seen the node's heart beat.
pub(super) async fn beat(patience: Patience, database: &impl ClusterDatabase, node: &Node) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let seen = database.node(&node.target, &node.name).await.map_err(Failure::Server)?;
        if seen.is_some_and(|seen| matches!(seen.beat, Heartbeat::Ago(age) if age <= FRESH)) {
            return Ok(());
        }
        let waited = begun.elapsed();
        if waited >= patience.beat {
            return Err(Failure::NoBeat { node: node.name.as_str().into(), waited });
        }
        sleep(patience.between).await;
    }
}
