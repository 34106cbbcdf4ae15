//! Checks whether Octopus Server still runs on the node whose files are copied.

use std::time::Duration;

use super::request::SourceNode;
use crate::catalog::commands;
use crate::migration::judge::{MigrationCheck, MigrationFinding};
use crate::model::facts::{Heartbeat, NodeSeen};
use crate::model::field::FieldId;
use crate::model::untrusted::Untrusted;
use crate::world::host;
use crate::world::places::Places;
use crate::world::sqlserver::SqlServer;

/// How long the database may take to answer.
const BUDGET: Duration = Duration::from_secs(20);

/// What to do while it runs.
const STOP: &str = "Stop Octopus Server first: what it writes while files are copied is copied again, or missed.";

/// What to do once it was stopped: a node counts as alive for minutes after its last heartbeat.
const STOPPED: &str =
    "Where it has been stopped, go on with --accept octopus-running: what changes all the same is found at the end.";

/// Returns a finding unless the node's last heartbeat is old enough.
pub async fn finding(node: Option<&SourceNode>, places: &Places) -> Option<MigrationFinding> {
    let Some(node) = node else { return Some(unknown("No node was named")) };
    let (name, instance) = match node {
        SourceNode::Ours(config) => (config.node.name.clone(), Some(config.instance.clone())),
        SourceNode::Octopus(config) => match config.text(FieldId::NodeName) {
            Some(name) => (name.to_owned(), None),
            None => return Some(unknown("The node's name is not in its config")),
        },
    };
    let Some(target) = node.target(places) else {
        return Some(unknown("The node's database cannot be asked from its config"));
    };
    match tokio::time::timeout(BUDGET, SqlServer::new().node(&target, &name)).await {
        Ok(Ok(Some(NodeSeen { beat: Heartbeat::Ago(age), .. }))) if age <= NodeSeen::BEAT => {
            let (name, age) = (Untrusted::new(&name), age.as_secs());
            let says = format!("The heart of {name} beat {age} s ago: Octopus Server runs, or was stopped just now.");
            let platform = host::platform();
            let service = match instance {
                Some(instance) => commands::server(platform, "service", &instance),
                None => format!("{} service", platform.server_program()),
            };
            let finding = MigrationCheck::OctopusRunning.finding(says, format!("{STOP} {STOPPED}"));
            Some(finding.command(format!("{service} --stop")))
        }
        Ok(Ok(Some(NodeSeen { beat: Heartbeat::Ago(_) | Heartbeat::Never, .. }) | None)) => None,
        Ok(Ok(Some(_))) => Some(unknown("The database does not tell its nodes' heartbeats")),
        Ok(Err(_)) | Err(_) => Some(unknown("The node's database did not answer")),
    }
}

fn unknown(why: &str) -> MigrationFinding {
    MigrationCheck::OctopusUnknown.finding(format!("{why}, so nobody knows whether Octopus Server runs."), STOP)
}
