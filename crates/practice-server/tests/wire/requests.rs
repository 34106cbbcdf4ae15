//! What a well-behaved driver never sends, or seldom.

use std::time::Duration;

use tds_wire::packet::{PacketType, ReadError, Status, append_packet, frame, read_message, read_packet, write_message};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::connect::{Tls, connect, number, start};
use crate::raw::{CURRENT, batch, last_done, log_in};

/// Far longer than anything here takes, and far shorter than anyone would wait.
const SOON: Duration = Duration::from_secs(20);
const ATTENTION: u16 = 0x20;

#[tokio::test]
async fn clients_before_2005_are_closed_without_a_word() {
    let server = start(|_| {}).await;
    let (_, answer) = log_in(&server.running, 0x7100_0001).await;
    assert!(matches!(answer, Err(ReadError::Closed)), "{answer:?}");
    let (_, answer) = log_in(&server.running, 0x7209_0002).await;
    assert!(answer.is_ok());
}

#[tokio::test]
async fn an_attention_is_answered_when_nothing_runs() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    write_message(&mut tcp, PacketType::Attention, &[], 4096).await.expect("written");
    let answer = read_message(&mut tcp, 1 << 16).await.expect("an answer");
    assert_eq!(last_done(&answer), ATTENTION);
}

#[tokio::test]
async fn an_attention_ends_what_runs_and_the_session_goes_on() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let endless = batch("WAITFOR DELAY '00:10:00'");
    write_message(&mut tcp, PacketType::SqlBatch, &endless, 4096).await.expect("written");
    write_message(&mut tcp, PacketType::Attention, &[], 4096).await.expect("written");
    // The interrupted request's message ends first; drivers wait for both.
    let answer = timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
    assert_eq!(last_done(&answer) & ATTENTION, 0);
    let answer = timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
    assert_eq!((answer.payload.len(), last_done(&answer)), (13, ATTENTION));
    write_message(&mut tcp, PacketType::SqlBatch, &batch("SELECT 1"), 4096).await.expect("written");
    let answer = timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
    assert_eq!(last_done(&answer) & ATTENTION, 0);
    assert!(answer.payload.contains(&0xD1));
}

#[tokio::test]
async fn an_attention_ends_a_reply_that_would_never_end() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let endless = batch("WHILE 1 = 1 SELECT N'on and on' AS a");
    write_message(&mut tcp, PacketType::SqlBatch, &endless, 4096).await.expect("written");
    // More than the server's and the sockets' buffers hold, so that it is in the middle of writing.
    for _ in 0..100 {
        let (header, _) = read_packet(&mut tcp).await.expect("a packet");
        assert!(!header.status.has(Status::END));
    }
    write_message(&mut tcp, PacketType::Attention, &[], 4096).await.expect("written");
    let rest = timeout(SOON, read_message(&mut tcp, 1 << 30)).await.expect("soon").expect("the rest");
    assert_eq!(last_done(&rest) & ATTENTION, 0);
    let acknowledged = timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
    assert_eq!((acknowledged.payload.len(), last_done(&acknowledged)), (13, ATTENTION));
}

#[tokio::test]
async fn a_request_that_waits_for_its_turn_can_be_cancelled() {
    let server = start(|_| {}).await;
    let endless = batch("DECLARE @i int = 0; WHILE 1 = 1 SET @i = 0");
    let mut busy = Vec::new();
    for _ in 0..4 * std::thread::available_parallelism().map_or(1, usize::from) {
        let (mut tcp, _) = log_in(&server.running, CURRENT).await;
        write_message(&mut tcp, PacketType::SqlBatch, &endless, 4096).await.expect("written");
        busy.push(tcp);
    }
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    write_message(&mut tcp, PacketType::SqlBatch, &endless, 4096).await.expect("written");
    write_message(&mut tcp, PacketType::Attention, &[], 4096).await.expect("written");
    let answer = timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
    assert_eq!(last_done(&answer) & ATTENTION, 0);
    let answer = timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
    assert_eq!(last_done(&answer), ATTENTION);
    // Those that wait leave the turn to others.
    drop(busy);
    write_message(&mut tcp, PacketType::SqlBatch, &batch("SELECT 1"), 4096).await.expect("written");
    timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
}

