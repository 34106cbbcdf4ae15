//! TCP: resolves a written address to IP addresses and a port, with the SQL Server Browser for a named instance ([MC-SQLR]
//! 2.2), and connects to the address that answers first.

use std::borrow::Cow;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, UdpSocket};

use crate::model::facts::{ResolvedServer, Trouble};
use crate::model::target::ServerAddress;
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
    // A line that was cut in silence ends work in a minute and a half instead of never.
    let keepalive = TcpKeepalive::new().with_time(limits::KEEPALIVE).with_interval(limits::KEEPALIVE_AGAIN);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive).map_err(|error| connect_trouble(&error))?;
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

/// Looks up the host, and asks the SQL Server Browser for the port of a named instance.
///
/// A written port takes precedence over the instance, as in Microsoft's drivers: then the browser is not asked.
pub async fn resolve(address: &ServerAddress) -> Result<ResolvedServer, Trouble> {
    let begun = Instant::now();
    let addresses = look_up(&network_host(&address.host)).await?;
    let port = match (address.port, &address.instance) {
        (Some(port), _) => port,
        (None, None) => ServerAddress::DEFAULT_PORT,
        (None, Some(instance)) => ask_browser(&addresses, BROWSER_PORT, instance, limits::BROWSER).await?,
    };
    Ok(ResolvedServer { addresses, port, took: begun.elapsed() })
}

/// Returns the host as DNS and certificates have it: `localhost` for SQL Server's names of this machine, and other scripts in
/// punycode.
pub fn network_host(host: &str) -> Cow<'_, str> {
    if host == "." || host.eq_ignore_ascii_case("(local)") {
        return Cow::Borrowed("localhost");
    }
    match idna::domain_to_ascii(host) {
        Ok(ascii) if !host.is_ascii() => Cow::Owned(ascii),
        // ASCII stays as it is, with underscores and all; DNS says whether there is such a name.
        Ok(_) | Err(_) => Cow::Borrowed(host),
    }
}

async fn look_up(host: &str) -> Result<Vec<IpAddr>, Trouble> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![address]);
    }
    let found = tokio::time::timeout(limits::RESOLVE, tokio::net::lookup_host((host, 0)))
        .await
        .map_err(|_| Trouble::NameServerSilent)?
        .map_err(|error| lookup_trouble(&error))?;
    let addresses = without_duplicates(found);
    if addresses.is_empty() { Err(Trouble::NameUnknown) } else { Ok(addresses) }
}

