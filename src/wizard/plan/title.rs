//! What a step is called: what it does, to what.

use crate::model::flow::Flow;
use crate::model::node::Node;
use crate::model::node_config::NodeConfig;
use crate::model::plan::StepKind;
use crate::model::registry::KeptRow;
use crate::model::storage::SharedStorage;
use crate::model::untrusted::Untrusted;

use super::Proposal;

/// What the titles name.
#[derive(Debug, Clone, Copy)]
pub struct Titles<'a> {
    /// The node.
    pub node: &'a Node,
    /// The row that is replaced, changed or removed.
    pub before: Option<&'a KeptRow>,
    /// What the plan is made from.
    pub proposal: &'a Proposal<'a>,
}

impl Titles<'_> {
    /// A step's title.
    pub fn of(&self, kind: StepKind) -> String {
        let Self { node, before, proposal } = self;
        let cluster = proposal.cluster.short();
        let before = before.map(|before| Untrusted::new(&before.row.name));
        let row = before.clone().unwrap_or_else(|| Untrusted::new(&node.name));
        match kind {
            StepKind::ProveAgain => "Prove cluster and master key once more".into(),
            StepKind::CreateHome => format!("Create {}", node.home.display()),
            StepKind::SealMasterKey if proposal.flow == Flow::FirstNode => "Seal the new master key".into(),
            StepKind::SealMasterKey => "Seal the master key".into(),
            StepKind::CreateDatabase => {
                let address = &node.target.address;
                let instance = address.instance.as_ref().map(|name| format!("\\{name}")).unwrap_or_default();
                format!("Create database {} on {}{instance}", node.target.database, address.host)
            }
            StepKind::InitialiseCluster => format!("Create the registry and cluster {cluster}"),
            StepKind::AdoptCluster => format!("Create the registry in {}", node.target.database),
            StepKind::JoinCluster => match before {
                Some(dead) => format!("Replace dead node {dead} in cluster {cluster}"),
                None => format!("Enter {} into cluster {cluster}", node.name),
            },
            StepKind::UpdateRow => format!("Change the row of {row}"),
            StepKind::DrainNode => format!("Mark {row} as drained"),
            StepKind::RemoveRow => format!("Take {row} out of cluster {cluster}"),
            StepKind::RemoveNode => format!("Take dead node {row} out of cluster {cluster}"),
            StepKind::RemoveNodeConfig => format!("Move {} to a dated copy", NodeConfig::FILE),
            StepKind::WriteNodeConfig => format!("Write {}", NodeConfig::FILE),
            StepKind::ConnectOnce => "Connect once more with what was written".into(),
            StepKind::ShareStorage => match &node.storage {
                SharedStorage::Root(root) => format!("Share {} with all nodes", root.display()),
                _ => "Share the folders with all nodes".into(),
            },
            StepKind::LeaveCanary => "Leave a canary in each shared folder".into(),
            StepKind::OctopusInstance => format!("Octopus Server: register {}", node.instance),
            StepKind::OctopusDatabase => format!("Octopus Server: use database {}", node.target.database),
            StepKind::OctopusConfigure => "Octopus Server: set web portal and ports".into(),
            StepKind::OctopusAdmin => "Octopus Server: make the first administrator".into(),
            StepKind::OctopusLicence => "Octopus Server: hand over the licence".into(),
            StepKind::OctopusPaths => "Octopus Server: hand over the shared folders".into(),
            StepKind::OctopusHold => "Octopus Server: take no tasks yet".into(),
            StepKind::OctopusService if node.start_service => "Octopus Server: install and start the service".into(),
            StepKind::OctopusService => "Octopus Server: install the service".into(),
            StepKind::AwaitPing => "Wait until the node answers its load balancer".into(),
            StepKind::AwaitBeat => "Wait until the database sees its heart beat".into(),
            StepKind::OctopusTaskCap => {
                let cap = node.task_cap;
                format!("Octopus Server: take {cap} task{} at a time", if cap == 1 { "" } else { "s" })
            }
        }
    }
}

/// The mode of what a step writes.
pub const fn mode(kind: StepKind) -> &'static str {
    match kind {
        StepKind::CreateHome => "0750",
        StepKind::SealMasterKey | StepKind::WriteNodeConfig => "0600",
        _ => "",
    }
}
