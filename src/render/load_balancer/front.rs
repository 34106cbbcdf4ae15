//! What a load balancer shows to the world.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Program;
use crate::model::backend::Backends;
use crate::model::web::{ListenPrefix, authority};

/// Why something cannot be asked for; the words are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FrontendError(pub String);

/// Where the load balancer listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// Its address; all when nothing is said.
    pub address: Option<IpAddr>,
    pub port: u16,
}

impl Listen {
    /// Reads `PORT`, `ADDRESS` or `ADDRESS:PORT`, an IPv6 address in brackets; `port` where none is said.
    ///
    /// # Errors
    /// What to type.
    pub fn parse(text: &str, port: u16) -> Result<Self, FrontendError> {
        let bad = || FrontendError("Type where to listen as PORT, ADDRESS or ADDRESS:PORT; an IPv6 address in brackets.".into());
        let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port != 0).ok_or_else(bad);
        if let Ok(port) = number(text) {
            return Ok(Self { address: None, port });
        }
        let (address, port) = match text.rsplit_once(':') {
            Some((address, digits)) if !digits.ends_with(']') => (address, number(digits)?),
            _ => (text, port),
        };
        let address = match address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => IpAddr::V6(inner.parse().map_err(|_| bad())?),
            None if address == "*" => return Ok(Self { address: None, port }),
            None => IpAddr::V4(address.parse().map_err(|_| bad())?),
        };
        Ok(Self { address: Some(address), port })
    }

    /// With this port: `*:80` or `[::1]:80`.
    pub(super) fn with_port(self, port: u16) -> String {
        self.address.map_or_else(|| format!("*:{port}"), |address| authority(&address.to_string(), port))
    }
}

/// A certificate that the load balancer shows, as files on its machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate with its chain, PEM. `HAProxy` wants the key in it, or beside it as `FILE.key`.
    pub file: String,
    /// Its key, PEM.
    pub key: String,
}

/// What a load balancer shows to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontend {
    /// The name by which people reach the cluster.
    pub name: Option<String>,
    pub listen: Listen,
    /// TLS at the load balancer.
    pub certificate: Option<CertificateFiles>,
    /// Session persistence.
    pub sticky: bool,
    /// The first of the ports for polling Tentacles, one for each node; `None` for none.
    pub polling_port: Option<u16>,
    /// The port for gRPC; `None` for none.
    pub grpc_port: Option<u16>,
    /// The first of the ports on the loopback address by which nginx asks itself about the nodes, one for each.
    pub inner_port: u16,
    /// The folder in which nginx remembers for two seconds what a node said.
    pub cache: String,
}

impl Frontend {
    /// The first inner port when nothing is said: below the ports that systems take by themselves.
    pub const INNER: u16 = 18_441;
    /// The folder of nginx when nothing is said.
    pub const CACHE: &'static str = "/run/octopus-ping";

    /// Reads the public name.
    ///
    /// # Errors
    /// What to type.
    pub fn read_name(text: &str) -> Result<String, FrontendError> {
        let bad = || FrontendError("Type the name by which people reach the cluster, for instance octopus.example.com.".into());
        let read = ListenPrefix::parse_all(&format!("https://{text}/")).map_err(|_| bad())?;
        match read.as_slice() {
            [read] if !read.is_for_all() && read.path == "/" && read.port == 443 && read.host.is_ascii() => Ok(read.host.clone()),
            _ => Err(bad()),
        }
    }

    /// Whether people without `https://` are sent there.
    pub(super) fn redirects(&self) -> bool {
        self.certificate.is_some() && self.listen.port == 443
    }

    /// Whether it all fits together.
    pub(super) fn check(&self, program: Program, backends: &Backends) -> Result<(), FrontendError> {
        let Some(first) = backends.nodes.first() else {
            return Err(FrontendError("There is no live node to balance between; give nodes with --node NAME=URL.".into()));
        };
        let path = &first.web.path;
        if let Some(other) = backends.nodes.iter().find(|node| !node.web.path.eq_ignore_ascii_case(path)) {
            return Err(FrontendError(format!(
                "Nodes {} and {} serve different paths ({path} and {}); behind one load balancer all serve the same.",
                first.name.as_str(),
                other.name.as_str(),
                other.web.path
            )));
        }
        let mixed = backends.nodes.iter().any(|node| node.web.secure != first.web.secure);
        if mixed && matches!(program, Program::Iis | Program::NetScaler) {
            return Err(FrontendError("Some nodes speak HTTP and some HTTPS; this load balancer wants one for all.".into()));
        }
        self.check_ports(program, backends)
    }

    /// Whether no port is there twice, or above the last.
    fn check_ports(&self, program: Program, backends: &Backends) -> Result<(), FrontendError> {
        let mut taken: BTreeMap<u16, String> = BTreeMap::new();
        let mut claim = |port: Option<u16>, what: String| match port {
            None => Err(FrontendError(format!("There is no port left for {what}; begin lower."))),
            Some(port) => match taken.insert(port, what.clone()) {
                Some(other) => Err(FrontendError(format!("Port {port} is asked for twice: for {other}, and for {what}."))),
                None => Ok(()),
            },
        };
        claim(Some(self.listen.port), "the portal".into())?;
        if self.redirects() {
            claim(Some(80), "clients that come without https://".into())?;
        }
        if program == Program::Iis {
            return Ok(());
        }
        if self.grpc_port.is_some() {
            claim(self.grpc_port, "gRPC".into())?;
        }
        for (place, node) in backends.nodes.iter().enumerate() {
            let name = node.name.as_str();
            let port = |first: u16| u16::try_from(place).ok().and_then(|place| first.checked_add(place));
            if let Some(first) = self.polling_port {
                claim(port(first), format!("the polling Tentacles of {name}"))?;
            }
            if program == Program::Nginx {
                claim(port(self.inner_port), format!("what nginx asks itself about {name}"))?;
            }
        }
        Ok(())
    }
}
