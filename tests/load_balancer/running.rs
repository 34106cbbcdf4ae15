//! A load balancer that runs what was written for it, and requests through it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use octopus_setup::model::backend::Backends;
use octopus_setup::render::load_balancer::{Frontend, Listen, Program, configuration};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::stand_in::{POLLED, StandIn};
use crate::support::walk::free_port;

/// Waits until something is so; a load balancer that looks every other second gets five minutes on a busy machine.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(300), "{what}: not in five minutes");
        std::thread::yield_now();
    }
}

/// So many free ports in a row.
pub fn row_of_ports(count: u16) -> u16 {
    loop {
        let first = free_port();
        if (1..count).all(|step| free_port() == first + step) {
            return first;
        }
    }
}

/// Two nodes and the load balancer in front of them.
pub struct Running {
    pub nodes: [StandIn; 2],
    pub front: Frontend,
    /// What ends when it is dropped.
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx' workers end with their master only where that is asked to end.
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap();
    }
}

impl Running {
    pub fn start(program: Program, change: impl FnOnce(&mut Frontend)) -> Self {
        let nodes = ["web01", "web02"].map(|name| StandIn::new(name, free_port(), free_port()));
        let folder = tempfile::tempdir().unwrap();
        // nginx' workers are nobody where the test is root.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let mut front = Frontend {
            name: None,
            listen: Listen { address: Some([127, 0, 0, 1].into()), port: free_port() },
            certificate: None,
            sticky: false,
            polling_port: Some(row_of_ports(2)),
            grpc_port: None,
            inner_port: row_of_ports(2),
            cache: folder.path().join("it's a \"{cache;}\"").to_str().unwrap().into(),
        };
        change(&mut front);
        let given = nodes.each_ref().map(|node| format!("{}=http://127.0.0.1:{},{}", node.name, node.port, node.comms));
        let backends = Backends::from_texts(&given).unwrap();
        let text = configuration(program, &backends, &front).unwrap();
        let file = folder.path().join("configuration");
        std::fs::write(&file, in_a_test(program, &text, folder.path())).unwrap();
        for tried in tries(program, &file, folder.path()) {
            let output = Command::new("sh").args(["-c", &format!("PATH=$PATH:/usr/sbin; {tried}")]).output().unwrap();
            assert!(output.status.success(), "{tried}: {output:?}\n{text}");
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(!said.contains("[warn]") && !said.contains("[WARNING]"), "{said}\n{text}");
        }
        let runs = format!("PATH=$PATH:/usr/sbin; exec {}", runs(program, &file, folder.path()));
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &runs]).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let running = Self { nodes, front, child: command.spawn().unwrap(), folder };
        until("it takes requests, for both nodes where no client is kept with one", || {
            let both = |seen: &str| seen.contains("web01") && seen.contains("web02");
            running.seen(4).is_some_and(|seen| running.front.sticky || both(&seen))
        });
        running
    }

    /// What the load balancer said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn connected(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.front.listen.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(stream)
    }

    /// A request; its status, and what the node told of it.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, Value) {
        self.try_request(method, path, headers, body).unwrap_or_else(|error| panic!("{error}: {}", self.log()))
    }

    fn try_request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> std::io::Result<(u16, Value)> {
        let mut stream = self.connected()?;
        let length = if headers.contains("chunked") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: octopus.example.com\r\nConnection: close\r\n{length}{headers}\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    }

    /// The names of the nodes that answer so many requests, one after the other; `None` where one is not answered well.
    pub fn seen(&self, requests: usize) -> Option<String> {
        let mut seen = Vec::new();
        for _ in 0..requests {
            let (200, told) = self.try_request("GET", "/app", "", b"").ok()? else { return None };
            seen.push(told["node"].as_str()?.to_owned());
        }
        Some(seen.join(" "))
    }

    /// The node that a WebSocket leads to.
    pub fn web_socket(&self) -> String {
        let mut stream = self.connected().unwrap();
        let head = "GET /ws HTTP/1.1\r\nHost: octopus.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        stream.write_all(b"ping").unwrap();
        let mut said = [0; 9];
        stream.read_exact(&mut said).unwrap();
        String::from_utf8(said.to_vec()).unwrap()
    }

    /// What a polling Tentacle gets at the port of this node, which says its name before what it was sent.
    pub fn polls(&self, place: u16) -> (String, bool) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.front.polling_port.unwrap() + place)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let sent: Vec<u8> = (0..POLLED).map(|place| u8::try_from(place * 7 % 256).unwrap()).collect();
        stream.write_all(&sent).unwrap();
        let mut got = vec![0; 5 + POLLED];
        stream.read_exact(&mut got).unwrap();
        (String::from_utf8_lossy(&got[..5]).into_owned(), got[5..] == sent)
    }
}

/// What a test's folder needs, and nothing else: other places for what nginx writes, and the account that the test runs as.
fn in_a_test(program: Program, text: &str, folder: &Path) -> String {
    match program {
        Program::Nginx => {
            let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
            let places: Vec<String> =
                places.iter().map(|place| format!("    {place}_temp_path {}/{place};\n", folder.display())).collect();
            text.replace("\nhttp {\n", &format!("\nhttp {{\n{}", places.concat()))
        }
        _ if rustix::process::geteuid().is_root() => text.to_owned(),
        _ => text.replace("    user haproxy\n    group haproxy\n", ""),
    }
}

fn nginx(file: &Path, folder: &Path) -> String {
    format!("nginx -c {} -g 'daemon off; pid {}/nginx.pid;'", file.display(), folder.display())
}

fn tries(program: Program, file: &Path, folder: &Path) -> Vec<String> {
    match program {
        Program::Nginx => vec![format!("{} -t", nginx(file, folder))],
        _ => vec![format!("haproxy -c -f {}", file.display())],
    }
}

fn runs(program: Program, file: &Path, folder: &Path) -> String {
    match program {
        Program::Nginx => nginx(file, folder),
        _ => format!("haproxy -db -f {}", file.display()),
    }
}
