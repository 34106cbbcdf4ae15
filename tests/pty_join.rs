//! The life of a cluster with nothing but the keyboard, in a real pseudo-terminal and one practice data folder: a first
//! node, a second from another home directory, a review of each, and a dead node that is replaced.
#![cfg(all(target_os = "linux", feature = "practice"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;

use octopus_setup::model::node_config::NodeConfig;
use practice_server::{PracticeServer, ServerOptions};
use support::pty::Pty;
use support::sql;

const ENTER: &str = "\r";
const TAB: &str = "\t";
const DOWN: &str = "\x1b[B";
const RIGHT: &str = "\x1b[C";
const END_AND_CLEAR: &str = "\x05\x15";
const CTRL_C: &str = "\x03";
const F7: &str = "\x1b[18~";
const F8: &str = "\x1b[19~";

/// A wizard on the practice server of this data folder, on its start screen.
fn practice(data: &Path) -> Pty {
    let mut pty = Pty::start(&["practice", "--data", data.to_str().unwrap()], &[], 40, 120);
    pty.wait("Getting started");
    pty
}

/// A bracketed paste, as a terminal sends it.
fn paste(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

/// Chooses a choice of the start screen, so many below the first.
fn choose(pty: &mut Pty, below: usize, name: &str) {
    for _ in 0..below {
        pty.send(DOWN);
    }
    pty.wait(&format!("▸ {name}"));
    pty.send(ENTER);
}

/// Leads the focus to the button, which no Enter does, and presses it.
fn press_the_button(pty: &mut Pty) {
    pty.send(TAB);
    pty.wait("▸ [ Install ]");
    pty.send(ENTER);
}

/// Presses Enter, which waits for the checks by itself, and accepts each warning with its own key.
fn go_on(pty: &mut Pty, screen: &str) {
    let here = format!("▸ {screen}");
    pty.send(ENTER);
    pty.wait_any(&[&here, "First accept"]);
    while !pty.text().contains(&here) {
        pty.send(F8);
        pty.wait("is accepted");
        pty.send(ENTER);
        pty.wait_any(&[&here, "First accept"]);
    }
}

/// From the start screen to the cluster's.
fn to_the_cluster(pty: &mut Pty) {
    choose(pty, 1, "Add this server");
    pty.wait("▸ Home directory");
    for screen in ["Service account", "Database", "Cluster"] {
        go_on(pty, screen);
    }
}

/// From the cluster's screen through the install to the end of the program.
fn to_the_end(pty: &mut Pty) {
    for screen in ["Shared storage", "Octopus Server", "Review"] {
        go_on(pty, screen);
    }
    pty.wait("Prove cluster and master key once more");
    press_the_button(pty);
    pty.wait("Joined");
    pty.send(ENTER);
    assert_eq!(pty.exit().exit_code(), 0, "{}", pty.text());
    assert_restored(pty);
}

/// The program gave the terminal back: main screen, cursor shown, no paste or mouse reports.
fn assert_restored(pty: &Pty) {
    let screen = pty.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}

/// Not even a piece of the key was ever written to the terminal.
fn assert_never_echoed(pty: &Pty, key: &str) {
    for piece in key.as_bytes().windows(8) {
        assert!(!pty.raw().windows(8).any(|written| written == piece), "a piece of the key was written to the terminal");
    }
}

/// A first node; its master key, as the saved file has it.
fn first_node(data: &Path) -> String {
    let mut pty = practice(data);
    choose(&mut pty, 0, "Getting started");
    pty.wait("▸ Home directory");
    for screen in ["Service account", "Database", "Shared storage", "Octopus Server", "Review"] {
        go_on(&mut pty, screen);
    }
    // The key is being generated; a plan that is not there yet is not installed by Enter.
    pty.wait("[ Install ]");
    press_the_button(&mut pty);
    pty.wait("Keep this key");
    pty.send(F7);
    pty.wait("and was read back");
    pty.send(ENTER);
    pty.wait("This node is configured");
    pty.send(ENTER);
    assert_eq!(pty.exit().exit_code(), 0);
    assert_restored(&pty);
    let saved = std::fs::read_to_string(data.join("octopus-master-key.txt")).unwrap();
    let is_key = |line: &&str| line.len() == 44 && data_encoding::BASE64.decode(line.as_bytes()).is_ok();
    let key = saved.lines().map(str::trim).find(is_key).unwrap().to_owned();
    assert_never_echoed(&pty, &key);
    key
}

/// A second node, after a truncated key and one of another cluster.
fn second_node(data: &Path, key: &str) {
    let mut pty = practice(data);
    to_the_cluster(&mut pty);

    pty.send(&paste(&key[..30]));
    pty.send(TAB);
    pty.wait("30 characters look like a truncated paste");
    pty.send("\x1b[Z");
    pty.send(&paste("5qJcW9E6B99teMmrOzaYNA==\n"));
    pty.gone("truncated paste");
    pty.send(ENTER);
    pty.wait("✖ Master key");
    pty.wait("not match the verifier");
    pty.send(ENTER);
    pty.wait("Fix this first");

    // A whole key is proven at once; the line end that comes along with a copied line does not submit.
    pty.send(&paste(&format!("{key}\n")));
    pty.wait("✔ correct");
    assert!(pty.text().contains("▸ Cluster"), "{}", pty.text());
    to_the_end(&mut pty);
    assert_never_echoed(&pty, key);
    let config = std::fs::read_to_string(data.join("node-2").join(NodeConfig::FILE)).unwrap();
    assert_eq!(toml::from_str::<NodeConfig>(&config).unwrap().node.name, "practice-2");
}

/// A review from the start screen, section by section.
fn review(data: &Path, below: usize, home: &str, key: &str) {
    let mut pty = practice(data);
    pty.wait("On this machine");
    pty.wait("node of cluster");
    choose(&mut pty, below, "Review this node");
    pty.wait("▸ This node");
    pty.wait(home);
    go_on(&mut pty, "Checks");
    go_on(&mut pty, "Cluster");
    pty.wait("practice-2");
    for screen in ["Drift", "Master key"] {
        go_on(&mut pty, screen);
    }
    pty.wait("the registry says the same");
    pty.send(&format!("{CTRL_C}{CTRL_C}"));
    pty.exit();
    assert_restored(&pty);
    assert_never_echoed(&pty, key);
}

/// The DBA's hands on the practice server of this data folder.
fn ask(data: &Path, batch: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = PracticeServer::start(ServerOptions::new(data)).await.unwrap();
        let mut session = sql::session(&server, "OctopusDeploy").await;
        let rows = sql::ask(&mut session, batch).await;
        drop(session);
        server.stop().await;
        rows
    })
}

