//! The web portal and the ports of a node: as they were asked for, and as the node config keeps them.

use serde::{Deserialize, Serialize};

use super::prefixes::ListenPrefix;

/// The web portal and the ports, as they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Web {
    /// Listen prefixes, at least one.
    pub prefixes: Vec<ListenPrefix>,
    /// Whether HTTP is redirected to HTTPS.
    pub force_ssl: bool,
    /// The port for polling Tentacles.
    pub comms_port: u16,
    /// The gRPC port.
    pub grpc_port: u16,
}

/// `[web]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebSection {
    /// Listen prefixes. Text, so that a config with a malformed one can still be reviewed and mended.
    pub listen_prefixes: Vec<String>,
    /// Whether HTTP is redirected to HTTPS.
    pub force_ssl: bool,
}

/// `[comms]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommsSection {
    /// The port for polling Tentacles.
    pub port: u16,
    /// The gRPC port.
    pub grpc_port: u16,
}

impl Web {
    /// The listen prefixes in their canonical form.
    pub fn prefix_texts(&self) -> Vec<String> {
        self.prefixes.iter().map(ToString::to_string).collect()
    }

    /// What the node config keeps in `[web]`.
    pub fn section(&self) -> WebSection {
        WebSection { listen_prefixes: self.prefix_texts(), force_ssl: self.force_ssl }
    }

    /// What the node config keeps in `[comms]`.
    pub const fn comms_section(&self) -> CommsSection {
        CommsSection { port: self.comms_port, grpc_port: self.grpc_port }
    }
}
