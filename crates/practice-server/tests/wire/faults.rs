//! The faults on the wire: each does what its name says.

use std::time::{Duration, Instant};

use practice_server::WireFault;
use tds_wire::packet::{ReadError, read_packet};
use tds_wire::prelogin::Encryption;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::connect::{Tls, connect, negotiate, number, start};

#[tokio::test]
async fn a_silent_server_says_nothing_until_the_login_times_out() {
    let server = start(|options| {
        options.faults.wire = Some(WireFault::SilentAtStart);
        options.limits.login = Duration::from_millis(50);
    })
    .await;
    let mut tcp = TcpStream::connect(server.running.addr()).await.expect("a connection");
    assert!(negotiate(&mut tcp, Encryption::On).await.is_err());
    let mut tcp = TcpStream::connect(server.running.addr()).await.expect("a connection");
    assert_eq!(tcp.read(&mut [0; 9]).await.expect("an end"), 0);
}

#[tokio::test]
async fn another_kind_of_server_answers_in_its_own_tongue() {
    let server = start(|options| options.faults.wire = Some(WireFault::NotSqlServer)).await;
    let mut tcp = TcpStream::connect(server.running.addr()).await.expect("a connection");
    let failure = negotiate(&mut tcp, Encryption::On).await.expect_err("no answer");
    let cause = failure.downcast_ref::<ReadError>();
    assert!(matches!(cause, Some(ReadError::UnknownType(b'H'))), "{cause:?}");
}

#[tokio::test]
async fn a_server_may_fall_silent_after_the_login() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    server.running.set_wire_fault(Some(WireFault::SilentAfterLogin));
    let waiting = tokio::time::timeout(Duration::from_millis(100), client.simple_query("SELECT 1"));
    assert!(waiting.await.is_err());
}

#[tokio::test]
async fn a_connection_may_drop_in_the_middle_of_a_reply() {
    let server = start(|_| {}).await;
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    assert_eq!(number(&mut client, "SELECT 1").await, 1);
    server.running.set_wire_fault(Some(WireFault::DropMidReply));
    let failed = match client.simple_query("SELECT 1").await {
        Ok(stream) => stream.into_results().await.is_err(),
        Err(_) => true,
    };
    assert!(failed);
    server.running.set_wire_fault(None);
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    assert_eq!(number(&mut client, "SELECT 1").await, 1);
}

#[tokio::test]
async fn a_client_may_be_sent_elsewhere() {
    let server = start(|options| {
        options.faults.wire = Some(WireFault::RouteTo { host: "elsewhere.example".to_owned(), port: 11000 });
    })
    .await;
    let failure = connect(&server.running, Tls::Whole).await.expect_err("no login here");
    match failure.downcast_ref::<tiberius::error::Error>() {
        Some(tiberius::error::Error::Routing { host, port }) => {
            assert_eq!((host.as_str(), *port), ("elsewhere.example", 11000));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn connections_too_many_that_say_nothing_do_no_harm() {
    let server = start(|options| {
        options.limits.connections = 1;
        options.limits.login = Duration::from_millis(500);
    })
    .await;
    let mut client = connect(&server.running, Tls::Plain).await.expect("a login");
    let mut tcp = TcpStream::connect(server.running.addr()).await.expect("a connection");
    assert!(read_packet(&mut tcp).await.is_err());
    assert_eq!(number(&mut client, "SELECT 1").await, 1);
}

#[tokio::test]
async fn a_round_trip_takes_as_long_as_it_is_told() {
    let round_trip = Duration::from_millis(15);
    let server = start(|options| options.faults.round_trip = round_trip).await;
    let begin = Instant::now();
    let mut client = connect(&server.running, Tls::Plain).await.expect("a login");
    number(&mut client, "SELECT 1").await;
    // TCP, PRELOGIN, login, batch.
    assert!(begin.elapsed() >= round_trip * 4);
}
