//! The PowerShell script that makes IIS, with Application Request Routing 3 and URL Rewrite 2, a load balancer.

use askama::Template;
use askama::filters::Safe;

use super::{Front, Seat};
use crate::model::backend::Backends;

#[derive(Template)]
#[template(path = "iis.ps1", config = "assets/askama.toml")]
struct Script<'a> {
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

pub(super) fn write(backends: &Backends, front: &Front) -> Result<String, askama::Error> {
    // Windows PowerShell takes a file without a byte order mark for the system's own code page.
    let comment = |line: &String| {
        let line: String = line.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect();
        Safe(if line.is_empty() { "#".to_owned() } else { format!("# {line}") })
    };
    let front_without = Front { polling_port: None, ..front.clone() };
    let script = Script {
        head: super::head("IIS", backends, &front_without).iter().map(comment).collect(),
        front,
        secure: backends.nodes.iter().any(|node| node.web.secure),
        tls: front.certificate.is_some(),
        address: front.listen.address.map_or_else(|| "*".to_owned(), |address| address.to_string()),
        port: Safe(front.listen.port),
        name: front.name.as_deref().unwrap_or_default(),
        ping: super::ping(backends),
        seats: super::seats(backends, front),
    };
    script.render()
}
