//! The real programs, between two stand-ins for nodes.

use octopus_setup::render::load_balancer::Program;

use crate::have;
use crate::running::{Running, until};

/// Some tens of megabytes: more than any buffer on the way.
const LARGE: usize = 24 * 1024 * 1024;

fn large() -> (Vec<u8>, u64) {
    let bytes: Vec<u8> = (0..LARGE).map(|place| u8::try_from(place * 13 % 251).unwrap()).collect();
    let sum = bytes.iter().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    (bytes, sum)
}

/// Whether so many requests in a row are all answered by this node.
fn only(running: &Running, node: &str) -> bool {
    running.seen(8).is_some_and(|seen| seen.split(' ').all(|seen| seen == node))
}

fn both(running: &Running) -> bool {
    running.seen(8).is_some_and(|seen| seen.contains("web01") && seen.contains("web02"))
}

fn balances(program: Program) {
    if !have(program.id()) {
        return;
    }
    let mut running = Running::start(program, |_| {});

    // Who asks, and for what, arrives.
    let (status, told) = running.request("GET", "/app/Spaces-1?a=%2Fb", "X-Forwarded-For: 203.0.113.7\r\n", b"");
    assert_eq!((status, told["host"].as_str()), (200, Some("octopus.example.com")), "{told}");
    assert_eq!(told["path"], "/app/Spaces-1?a=%2Fb", "{told}");
    assert_eq!((told["proto"].as_str(), told["forwarded_host"].as_str()), (Some("http"), Some("octopus.example.com")), "{told}");
    assert!(told["for"].as_str().is_some_and(|text| text.ends_with("127.0.0.1") || text == "203.0.113.7"), "{told}");
    assert!(running.web_socket().ends_with("ping"));

    // A large upload arrives whole, of a known length or in chunks.
    let (bytes, sum) = large();
    let (status, told) = running.request("POST", "/api/Spaces-1/packages/raw?replace=false", "", &bytes);
    assert_eq!((status, told["length"].as_u64(), told["sum"].as_u64()), (200, Some(LARGE as u64), Some(sum)), "{told}");
    let mut chunked = format!("{LARGE:x}\r\n").into_bytes();
    chunked.extend(&bytes);
    chunked.extend(b"\r\n0\r\n\r\n");
    let (status, told) = running.request("POST", "/api/Spaces-1/packages/raw", "Transfer-Encoding: chunked\r\n", &chunked);
    assert_eq!((status, told["length"].as_u64(), told["sum"].as_u64()), (200, Some(LARGE as u64), Some(sum)), "{told}");

    // A node that is drained gets nothing more, and something again afterwards; its Tentacles still reach it.
    running.nodes[0].drains(true);
    until("the drained node is left alone", || only(&running, "web02"));
    for _ in 0..4 {
        let (status, told) = running.request("POST", "/api/tasks", "", b"{}");
        assert_eq!((status, told["node"].as_str(), told["length"].as_u64()), (200, Some("web02"), Some(2)), "{told}");
    }
    assert_eq!(running.polls(0), ("web01".into(), true));
    assert_eq!(running.polls(1), ("web02".into(), true));
    running.nodes[0].drains(false);
    until("it is back", || both(&running));

    // A node dies, and nobody notices: whoever would have gone there goes to the other one, a POST with its body too.
    running.nodes[1].dies();
    for _ in 0..8 {
        let (status, told) = running.request("POST", "/api/tasks", "", b"{}");
        assert_eq!((status, told["node"].as_str(), told["length"].as_u64()), (200, Some("web01"), Some(2)), "{}", running.log());
    }
    let (status, told) = running.request("POST", "/api/Spaces-1/packages/raw", "", &bytes);
    assert_eq!((status, told["sum"].as_u64()), (200, Some(sum)), "{told}");
    until("the dead node is left alone", || only(&running, "web01"));
    running.nodes[1].starts();
    until("it is back", || both(&running));

    // No node at all is said as such.
    running.nodes.iter().for_each(|node| node.drains(true));
    until("nobody takes requests", || running.request("GET", "/app", "", b"").0 == 503);
    running.nodes[0].drains(false);
    until("one is back", || only(&running, "web01"));
}

#[test]
fn nginx_balances() {
    balances(Program::Nginx);
}

#[test]
fn haproxy_balances() {
    balances(Program::HaProxy);
}

/// A client stays with a node as long as that takes requests: nginx knows it by its address, HAProxy by a cookie.
fn keeps_a_client(program: Program, headers: &str) {
    if !have(program.id()) {
        return;
    }
    let running = Running::start(program, |front| front.sticky = true);
    let node = || running.request("GET", "/app", headers, b"").1["node"].as_str().unwrap_or_default().to_owned();
    until("the second node is looked at", || headers.is_empty() || node() == "web02");
    let first = node();
    for _ in 0..8 {
        assert_eq!(node(), first);
    }
    let own = running.nodes.iter().find(|node| node.name == first).unwrap();
    own.drains(true);
    until("the other one stands in", || !["", first.as_str()].contains(&node().as_str()));
    own.drains(false);
    until("it is back", || node() == first);
}

#[test]
fn nginx_keeps_a_client_with_its_node() {
    keeps_a_client(Program::Nginx, "");
}

#[test]
fn haproxy_keeps_a_client_with_its_node() {
    keeps_a_client(Program::HaProxy, "Cookie: OctopusNode=web02\r\n");
}
