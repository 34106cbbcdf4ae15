//! Commands that make polling Tentacles poll every node of a cluster, and the Tentacle configuration that results.
//!
//! A polling Tentacle has to reach every node by itself; one that polls a balanced address finds the nodes by luck.

use std::fmt::Write as _;

use askama::Template;
use askama::filters::Safe;

use super::{Shell, comment, tidy};
use crate::model::backend::{Backend, Backends};
use crate::model::flow::Flow;
use crate::model::plan::Plan;
use crate::model::web::authority;

/// Returns the command that makes a polling Tentacle poll the node that joined, too; `None` for other flows.
pub fn poll_server_command(plan: &Plan) -> Option<String> {
    if plan.flow != Flow::Join {
        return None;
    }
    let node = &plan.node;
    // What only this machine can reach is no address for a Tentacle elsewhere.
    let prefix = node.web.prefixes.iter().find(|prefix| !prefix.is_loopback())?;
    // A prefix may stand for every name; other machines need one that leads here.
    let host = if prefix.is_for_all() { node.name.as_str() } else { prefix.host.as_str() };
    let scheme = if prefix.secure { "https" } else { "http" };
    let port = if prefix.port == if prefix.secure { 443 } else { 80 } { String::new() } else { format!(":{}", prefix.port) };
    let comms = node.web.comms_port;
    Some(format!("Tentacle poll-server --server={scheme}://{host}{port}/ --server-comms-port={comms} --apikey=API-..."))
}

/// How Tentacles tell the nodes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressScheme {
    /// Each node has an address of its own; the port is the node's.
    Own,
    /// One address, and a port for each node: a load balancer that passes them through, or NAT.
    Shared {
        /// The host.
        address: String,
        /// The first node's port; the others follow.
        first_port: u16,
    },
}

/// A cluster as polling Tentacles see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polling {
    pub nodes: Vec<PolledNode>,
    /// What goes into a comment at the head.
    pub remarks: Vec<String>,
    /// The thumbprint of Octopus' own certificate, which all nodes share.
    pub thumbprint: Option<String>,
    /// The Tentacle's subscription, the same for all nodes: `poll://…/`.
    pub subscription: Option<String>,
}

/// A node as a Tentacle polls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolledNode {
    pub name: String,
    /// The URL of its web portal, for the command that makes it known.
    pub server: String,
    /// The host that is polled.
    pub host: String,
    pub port: u16,
}

impl PolledNode {
    /// The address that a Tentacle keeps: `https://host:10943`.
    pub fn address(&self) -> String {
        format!("https://{}", authority(&self.host, self.port))
    }

    /// The address without its port, as the command takes it.
    pub fn comms(&self) -> String {
        let host = authority(&self.host, 0);
        format!("https://{}", host.strip_suffix(":0").unwrap_or(&host))
    }
}

/// Why a cluster cannot be polled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PollingError {
    /// There is no node.
    #[error("There is no live node to poll; give nodes with --node NAME=URL.")]
    NoNode,
    /// The ports run out.
    #[error("There is no port left for node {0}; begin lower with --first-port.")]
    NoPort(String),
    /// A value cannot be written.
    #[error("One of the values has a NUL character in it, which neither a shell nor a command line can carry.")]
    Unwritable,
}

impl Polling {
    pub fn new(backends: &Backends, scheme: &AddressScheme) -> Result<Self, PollingError> {
        if backends.nodes.is_empty() {
            return Err(PollingError::NoNode);
        }
        let polled = |(place, node): (usize, &Backend)| {
            let name = node.name.as_str().to_owned();
            let (host, port) = match scheme {
                AddressScheme::Own => (node.web.host.clone(), node.comms_port),
                AddressScheme::Shared { address, first_port } => {
                    let port = u16::try_from(place).ok().and_then(|place| first_port.checked_add(place));
                    (address.clone(), port.ok_or_else(|| PollingError::NoPort(name.clone()))?)
                }
            };
            Ok(PolledNode { name, server: node.url(), host, port })
        };
        let nodes = backends.nodes.iter().enumerate().map(polled).collect::<Result<_, _>>()?;
        let remarks = backends.left_out_remarks().into_iter().chain(backends.remarks.iter().cloned()).collect();
        Ok(Self { nodes, remarks, thumbprint: None, subscription: None })
    }
}

/// The name of the environment variable with the API key, which never stands in what is written.
pub const API_KEY: &str = "OCTOPUS_SETUP_API_KEY";