fn without_duplicates(found: impl Iterator<Item = SocketAddr>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for address in found.map(|found| found.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Converts an error of the resolver. The standard library keeps getaddrinfo's code only in its text, so "try again" is recognised
/// by the words of the two C libraries and of Windows; any other failure counts as an unknown name, by far the commonest.
fn lookup_trouble(error: &std::io::Error) -> Trouble {
    let text = error.to_string();
    let passes = ["Temporary failure", "Try again", "try again", "os error 11002"];
    if passes.iter().any(|words| text.contains(words)) {
        Trouble::NameServerSilent
    } else if matches!(error.kind(), std::io::ErrorKind::OutOfMemory | std::io::ErrorKind::PermissionDenied) {
        Trouble::Io(Untrusted::new(&text))
    } else {
        Trouble::NameUnknown
    }
}

/// The UDP port of the SQL Server Browser.
const BROWSER_PORT: u16 = 1434;

/// `CLNT_UCAST_INST`: a question about one instance.
const ASK_ONE: u8 = 0x04;
/// `SVR_RESP`.
const ANSWER: u8 = 0x05;
/// Bytes before the answer's text: the type, and the text's length as two bytes.
const ANSWER_HEAD: usize = 3;
/// An answer about one instance has at most 1,024 bytes of text.
const MAX_ANSWER: usize = ANSWER_HEAD + 1024;

/// Asks the browsers on all addresses at once for this instance's TCP port, and waits `wait` for each try.
///
/// # Errors
/// [`Trouble::InstanceUnknown`] or [`Trouble::InstanceWithoutTcp`] when one of them answers; [`Trouble::BrowserSilent`] when none
/// does.
/// A browser does not answer for an instance that it does not know, so silence may mean either.
async fn ask_browser(addresses: &[IpAddr], port: u16, instance: &str, wait: Duration) -> Result<u16, Trouble> {
    let mut question = vec![ASK_ONE];
    question.extend_from_slice(instance.as_bytes());
    question.push(0);
    for _ in 0..limits::BROWSER_TRIES {
        let asked = addresses.iter().map(|address| Box::pin(ask_address(SocketAddr::new(*address, port), &question)));
        let first = futures_util::future::select_ok(asked);
        if let Ok(Ok((answer, _))) = tokio::time::timeout(wait, first).await {
            return tcp_port(&answer, instance);
        }
    }
    Err(Trouble::BrowserSilent { waited: wait * limits::BROWSER_TRIES })
}

/// Waits for an answer, and ignores other datagrams. It may come from another address than was asked: a failover cluster's browser
/// answers from the node's own one.
async fn ask_address(to: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let from: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((from, 0)).await?;
    socket.send_to(question, to).await?;
    let mut buffer = vec![0; MAX_ANSWER];
    loop {
        let (count, _) = socket.recv_from(&mut buffer).await?;
        if count > ANSWER_HEAD && buffer[0] == ANSWER {
            buffer.truncate(count);
            return Ok(buffer);
        }
    }
}

/// Reads `ServerName;SQL01;InstanceName;OCTOPUS;IsClustered;No;Version;16.0.1000.6;tcp;50123;;`, of which there may be several.
fn tcp_port(answer: &[u8], instance: &str) -> Result<u16, Trouble> {
    let (Some(head), Some(text)) = (answer.get(1..ANSWER_HEAD), answer.get(ANSWER_HEAD..)) else {
        return Err(Trouble::InstanceUnknown);
    };
    let length = head.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let text = String::from_utf8_lossy(&text[..text.len().min(length)]);
    for server in text.strip_prefix("ServerName;").unwrap_or(&text).split(";;ServerName;") {
        let words: Vec<&str> = server.split(';').skip(1).map(str::trim).collect();
        let value = |wanted: &str| {
            let pair = words.chunks_exact(2).find(|pair| pair[0].eq_ignore_ascii_case(wanted));
            pair.map(|pair| pair[1])
        };
        if value("InstanceName").is_some_and(|name| name.eq_ignore_ascii_case(instance)) {
            // An instance that listens on several ports lists them.
            let ports = value("tcp").unwrap_or_default().split(',').filter_map(|port| port.trim().parse().ok());
            return ports.into_iter().find(|port| *port != 0).ok_or(Trouble::InstanceWithoutTcp);
        }
    }
    Err(Trouble::InstanceUnknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::net::TcpListener;

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
            assert!(SockRef::from(&found.stream).keepalive().expect("an option"));
        }
    }

    #[test]
    fn a_refusal_tells_more_than_silence_and_silence_more_than_no_route() {
        let silence = Trouble::TimedOut { waited: limits::DIAL_ONE };
        assert_eq!(most_telling(vec![Trouble::Unreachable, silence.clone(), Trouble::Refused]), Trouble::Refused);
        assert_eq!(most_telling(vec![Trouble::Unreachable, silence.clone()]), silence);
        assert_eq!(most_telling(vec![]), Trouble::Unreachable);
    }

    fn address(host: &str, instance: Option<&str>, port: Option<u16>) -> ServerAddress {
        ServerAddress { host: host.into(), instance: instance.map(Into::into), port }
    }

    #[tokio::test]
    async fn literals_need_no_resolver_and_a_port_no_browser() {
        let found = resolve(&address("::1", Some("OCTOPUS"), Some(1444))).await.expect("resolved");
        assert_eq!(found.addresses, ["::1".parse::<IpAddr>().expect("an address")]);
        assert_eq!(found.port, 1444);
        let found = resolve(&address("127.0.0.1", None, None)).await.expect("resolved");
        assert_eq!(found.port, ServerAddress::DEFAULT_PORT);
    }

    #[tokio::test]
    async fn this_machine_has_its_sql_server_names() {
        assert!(resolve(&address("(LOCAL)", None, None)).await.is_ok());
        assert_eq!(network_host("."), "localhost");
        assert_eq!(network_host("sql01"), "sql01");
    }

    #[test]
    fn names_in_other_scripts_are_punycode() {
        for (written, asked) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("SQL_01.corp.example", "SQL_01.corp.example"),
        ] {
            assert_eq!(network_host(written), asked);
        }
    }

    #[test]
    fn a_silent_name_server_is_not_an_unknown_name() {
        let error = |text: &str| std::io::Error::other(text.to_owned());
        let silent = error("failed to lookup address information: Temporary failure in name resolution");
        assert_eq!(lookup_trouble(&silent), Trouble::NameServerSilent);
        let unknown = error("failed to lookup address information: Name or service not known");
        assert_eq!(lookup_trouble(&unknown), Trouble::NameUnknown);
    }

    #[test]
    fn duplicates_are_removed_and_the_order_stays() {
        let all = ["10.0.0.2:0", "10.0.0.1:0", "10.0.0.2:0"].map(|text| text.parse::<SocketAddr>().expect("an address"));
        let kept = without_duplicates(all.into_iter());
        assert_eq!(kept, ["10.0.0.2", "10.0.0.1"].map(|text| text.parse::<IpAddr>().expect("an address")));
    }

    fn browser_answer(text: &str) -> Vec<u8> {
        let mut bytes = vec![ANSWER];
        bytes.extend_from_slice(&u16::try_from(text.len()).expect("short").to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    const WAIT: Duration = Duration::from_millis(50);

    const GOOD: &str = "ServerName;SQL01;InstanceName;OCTOPUS;IsClustered;No;Version;16.0.1000.6;tcp;50123;;";

    #[test]
    fn the_port_is_read_for_the_instance_that_was_asked_for() {
        assert_eq!(tcp_port(&browser_answer(GOOD), "octopus"), Ok(50123));
        assert_eq!(tcp_port(&browser_answer(GOOD), "other"), Err(Trouble::InstanceUnknown));
        assert_eq!(tcp_port(&[ANSWER, 200], "octopus"), Err(Trouble::InstanceUnknown));
        let cut = &GOOD[..GOOD.len() - 2];
        assert_eq!(tcp_port(&browser_answer(cut), "octopus"), Ok(50123), "broken off behind the port");
    }

    fn listed(name: &str, protocols: &str) -> String {
        format!("ServerName;SQL01;InstanceName;{name};IsClustered;No;Version;16.0.1000.6;{protocols};;")
    }

    #[test]
    fn the_instance_is_found_among_several() {
        let pipe = "np;\\\\SQL01\\pipe\\MSSQL$OCTO\\sql\\query";
        for text in [
            listed("MSSQLSERVER", "tcp;1433") + &listed("octo", "tcp;50123"),
            listed("OCTO", "tcp;50123") + &listed("OTHER", "tcp;1999"),
            listed("OTHER", pipe) + &listed("OCTO", &format!("{pipe};tcp;50123")),
            listed("OCTO", "tcp; 50123,50999"),
            listed("OCTO", "via;SQL01,0:1433;rpc;SQL01;tcp;50123;spx;x"),
        ] {
            assert_eq!(tcp_port(&browser_answer(&text), "OCTO"), Ok(50123), "{text}");
        }
    }

    #[test]
    fn an_instance_without_tcp_is_known_all_the_same() {
        for protocols in ["np;\\\\SQL01\\pipe", "tcp;0", "tcp;", "tcp;none"] {
            let text = listed("OCTO", protocols) + &listed("OTHER", "tcp;1999");
            assert_eq!(tcp_port(&browser_answer(&text), "OCTO"), Err(Trouble::InstanceWithoutTcp), "{text}");
        }
    }

    async fn fake_browser(replies: Vec<Option<Vec<u8>>>) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let port = socket.local_addr().expect("an address").port();
        let task = tokio::spawn(async move {
            let mut question = [0; 64];
            let mut count = 0;
            for reply in replies {
                let (length, from) = socket.recv_from(&mut question).await.expect("a question");
                count = length;
                if let Some(reply) = reply {
                    socket.send_to(&reply, from).await.expect("sent");
                }
            }
            question[..count].to_vec()
        });
        (port, task)
    }

    #[tokio::test]
    async fn a_lost_datagram_is_asked_for_again() {
        let (port, task) = fake_browser(vec![None, Some(browser_answer(GOOD))]).await;
        assert_eq!(ask_browser(&["127.0.0.1".parse().expect("an address")], port, "OCTOPUS", WAIT).await, Ok(50123));
        assert_eq!(task.await.expect("ended"), b"\x04OCTOPUS\0");
    }

    /// A failover cluster's browser.
    #[tokio::test]
    async fn an_answer_may_come_from_another_address() {
        let asked = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let port = asked.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (_, from) = asked.recv_from(&mut [0; 64]).await.expect("a question");
            let other = UdpSocket::bind("127.0.0.2:0").await.expect("a socket");
            other.send_to(&browser_answer(GOOD), from).await.expect("sent");
        });
        let wait = Duration::from_secs(60);
        assert_eq!(ask_browser(&["127.0.0.1".parse().expect("an address")], port, "OCTOPUS", wait).await, Ok(50123));
    }

    #[tokio::test]
    async fn silence_has_an_end() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let port = socket.local_addr().expect("an address").port();
        let answered = ask_browser(&["127.0.0.1".parse().expect("an address")], port, "OCTOPUS", WAIT).await;
        assert!(matches!(answered, Err(Trouble::BrowserSilent { .. })));
    }
}
