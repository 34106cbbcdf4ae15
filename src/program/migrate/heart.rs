//! Whether Octopus Server runs on the node whose files are moved.

use std::time::Duration;

use octopus_setup::catalog::form::read;
use octopus_setup::model::answers::{Answers, Origin};
use octopus_setup::model::facts::{Beat, NodeSeen};
use octopus_setup::model::field::FieldId;
use octopus_setup::model::target::Target;
use octopus_setup::model::untrusted::Untrusted;
use octopus_setup::wizard::migration::{Concern, ConcernId};
use octopus_setup::world::migrate::sources::Node;
use octopus_setup::world::node_config;
use octopus_setup::world::seal::Sealer;
use octopus_setup::world::sqlserver::SqlServer;

use super::super::outside::Outside;

/// How long the database is asked.
const BUDGET: Duration = Duration::from_secs(20);

/// What mends it.
const STOP: &str = "Stop Octopus Server first: what it writes while files are copied is copied again, or missed.";

/// For whoever has done so: a heart is taken to beat for minutes after its last beat.
const STOPPED: &str =
    "Where it has been stopped, go on with --accept octopus-running: what changes all the same is found at the end.";

/// What is to be said of it.
pub(super) async fn concern(node: Option<&Node>, outside: &Outside) -> Vec<Concern> {
    let (name, instance) = match node {
        None => return vec![unknown("No node was named")],
        Some(Node::Ours(config)) => (config.node.name.clone(), Some(config.instance.clone())),
        Some(Node::Octopus(config)) => match config.text(FieldId::NodeName) {
            Some(name) => (name.to_owned(), None),
            None => return vec![unknown("The node's name is not in its config")],
        },
    };
    let Some(target) = node.and_then(|node| target(node, outside)) else {
        return vec![unknown("The node's database cannot be asked from its config")];
    };
    match tokio::time::timeout(BUDGET, SqlServer::new().node(&target, &name)).await {
        Ok(Ok(Some(NodeSeen { beat: Beat::Ago(age), .. }))) if age <= NodeSeen::BEAT => {
            let (name, age) = (Untrusted::new(&name), age.as_secs());
            let says = format!("The heart of {name} beat {age} s ago: Octopus Server runs, or was stopped just now.");
            let instance = instance.map_or_else(String::new, |instance| format!(" --instance \"{instance}\""));
            let program = if cfg!(windows) { "Octopus.Server.exe" } else { "Octopus.Server" };
            vec![
                Concern::new(ConcernId::OctopusRunning, says, format!("{STOP} {STOPPED}"))
                    .command(format!("{program} service{instance} --stop")),
            ]
        }
        Ok(Ok(Some(NodeSeen { beat: Beat::Ago(_) | Beat::Never, .. }) | None)) => Vec::new(),
        Ok(Ok(Some(_))) => vec![unknown("The database does not tell its nodes' heart-beats")],
        Ok(Err(_)) | Err(_) => vec![unknown("The node's database did not answer")],
    }
}

fn unknown(why: &str) -> Concern {
    Concern::new(ConcernId::OctopusUnknown, format!("{why}, so nobody knows whether Octopus Server runs."), STOP)
}

/// The way to a node's database; `None` where its config does not lead there on this machine.
pub(super) fn target(node: &Node, outside: &Outside) -> Option<Target> {
    match node {
        Node::Ours(config) => {
            let sealer = Sealer::open(&outside.places).ok()?;
            node_config::target(config, &sealer).ok()
        }
        Node::Octopus(config) => {
            let mut answers = Answers::default();
            for (field, raw) in &config.said {
                answers.set(*field, raw.clone(), Origin::File);
            }
            read::target(&answers)
        }
    }
}
