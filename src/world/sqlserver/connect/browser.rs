//! The SQL Server Browser: the TCP port of a named instance. Source: [MC-SQLR] 2.2.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::model::facts::Trouble;
use crate::world::sqlserver::limits;

/// Where the browser listens, UDP.
pub const PORT: u16 = 1434;

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
/// [`Trouble::InstanceUnknown`] when one of them answers without a TCP port; [`Trouble::BrowserSilent`] when none does.
/// A browser does not answer for an instance that it does not know, so silence may mean either.
pub async fn ask(addresses: &[IpAddr], port: u16, instance: &str, wait: Duration) -> Result<u16, Trouble> {
    let mut question = vec![ASK_ONE];
    question.extend_from_slice(instance.as_bytes());
    question.push(0);
    for _ in 0..limits::BROWSER_TRIES {
        let asked = addresses.iter().map(|address| Box::pin(ask_one(SocketAddr::new(*address, port), &question)));
        let first = futures_util::future::select_ok(asked);
        if let Ok(Ok((answer, _))) = tokio::time::timeout(wait, first).await {
            return tcp_port(&answer, instance).ok_or(Trouble::InstanceUnknown);
        }
    }
    Err(Trouble::BrowserSilent { waited: wait * limits::BROWSER_TRIES })
}

/// Waits for an answer from this address, and ignores other datagrams.
async fn ask_one(to: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let from: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((from, 0)).await?;
    socket.connect(to).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; MAX_ANSWER];
    loop {
        let count = socket.recv(&mut buffer).await?;
        if count > ANSWER_HEAD && buffer[0] == ANSWER {
            buffer.truncate(count);
            return Ok(buffer);
        }
    }
}

/// Reads `ServerName;SQL01;InstanceName;OCTOPUS;IsClustered;No;Version;16.0.1000.6;tcp;50123;;`.
fn tcp_port(answer: &[u8], instance: &str) -> Option<u16> {
    let length = usize::from(u16::from_le_bytes([*answer.get(1)?, *answer.get(2)?]));
    let text = answer.get(ANSWER_HEAD..)?;
    let text = String::from_utf8_lossy(&text[..text.len().min(length)]);
    let mut words = text.split(';');
    let (mut named, mut port) = (false, None);
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        if key.eq_ignore_ascii_case("InstanceName") {
            named = value.eq_ignore_ascii_case(instance);
        } else if key.eq_ignore_ascii_case("tcp") {
            port = value.parse().ok();
        }
    }
    port.filter(|_| named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Vec<u8> {
        let mut bytes = vec![ANSWER];
        bytes.extend_from_slice(&u16::try_from(text.len()).expect("short").to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes
    }

    const WAIT: Duration = Duration::from_millis(50);

    const GOOD: &str = "ServerName;SQL01;InstanceName;OCTOPUS;IsClustered;No;Version;16.0.1000.6;tcp;50123;;";

    #[test]
    fn the_port_is_read_for_the_instance_that_was_asked_for() {
        assert_eq!(tcp_port(&answer(GOOD), "octopus"), Some(50123));
        assert_eq!(tcp_port(&answer(GOOD), "other"), None);
        assert_eq!(tcp_port(&answer("ServerName;S;InstanceName;OCTOPUS;np;\\\\S\\pipe;;"), "octopus"), None);
        assert_eq!(tcp_port(&[ANSWER, 200], "octopus"), None);
    }

    async fn fake(replies: Vec<Option<Vec<u8>>>) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
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
        let (port, task) = fake(vec![None, Some(answer(GOOD))]).await;
        assert_eq!(ask(&["127.0.0.1".parse().expect("an address")], port, "OCTOPUS", WAIT).await, Ok(50123));
        assert_eq!(task.await.expect("ended"), b"\x04OCTOPUS\0");
    }

    #[tokio::test]
    async fn silence_has_an_end() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let port = socket.local_addr().expect("an address").port();
        let answered = ask(&["127.0.0.1".parse().expect("an address")], port, "OCTOPUS", WAIT).await;
        assert!(matches!(answered, Err(Trouble::BrowserSilent { .. })));
    }
}
