//! Changes one byte of a server's answers in transit, then drops the connection. The survey must end with facts or troubles and
//! neither panic nor hang.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::net::SocketAddr;

use octopus_setup::catalog::form::read;
use octopus_setup::model::answers::{Origin, Raw};
use octopus_setup::model::field::FieldId;
use octopus_setup::world::sqlserver::SqlServer;
use practice_server::TlsPolicy;
use support::walk::Site;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Forwards one connection after the other, changes the byte at this position of the server's answers, and closes the connection.
async fn liar(server: SocketAddr, place: usize, change: u8) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let upstream = TcpStream::connect(server).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = upstream.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let (mut seen, mut buffer) = (0, vec![0; 4096]);
                while let Ok(count) = from_server.read(&mut buffer).await {
                    let lies = (seen..seen + count).contains(&place);
                    if lies {
                        buffer[place - seen] ^= change;
                    }
                    seen += count;
                    if count == 0 || to_client.write_all(&buffer[..count]).await.is_err() || lies {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_changed_byte_ends_in_facts_or_troubles() {
    // Without TLS, which would refuse every changed byte by itself.
    let site = Site::with(|options| options.tls = TlsPolicy::Missing).await;
    let mut lies = Vec::new();
    for place in (0..400).step_by(7).chain((400..4_000).step_by(97)) {
        for change in [0x01, 0x80, 0xff] {
            let mut answers = site.answers("node-1");
            let port = liar(site.server.addr(), place, change).await;
            for (field, text) in [
                (FieldId::Server, format!("127.0.0.1,{port}")),
                (FieldId::Encryption, "optional".to_owned()),
                (FieldId::Trust, "none".to_owned()),
            ] {
                answers.set(field, Raw::of(field, text), Origin::Typed);
            }
            let target = read::target(&answers).unwrap();
            lies.push(tokio::spawn(async move {
                let mut snapshots = 0;
                SqlServer::new().survey(&target, |_| snapshots += 1).await;
                snapshots
            }));
        }
    }
    for lie in lies {
        assert!(lie.await.unwrap() > 0, "a survey says at least what it found on the way");
    }
}
