//! Configurations of load balancers in front of a cluster: whole files, or whole scripts, with their reasons in comments.
//!
//! Requests go to the nodes in turn, since Octopus' portal keeps nothing in a node's memory that another one lacks. What is
//! never balanced is the port for polling Tentacles: a Tentacle has to reach every node by itself.

mod front;

use std::fmt;

use askama::Template;
use askama::filters::{Escaper, Safe};

use crate::model::backend::{Backend, Backends};
use crate::model::web::TrustedProxy;

use super::{comment, tidy};

pub use front::{CertificateFiles, Frontend, FrontendError, Listen};

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
pub enum ConfigurationError {
    /// What was asked for does not fit together.
    #[error("{0}")]
    Front(#[from] FrontendError),
    /// A value has a character in it that the program's language cannot carry.
    #[error("A value has a character in it that {0}'s configuration cannot carry: a line break, a NUL, or for nginx a $.")]
    Unwritable(&'static str),
}

/// The configuration.
///
/// # Errors
/// Nodes and ports that do not fit together, or a value that the language cannot carry.
pub fn configuration(program: Program, backends: &Backends, front: &Frontend) -> Result<String, ConfigurationError> {
    front.check(program, backends)?;
    let written = match program {
        Program::Nginx => NginxConfiguration { proxy: ReverseProxy::new("nginx", backends, front) }.render(),
        Program::HaProxy => HaProxyConfiguration { proxy: ReverseProxy::new("HAProxy", backends, front) }.render(),
        Program::Iis => iis(backends, front),
        Program::NetScaler => netscaler(backends, front),
    };
    written.map(|text| tidy(&text)).map_err(|_| ConfigurationError::Unwritable(program.id()))
}

/// A node as a template takes it.
struct NodeEntry<'a> {
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

/// Returns all nodes as the templates take them. The ports have been checked.
fn node_entries<'a>(backends: &'a Backends, front: &Frontend) -> Vec<NodeEntry<'a>> {
    let nodes = &backends.nodes;
    let port = |first: u16, place: usize| u16::try_from(place).map_or(first, |place| first.saturating_add(place));
    let entry = |(place, node): (usize, &'a Backend)| NodeEntry {
        number: place + 1,
        name: node.name.as_str(),
        authority: node.authority(),
        secure: node.web.secure,
        host: &node.web.host,
        port: node.web.port,
        polling: port(front.polling_port.unwrap_or_default(), place),
        polling_on: front.listen.with_port(port(front.polling_port.unwrap_or_default(), place)),
        comms: crate::model::web::authority(&node.web.host, node.comms_port),
        comms_port: node.comms_port,
        grpc: crate::model::web::authority(&node.web.host, node.grpc_port),
        grpc_port: node.grpc_port,
        inner: port(front.inner_port, place),
        others: others(nodes, place),
    };
    nodes.iter().enumerate().map(entry).collect()
}

/// Returns the nodes to which requests go if one fails, beginning after it so that not all go to the first.
fn others(nodes: &[Backend], place: usize) -> Vec<String> {
    let own = nodes.get(place).map(|node| node.web.secure);
    let behind = nodes.iter().cycle().skip(place + 1).take(nodes.len().saturating_sub(1));
    // Two are enough, and a cluster of a hundred would have ten thousand of them.
    behind.filter(|node| Some(node.web.secure) == own).take(2).map(Backend::authority).collect()
}

