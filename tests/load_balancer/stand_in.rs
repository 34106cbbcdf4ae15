//! A stand-in for a node: answers the ping 200 or 418 as it is told, tells of every other request what arrived, and takes
//! polling Tentacles.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::{Value, json};

/// A node, until it is dropped.
pub struct StandIn {
    pub name: &'static str,
    pub port: u16,
    pub comms: u16,
    drained: Arc<AtomicBool>,
    portal: Option<Door>,
    polling: Option<Door>,
}

/// A listener and its thread.
struct Door {
    port: u16,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    fn open(port: u16, serve: impl Fn(TcpStream) + Send + Clone + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let serve = serve.clone();
                std::thread::spawn(move || serve(stream.unwrap()));
            }
        });
        Self { port, ends, thread: Some(thread) }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl StandIn {
    pub fn new(name: &'static str, port: u16, comms: u16) -> Self {
        let drained = Arc::new(AtomicBool::new(false));
        let mut node = Self { name, port, comms, drained, portal: None, polling: None };
        node.starts();
        node.polling = Some(Door::open(comms, move |stream| polled(name, stream)));
        node
    }

    pub fn drains(&self, drained: bool) {
        self.drained.store(drained, Ordering::SeqCst);
    }

    /// Nothing listens any more where its portal was.
    pub fn dies(&mut self) {
        self.portal = None;
    }

    pub fn starts(&mut self) {
        let (name, drained) = (self.name, Arc::clone(&self.drained));
        self.portal = Some(Door::open(self.port, move |stream| {
            // Whoever asks may be gone before it is answered.
            let _gone = answered(name, &drained, stream);
        }));
    }
}

/// How much a Tentacle sends, and gets back.
pub const POLLED: usize = 100_000;

fn polled(name: &str, mut stream: TcpStream) {
    let mut bytes = vec![0; POLLED];
    if stream.read_exact(&mut bytes).is_ok() {
        bytes.splice(0..0, name.bytes());
        let _gone = stream.write_all(&bytes);
    }
}

/// One request.
fn answered(name: &str, drained: &AtomicBool, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers: Vec<(String, String)> = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((key, value)) = line.trim_end().split_once(':') else { break };
        headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    if header("upgrade").is_some() {
        // The answer to the key of RFC 6455's own example, which is the one that is asked with; HAProxy looks at it.
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        write!(stream, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{accept}\r\n\r\n")?;
        let mut word = [0; 4];
        reader.read_exact(&mut word)?;
        stream.write_all(name.as_bytes())?;
        return stream.write_all(&word);
    }
    let (mut length, mut sum) = (0_u64, 0_u64);
    let mut take = |bytes: &[u8]| {
        length += bytes.len() as u64;
        sum = bytes.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    };
    if header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk)?;
            take(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else {
        let mut left: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut buffer = vec![0; 64 * 1024];
        while left > 0 {
            let most = left.min(buffer.len());
            let read = reader.read(&mut buffer[..most])?;
            if read == 0 {
                return Ok(());
            }
            take(&buffer[..read]);
            left -= read;
        }
    }
    let is_ping = path == "/api/octopusservernodes/ping";
    let status = if is_ping && drained.load(Ordering::SeqCst) { "418 I'm a teapot" } else { "200 OK" };
    let told: Value = json!({
        "node": name, "method": method, "path": path, "length": length, "sum": sum,
        "host": header("host"), "for": header("x-forwarded-for"), "proto": header("x-forwarded-proto"),
        "forwarded_host": header("x-forwarded-host"),
    });
    let body = told.to_string();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
