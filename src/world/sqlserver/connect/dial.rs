//! TCP: connects to the address that answers first.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::TcpStream;

use crate::model::facts::{ResolvedServer, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::limits;

/// An established TCP connection.
#[derive(Debug)]
pub struct Dialled {
    /// The connection, without Nagle's delay.
    pub stream: TcpStream,
    /// The address that answered.
    pub address: IpAddr,
    /// How long connecting took.
    pub took: Duration,
}

/// Tries the addresses one after the other with a short stagger, or all at once for a listener in several subnets.
///
/// # Errors
/// When none answers: the most telling trouble, see [`most_telling`].
pub async fn dial(to: &ResolvedServer, at_once: bool) -> Result<Dialled, Trouble> {
    let begun = Instant::now();
    let stagger = if at_once { Duration::ZERO } else { limits::STAGGER };
    let mut tries: FuturesUnordered<_> = to
        .addresses
        .iter()
        .zip(0u32..)
        .map(|(address, place)| dial_one(SocketAddr::new(*address, to.port), stagger * place))
        .collect();
    let mut refusals = Vec::new();
    let all = async {
        while let Some(outcome) = tries.next().await {
            match outcome {
                Ok(found) => return Some(found),
                Err(refusal) => refusals.push(refusal),
            }
        }
        None
    };
    match tokio::time::timeout(limits::DIAL_ALL, all).await {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(most_telling(refusals)),
        Err(_) => Err(Trouble::TimedOut { waited: begun.elapsed() }),
    }
}

/// Waits, then connects to one address.
///
/// # Errors
/// Refused, timed out, unreachable, or what the operating system says.
pub async fn dial_one(to: SocketAddr, wait: Duration) -> Result<Dialled, Trouble> {
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let begun = Instant::now();
    let stream = tokio::time::timeout(limits::DIAL_ONE, TcpStream::connect(to))
        .await
        .map_err(|_| Trouble::TimedOut { waited: limits::DIAL_ONE })?
        .map_err(|error| connect_trouble(&error))?;
    // Before the login TDS only exchanges small messages.
    stream.set_nodelay(true).map_err(|error| connect_trouble(&error))?;
    Ok(Dialled { stream, address: to.ip(), took: begun.elapsed() })
}

fn connect_trouble(error: &io::Error) -> Trouble {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused | Kind::ConnectionReset => Trouble::Refused,
        Kind::TimedOut => Trouble::TimedOut { waited: limits::DIAL_ONE },
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::AddrNotAvailable => Trouble::Unreachable,
        _ => Trouble::Io(Untrusted::new(&error.to_string())),
    }
}

/// Picks the trouble that tells most. A refusal comes from something near the server and tells more than silence; silence tells more
/// than "no route", which every machine without IPv6 reports for every IPv6 address.
fn most_telling(refusals: Vec<Trouble>) -> Trouble {
    let rank = |trouble: &Trouble| match trouble {
        Trouble::Refused => 0,
        Trouble::TimedOut { .. } => 1,
        Trouble::Io(_) => 2,
        _ => 3,
    };
    refusals.into_iter().min_by_key(rank).unwrap_or(Trouble::Unreachable)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn resolved(addresses: &[&str], port: u16) -> ResolvedServer {
        let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
        ResolvedServer { addresses, port, took: Duration::ZERO }
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        assert!(matches!(dial(&resolved(&["127.0.0.1"], port), false).await, Err(Trouble::Refused)));
    }

    #[tokio::test]
    async fn the_second_address_is_tried_when_the_first_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        for at_once in [true, false] {
            let found = dial(&resolved(&["127.0.0.2", "127.0.0.1"], port), at_once).await.expect("connected");
            assert_eq!(found.address, "127.0.0.1".parse::<IpAddr>().expect("an address"));
            assert!(found.stream.nodelay().expect("an option"));
        }
    }

    #[test]
    fn a_refusal_tells_more_than_silence_and_silence_more_than_no_route() {
        let silence = Trouble::TimedOut { waited: limits::DIAL_ONE };
        assert_eq!(most_telling(vec![Trouble::Unreachable, silence.clone(), Trouble::Refused]), Trouble::Refused);
        assert_eq!(most_telling(vec![Trouble::Unreachable, silence.clone()]), silence);
        assert_eq!(most_telling(vec![]), Trouble::Unreachable);
    }
}