/// A third machine takes the dead second node's place.
fn replaces(data: &Path, key: &str) {
    let mut pty = practice(data);
    to_the_cluster(&mut pty);
    pty.wait("dead");
    pty.send(&paste(&format!("{key}\r\n")));
    pty.send(TAB);
    pty.send(&format!("{END_AND_CLEAR}practice-2"));
    pty.send(TAB);
    pty.wait("‹ Leave it ›");
    pty.send(ENTER);
    pty.wait("✔ correct");
    pty.send(ENTER);
    pty.wait("Fix this first");
    pty.send(RIGHT);
    pty.gone("‹ Leave it ›");
    to_the_end(&mut pty);
    assert_never_echoed(&pty, key);
}

#[test]
fn a_cluster_s_life_with_nothing_but_the_keyboard() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let key = first_node(data);
    second_node(data, &key);
    for (below, home) in [(2, "node-1"), (3, "node-2")] {
        review(data, below, home, &key);
    }

    ask(data, "UPDATE octopus_setup.node SET last_seen = DATEADD(day, -19, SYSUTCDATETIME()) WHERE name = N'practice-2'");
    replaces(data, &key);
    assert_eq!(ask(data, "SELECT COUNT(*) FROM octopus_setup.node"), ["2"]);
    assert_eq!(ask(data, "SELECT TOP (1) what, node FROM octopus_setup.history ORDER BY id DESC"), ["replaced|practice-2"]);
    let config = std::fs::read_to_string(data.join("node-3").join(NodeConfig::FILE)).unwrap();
    assert_eq!(toml::from_str::<NodeConfig>(&config).unwrap().node.name, "practice-2");
}