/// Returns the head of every configuration, without comment signs.
fn head(program: &str, backends: &Backends, front: &Frontend) -> Vec<String> {
    let mut lines = vec![
        format!("{program} in front of an Octopus Server cluster of {}.", backends.nodes.len()),
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    for node in &backends.nodes {
        let drained = if node.drained { ", drained: it gets requests again when it takes them" } else { "" };
        lines.push(format!("  {}  {}{drained}", node.name.as_str(), node.url()));
    }
    lines.extend(backends.left_out_remarks());
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

/// Characters of which no language here thinks anything, so that they need no quotes.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '[' | ']' | '*' | ',');
    !text.is_empty() && text.chars().all(plain)
}

/// Refuses what ends a line, or what no program takes.
fn refuse(text: &str, others: &[char]) -> fmt::Result {
    if text.chars().any(|c| c.is_control() || others.contains(&c)) { Err(fmt::Error) } else { Ok(()) }
}

/// A text between double quotes, with a backslash before each of these characters.
fn quoted<W: fmt::Write>(dest: &mut W, text: &str, special: &[char]) -> fmt::Result {
    dest.write_char('"')?;
    for character in text.chars() {
        if special.contains(&character) {
            dest.write_char('\\')?;
        }
        dest.write_char(character)?;
    }
    dest.write_char('"')
}

/// The escaper of `.conf` templates. nginx takes `$` for a variable even between quotes, and there is no way to write one.
#[derive(Debug, Clone, Copy)]
pub struct NginxWord;

impl Escaper for NginxWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        refuse(text, &['$'])?;
        if is_plain(text) { dest.write_str(text) } else { quoted(&mut dest, text, &['"', '\\']) }
    }
}

/// The escaper of `.cfg` templates.
#[derive(Debug, Clone, Copy)]
pub struct HaProxyWord;

impl Escaper for HaProxyWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        refuse(text, &[])?;
        if is_plain(text) { dest.write_str(text) } else { quoted(&mut dest, text, &['"', '\\', '$']) }
    }
}

/// The escaper of `.ns` templates.
#[derive(Debug, Clone, Copy)]
pub struct NetScalerWord;

impl Escaper for NetScalerWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        refuse(text, &[])?;
        if is_plain(text) { dest.write_str(text) } else { quoted(&mut dest, text, &['"', '\\']) }
    }
}

/// What the configurations of nginx and `HAProxy` share.
struct ReverseProxy<'a> {
    head: Vec<Safe<String>>,
    front: &'a Frontend,
    listen: String,
    listen_http: String,
    redirects: bool,
    grpc_on: Option<String>,
    /// The cluster's name, if it has one.
    name: Option<&'a str>,
    ping: String,
    nodes: Vec<NodeEntry<'a>>,
}

impl<'a> ReverseProxy<'a> {
    fn new(product: &str, backends: &'a Backends, front: &'a Frontend) -> Self {
        Self {
            head: head(product, backends, front).iter().map(|line| comment(line, false)).collect(),
            front,
            listen: front.listen.with_port(front.listen.port),
            listen_http: front.listen.with_port(80),
            redirects: front.redirects(),
            grpc_on: front.grpc_port.map(|port| front.listen.with_port(port)),
            name: front.name.as_deref(),
            ping: ping(backends),
            nodes: node_entries(backends, front),
        }
    }

    fn is_any_node_secure(&self) -> bool {
        self.nodes.iter().any(|node| node.secure)
    }

    /// Returns whether TCP streams are balanced besides HTTP.
    fn has_streams(&self) -> bool {
        self.front.polling_port.is_some() || self.front.grpc_port.is_some()
    }

    /// Returns the `Host` of the ping: the cluster's name, if it has one.
    fn ping_host<'b>(&'b self, node: &'b NodeEntry<'_>) -> &'b str {
        self.name.unwrap_or(&node.authority)
    }
}

/// The configuration of nginx.
///
/// The open-source nginx looks at a node only by sending requests there, and a request whose body is passed on while it comes
/// in cannot be sent anew to another node. So nothing is sent to a node before it was asked: each request first makes nginx ask
/// itself for a node that takes requests (`auth_request`), which is answered by the ping of one of them, and then goes there.
#[derive(Template)]
#[template(path = "nginx.conf", config = "assets/askama.toml")]
struct NginxConfiguration<'a> {
    proxy: ReverseProxy<'a>,
}

