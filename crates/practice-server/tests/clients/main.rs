//! The practice server against clients that share no code with it: FreeTDS and python-tds.
//!
//! A client that is not installed is skipped with a word; with `OCTOPUS_SETUP_REQUIRE_CLIENTS=1` that is a failure.

#![expect(clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use practice_server::{PracticeServer, RunningServer, ServerOptions};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

/// A server on a runtime of its own, since the clients are waited for without one.
struct Server {
    runtime: tokio::runtime::Runtime,
    running: Option<RunningServer>,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let options = ServerOptions::new(folder.path().join("data"));
        let running = runtime.block_on(PracticeServer::start(options)).expect("the server starts");
        Self { runtime, running: Some(running), folder }
    }

    fn running(&self) -> &RunningServer {
        self.running.as_ref().expect("it runs until it is dropped")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

/// Whether the client is there, by running it once.
fn is_there(what: &str, probe: &mut Command) -> bool {
    let found = probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !found {
        let required = std::env::var_os("OCTOPUS_SETUP_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
        assert!(!required, "{what} is required and not installed");
        eprintln!("skipped: {what} is not installed");
    }
    found
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn clients() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients"))
}

#[test]
fn python_tds_is_content() {
    if !is_there("python-tds", Command::new("python3").args(["-c", "import pytds, OpenSSL"])) {
        return;
    }
    let server = Server::start();
    let running = server.running();
    let output = Command::new("python3")
        .arg(clients().join("python_tds.py"))
        .args(["127.0.0.1", &running.addr().port().to_string(), running.user()])
        .arg(running.ca_file())
        .env("SQL_PASSWORD", running.password().expose_secret())
        .output()
        .expect("python runs");
    assert!(output.status.success(), "{}", text(&output));
}

/// Runs the statements with FreeTDS and returns all that it prints.
fn tsql(server: &Server, encryption: &str, version: &str, password: &str) -> String {
    let running = server.running();
    let configuration = server.folder.path().join(format!("freetds-{encryption}-{version}.conf"));
    let lines = format!(
        "[practice]\nhost = 127.0.0.1\nport = {}\ntds version = {version}\nencryption = {encryption}\nca file = {}\ncheck certificate hostname = no\nclient charset = UTF-8\n",
        running.addr().port(),
        running.ca_file().display(),
    );
    std::fs::write(&configuration, lines).expect("written");
    let statements = std::fs::File::open(clients().join("statements.sql")).expect("the statements");
    let output = Command::new("tsql")
        .args(["-S", "practice", "-U", running.user(), "-P", password])
        .env("FREETDSCONF", &configuration)
        .stdin(statements)
        .output()
        .expect("tsql runs");
    text(&output)
}

#[test]
fn freetds_is_content() {
    if !is_there("FreeTDS' tsql", Command::new("tsql").arg("-C")) {
        return;
    }
    for (encryption, version) in [("off", "7.4"), ("request", "7.4"), ("require", "7.4"), ("require", "7.2")] {
        let server = Server::start();
        let password = server.running().password().expose_secret().to_owned();
        let out = tsql(&server, encryption, version, &password);
        for expected in ["\n42\n", "1\tone\n", "2\tNULL\n", "Msg 2627", "Msg 208", "\n702\n", "1\t2.5\t-12.34\tx\n"] {
            assert!(out.contains(expected), "{encryption} {version}: no {expected:?} in\n{out}");
        }
        let out = tsql(&server, encryption, version, "wrong");
        assert!(out.contains("Msg 18456"), "{encryption} {version}:\n{out}");
    }
}
