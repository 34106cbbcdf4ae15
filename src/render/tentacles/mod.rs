//! What polling Tentacles are told of a cluster: the commands for every node, and what a Tentacle's own configuration says then.
//!
//! A polling Tentacle has to reach every node by itself; one that polls a balanced address finds the nodes by luck.

mod config;
mod script;

use crate::model::backend::{Backend, Backends, authority};

pub use config::{SETTING, json, xml_line};
pub use script::write;

/// How Tentacles tell the nodes apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
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

/// What Tentacles are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polling {
    /// The nodes.
    pub nodes: Vec<Polled>,
    /// What goes into a comment at the head.
    pub remarks: Vec<String>,
    /// The thumbprint of Octopus' own certificate, which all nodes share.
    pub thumbprint: Option<String>,
    /// The Tentacle's subscription, the same for all nodes: `poll://…/`.
    pub subscription: Option<String>,
}

/// A node as a Tentacle polls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// Its name.
    pub name: String,
    /// The URL of its web portal, for the command that makes it known.
    pub server: String,
    /// The host that is polled.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Polled {
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

/// Why there is nothing to tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPolling {
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
    /// What Tentacles are told of these nodes.
    ///
    /// # Errors
    /// No node, or not enough ports.
    pub fn new(backends: &Backends, scheme: &Scheme) -> Result<Self, NoPolling> {
        if backends.nodes.is_empty() {
            return Err(NoPolling::NoNode);
        }
        let polled = |(place, node): (usize, &Backend)| {
            let name = node.name.as_str().to_owned();
            let (host, port) = match scheme {
                Scheme::Own => (node.web.host.clone(), node.comms_port),
                Scheme::Shared { address, first_port } => {
                    let port = u16::try_from(place).ok().and_then(|place| first_port.checked_add(place));
                    (address.clone(), port.ok_or_else(|| NoPolling::NoPort(name.clone()))?)
                }
            };
            Ok(Polled { name, server: node.url(), host, port })
        };
        let nodes = backends.nodes.iter().enumerate().map(polled).collect::<Result<_, _>>()?;
        let left = backends.left_out.iter().map(crate::model::backend::LeftOutNode::says);
        Ok(Self { nodes, remarks: left.chain(backends.remarks.iter().cloned()).collect(), thumbprint: None, subscription: None })
    }
}

/// The name of the environment variable with the API key, which never stands in what is written.
pub const API_KEY: &str = "OCTOPUS_SETUP_API_KEY";
