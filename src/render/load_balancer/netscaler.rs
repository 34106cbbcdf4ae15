//! The commands of Citrix NetScaler (ADC).

use askama::Template;
use askama::filters::Safe;

use super::{Front, Seat, words};
use crate::model::backend::Backends;

#[derive(Template)]
#[template(path = "netscaler.ns", config = "assets/askama.toml")]
struct Commands<'a> {
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

pub(super) fn write(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    let address = front.listen.address.map_or_else(|| "<VIP>".to_owned(), |address| address.to_string());
    let commands = Commands {
        head: super::head("NetScaler", backends, front).iter().map(|line| words::comment(line)).collect(),
        front,
        address: Safe(address),
        address_is_known: front.listen.address.is_some(),
        port: front.listen.port,
        redirects: front.redirects(),
        secure: backends.nodes.iter().any(|node| node.web.secure),
        request: format!("GET {}", super::ping(backends)),
        seats: super::seats(backends, front),
    };
    commands.render()
}
