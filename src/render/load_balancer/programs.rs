//! The templates of the programs.

use askama::Template;
use askama::filters::Safe;

use super::words::comment;
use super::{Front, Seat, head, ping, seats};
use crate::model::backend::Backends;

/// The configuration of nginx.
///
/// The open-source nginx looks at a node only by sending requests there, and a request whose body is passed on while it comes
/// in cannot be sent anew to another node. So nothing is sent to a node before it was asked: each request first makes nginx ask
/// itself for a node that takes requests (`auth_request`), which is answered by the ping of one of them, and then goes there.
#[derive(Template)]
#[template(path = "nginx.conf", config = "assets/askama.toml")]
struct NginxConfiguration<'a> {
    head: Vec<Safe<String>>,
    front: &'a Front,
    listen: String,
    listen_http: String,
    redirects: bool,
    grpc_on: Option<String>,
    names: &'a str,
    /// The `Host` of the ping where the cluster has a name.
    ping: String,
    seats: Vec<Seat<'a>>,
}

impl NginxConfiguration<'_> {
    fn streams(&self) -> bool {
        self.front.polling_port.is_some() || self.front.grpc_port.is_some()
    }

    fn secure(&self) -> bool {
        self.seats.iter().any(|seat| seat.secure)
    }

    fn host_of<'a>(&'a self, seat: &'a Seat<'_>) -> &'a str {
        if self.names == "_" { &seat.authority } else { self.names }
    }
}

pub(super) fn nginx(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    let configuration = NginxConfiguration {
        head: head("nginx", backends, front).iter().map(|line| comment(line)).collect(),
        front,
        listen: front.listen.with(front.listen.port),
        listen_http: front.listen.with(80),
        redirects: front.redirects(),
        grpc_on: front.grpc_port.map(|port| front.listen.with(port)),
        names: front.name.as_deref().unwrap_or("_"),
        ping: ping(backends),
        seats: seats(backends, front),
    };
    configuration.render()
}

/// The configuration of `HAProxy`, which asks the nodes by itself.
#[derive(Template)]
#[template(path = "haproxy.cfg", config = "assets/askama.toml")]
struct HaProxyConfiguration<'a> {
    head: Vec<Safe<String>>,
    front: &'a Front,
    listen: String,
    listen_http: String,
    redirects: bool,
    grpc_on: Option<String>,
    host: &'a str,
    ping: String,
    seats: Vec<Seat<'a>>,
}

impl HaProxyConfiguration<'_> {
    fn secure(&self) -> bool {
        self.seats.iter().any(|seat| seat.secure)
    }
}

pub(super) fn haproxy(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    let configuration = HaProxyConfiguration {
        head: head("HAProxy", backends, front).iter().map(|line| comment(line)).collect(),
        front,
        listen: front.listen.with(front.listen.port),
        listen_http: front.listen.with(80),
        redirects: front.redirects(),
        grpc_on: front.grpc_port.map(|port| front.listen.with(port)),
        host: front.name.as_deref().unwrap_or("octopus"),
        ping: ping(backends),
        seats: seats(backends, front),
    };
    configuration.render()
}

/// The PowerShell script that makes IIS, with Application Request Routing 3 and URL Rewrite 2, a load balancer.
#[derive(Template)]
#[template(path = "iis.ps1", config = "assets/askama.toml")]
struct IisScript<'a> {
    head: Vec<Safe<String>>,
    front: &'a Front,
    secure: bool,
    tls: bool,
    address: String,
    port: Safe<u16>,
    name: &'a str,
    ping: String,
    seats: Vec<Seat<'a>>,
}

pub(super) fn iis(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    // Windows PowerShell takes a file without a byte order mark for the system's own code page.
    let comment = |line: &String| {
        let line: String = line.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
        Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") })
    };
    let front_without = Front { polling_port: None, ..front.clone() };
    let script = IisScript {
        head: head("IIS", backends, &front_without).iter().map(comment).collect(),
        front,
        secure: backends.nodes.iter().any(|node| node.web.secure),
        tls: front.certificate.is_some(),
        address: front.listen.address.map_or_else(|| "*".to_owned(), |address| address.to_string()),
        port: Safe(front.listen.port),
        name: front.name.as_deref().unwrap_or_default(),
        ping: ping(backends),
        seats: seats(backends, front),
    };
    script.render()
}

/// The commands of Citrix NetScaler (ADC).
#[derive(Template)]
#[template(path = "netscaler.ns", config = "assets/askama.toml")]
struct NetScalerCommands<'a> {
    head: Vec<Safe<String>>,
    front: &'a Front,
    /// The virtual server's address.
    address: Safe<String>,
    address_is_known: bool,
    port: u16,
    redirects: bool,
    secure: bool,
    /// The request line of the ping.
    request: String,
    seats: Vec<Seat<'a>>,
}

pub(super) fn netscaler(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    let address = front.listen.address.map_or_else(|| "<VIP>".to_owned(), |address| address.to_string());
    let commands = NetScalerCommands {
        head: head("NetScaler", backends, front).iter().map(|line| comment(line)).collect(),
        front,
        address: Safe(address),
        address_is_known: front.listen.address.is_some(),
        port: front.listen.port,
        redirects: front.redirects(),
        secure: backends.nodes.iter().any(|node| node.web.secure),
        request: format!("GET {}", ping(backends)),
        seats: seats(backends, front),
    };
    commands.render()
}
