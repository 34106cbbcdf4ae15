//! A connection between a wizard and its server that can be cut, or that answers in the server's place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Forwards everything until told otherwise.
pub struct Wire {
    port: u16,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    /// How many pieces of the server's output are forwarded before one is dropped and its connection cut. Negative: no
    /// cut.
    fuse: AtomicI64,
    /// Whether new connections are closed at once.
    dead: AtomicBool,
    /// Whether the cut is permanent.
    for_good: AtomicBool,
    /// How many requests that insert a row are answered with this error instead of being forwarded.
    refusals: AtomicI64,
    number: AtomicI64,
    /// How many were refused.
    refused: AtomicI64,
}

/// A text that every insert of a joining node's row contains.
const JOINS: &str = "INSERT INTO octopus_setup.node";

impl Wire {
    /// Starts a connection to this server.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Arc::new(Told { fuse: AtomicI64::new(-1), ..Told::default() });
        let shared = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if !shared.dead.load(Ordering::SeqCst) {
                    let Ok(far) = TcpStream::connect(server).await else { continue };
                    tokio::spawn(pass(near, far, Arc::clone(&shared)));
                }
            }
        });
        Self { port, told }
    }

    /// Returns its address as typed in the wizard.
    pub fn server(&self) -> String {
        format!("localhost,{}", self.port)
    }

    /// Cuts a connection after so many pieces of the server's output: the server has done what it was asked, but the
    /// answer is lost. With `for_good`, every later connection is closed too.
    pub fn cut_after(&self, pieces: i64, for_good: bool) {
        self.told.for_good.store(for_good, Ordering::SeqCst);
        self.told.fuse.store(pieces, Ordering::SeqCst);
    }

    /// Returns whether it has been cut since [`cut_after`](Self::cut_after).
    pub fn was_cut(&self) -> bool {
        self.told.fuse.load(Ordering::SeqCst) < 0
    }

    /// Forwards everything again.
    pub fn mend(&self) {
        self.told.fuse.store(-1, Ordering::SeqCst);
        self.told.refusals.store(0, Ordering::SeqCst);
        self.told.dead.store(false, Ordering::SeqCst);
    }

    /// Answers the next requests that insert a row with this error. Works only without encryption.
    pub fn refuse_joins(&self, times: i64, number: i64) {
        self.told.number.store(number, Ordering::SeqCst);
        self.told.refused.store(0, Ordering::SeqCst);
        self.told.refusals.store(times, Ordering::SeqCst);
    }

    /// Returns how many were refused since then.
    pub fn refused(&self) -> i64 {
        self.told.refused.load(Ordering::SeqCst)
    }
}

async fn pass(near: TcpStream, far: TcpStream, told: Arc<Told>) {
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let near_out = Arc::new(tokio::sync::Mutex::new(near_out));
    let up = tokio::spawn(requests(near_in, far_out, Arc::clone(&near_out), Arc::clone(&told)));
    answers(far_in, &near_out, &told).await;
    up.abort();
    // The half held by the other task would keep the connection open.
    let _ = near_out.lock().await.shutdown().await;
}

async fn answers(mut far_in: OwnedReadHalf, near_out: &tokio::sync::Mutex<OwnedWriteHalf>, told: &Told) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count) = far_in.read(&mut buffer).await {
        if count == 0 || told.dead.load(Ordering::SeqCst) {
            return;
        }
        let burnt = told.fuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| (left >= 0).then_some(left - 1));
        if burnt == Ok(0) {
            told.dead.store(told.for_good.load(Ordering::SeqCst), Ordering::SeqCst);
            return;
        }
        if near_out.lock().await.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// Forwards requests as they come. If refusals are set, inspects whole requests for inserts of a row.
async fn requests(
    mut near_in: OwnedReadHalf,
    mut far_out: OwnedWriteHalf,
    near_out: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    told: Arc<Told>,
) {
    let wanted: Vec<u8> = JOINS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (mut message, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let Ok(count) = near_in.read(&mut buffer).await else { return };
        if count == 0 {
            return;
        }
        if told.refusals.load(Ordering::SeqCst) <= 0 && message.is_empty() {
            if far_out.write_all(&buffer[..count]).await.is_err() {
                return;
            }
            continue;
        }
        message.extend_from_slice(&buffer[..count]);
        let Some(text) = whole(&message) else { continue };
        if text.windows(wanted.len()).any(|window| window == wanted) {
            told.refusals.fetch_sub(1, Ordering::SeqCst);
            told.refused.fetch_add(1, Ordering::SeqCst);
            let number = i32::try_from(told.number.load(Ordering::SeqCst)).unwrap();
            if near_out.lock().await.write_all(&error(number)).await.is_err() {
                return;
            }
        } else if far_out.write_all(&message).await.is_err() {
            return;
        }
        message.clear();
    }
}

/// Returns the contents of a message's packets, once its last packet has arrived ([MS-TDS] 2.2.3.1).
fn whole(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut text, mut rest) = (Vec::new(), bytes);
    loop {
        let head = rest.get(..8)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        text.extend_from_slice(rest.get(8..length)?);
        rest = &rest[length..];
        if head[1] & 1 == 1 {
            return Some(text);
        }
    }
}

/// Builds an answer that consists only of this error ([MS-TDS] 2.2.7.10 and 2.2.7.6).
fn error(number: i32) -> Vec<u8> {
    let text: Vec<u8> = "Rehearsed.".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut token = Vec::new();
    token.extend_from_slice(&number.to_le_bytes());
    token.extend_from_slice(&[1, 13]);
    token.extend_from_slice(&u16::try_from(text.len() / 2).unwrap().to_le_bytes());
    token.extend_from_slice(&text);
    token.extend_from_slice(&[0, 0]);
    token.extend_from_slice(&1_i32.to_le_bytes());
    let mut body = vec![0xaa];
    body.extend_from_slice(&u16::try_from(token.len()).unwrap().to_le_bytes());
    body.extend_from_slice(&token);
    body.extend_from_slice(&[0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut packet = vec![4, 1];
    packet.extend_from_slice(&u16::try_from(body.len() + 8).unwrap().to_be_bytes());
    packet.extend_from_slice(&[0, 0, 1, 0]);
    packet.extend_from_slice(&body);
    packet
}
