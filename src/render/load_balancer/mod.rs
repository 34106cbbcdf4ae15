//! Configurations of load balancers in front of a cluster: whole files, or whole scripts, with their reasons in comments.
//!
//! Requests go to the nodes in turn, since Octopus' portal keeps nothing in a node's memory that another one lacks. What is
//! never balanced is the port for polling Tentacles: a Tentacle has to reach every node by itself.

mod front;
mod programs;
mod words;

use crate::model::backend::{Backend, Backends};
use crate::model::web::TrustedProxy;

pub use front::{BadFront, Certificate, Front, Listen};
pub use words::{HaProxyWord, NetScalerWord, NginxWord};

/// A load balancer that a configuration is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// nginx, the open-source one.
    Nginx,
    /// `HAProxy`.
    HaProxy,
    /// IIS with Application Request Routing, as a PowerShell script.
    Iis,
    /// Citrix NetScaler, as its commands.
    NetScaler,
}

impl Program {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Nginx, Self::HaProxy, Self::Iis, Self::NetScaler];

    /// Its name, as it is typed.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::HaProxy => "haproxy",
            Self::Iis => "iis",
            Self::NetScaler => "netscaler",
        }
    }
}

/// A configuration cannot be written: something in it that its language cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoConfiguration {
    /// What was asked for does not fit together.
    #[error("{0}")]
    Front(#[from] BadFront),
    /// A value has a character in it that the program's language cannot carry.
    #[error("A value has a character in it that {0}'s configuration cannot carry: a line break, a NUL, or for nginx a $.")]
    Unwritable(&'static str),
}

/// The configuration.
///
/// # Errors
/// Nodes and ports that do not fit together, or a value that the language cannot carry.
pub fn configuration(program: Program, backends: &Backends, front: &Front) -> Result<String, NoConfiguration> {
    front.check(program, backends)?;
    let written = match program {
        Program::Nginx => programs::nginx(backends, front),
        Program::HaProxy => programs::haproxy(backends, front),
        Program::Iis => programs::iis(backends, front),
        Program::NetScaler => programs::netscaler(backends, front),
    };
    written.map(|text| tidy(&text)).map_err(|_| NoConfiguration::Unwritable(program.id()))
}

/// One empty line where a template leaves several, and a line break at the end: `HAProxy` takes a file without one for a part.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len() + 1);
    for line in text.trim_end().lines() {
        if !line.is_empty() || !tidy.ends_with("\n\n") {
            tidy.push_str(line);
            tidy.push('\n');
        }
    }
    tidy
}

/// A node as a template takes it.
struct Seat<'a> {
    /// Its place, from 1.
    number: usize,
    name: &'a str,
    /// Host and port of its web portal.
    authority: String,
    secure: bool,
    host: &'a str,
    port: u16,
    /// Its port on the load balancer for polling Tentacles.
    polling: u16,
    /// The same as where to listen.
    polling_on: String,
    /// Host and port for polling Tentacles.
    comms: String,
    comms_port: u16,
    grpc: String,
    grpc_port: u16,
    /// The inner port that tells whether it takes requests (nginx).
    inner: u16,
    /// The other nodes that speak the same (nginx).
    others: Vec<String>,
}

/// The path of the health check (`facts/octopus.md`, section 8): the portals of one cluster have one path.
fn ping(backends: &Backends) -> String {
    let path = backends.nodes.first().map_or("/", |node| node.web.path.as_str());
    format!("{path}{}", crate::model::web::PING_PATH)
}

/// The seats of all nodes. The ports have been checked.
fn seats<'a>(backends: &'a Backends, front: &Front) -> Vec<Seat<'a>> {
    let nodes = &backends.nodes;
    let port = |first: u16, place: usize| u16::try_from(place).map_or(first, |place| first.saturating_add(place));
    let seat = |(place, node): (usize, &'a Backend)| Seat {
        number: place + 1,
        name: node.name.as_str(),
        authority: node.authority(),
        secure: node.web.secure,
        host: &node.web.host,
        port: node.web.port,
        polling: port(front.polling_port.unwrap_or_default(), place),
        polling_on: front.listen.with(port(front.polling_port.unwrap_or_default(), place)),
        comms: crate::model::web::authority(&node.web.host, node.comms_port),
        comms_port: node.comms_port,
        grpc: crate::model::web::authority(&node.web.host, node.grpc_port),
        grpc_port: node.grpc_port,
        inner: port(front.inner_port, place),
        others: others(nodes, place),
    };
    nodes.iter().enumerate().map(seat).collect()
}

/// Those that can take a request in the place of another one, beginning behind it so that not all go to the first.
fn others(nodes: &[Backend], place: usize) -> Vec<String> {
    let own = nodes.get(place).map(|node| node.web.secure);
    let behind = nodes.iter().cycle().skip(place + 1).take(nodes.len().saturating_sub(1));
    // Two are enough, and a cluster of a hundred would have ten thousand of them.
    behind.filter(|node| Some(node.web.secure) == own).take(2).map(Backend::authority).collect()
}

/// What stands at the head of all of them, without the sign of a comment.
fn head(program: &str, backends: &Backends, front: &Front) -> Vec<String> {
    let mut lines = vec![
        format!("{program} in front of an Octopus Server cluster of {}.", backends.nodes.len()),
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    for node in &backends.nodes {
        let drained = if node.drained { ", drained: it gets requests again when it takes them" } else { "" };
        lines.push(format!("  {}  {}{drained}", node.name.as_str(), node.url()));
    }
    for left in &backends.left_out {
        lines.push(left.says());
    }
    lines.extend(backends.remarks.iter().cloned());
    let known = backends.config.as_ref().map(|config| TrustedProxy::join(&config.web.trusted_proxies)).unwrap_or_default();
    let proxies = if known.is_empty() { "<this load balancer's IP address, as the nodes see it>" } else { &known };
    lines.extend([
        String::new(),
        "Octopus believes X-Forwarded-For, -Proto and -Host only of proxies that it is told of. On one node, for all of them:".into(),
        format!("  Octopus.Server configure --instance=<instance> --trustedProxies={proxies}"),
        "or in the portal: Configuration, Settings, Web Portal, Trusted Proxies. Without it, the audit log has the address of the".into(),
        "load balancer for everybody.".into(),
        String::new(),
    ]);
    if front.sticky {
        lines.extend([
            "Session persistence was asked for. Octopus does not need it; it hides that a node learns of changed permissions a"
                .into(),
            "moment later than the one where they were changed. It costs an even share of the work.".into(),
        ]);
    } else {
        lines.extend([
            "Requests go to the nodes in turn: the portal is stateless, every node answers every request. Session persistence"
                .into(),
            "(--sticky) is for users who see pages of two nodes disagree for a moment after permissions were changed.".into(),
        ]);
    }
    if front.polling_port.is_some() {
        lines.extend([
            String::new(),
            "Polling Tentacles have to reach every node by itself, so their port is not balanced: each node has one of its own here,".into(),
            "passed through as it is, since node and Tentacle prove themselves to each other by TLS. It does not look at the ping: a node".into(),
            "that is being drained still needs its Tentacles. octopus-setup tentacles has what to tell them.".into(),
        ]);
    }
    lines
}
