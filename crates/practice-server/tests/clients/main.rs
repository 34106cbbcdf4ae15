//! The practice server against clients that share no code with it: FreeTDS, python-tds, pymssql, pyodbc, `SQLAlchemy`, tedious and
//! Microsoft's own driver. All of them run the statements of `statements.json`, by `suite.py` and `suite.js`.
//!
//! With `OCTOPUS_SETUP_TEST_SQLSERVER='Server=…;User ID=…;Password=…'` they run them against that server too, where nothing is
//! "not supported". The login must be able to create databases.
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
fn python_tds_connects_in_every_way() {
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
fn freetds_connects_with_every_encryption() {
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

/// Where a client finds its server.
struct Target {
    host: String,
    port: String,
    user: String,
    password: String,
    ca_file: String,
    kind: &'static str,
}

impl Target {
    fn practice(running: &RunningServer) -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: running.addr().port().to_string(),
            user: "sa".to_owned(),
            password: running.sa_password().expose_secret().to_owned(),
            ca_file: running.ca_file().display().to_string(),
            kind: "practice",
        }
    }

    /// Reads the connection string in `OCTOPUS_SETUP_TEST_SQLSERVER`, if there is one.
    fn from_environment() -> Option<Self> {
        let string = std::env::var("OCTOPUS_SETUP_TEST_SQLSERVER").ok()?;
        let value = |names: &[&str]| {
            let mut pairs = string.split(';').filter_map(|pair| pair.split_once('='));
            let found = pairs.find(|(name, _)| names.contains(&name.trim().to_lowercase().as_str()));
            found.map(|(_, value)| value.trim().to_owned())
        };
        let server = value(&["server", "data source", "address"]).expect("the connection string has a Server");
        let server = server.trim_start_matches("tcp:");
        let (host, port) = server.split_once(',').unwrap_or((server, "1433"));
        Some(Self {
            host: host.to_owned(),
            port: port.to_owned(),
            user: value(&["user id", "uid", "user"]).expect("the connection string has a User ID"),
            password: value(&["password", "pwd"]).expect("the connection string has a Password"),
            ca_file: String::new(),
            kind: "server",
        })
    }

    fn run(&self, command: &mut Command) {
        let output = command
            .env("SUITE_HOST", &self.host)
            .env("SUITE_PORT", &self.port)
            .env("SUITE_USER", &self.user)
            .env("SUITE_PASSWORD", &self.password)
            .env("SUITE_CA", &self.ca_file)
            .env("SUITE_KIND", self.kind)
            .env("PYTHONIOENCODING", "utf-8")
            .output()
            .expect("the client runs");
        assert!(output.status.success(), "{} against the {}:\n{}", command_line(command), self.kind, text(&output));
    }
}

fn command_line(command: &Command) -> String {
    command.get_args().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs the suite against the practice server, and against another one if it is named.
fn suite(mut command: impl FnMut() -> Command) {
    let server = Server::start();
    Target::practice(server.running()).run(&mut command());
    if let Some(target) = Target::from_environment() {
        target.run(&mut command());
    }
}

fn python_suite(client: &str, probe: &str) {
    if is_there(client, Command::new("python3").args(["-c", probe])) {
        suite(|| {
            let mut command = Command::new("python3");
            command.arg(clients().join("suite.py")).arg(client);
            command
        });
    }
}

#[test]
fn the_suite_by_python_tds() {
    python_suite("python-tds", "import pytds, OpenSSL");
}

#[test]
fn the_suite_by_pymssql() {
    python_suite("pymssql", "import pymssql");
}

/// FreeTDS' ODBC driver must be registered too.
const ODBC: &str = "import pyodbc; assert 'FreeTDS' in pyodbc.drivers()";

#[test]
fn the_suite_by_pyodbc() {
    python_suite("pyodbc", ODBC);
}

#[test]
fn the_suite_by_sqlalchemy() {
    python_suite("sqlalchemy", &format!("import sqlalchemy; {ODBC}"));
}

#[test]
fn the_suite_by_microsofts_driver() {
    python_suite("mssql-python", "import mssql_python");
}

#[test]
fn the_suite_by_tsql() {
    if is_there("FreeTDS' tsql", Command::new("tsql").arg("-C")) {
        python_suite("tsql", "");
    }
}

/// `PRACTICE_CLIENT_TEDIOUS` names the folder `node_modules` that contains tedious.
#[test]
fn the_suite_by_tedious() {
    let modules = std::env::var("PRACTICE_CLIENT_TEDIOUS").unwrap_or_default();
    let probe = format!("require({modules:?} + '/tedious')");
    if is_there("tedious (PRACTICE_CLIENT_TEDIOUS)", Command::new("node").args(["-e", &probe])) {
        suite(|| {
            let mut command = Command::new("node");
            command.arg("--no-deprecation").arg(clients().join("suite.js")).arg(&modules);
            command
        });
    }
}
