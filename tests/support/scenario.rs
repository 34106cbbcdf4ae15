//! A man in the middle between a wizard and a practice server. It reads their messages and may answer, change or drop
//! them. Nothing is encrypted: start the server with `TlsPolicy::Missing`, and give the wizard `encryption = optional`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tds_wire::packet::{Message, PacketType, read_message, write_message};
use tokio::net::{TcpListener, TcpStream};

/// The largest message that is forwarded.
const LIMIT: usize = 64 << 20;
/// The packet size that is sent: both sides accept it before and after they negotiate another.
const PACKET: usize = 4096;

/// A message from the client.
pub struct Request {
    /// The number of its connection, from 1.
    pub connection: usize,
    /// Its number among the messages of this kind on this connection, from 1.
    pub nth: usize,
    /// PRELOGIN, LOGIN7, a batch, an RPC or a transaction request.
    pub kind: PacketType,
    pub payload: Vec<u8>,
}

impl Request {
    /// Returns its text; what is not UTF-16 turns into replacement characters.
    pub fn text(&self) -> String {
        let units = self.payload.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    /// Returns whether the message is a batch or an RPC that contains this text.
    pub fn asks(&self, text: &str) -> bool {
        matches!(self.kind, PacketType::SqlBatch | PacketType::Rpc) && find(&self.payload, &utf16(text)).is_some()
    }
}

/// Changes an answer from the server.
pub type Change = Box<dyn Fn(Vec<u8>) -> Vec<u8> + Send>;

/// What to do with a message.
pub enum Act {
    /// Forward it to the server, and the answer to the client.
    Pass,
    /// Forward it after this time.
    PassLate(Duration),
    /// Send this to the server instead.
    PassInstead(Vec<u8>),
    /// Forward it, and change the answer.
    Change(Change),
    /// Answer the client with these tokens; do not forward it.
    Answer(Vec<u8>),
    /// Close the connection.
    HangUp,
    /// Forward it, and close the connection before the answer.
    HangUpAfter,
    /// Never answer.
    Silence,
}

/// A running man in the middle.
pub struct Scenario {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Scenario {
    /// Starts in front of this server, and asks `act` what to do with each message.
    pub async fn before(server: SocketAddr, act: impl Fn(&Request) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (act, connections) = (Arc::new(act), Arc::new(AtomicUsize::new(0)));
        let counter = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
                let act = Arc::clone(&act);
                // A side that hangs up ends the connection, which is not a failure of the test.
                tokio::spawn(async move { serve(near, server, number, &*act).await });
            }
        });
        Self { port, connections }
    }

    /// Returns the port that the wizard connects to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the server as typed in the wizard.
    pub fn server(&self) -> String {
        format!("127.0.0.1,{}", self.port)
    }

    /// Returns how many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(
    mut near: TcpStream,
    server: SocketAddr,
    connection: usize,
    act: &(dyn Fn(&Request) -> Act + Send + Sync),
) -> Option<()> {
    let mut far = TcpStream::connect(server).await.ok()?;
    let mut seen: Vec<PacketType> = Vec::new();
    loop {
        let Message { kind, payload, .. } = read_message(&mut near, LIMIT).await.ok()?;
        seen.push(kind);
        let nth = seen.iter().filter(|seen| **seen == kind).count();
        let request = Request { connection, nth, kind, payload };
        let mut change: Option<Change> = None;
        let (forwarded, is_answered) = match act(&request) {
            Act::Pass => (request.payload, true),
            Act::PassLate(late) => {
                tokio::time::sleep(late).await;
                (request.payload, true)
            }
            Act::PassInstead(payload) => (payload, true),
            Act::Change(change_with) => {
                change = Some(change_with);
                (request.payload, true)
            }
            Act::Answer(tokens) => {
                write_message(&mut near, PacketType::Reply, &tokens, PACKET).await.ok()?;
                continue;
            }
            Act::HangUp => return None,
            Act::HangUpAfter => (request.payload, false),
            Act::Silence => std::future::pending().await,
        };
        write_message(&mut far, kind, &forwarded, PACKET).await.ok()?;
        let answer = read_message(&mut far, LIMIT).await.ok()?.payload;
        if !is_answered {
            return None;
        }
        let answer = change.map_or(answer.clone(), |change| change(answer));
        write_message(&mut near, PacketType::Reply, &answer, PACKET).await.ok()?;
    }
}

/// Returns the first position of a sequence of bytes.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Replaces every occurrence of a text in a message with one of the same length.
pub fn replace(payload: &[u8], old: &str, new: &str) -> Vec<u8> {
    let (old, new) = (utf16(old), utf16(new));
    assert_eq!(old.len(), new.len(), "the lengths in the message would be wrong");
    let mut out = payload.to_vec();
    while let Some(at) = find(&out, &old) {
        out[at..at + old.len()].copy_from_slice(&new);
    }
    out
}

/// Returns a text as it is sent on the wire.
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn short_text(text: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(text.encode_utf16().count()).unwrap()];
    out.extend(utf16(text));
    out
}

fn token(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend(u16::try_from(body.len()).unwrap().to_le_bytes());
    out.extend(body);
    out
}

/// Returns an ERROR token.
pub fn error(number: i32, state: u8, class: u8, text: &str) -> Vec<u8> {
    let mut body = number.to_le_bytes().to_vec();
    body.extend([state, class]);
    body.extend(u16::try_from(text.encode_utf16().count()).unwrap().to_le_bytes());
    body.extend(utf16(text));
    body.extend(short_text("SQL01"));
    body.extend(short_text(""));
    body.extend(1_i32.to_le_bytes());
    token(0xaa, &body)
}

/// Returns a DONE token; status 2 means a failed request.
pub fn done(status: u16) -> Vec<u8> {
    let mut out = vec![0xfd];
    out.extend(status.to_le_bytes());
    out.extend([0; 10]);
    out
}

/// Returns the answer to a request that fails with one error.
pub fn refusal(number: i32, state: u8, class: u8, text: &str) -> Vec<u8> {
    [error(number, state, class, text), done(2)].concat()
}

/// Returns the answer to a login that is accepted and redirected to another server.
pub fn routing(host: &str, port: u16) -> Vec<u8> {
    let mut ack = vec![1, 0x74, 0, 0, 4];
    ack.extend(short_text("Microsoft SQL Server"));
    ack.extend([16, 0, 16, 0]);
    let mut place = vec![0];
    place.extend(port.to_le_bytes());
    place.extend(u16::try_from(host.encode_utf16().count()).unwrap().to_le_bytes());
    place.extend(utf16(host));
    let mut route = vec![20];
    route.extend(u16::try_from(place.len()).unwrap().to_le_bytes());
    route.extend(place);
    route.extend([0, 0]);
    [token(0xad, &ack), token(0xe3, &route), done(0)].concat()
}