/// The configuration of `HAProxy`, which asks the nodes by itself.
#[derive(Template)]
#[template(path = "haproxy.cfg", config = "assets/askama.toml")]
struct HaProxyConfiguration<'a> {
    proxy: ReverseProxy<'a>,
}

/// The PowerShell script that makes IIS, with Application Request Routing 3 and URL Rewrite 2, a load balancer.
#[derive(Template)]
#[template(path = "iis.ps1", config = "assets/askama.toml")]
struct IisScript<'a> {
    head: Vec<Safe<String>>,
    front: &'a Frontend,
    secure: bool,
    tls: bool,
    address: String,
    port: Safe<u16>,
    name: &'a str,
    ping: String,
    nodes: Vec<NodeEntry<'a>>,
}

fn iis(backends: &Backends, front: &Frontend) -> Result<String, askama::Error> {
    let front_without = Frontend { polling_port: None, ..front.clone() };
    let script = IisScript {
        head: head("IIS", backends, &front_without).iter().map(|line| comment(line, true)).collect(),
        front,
        secure: backends.nodes.iter().any(|node| node.web.secure),
        tls: front.certificate.is_some(),
        address: front.listen.address.map_or_else(|| "*".to_owned(), |address| address.to_string()),
        port: Safe(front.listen.port),
        name: front.name.as_deref().unwrap_or_default(),
        ping: ping(backends),
        nodes: node_entries(backends, front),
    };
    script.render()
}

/// The commands of Citrix NetScaler (ADC).
#[derive(Template)]
#[template(path = "netscaler.ns", config = "assets/askama.toml")]
struct NetScalerCommands<'a> {
    head: Vec<Safe<String>>,
    front: &'a Frontend,
    /// The virtual server's address.
    address: Safe<String>,
    address_is_known: bool,
    port: u16,
    redirects: bool,
    secure: bool,
    /// The request line of the ping.
    request: String,
    nodes: Vec<NodeEntry<'a>>,
}

fn netscaler(backends: &Backends, front: &Frontend) -> Result<String, askama::Error> {
    let address = front.listen.address.map_or_else(|| "<VIP>".to_owned(), |address| address.to_string());
    let commands = NetScalerCommands {
        head: head("NetScaler", backends, front).iter().map(|line| comment(line, false)).collect(),
        front,
        address: Safe(address),
        address_is_known: front.listen.address.is_some(),
        port: front.listen.port,
        redirects: front.redirects(),
        secure: backends.nodes.iter().any(|node| node.web.secure),
        request: format!("GET {}", ping(backends)),
        nodes: node_entries(backends, front),
    };
    commands.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(escaper: impl Escaper, text: &str) -> Option<String> {
        let mut word = String::new();
        escaper.write_escaped_str(&mut word, text).ok().map(|()| word)
    }

    #[test]
    fn each_language_has_its_quotes() {
        for (text, nginx, haproxy) in [
            ("/etc/ssl/a.pem", Some("/etc/ssl/a.pem"), Some("/etc/ssl/a.pem")),
            ("/etc/my certs/a;b{}.pem", Some("\"/etc/my certs/a;b{}.pem\""), Some("\"/etc/my certs/a;b{}.pem\"")),
            ("a\"b\\c", Some("\"a\\\"b\\\\c\""), Some("\"a\\\"b\\\\c\"")),
            ("a$b", None, Some("\"a\\$b\"")),
            ("", Some("\"\""), Some("\"\"")),
            ("a\nb", None, None),
            ("a\0b", None, None),
        ] {
            assert_eq!(word(NginxWord, text).as_deref(), nginx, "{text:?}");
            assert_eq!(word(HaProxyWord, text).as_deref(), haproxy, "{text:?}");
        }
        assert_eq!(word(NetScalerWord, "GET /api"), Some("\"GET /api\"".into()));
    }
}