#[tokio::test]
async fn requests_that_wait_take_no_turn() {
    let server = start(|_| {}).await;
    let mut waiting = Vec::new();
    for _ in 0..4 * std::thread::available_parallelism().map_or(1, usize::from) {
        let (mut tcp, _) = log_in(&server.running, CURRENT).await;
        write_message(&mut tcp, PacketType::SqlBatch, &batch("WAITFOR DELAY '00:10:00'"), 4096).await.expect("written");
        waiting.push(tcp);
    }
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    write_message(&mut tcp, PacketType::SqlBatch, &batch("SELECT 1"), 4096).await.expect("written");
    timeout(SOON, read_message(&mut tcp, 1 << 16)).await.expect("soon").expect("an answer");
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_statement_with_it() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let endless = batch("WAITFOR DELAY '00:10:00'");
    write_message(&mut tcp, PacketType::SqlBatch, &endless, 4096).await.expect("written");
    drop(tcp);
    // It waits for all engine work.
    timeout(SOON, server.running.stop()).await.expect("stopped soon");
}

#[tokio::test]
async fn stopping_does_not_wait_for_statements() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let endless = batch("WAITFOR DELAY '00:10:00'");
    write_message(&mut tcp, PacketType::SqlBatch, &endless, 4096).await.expect("written");
    timeout(SOON, server.running.stop()).await.expect("stopped soon");
}

#[tokio::test]
async fn a_request_that_was_given_up_half_way_is_not_run() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let mut bytes = frame(PacketType::SqlBatch, &batch("SELECT 1"), 4096, 0);
    bytes[1] |= Status::IGNORE.0;
    tcp.write_all(&bytes).await.expect("written");
    let answer = read_message(&mut tcp, 1 << 16).await.expect("an answer");
    assert_eq!(last_done(&answer), 2);
    assert_eq!(answer.payload.len(), 13);
}

#[tokio::test]
async fn a_reset_is_confirmed() {
    let server = start(|_| {}).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let mut bytes = frame(PacketType::SqlBatch, &batch("SELECT 1"), 4096, 0);
    bytes[1] |= Status::RESET.0;
    tcp.write_all(&bytes).await.expect("written");
    let answer = read_message(&mut tcp, 1 << 16).await.expect("an answer");
    assert_eq!(answer.payload[..6], [0xE3, 3, 0, 18, 0, 0]);
}

#[tokio::test]
async fn garbage_ends_one_connection_and_not_the_server() {
    let server = start(|_| {}).await;
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x12, 1, 0, 3], &[0x10, 1, 0, 9, 0, 0, 0, 0, 0]] {
        let mut tcp = tokio::net::TcpStream::connect(server.running.addr()).await.expect("a connection");
        tcp.write_all(garbage).await.expect("written");
        tcp.shutdown().await.expect("said");
        assert!(read_message(&mut tcp, 4096).await.is_err());
    }
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let mut mixed = Vec::new();
    append_packet(&mut mixed, PacketType::SqlBatch, &[1, 0, 0, 0], true, 0, 0);
    tcp.write_all(&mixed).await.expect("written");
    let answer = read_message(&mut tcp, 4096).await.expect("an error");
    assert_eq!(last_done(&answer), 2);
    assert!(matches!(read_message(&mut tcp, 4096).await, Err(ReadError::Closed)));
    let mut client = connect(&server.running, Tls::Whole).await.expect("a login");
    assert_eq!(number(&mut client, "SELECT 1").await, 1);
}

#[tokio::test]
async fn a_request_over_the_limit_ends_the_connection() {
    let server = start(|options| options.limits.message = 10_000).await;
    let (mut tcp, _) = log_in(&server.running, CURRENT).await;
    let long = batch(&format!("SELECT 1 --{}", "x".repeat(10_000)));
    // The server may close before all is written.
    let _ = write_message(&mut tcp, PacketType::SqlBatch, &long, 4096).await;
    assert!(read_message(&mut tcp, 1 << 16).await.is_err());
}
