//! Surveys the ports and names of the listen prefixes.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpSocket;

use crate::model::facts::{Fact, PortFact, PortsFacts, Trouble};
use crate::model::untrusted::Untrusted;
use crate::model::web::ListenPrefix;
use crate::world::budget::{io, within};

/// The resolver's budget for all names together.
const BUDGET: Duration = Duration::from_secs(5);

/// Tries the ports and resolves the names. The ports, which are known at once, are reported first.
pub async fn ports(ports: &[u16], prefixes: &[ListenPrefix], mut report: impl FnMut(PortsFacts) + Send) -> PortsFacts {
    let mut facts = PortsFacts {
        ports: ports.iter().map(|port| PortFact { port: *port, free: free(*port) }).collect(),
        strange_hosts: Fact::Unknown,
    };
    report(facts.clone());
    let mut hosts: Vec<&str> = prefixes.iter().map(|prefix| prefix.host.as_str()).filter(|host| !is_everywhere(host)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let strange = join_all(hosts.iter().map(|host| async move { (!is_ours(host).await).then(|| Untrusted::new(host)) })).await;
    facts.strange_hosts = Fact::Seen(strange.into_iter().flatten().collect());
    report(facts.clone());
    facts
}

/// Returns whether a port can be bound on all addresses of both families, one after the other. Does not listen, so that no connection
/// meant for another program ends here.
fn free(port: u16) -> Fact<bool> {
    if port == 0 {
        return Fact::Missing(Trouble::Unasked);
    }
    for address in [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)] {
        match bind(SocketAddr::new(address, port)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Fact::Seen(false),
            // A host without this family has nothing on it.
            Err(error) if is_absent_family(&error) => {}
            Err(error) => return Fact::Missing(io(&error)),
        }
    }
    Fact::Seen(true)
}

fn bind(address: SocketAddr) -> std::io::Result<()> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // On Unix this ignores connections in TIME_WAIT but never a listener; on Windows it would ignore a listener too.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)
}

fn is_absent_family(error: &std::io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own: 97 on Linux, 47 on the BSDs and macOS, 10047 on Windows.
    error.kind() == ErrorKind::AddrNotAvailable || matches!(error.raw_os_error(), Some(97 | 47 | 10_047))
}

/// Names that mean this machine everywhere.
fn is_everywhere(host: &str) -> bool {
    matches!(host, "+" | "*" | "") || host.eq_ignore_ascii_case("localhost")
}

/// Returns whether a name resolves in time to an address of this machine.
async fn is_ours(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let looked_up = within(BUDGET, move || (bare.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<_>>)).await;
    match looked_up {
        // Binding a datagram socket tells whether an address is ours without a list of interfaces, and disturbs nobody.
        Ok(Ok(addresses)) => addresses.into_iter().any(|address| UdpSocket::bind(address).is_ok()),
        Ok(Err(_)) | Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn prefix(host: &str) -> ListenPrefix {
        ListenPrefix { secure: false, host: host.into(), port: 80, path: "/".into() }
    }

    #[tokio::test]
    async fn a_port_that_somebody_listens_on_is_taken_and_free_again_afterwards() {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let listener = TcpListener::bind(address).expect("a free port");
            let port = listener.local_addr().expect("an address").port();
            assert_eq!(free(port), Fact::Seen(false), "{address}");
            drop(listener);
            assert_eq!(free(port), Fact::Seen(true), "{address}");
        }
        assert!(free(0).trouble().is_some());
    }

    #[tokio::test]
    async fn only_names_that_lead_elsewhere_are_strange() {
        let prefixes = ["localhost", "+", "*", "127.0.0.1", "[::]", "192.0.2.1", "192.0.2.1"].map(prefix);
        let mut reports = 0;
        let facts = ports(&[0], &prefixes, |_| reports += 1).await;
        assert_eq!(facts.strange_hosts, Fact::Seen(vec!["192.0.2.1".into()]));
        assert_eq!(reports, 2);
    }
}
