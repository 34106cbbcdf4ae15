//! The ping that a load balancer asks, asked on this machine, at each prefix of the node.

use std::time::Instant;

use crate::model::facts::{Fact, Ping, Trouble};
use crate::model::ping::PingAt;
use crate::model::prefixes::ListenPrefix;
use crate::world::octopus_server;

/// Asks the prefixes one after the other, those without TLS first, until one answers. Where HTTP leads to HTTPS, what that
/// answers counts.
pub(super) async fn ping(prefixes: &[ListenPrefix]) -> Fact<Ping> {
    let (mut seen, mut why) = (None, None);
    let bare = prefixes.iter().filter(|prefix| !prefix.secure);
    for prefix in bare.chain(prefixes.iter().filter(|prefix| prefix.secure)) {
        let at = PingAt::of_prefix(prefix);
        let begun = Instant::now();
        match octopus_server::ping(&at).await {
            Ok(status) => {
                let leads_on = (300..400).contains(&status);
                if seen.is_none() || !leads_on {
                    seen = Some(Ping { url: at.url().as_str().into(), status, took: begun.elapsed() });
                }
                if !leads_on {
                    break;
                }
            }
            // Of several reasons one that tells more than that nobody listens counts: there somebody does.
            Err(trouble) => {
                if why.as_ref().is_none_or(|before| *before == Trouble::Refused) {
                    why = Some(trouble);
                }
            }
        }
    }
    seen.map_or_else(|| Fact::Missing(why.unwrap_or(Trouble::Unasked)), Fact::Seen)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::prefixes;

    /// The port of a server that answers one request with this.
    async fn answering(text: &'static str) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accepted");
            let _ = stream.read(&mut [0; 4_096]).await.expect("read");
            stream.write_all(text.as_bytes()).await.expect("written");
        });
        port
    }

    async fn of(text: &str) -> Fact<Ping> {
        ping(&prefixes::parse(text).expect("prefixes")).await
    }

    #[tokio::test]
    async fn the_first_prefix_that_answers_counts_but_for_one_that_leads_on() {
        let (moved, draining, strange) = (
            answering("HTTP/1.1 307 Temporary Redirect\r\n\r\n").await,
            answering("HTTP/1.1 418 I'm a teapot\r\n\r\n").await,
            answering("SSH-2.0-OpenSSH\r\n").await,
        );
        let all = format!("http://+:{strange}/, http://localhost:{moved}/, http://octopus.example:{draining}/octopus/");
        let Fact::Seen(seen) = of(&all).await else { panic!("no answer") };
        let url = format!("http://octopus.example:{draining}/octopus/api/octopusservernodes/ping");
        assert_eq!((seen.status, seen.url.as_str()), (418, url.as_str()));
    }

    #[tokio::test]
    async fn where_nothing_answers_that_is_said() {
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port();
        assert_eq!(of(&format!("http://localhost:{free}/")).await, Fact::Missing(Trouble::Refused));
        let strange = answering("SSH-2.0-OpenSSH\r\n").await;
        let told = of(&format!("http://localhost:{strange}/, http://localhost:{free}/")).await;
        assert!(matches!(&told, Fact::Missing(Trouble::Io(said)) if said.as_str().contains("no web server")), "{told:?}");
        assert_eq!(ping(&[]).await, Fact::Missing(Trouble::Unasked));
    }
}
