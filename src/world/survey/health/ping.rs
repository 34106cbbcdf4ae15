//! The ping that a load balancer asks, asked on this machine.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::facts::{Fact, Ping, Trouble};
use crate::model::prefixes::ListenPrefix;
use crate::world::budget::io;

/// Below a prefix' path.
const PATH: &str = "api/octopusservernodes/ping";
/// How long one prefix gets. A server that has just started answers its first request slowly.
const BUDGET: Duration = Duration::from_secs(5);
/// The most bytes that are read for the status line.
const MOST: usize = 1_024;

/// Asks the prefixes one after the other until one answers. Why the last one did not, where none does.
pub(super) async fn ping(prefixes: &[ListenPrefix]) -> Fact<Ping> {
    let mut missing = Trouble::Unasked;
    for prefix in prefixes.iter().filter(|prefix| !prefix.secure) {
        let begun = Instant::now();
        match timeout(BUDGET, ask(prefix)).await {
            Ok(Ok(status)) => {
                let url = format!("{prefix}{PATH}").as_str().into();
                return Fact::Seen(Ping { url, status, took: begun.elapsed() });
            }
            Ok(Err(trouble)) => missing = trouble,
            Err(_) => missing = Trouble::Silent { waited: BUDGET },
        }
    }
    Fact::Missing(missing)
}

/// The status that a prefix answers. A name may well lead to the load balancer: this machine is asked, by that name.
async fn ask(prefix: &ListenPrefix) -> Result<u16, Trouble> {
    let ListenPrefix { host, port, path, .. } = prefix;
    let (address, name) = match host.parse::<std::net::IpAddr>() {
        Ok(address) if address.is_unspecified() => (None, "localhost".to_owned()),
        Ok(address) => (Some(address), if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }),
        Err(_) if prefix.is_for_all() => (None, "localhost".to_owned()),
        Err(_) => (None, host.clone()),
    };
    let loopback = [std::net::IpAddr::from([127, 0, 0, 1]), std::net::Ipv6Addr::LOCALHOST.into()];
    let mut stream = match address {
        Some(address) => TcpStream::connect((address, *port)).await,
        None => match TcpStream::connect((loopback[0], *port)).await {
            Ok(stream) => Ok(stream),
            Err(_) => TcpStream::connect((loopback[1], *port)).await,
        },
    }
    .map_err(|error| refused(&error))?;
    let request = format!("GET {path}{PATH} HTTP/1.1\r\nHost: {name}:{port}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| io(&error))?;
    let mut head = Vec::with_capacity(MOST);
    loop {
        let mut piece = [0; 256];
        let read = stream.read(&mut piece).await.map_err(|_| Trouble::ConnectionLost)?;
        head.extend_from_slice(piece.get(..read).unwrap_or_default());
        if let Some(end) = head.iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(head.get(..end).unwrap_or_default()).into_owned();
            return status(&line).ok_or_else(|| Trouble::Io(format!("no HTTP was answered: {:.80}", line.trim()).into()));
        }
        if read == 0 || head.len() >= MOST {
            return Err(Trouble::Io("no HTTP was answered".into()));
        }
    }
}

fn refused(error: &std::io::Error) -> Trouble {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Trouble::Refused,
        _ => io(error),
    }
}

/// The status in `HTTP/1.1 200 OK`.
fn status(line: &str) -> Option<u16> {
    let (version, rest) = line.trim_end().split_once(' ')?;
    let code = rest.split(' ').next()?;
    let good = version.starts_with("HTTP/1.") && code.len() == 3;
    code.parse().ok().filter(|_| good)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::prefixes;

    /// A server that answers one request with this, and the request's first lines.
    async fn answering(text: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepted");
            let mut request = vec![0; 4_096];
            let read = stream.read(&mut request).await.expect("read");
            stream.write_all(text.as_bytes()).await.expect("written");
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        (port, task)
    }

    async fn of(text: &str) -> Fact<Ping> {
        ping(&prefixes::parse(text).expect("prefixes")).await
    }

    #[tokio::test]
    async fn the_status_is_told_and_the_name_is_kept() {
        for (answer, expected) in [("HTTP/1.1 200 OK\r\n\r\n{}", 200), ("HTTP/1.1 418 I'm a teapot\r\n", 418)] {
            let (port, request) = answering(answer).await;
            let Fact::Seen(seen) = of(&format!("http://octopus.example:{port}/octopus/")).await else { panic!("{answer}") };
            assert_eq!(seen.status, expected);
            assert_eq!(seen.url.as_str(), format!("http://octopus.example:{port}/octopus/api/octopusservernodes/ping"));
            let request = request.await.expect("a request");
            assert!(request.starts_with("GET /octopus/api/octopusservernodes/ping HTTP/1.1\r\n"), "{request}");
            assert!(request.contains(&format!("\r\nHost: octopus.example:{port}\r\n")), "{request}");
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told_as_such() {
        let (port, _task) = answering("SSH-2.0-OpenSSH\r\n").await;
        match of(&format!("http://+:{port}/")).await {
            Fact::Missing(Trouble::Io(said)) => assert!(said.as_str().contains("SSH-2.0"), "{said}"),
            other => panic!("{other:?}"),
        }
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port();
        assert_eq!(of(&format!("http://localhost:{free}/")).await, Fact::Missing(Trouble::Refused));
        assert_eq!(of("https://localhost/").await, Fact::Missing(Trouble::Unasked));
    }

    #[test]
    fn status_lines() {
        for (line, expected) in [("HTTP/1.1 503 x\r", Some(503)), ("HTTP/1.0 200", Some(200)), ("HTTP/2 200", None), ("", None)] {
            assert_eq!(status(line), expected, "{line}");
        }
    }
}