/// The setting in `Tentacle.config`.
pub const SETTING: &str = "Tentacle.Communication.TrustedOctopusServers";

/// The setting's value: a JSON array with an entry for each node. Where the thumbprint or the subscription is not known, a place
/// to fill in stands between `<` and `>`; it is the same for all nodes.
pub fn json(polling: &Polling) -> String {
    let thumbprint = polling.thumbprint.as_deref().unwrap_or("<thumbprint of the Octopus Server certificate>");
    let subscription = polling.subscription.as_deref().unwrap_or("<poll://... of this Tentacle>");
    let mut text = String::from("[");
    for (place, node) in polling.nodes.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // Written by hand, for the order of the keys is Tentacle's own; each value is quoted by the JSON library. Writing to a
        // string cannot fail.
        let _ = write!(
            text,
            "{comma}{{\"Thumbprint\":{},\"CommunicationStyle\":2,\"Address\":{},\"Squid\":null,\"SubscriptionId\":{}}}",
            serde_json::Value::from(thumbprint),
            serde_json::Value::from(node.address()),
            serde_json::Value::from(subscription),
        );
    }
    text.push(']');
    text
}

/// The whole line of `Tentacle.config`.
pub fn xml_line(polling: &Polling) -> String {
    let mut line = format!("<set key=\"{SETTING}\">");
    for character in json(polling).chars() {
        match character {
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '&' => line.push_str("&amp;"),
            '"' => line.push_str("&quot;"),
            character => line.push(character),
        }
    }
    line.push_str("</set>");
    line
}

#[derive(Template)]
#[template(path = "tentacles.sh", config = "assets/askama.toml")]
struct Bash<'a> {
    head: Vec<Safe<String>>,
    key: Safe<&'static str>,
    nodes: &'a [PolledNode],
    tail: Vec<Safe<String>>,
}

#[derive(Template)]
#[template(path = "tentacles.ps1", config = "assets/askama.toml")]
struct PowerShell<'a> {
    head: Vec<Safe<String>>,
    key: Safe<&'static str>,
    nodes: &'a [PolledNode],
    tail: Vec<Safe<String>>,
}

/// The commands in a shell.
///
/// # Errors
/// A value that the shell cannot carry.
pub fn write(polling: &Polling, shell: Shell) -> Result<String, PollingError> {
    let comments = |lines: Vec<String>| lines.iter().map(|line| comment(line, shell == Shell::PowerShell)).collect();
    let (head, tail) = (comments(head_comments(polling)), comments(tail_comments(polling)));
    let (key, nodes) = (Safe(API_KEY), polling.nodes.as_slice());
    let text = match shell {
        Shell::Bash => Bash { head, key, nodes, tail }.render(),
        Shell::PowerShell => PowerShell { head, key, nodes, tail }.render(),
    };
    text.map(|text| tidy(&text)).map_err(|_| PollingError::Unwritable)
}

fn head_comments(polling: &Polling) -> Vec<String> {
    let mut lines = vec![
        "Makes a polling Tentacle poll every node of its cluster. Run it on the Tentacle's machine.".to_owned(),
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    lines.extend(polling.nodes.iter().map(|node| format!("  {}  {}", node.name, node.address())));
    lines.extend(polling.remarks.iter().cloned());
    lines.extend([
        String::new(),
        "These addresses must lead to the one node each: no load balancer that chooses, and nothing that ends TLS on the way."
            .into(),
        format!("Set {API_KEY} to an API key first; Tentacle takes it on its command line, where anyone who may list the"),
        "processes of this machine can read it while a command runs.".into(),
    ]);
    lines
}

fn tail_comments(polling: &Polling) -> Vec<String> {
    vec![
        "The same by hand, with the service stopped: this is the whole line of Tentacle.config (the Tentacle's thumbprint and".into(),
        "subscription are the same in each entry; keep those that stand there already).".into(),
        format!("  {}", xml_line(polling)),
        format!("Its value as plain JSON, as {} has it:", SETTING),
        format!("  {}", json(polling)),
        String::new(),
        "Since Octopus Server 2026.4 the nodes can share their polling Tentacles by Redis instead: one address for all that may be".into(),
        "balanced (TCP, passed through). On every node, with a shared folder for the cluster configured:".into(),
        "  Octopus.Server configure --multiNodePollingTentaclesRedisConnectionString=<host:6379,password=...>".into(),
        "and then a Tentacle (8.1.1713 or later) forgets the others: Tentacle clear-trusted-servers --keep <thumbprint>.".into(),
    ]
}
