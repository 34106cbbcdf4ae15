//! The configuration of nginx.
//!
//! The open-source nginx looks at a node only by sending requests there, and a request whose body is passed on while it comes
//! in cannot be sent anew to another node. So nothing is sent to a node before it was asked: each request first makes nginx ask
//! itself for a node that takes requests (`auth_request`), which is answered by the ping of one of them, and then goes there.

use askama::Template;
use askama::filters::Safe;

use super::{Front, Seat, words};
use crate::model::backend::Backends;

#[derive(Template)]
#[template(path = "nginx.conf", config = "assets/askama.toml")]
struct Configuration<'a> {
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

impl Configuration<'_> {
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

pub(super) fn write(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    let configuration = Configuration {
        head: super::head("nginx", backends, front).iter().map(|line| words::comment(line)).collect(),
        front,
        listen: front.listen.with(front.listen.port),
        listen_http: front.listen.with(80),
        redirects: front.redirects(),
        grpc_on: front.grpc_port.map(|port| front.listen.with(port)),
        names: front.name.as_deref().unwrap_or("_"),
        ping: super::ping(backends),
        seats: super::seats(backends, front),
    };
    configuration.render()
}
