//! The configuration of `HAProxy`, which asks the nodes by itself.

use askama::Template;
use askama::filters::Safe;

use super::{Front, Seat, words};
use crate::model::backend::Backends;

#[derive(Template)]
#[template(path = "haproxy.cfg", config = "assets/askama.toml")]
struct Configuration<'a> {
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

impl Configuration<'_> {
    fn secure(&self) -> bool {
        self.seats.iter().any(|seat| seat.secure)
    }
}

pub(super) fn write(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    let configuration = Configuration {
        head: super::head("HAProxy", backends, front).iter().map(|line| words::comment(line)).collect(),
        front,
        listen: front.listen.with(front.listen.port),
        listen_http: front.listen.with(80),
        redirects: front.redirects(),
        grpc_on: front.grpc_port.map(|port| front.listen.with(port)),
        host: front.name.as_deref().unwrap_or("octopus"),
        ping: super::ping(backends),
        seats: super::seats(backends, front),
    };
    configuration.render()
}
