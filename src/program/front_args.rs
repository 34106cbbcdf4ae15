//! The arguments of the commands for what stands in front of a cluster: load balancers, and polling Tentacles.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::cli::{Format, OfNode};

/// A load balancer's configuration.
#[derive(Debug, Args)]
pub struct LoadBalancer {
    /// For which program.
    #[arg(value_enum)]
    pub kind: Balancer,

    #[command(flatten)]
    pub node: OfNode,

    /// Without a database: a node of the cluster, as NAME=URL, or NAME=URL,PORT where its port for polling Tentacles is not
    /// 10943. Once for each.
    #[arg(long = "node", value_name = "NAME=URL", conflicts_with_all = ["instance", "config"])]
    pub nodes: Vec<String>,

    /// The name by which people reach the cluster.
    #[arg(long, value_name = "HOST")]
    pub name: Option<String>,

    /// Where the load balancer listens: a port, an address, or both. Port 80, or 443 with a certificate, when nothing is said.
    #[arg(long, value_name = "WHERE")]
    pub listen: Option<String>,

    /// TLS at the load balancer: the file of its certificate with the chain, on its machine.
    #[arg(long, value_name = "FILE", requires = "certificate_key")]
    pub certificate: Option<String>,

    /// The file of the certificate's key, on the load balancer's machine.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub certificate_key: Option<String>,

    /// Keep each client with one node. Octopus does not need it.
    #[arg(long)]
    pub sticky: bool,

    /// The load balancer's first port for polling Tentacles; each node has one of its own, in the order in which they joined.
    #[arg(long, value_name = "N", default_value_t = 10_943, value_parser = clap::value_parser!(u16).range(1..))]
    pub polling_port: u16,

    /// Leave polling Tentacles out.
    #[arg(long, conflicts_with = "polling_port")]
    pub no_polling: bool,

    /// Pass gRPC through as well (Kubernetes agents and monitors), on this port.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8443", value_parser = clap::value_parser!(u16).range(1..))]
    pub grpc: Option<u16>,

    /// nginx: the first of the loopback ports by which it asks itself which nodes take requests, one for each node.
    #[arg(long, value_name = "N", default_value_t = 18_441, value_parser = clap::value_parser!(u16).range(1..))]
    pub inner_port: u16,

    /// nginx: the folder in which it keeps for two seconds what a node said of itself.
    #[arg(long, value_name = "DIR", default_value = "/run/octopus-ping")]
    pub cache_dir: String,

    /// Write it to this new file instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to print: as it is, or as a JSON object that holds it.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
}

/// The load balancers that a configuration is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Balancer {
    /// nginx, the open-source one.
    Nginx,
    /// HAProxy.
    #[value(name = "haproxy")]
    HaProxy,
    /// IIS with Application Request Routing, as a PowerShell script.
    Iis,
    /// Citrix NetScaler, as its commands.
    #[value(name = "netscaler")]
    NetScaler,
}

/// What polling Tentacles are told.
#[derive(Debug, Args)]
pub struct Tentacles {
    #[command(flatten)]
    pub node: OfNode,

    /// Without a database: a node of the cluster, as NAME=URL, or NAME=URL,PORT where its port for polling Tentacles is not
    /// 10943. Once for each.
    #[arg(long = "node", value_name = "NAME=URL", conflicts_with_all = ["instance", "config"])]
    pub nodes: Vec<String>,

    /// How a Tentacle tells the nodes apart.
    #[arg(long, value_enum, default_value = "own")]
    pub scheme: PollingScheme,

    /// The one address of all nodes.
    #[arg(long, value_name = "HOST", required_if_eq("scheme", "shared"))]
    pub address: Option<String>,

    /// The first node's port at that address; the others follow, in the order in which they joined, as load-balancer has them.
    #[arg(long, value_name = "N", default_value_t = 10_943, value_parser = clap::value_parser!(u16).range(1..))]
    pub first_port: u16,

    /// What to print; the commands for this system's own shell when nothing is said.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: Option<TentaclesFormat>,

    /// The thumbprint of Octopus Server's certificate, which all nodes share (Octopus.Server show-thumbprint).
    #[arg(long, value_name = "HEX")]
    pub thumbprint: Option<String>,

    /// The Tentacle's subscription (poll://...), as its configuration has it for the node that it polls already.
    #[arg(long, value_name = "ID")]
    pub subscription: Option<String>,

    /// Write it to this new file instead of printing it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// How to print: as it is, or as a JSON object with all of the formats.
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<Format>,
}

/// How a Tentacle tells the nodes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PollingScheme {
    /// Each node has an address of its own.
    Own,
    /// One address, and a port for each node.
    Shared,
}

/// What Tentacles are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TentaclesFormat {
    /// Commands in PowerShell.
    #[value(name = "powershell")]
    PowerShell,
    /// Commands in bash.
    Bash,
    /// The value of the setting in Tentacle.config.
    Json,
    /// The whole line of Tentacle.config.
    Xml,
}
