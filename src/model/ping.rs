//! Where a node is asked whether it is in: the address that a load balancer asks too (`facts/octopus.md`, section 5).

use std::net::IpAddr;

use super::prefixes::ListenPrefix;
use super::web::Web;

/// The path of the ping, below that of the web portal: 200 in, 418 draining, anything else faulty.
pub const PATH: &str = "api/octopusservernodes/ping";

/// The ping of a node on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingAt {
    /// By TLS.
    pub secure: bool,
    /// The host that is asked for. HTTP.sys tells prefixes apart by it, so it is not always where one connects to.
    pub host: String,
    /// The address on this machine that is connected to.
    pub dial: IpAddr,
    /// The port.
    pub port: u16,
    /// The path, beginning with `/`.
    pub path: String,
}

impl PingAt {
    /// The ping of a web portal, by the prefix that answers it without leading elsewhere: where HTTP is redirected, that is
    /// one of HTTPS. `None` where there is no prefix.
    pub fn of(web: &Web) -> Option<Self> {
        let wanted = |prefix: &&ListenPrefix| prefix.secure == web.force_ssl;
        web.prefixes.iter().find(wanted).or_else(|| web.prefixes.first()).map(Self::of_prefix)
    }

    /// The ping at one prefix.
    pub fn of_prefix(prefix: &ListenPrefix) -> Self {
        let own = IpAddr::from([127, 0, 0, 1]);
        let dial = prefix.host.parse().ok().filter(|address: &IpAddr| !address.is_unspecified()).unwrap_or(own);
        let host = if prefix.is_for_all() { "localhost".to_owned() } else { prefix.host.clone() };
        Self { secure: prefix.secure, host, dial, port: prefix.port, path: format!("{}{PATH}", prefix.path) }
    }

    /// The host and the port, as they stand in a URL and in a request.
    pub fn authority(&self) -> String {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{open}{}{close}:{}", self.host, self.port)
    }

    /// The whole of it.
    pub fn url(&self) -> String {
        format!("{}://{}{}", if self.secure { "https" } else { "http" }, self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::prefixes;

    #[test]
    fn the_ping_is_asked_on_this_machine_by_the_name_that_the_prefix_has() {
        for (prefixes, force_ssl, url, dial) in [
            ("http://localhost:80/", false, "http://localhost:80/api/octopusservernodes/ping", "127.0.0.1"),
            ("http://+:8080/octo/", false, "http://localhost:8080/octo/api/octopusservernodes/ping", "127.0.0.1"),
            ("http://web01/, https://*/", true, "https://localhost:443/api/octopusservernodes/ping", "127.0.0.1"),
            ("https://web01/, http://web02/", false, "http://web02:80/api/octopusservernodes/ping", "127.0.0.1"),
            ("http://10.0.0.7/", true, "http://10.0.0.7:80/api/octopusservernodes/ping", "10.0.0.7"),
            ("http://[::1]:81/", false, "http://[::1]:81/api/octopusservernodes/ping", "::1"),
        ] {
            let prefixes = prefixes::parse(prefixes).expect("prefixes");
            let at = PingAt::of(&Web { prefixes, force_ssl, ..Web::default() }).expect("a ping");
            assert_eq!((at.url().as_str(), at.dial.to_string().as_str()), (url, dial));
        }
    }
}
