//! Failed connections: listeners that refuse, close the connection, or are another service.
#![expect(clippy::expect_used, reason = "tests")]

use octopus_setup::model::facts::{Fact, ServerFacts, TlsTrouble, Trouble};
use octopus_setup::model::names::DatabaseName;
use octopus_setup::model::target::{Encryption, ServerAddress, SignIn, Target, Trust};
use octopus_setup::world::sqlserver::SqlServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

fn target(port: u16, encryption: Encryption) -> Target {
    Target {
        address: ServerAddress { host: "127.0.0.1".into(), instance: None, port: Some(port) },
        database: DatabaseName::parse("Octopus").expect("a name"),
        sign_in: SignIn::sql_login("octopus", "a-canary-password".to_owned()),
        encryption,
        trust: Trust::Nothing,
        multi_subnet: false,
    }
}

async fn surveyed(target: &Target) -> Vec<ServerFacts> {
    let mut all = Vec::new();
    SqlServer::new().survey(target, |facts| all.push(facts)).await;
    all
}

/// A listener that reads the first bytes, sends this and closes the connection. The task returns what came.
async fn says(words: &'static [u8]) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).await.expect("read");
        heard.truncate(count);
        stream.write_all(words).await.expect("sent");
        heard
    });
    (port, task)
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let all = surveyed(&target(port, Encryption::Mandatory)).await;
    assert_eq!(all.len(), 2, "resolved, and then refused: {all:?}");
    let last = all.last().expect("facts");
    assert!(last.resolved.seen().is_some());
    assert_eq!(last.way_blocked(), Some(&Trouble::Refused));
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let mut target = target(1433, Encryption::Mandatory);
    target.address.host = "no such host.invalid".into();
    let all = surveyed(&target).await;
    assert_eq!(all.len(), 1);
    assert!(matches!(all[0].resolved, Fact::Missing(Trouble::NameUnknown | Trouble::NameServerSilent)), "{all:?}");
}

#[tokio::test]
async fn other_services_are_recognised_and_get_no_password() {
    for words in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2\r\n", b""] {
        for encryption in [Encryption::Mandatory, Encryption::Optional] {
            let (port, task) = says(words).await;
            let all = surveyed(&target(port, encryption)).await;
            let last = all.last().expect("facts");
            let expected = if words.is_empty() { Trouble::HungUp { takes_strict: false } } else { Trouble::NotSqlServer };
            assert_eq!(last.way_blocked(), Some(&expected), "{words:?}");
            assert!(last.connected.seen().is_some());
            let heard = task.await.expect("ended");
            assert_eq!(heard[0], 0x12, "PRELOGIN and nothing else");
            assert!(heard.len() < 64);
        }
    }
}

#[tokio::test]
async fn strict_mode_with_a_server_that_closes_every_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("an address").port();
    let heard = tokio::spawn(async move {
        let mut heard = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            heard.push(stream.read_u8().await.expect("read"));
        }
        heard
    });
    let all = surveyed(&target(port, Encryption::Strict)).await;
    let last = all.last().expect("facts");
    assert_eq!(last.way_blocked(), Some(&Trouble::HungUp { takes_strict: false }));
    assert_eq!(heard.await.expect("ended"), [0x16, 0x12], "a TLS record comes first, and then PRELOGIN");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_before_the_login() {
    // Version 16, encryption not supported.
    let (port, task) =
        says(b"\x04\x01\x00\x1a\x00\x00\x01\x00\x00\x00\x0b\x00\x06\x01\x00\x11\x00\x01\xff\x10\x00\x10\x27\x00\x04\x02").await;
    let all = surveyed(&target(port, Encryption::Mandatory)).await;
    assert_eq!(all.last().expect("facts").way_blocked(), Some(&Trouble::Tls(TlsTrouble::NotOffered)));
    assert_eq!(task.await.expect("ended")[0], 0x12);
}

#[tokio::test]
async fn a_missing_ca_file_stops_before_prelogin() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let mut target = target(listener.local_addr().expect("an address").port(), Encryption::Mandatory);
    target.trust = Trust::CaFile("/nowhere/ca.pem".into());
    let all = surveyed(&target).await;
    let blocked = all.last().expect("facts").way_blocked();
    assert!(matches!(blocked, Some(Trouble::Tls(TlsTrouble::CaFile(text))) if text.as_str().contains("/nowhere/ca.pem")));
}

#[tokio::test]
async fn a_dropped_survey_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let target = target(listener.local_addr().expect("an address").port(), Encryption::Mandatory);
    let survey = tokio::spawn(async move { SqlServer::new().survey(&target, |_| {}).await });
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut heard = [0; 64];
    assert!(stream.read(&mut heard).await.expect("read") > 0, "PRELOGIN");
    survey.abort();
    assert_eq!(stream.read(&mut heard).await.expect("read"), 0, "the end");
}
