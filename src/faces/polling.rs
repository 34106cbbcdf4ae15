//! What polling Tentacles have to be told of a node that joined.

use crate::model::flow::Flow;
use crate::model::plan::Plan;

/// The command that has a polling Tentacle poll a node that joined as well; `None` for the other flows.
pub fn command(plan: &Plan) -> Option<String> {
    if plan.flow != Flow::Join {
        return None;
    }
    let node = &plan.node;
    let prefix = node.web.prefixes.first()?;
    // A prefix may stand for every name; other machines need one that leads here.
    let host = if matches!(prefix.host.as_str(), "+" | "*" | "localhost") { node.name.as_str() } else { prefix.host.as_str() };
    let scheme = if prefix.secure { "https" } else { "http" };
    let port = if prefix.port == if prefix.secure { 443 } else { 80 } { String::new() } else { format!(":{}", prefix.port) };
    let comms = node.web.comms_port;
    Some(format!("Tentacle poll-server --server={scheme}://{host}{port}/ --server-comms-port={comms} --apikey=API-..."))
}
