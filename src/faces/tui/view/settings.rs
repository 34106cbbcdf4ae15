//! The settings of a node under review, as rows.

use crate::model::facts::Fact;
use crate::model::node_config::{NodeConfig, TrustSection};
use crate::wizard::state::State;

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// What it belongs to.
    pub group: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Its value; of a secret, that it is sealed.
    pub value: String,
    /// Where it came from.
    pub source: &'static str,
}

/// All settings, in groups.
pub fn of(state: &State) -> Vec<Setting> {
    match &state.facts.node.config {
        Fact::Seen(config) => of_config(config),
        Fact::Unknown | Fact::Missing(_) => Vec::new(),
    }
}

fn of_config(config: &NodeConfig) -> Vec<Setting> {
    let row = |group, label, value: String| Setting { group, label, value, source: "node config" };
    let trust = match &config.database.trust {
        TrustSection::System => "system roots".to_owned(),
        TrustSection::CaFile(path) => format!("CA file {}", path.display()),
        TrustSection::Fingerprint(digest) => format!("one certificate, {digest}"),
        TrustSection::None => "nothing".to_owned(),
    };
    vec![
        row("Node", "Instance", config.instance.clone()),
        row("Node", "Name", config.node.name.clone()),
        row("Node", "Home directory", config.node.home.display().to_string()),
        row("Node", "Task cap", config.node.task_cap.to_string()),
        row("Database", "Server", config.database.server.clone()),
        row("Database", "Database", config.database.name.clone()),
        row("Database", "SQL login", config.database.user.clone()),
        row("Database", "Password", "sealed".to_owned()),
        row("Database", "Trust", trust),
        row("Cluster", "Cluster", config.cluster.id.short()),
        row("Cluster", "Fingerprint", config.cluster.fingerprint.to_string()),
        row("Web portal", "Listen on", config.web.listen_prefixes.join(", ")),
        row("Web portal", "Force HTTPS", if config.web.force_ssl { "yes" } else { "no" }.to_owned()),
        row("Web portal", "Tentacle port", config.comms.port.to_string()),
        row("Web portal", "gRPC port", config.comms.grpc_port.to_string()),
    ]
}
