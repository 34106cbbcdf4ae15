//! The stream that tiberius logs in on. PRELOGIN and TLS are already done, and tiberius must not notice.
//!
//! * tiberius always sends its own PRELOGIN. The stream keeps that from the server and answers it itself, with "encryption not
//!   supported", so that tiberius continues with the login at once, without a round trip.
//! * In strict mode the stream rewrites the login to TDS 8.0 and its acknowledgement back to 7.4. tiberius without its own TLS
//!   does not know 8.0: it asks for 7.4, which a server may refuse on a connection that began with TLS and the ALPN name
//!   `tds/8.0`, and takes an acknowledgement of 8.0 for an error. Apart from that, 8.0 is 7.4 inside TLS.
//! * A login that accepts another database does not set `fDatabase` in LOGIN7, which tiberius always sets: if the database cannot
//!   be opened, the server then uses the login's default one and reports that as an error. tiberius would take that for a refusal,
//!   so the stream downgrades it to an information message and keeps it for the caller. Where the database is yet to be created,
//!   that saves a second login, and a failed login in the server's log.
//!
//! Before that the wizard sends a PRELOGIN of its own, which finds out whether a SQL Server answers and offers TLS, and
//! encrypts the connection as the answers ask.
//!
//! Sources: [MS-TDS] 2.2.6.4 (`fDatabase`), 2.2.7.10 (ERROR), 2.2.7.13 (INFO). ERROR and INFO differ in their first byte only.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tds_wire::packet::{self, DEFAULT_SIZE, HEADER, Header, PacketType, ReadError};
use tds_wire::prelogin::{self, Prelogin};
use tds_wire::tls::HandshakeStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use crate::model::facts::{Protocol, SqlTrouble, TlsSession, TlsTrouble, Trouble, TrustSource};
use crate::model::target::Encryption;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::connect::dial;
use crate::world::sqlserver::connect::tls::{self, TrustAnchors};
use crate::world::sqlserver::{errors, limits};

/// Offset of LOGIN7's TDS version in the first packet: behind the header and the message's length.
const VERSION_AT: usize = HEADER + 4;
/// TDS 8.0 in LOGIN7, little-endian.
const VERSION_8: [u8; 4] = 0x0800_0000_u32.to_le_bytes();
/// TDS 8.0 in LOGINACK, big-endian for historical reasons.
const ACKNOWLEDGED_8: [u8; 4] = 0x0800_0000_u32.to_be_bytes();
/// TDS 7.4 in LOGINACK.
const ACKNOWLEDGED_7: [u8; 4] = 0x7400_0004_u32.to_be_bytes();
/// Offset of LOGIN7's first byte of options in the first packet.
const OPTIONS_AT: usize = HEADER + 24;
/// `fDatabase` in that byte: the login fails if its database cannot be opened.
const DATABASE_REQUIRED: u8 = 0x40;
const LOGINACK: u8 = 0xAD;
const ERROR: u8 = 0xAA;
const INFO: u8 = 0xAB;
const ENVCHANGE: u8 = 0xE3;
/// Tokens that may come before LOGINACK. Each is followed by its length in two bytes.
const BEFORE_LOGINACK: [u8; 3] = [ERROR, INFO, ENVCHANGE];

/// See the module's documentation.
#[derive(Debug)]
pub struct LoginStream<S> {
    inner: S,
    strict: bool,
    /// Set for a login that accepts another database: receives the error about the database.
    database_error: Option<Arc<OnceLock<SqlTrouble>>>,
    sending: Sending,
    receiving: Receiving,
    /// How many bytes have come since the last request.
    received: usize,
    /// The reader, if it waits for bytes that come only after a write.
    waiting: Option<Waker>,
}

#[derive(Debug)]
enum Sending {
    /// tiberius' PRELOGIN is being swallowed; its bytes so far.
    Prelogin(Vec<u8>),
    /// The login is being rewritten and sent; the number of bytes sent. Only if the login is rewritten.
    Login(usize),
    /// Everything is passed on.
    PassThrough,
}

#[derive(Debug)]
enum Receiving {
    /// The stream's own answer to PRELOGIN: empty until it was asked for, then what is left of it.
    Answer(Vec<u8>),
    /// The first packet of the login's answer is being collected. Only if the login is rewritten.
    Collecting(Vec<u8>),
    /// What is left of that packet, rewritten.
    Rewritten(Vec<u8>),
    /// Everything is passed on.
    PassThrough,
}

impl<S> LoginStream<S> {
    /// Wraps a stream on which PRELOGIN and TLS are done. `strict`: TLS came first. `database_error`: the login accepts another
    /// database, and the server's error about its own goes there.
    pub fn new(inner: S, strict: bool, database_error: Option<Arc<OnceLock<SqlTrouble>>>) -> Self {
        let (sending, receiving) = (Sending::Prelogin(Vec::new()), Receiving::Answer(Vec::new()));
        Self { inner, strict, database_error, sending, receiving, received: 0, waiting: None }
    }

    /// Returns whether the login and its answer are rewritten and not only passed on.
    fn rewrites_login(&self) -> bool {
        self.strict || self.database_error.is_some()
    }

    /// Rewrites the first packet of the login's answer for tiberius.
    fn rewrite_answer(&self, packet: &mut [u8]) {
        if self.strict {
            downgrade_version(packet);
        }
        if let Some(place) = &self.database_error
            && let Some(error) = downgrade_database_error(packet, HEADER)
        {
            // A login has one answer; if there are two, the first one counts.
            let _ = place.set(error);
        }
    }
}

fn prelogin_answer() -> Vec<u8> {
    let payload = Prelogin::new(prelogin::Version::default(), prelogin::Encryption::NotSupported).encode();
    packet::frame(PacketType::Reply, &payload, DEFAULT_SIZE, 0)
}

/// Returns the length of the packet that these bytes begin, once its header is complete.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let head: [u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
    Header::decode(head).ok().map(|header| usize::from(header.length))
}

/// Turns an acknowledgement of TDS 8.0 into one of 7.4. Leaves a packet that does not look as expected unchanged.
fn downgrade_version(packet: &mut [u8]) {
    let mut at = HEADER;
    while let Some([token, low, high]) = packet.get(at..at + 3).and_then(|head| <[u8; 3]>::try_from(head).ok()) {
        if token == LOGINACK {
            // Behind the length: one byte of interface, then the version.
            if let Some(version) = packet.get_mut(at + 4..at + 8).filter(|version| **version == ACKNOWLEDGED_8) {
                version.copy_from_slice(&ACKNOWLEDGED_7);
            }
            return;
        }
        if !BEFORE_LOGINACK.contains(&token) {
            return;
        }
        at += 3 + usize::from(u16::from_le_bytes([low, high]));
    }
}

/// Moves as much as fits.
fn copy_to(from: &mut Vec<u8>, to: &mut ReadBuf<'_>) {
    let count = from.len().min(to.remaining());
    to.put_slice(&from[..count]);
    from.drain(..count);
}

impl<S: AsyncRead + Unpin> AsyncRead for LoginStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.receiving {
                Receiving::Answer(rest) if rest.is_empty() => {
                    if matches!(this.sending, Sending::Prelogin(_)) {
                        this.waiting = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    this.receiving =
                        if this.rewrites_login() { Receiving::Collecting(Vec::new()) } else { Receiving::PassThrough };
                }
                Receiving::Collecting(collected) => {
                    let wanted = packet_length(collected).unwrap_or(HEADER).max(HEADER);
                    if collected.len() >= wanted && collected.len() > HEADER {
                        let mut collected = std::mem::take(collected);
                        this.rewrite_answer(&mut collected);
                        this.receiving = Receiving::Rewritten(collected);
                        continue;
                    }
                    let mut part = vec![0; wanted - collected.len().min(wanted)];
                    let mut part = ReadBuf::new(&mut part);
                    let before = collected.len();
                    ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
                    collected.extend_from_slice(part.filled());
                    // The end, or no valid header: tiberius gets it unchanged.
                    let unreadable = collected.len() >= HEADER && packet_length(collected).is_none_or(|all| all <= HEADER);
                    if collected.len() == before || unreadable {
                        this.receiving = Receiving::Rewritten(std::mem::take(collected));
                    }
                }
                Receiving::Rewritten(rest) if rest.is_empty() => this.receiving = Receiving::PassThrough,
                Receiving::Answer(rest) | Receiving::Rewritten(rest) => {
                    copy_to(rest, buf);
                    return Poll::Ready(Ok(()));
                }
                Receiving::PassThrough => {
                    let before = buf.filled().len();
                    ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
                    this.received += buf.filled().len() - before;
                    if this.received > limits::REPLY_BYTES {
                        let said = format!("the answer has more than {} MiB", limits::REPLY_BYTES >> 20);
                        return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, said)));
                    }
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> LoginStream<S> {
    /// Swallows tiberius' PRELOGIN. Takes no byte beyond it.
    fn swallow(&mut self, bytes: &[u8]) -> usize {
        let Sending::Prelogin(taken) = &mut self.sending else { return 0 };
        let wanted = packet_length(taken).unwrap_or(HEADER);
        let count = bytes.len().min(wanted - taken.len().min(wanted));
        taken.extend_from_slice(&bytes[..count]);
        if packet_length(taken).is_some_and(|length| taken.len() >= length) {
            self.sending = if self.rewrites_login() { Sending::Login(0) } else { Sending::PassThrough };
            self.receiving = Receiving::Answer(prelogin_answer());
            if let Some(waker) = self.waiting.take() {
                waker.wake();
            }
        }
        count
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LoginStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match &mut this.sending {
            Sending::Prelogin(_) => Poll::Ready(Ok(this.swallow(bytes))),
            Sending::Login(gone) => {
                // Copies the whole login with its password, so that it stays one TLS record; the copy is wiped afterwards.
                let mut rewritten = Zeroizing::new(bytes.to_vec());
                for (offset, byte) in VERSION_8.iter().enumerate().filter(|_| this.strict) {
                    if let Some(place) = (VERSION_AT + offset).checked_sub(*gone).and_then(|at| rewritten.get_mut(at)) {
                        *place = *byte;
                    }
                }
                if this.database_error.is_some()
                    && let Some(place) = OPTIONS_AT.checked_sub(*gone).and_then(|at| rewritten.get_mut(at))
                {
                    *place &= !DATABASE_REQUIRED;
                }
                let count = ready!(Pin::new(&mut this.inner).poll_write(cx, &rewritten))?;
                *gone += count;
                if *gone > OPTIONS_AT {
                    this.sending = Sending::PassThrough;
                }
                Poll::Ready(Ok(count))
            }
            Sending::PassThrough => {
                this.received = 0;
                Pin::new(&mut this.inner).poll_write(cx, bytes)
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Turns errors about the database into information messages in the first packet of a login's answer, and returns the first one.
///
/// Only if the login is acknowledged in the same packet, and only errors of [`errors::is_about_the_database`]: with any other
/// error, and in an answer that does not look as expected, the packet stays unchanged and the login fails as it would have.
fn downgrade_database_error(packet: &mut [u8], mut at: usize) -> Option<SqlTrouble> {
    let mut found = Vec::new();
    let mut acknowledged = false;
    while let Some((token, body)) = token(packet, at) {
        match token {
            ERROR => found.push((at, read_error(body)?)),
            LOGINACK => acknowledged = true,
            _ => {}
        }
        at += 3 + body.len();
    }
    if !acknowledged || found.iter().any(|(_, said)| !errors::is_about_the_database(said.number)) {
        return None;
    }
    for (at, _) in &found {
        packet[*at] = INFO;
    }
    found.into_iter().next().map(|(_, said)| said)
}

/// Returns the token at `at`, if it is one of those that have their length in two bytes. All tokens of a login's answer before its
/// DONE have.
fn token(packet: &[u8], at: usize) -> Option<(u8, &[u8])> {
    let [token, low, high] = packet.get(at..at + 3)?.try_into().ok()?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    matches!(token, ERROR | INFO | ENVCHANGE | LOGINACK).then_some((token, packet.get(at + 3..at + 3 + length)?))
}

/// Reads number, state, class and text; server, procedure and line follow.
fn read_error(body: &[u8]) -> Option<SqlTrouble> {
    let number = u32::from_le_bytes(body.get(..4)?.try_into().ok()?);
    let (state, class) = (*body.get(4)?, *body.get(5)?);
    let length = usize::from(u16::from_le_bytes(body.get(6..8)?.try_into().ok()?));
    let units = body.get(8..8 + 2 * length)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(SqlTrouble { number, state, class, text: Untrusted::new(&text) })
}

/// A PRELOGIN answer has a few dozen bytes; anything longer is not one.
const MAX_ANSWER: usize = 4096;

/// How the connection continues after PRELOGIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Negotiated {
    /// With a TLS handshake inside PRELOGIN packets.
    Tls,
    /// Without TLS: the server has none, and the answers allow that.
    Plain,
    /// Inside TLS, which was established before PRELOGIN.
    AlreadyEncrypted,
}

/// Sends PRELOGIN and reads the answer.
///
/// Never asks to encrypt the login only: "optional" also asks for TLS on everything, and accepts a server that has none. So a
/// network that cannot see the password cannot read or change the rest either.
pub async fn negotiate<S>(stream: &mut S, encryption: Encryption) -> Result<Negotiated, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let answer = prelogin_within(exchange(stream, prelogin::Encryption::On)).await?;
    negotiated(encryption, answer.encryption)
}

/// Does the same without TLS, for a server that has said that it has none.
pub async fn negotiate_plain<S>(stream: &mut S) -> Result<(), Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let asked = prelogin::Encryption::NotSupported;
    let answer = prelogin_within(exchange(stream, asked)).await?;
    match asked.agree(answer.encryption) {
        prelogin::Agreement::Plain => Ok(()),
        // It has TLS after all: somebody in between tampers, or the server has just changed.
        _ => Err(Trouble::ConnectionLost),
    }
}

/// Waits for the very first answer of a server.
async fn prelogin_within(exchange: impl Future<Output = Result<Prelogin, Trouble>> + Send) -> Result<Prelogin, Trouble> {
    let unanswered = |_| Trouble::Unanswered { waited: limits::NEGOTIATE };
    tokio::time::timeout(limits::NEGOTIATE, exchange).await.map_err(unanswered)?
}

async fn exchange<S>(stream: &mut S, encryption: prelogin::Encryption) -> Result<Prelogin, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut question = Prelogin::new(prelogin::Version::default(), encryption);
    question.mars = Some(false);
    packet::write_message(stream, PacketType::Prelogin, &question.encode(), DEFAULT_SIZE)
        .await
        .map_err(|error| answer_trouble(&ReadError::Io(error)))?;
    let answer = packet::read_message(stream, MAX_ANSWER).await.map_err(|error| answer_trouble(&error))?;
    if answer.kind != PacketType::Reply {
        return Err(Trouble::NotSqlServer);
    }
    // A server that has no free connection, for instance, may say so here.
    if let Some((ERROR, body)) = token(&answer.payload, 0)
        && let Some(error) = read_error(body)
    {
        return Err(Trouble::Sql(error));
    }
    Prelogin::decode(&answer.payload).map_err(|_| Trouble::NotSqlServer)
}

/// Converts a missing answer. A peer that says something else at the very first message does not speak TDS; one that ends the
/// connection instead may be a SQL Server all the same. A connection that breaks within an answer is lost.
fn answer_trouble(error: &ReadError) -> Trouble {
    match error {
        ReadError::Closed => Trouble::HungUp { takes_strict: false },
        ReadError::Io(cause) => match cause.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Trouble::HungUp { takes_strict: false }
            }
            _ => errors::from_io(cause),
        },
        ReadError::UnknownType(_) | ReadError::TooShort(_) | ReadError::Mixed { .. } | ReadError::TooLong(_) => {
            Trouble::NotSqlServer
        }
    }
}

fn negotiated(asked: Encryption, answered: prelogin::Encryption) -> Result<Negotiated, Trouble> {
    use prelogin::Encryption as Answer;
    match (asked, answered) {
        // TLS is established already; in TDS 8.0 the option has no meaning.
        (Encryption::Strict, _) => Ok(Negotiated::AlreadyEncrypted),
        (_, Answer::On | Answer::Required) => Ok(Negotiated::Tls),
        (Encryption::Optional, Answer::NotSupported) => Ok(Negotiated::Plain),
        (Encryption::Mandatory, Answer::NotSupported) | (_, Answer::Off) => Err(Trouble::Tls(TlsTrouble::NotOffered)),
    }
}

/// How encrypting ended.
#[derive(Debug)]
pub struct EncryptionResult {
    /// The stream, and what protects it.
    pub outcome: Result<(ServerStream, TlsSession), Trouble>,
    /// The certificate that the server showed, DER; also when it was refused.
    pub certificate: Option<Vec<u8>>,
}

/// Does PRELOGIN and TLS in the order that the kind of encryption asks for.
pub async fn encrypt(stream: TcpStream, host: &str, encryption: Encryption, anchors: TrustAnchors) -> EncryptionResult {
    match encryption {
        Encryption::Strict => tls_first(stream, host, anchors).await,
        Encryption::Mandatory | Encryption::Optional => prelogin_first(stream, host, encryption, anchors).await,
    }
}

async fn tls_first(stream: TcpStream, host: &str, anchors: TrustAnchors) -> EncryptionResult {
    let begun = Instant::now();
    let peer = stream.peer_addr();
    let trusted = anchors.trusted();
    let handshake = tls::handshake_first(stream, host, anchors).await;
    let encrypted = TlsSession { protocol: Protocol::Strict, trusted, took: begun.elapsed() };
    let outcome = match handshake.outcome {
        Ok(mut stream) => match negotiate(&mut stream, Encryption::Strict).await {
            Ok(_) => Ok((ServerStream::TlsFirst(Box::new(stream)), encrypted)),
            Err(trouble) => Err(trouble),
        },
        Err(trouble) => Err(without_strict(peer, trouble).await),
    };
    EncryptionResult { outcome, certificate: handshake.certificate }
}

/// Tells what a server that did not answer to strict encryption is: asks it without, on a connection of its own and without a
/// login.
async fn without_strict(peer: io::Result<SocketAddr>, trouble: Trouble) -> Trouble {
    let (Trouble::Tls(TlsTrouble::StrictNotOffered) | Trouble::Silent { .. }, Ok(peer)) = (&trouble, peer) else {
        return trouble;
    };
    let asked = async {
        let mut stream = dial::dial_one(peer, Duration::ZERO).await?.stream;
        negotiate(&mut stream, Encryption::Mandatory).await
    };
    match asked.await {
        Ok(_) | Err(Trouble::Tls(_)) => Trouble::Tls(TlsTrouble::StrictNotOffered),
        Err(told @ (Trouble::Sql(_) | Trouble::HungUp { .. } | Trouble::NotSqlServer)) => told,
        Err(Trouble::Unanswered { .. }) => match trouble {
            Trouble::Silent { waited } => Trouble::Unanswered { waited },
            closed => closed,
        },
        Err(_) => trouble,
    }
}

/// Returns whether a server that hung up at PRELOGIN answers to strict encryption. Asks on a connection of its own, trusts any
/// certificate, and does not log in.
async fn takes_strict(peer: io::Result<SocketAddr>, host: &str) -> bool {
    let Ok(peer) = peer else { return false };
    let Ok(dialled) = dial::dial_one(peer, Duration::ZERO).await else { return false };
    match tls::handshake_first(dialled.stream, host, TrustAnchors::Nothing).await.outcome {
        Ok(mut stream) => negotiate(&mut stream, Encryption::Strict).await.is_ok(),
        Err(_) => false,
    }
}

async fn prelogin_first(mut stream: TcpStream, host: &str, encryption: Encryption, anchors: TrustAnchors) -> EncryptionResult {
    let peer = stream.peer_addr();
    let negotiated = match negotiate(&mut stream, encryption).await {
        Ok(negotiated) => negotiated,
        Err(Trouble::HungUp { .. }) => {
            drop(stream);
            let trouble = Trouble::HungUp { takes_strict: takes_strict(peer, host).await };
            return EncryptionResult { outcome: Err(trouble), certificate: None };
        }
        Err(trouble) => return EncryptionResult { outcome: Err(trouble), certificate: None },
    };
    let begun = Instant::now();
    if negotiated != Negotiated::Tls {
        return EncryptionResult { outcome: reconnect_plain(&stream).await, certificate: None };
    }
    let trusted = anchors.trusted();
    let handshake = tls::handshake_in_prelogin(stream, host, anchors).await;
    let encrypted = TlsSession { protocol: Protocol::Tls12, trusted, took: begun.elapsed() };
    let outcome = handshake.outcome.map(|stream| (ServerStream::TlsInPrelogin(Box::new(stream)), encrypted));
    EncryptionResult { outcome, certificate: handshake.certificate }
}

/// Connects again to a server without TLS, where that is allowed. The first connection asked for encryption and was told that there
/// is none; by the specification the client must end it then. So the second one asks for none.
async fn reconnect_plain(first: &TcpStream) -> Result<(ServerStream, TlsSession), Trouble> {
    let begun = Instant::now();
    let address = first.peer_addr().map_err(|error| errors::from_io(&error))?;
    let mut stream = dial::dial_one(address, Duration::ZERO).await?.stream;
    negotiate_plain(&mut stream).await?;
    let encrypted = TlsSession { protocol: Protocol::Plain, trusted: TrustSource::Nothing, took: begun.elapsed() };
    Ok((ServerStream::Plain(stream), encrypted))
}

/// The stream to the server, whatever protects it.
#[derive(Debug)]
pub enum ServerStream {
    /// Bare TCP.
    Plain(TcpStream),
    /// TLS that began inside PRELOGIN packets. Boxed, since rustls' state has a kilobyte.
    TlsInPrelogin(Box<TlsStream<HandshakeStream<TcpStream>>>),
    /// TLS from the first byte.
    TlsFirst(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for ServerStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::TlsInPrelogin(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::TlsFirst(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::TlsInPrelogin(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::TlsFirst(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::TlsInPrelogin(stream) => Pin::new(stream).poll_flush(cx),
            Self::TlsFirst(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::TlsInPrelogin(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::TlsFirst(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    fn prelogin() -> Vec<u8> {
        let payload = Prelogin::new(prelogin::Version::default(), prelogin::Encryption::NotSupported).encode();
        packet::frame(PacketType::Prelogin, &payload, DEFAULT_SIZE, 0)
    }

    fn login() -> Vec<u8> {
        let mut payload = vec![0; 60];
        payload[4..8].copy_from_slice(&0x7400_0004_u32.to_le_bytes());
        packet::frame(PacketType::Login7, &payload, DEFAULT_SIZE, 0)
    }

    fn acknowledgement(version: [u8; 4]) -> Vec<u8> {
        let mut payload = vec![0xE3, 2, 0, 9, 9, LOGINACK, 7, 0, 1];
        payload.extend_from_slice(&version);
        payload.extend_from_slice(&[0, 0, 0xFD]);
        packet::frame(PacketType::Reply, &payload, DEFAULT_SIZE, 51)
    }

    /// What the server gets, and what the client reads after its own PRELOGIN's answer.
    async fn pass(strict: bool, reply: &[u8], piece: usize) -> (Vec<u8>, Vec<u8>) {
        let (near, mut far) = duplex(1 << 16);
        let mut stream = LoginStream::new(near, strict, None);
        for piece in prelogin().chunks(piece).chain(login().chunks(piece)) {
            stream.write_all(piece).await.expect("sent");
        }
        far.write_all(reply).await.expect("sent");
        let mut got = vec![0; login().len()];
        far.read_exact(&mut got).await.expect("read");
        let mut answered = vec![0; prelogin_answer().len()];
        stream.read_exact(&mut answered).await.expect("read");
        assert_eq!(answered, prelogin_answer());
        let mut read = vec![0; reply.len()];
        stream.read_exact(&mut read).await.expect("read");
        (got, read)
    }

    #[tokio::test]
    async fn prelogin_never_reaches_the_server_and_the_rest_does() {
        for piece in [1, 7, 1000] {
            let reply = acknowledgement(ACKNOWLEDGED_7);
            assert_eq!(pass(false, &reply, piece).await, (login(), reply), "{piece}");
        }
    }

    #[tokio::test]
    async fn a_strict_login_is_8_outside_and_7_inside() {
        for piece in [1, 7, 1000] {
            let (got, read) = pass(true, &acknowledgement(ACKNOWLEDGED_8), piece).await;
            let mut expected = login();
            expected[VERSION_AT..VERSION_AT + 4].copy_from_slice(&[0, 0, 0, 8]);
            assert_eq!(got, expected, "{piece}");
            assert_eq!(read, acknowledgement(ACKNOWLEDGED_7), "{piece}");
        }
    }

    #[tokio::test]
    async fn other_answers_to_a_strict_login_stay_as_they_are() {
        let refused = packet::frame(PacketType::Reply, &[0xAA, 3, 0, 1, 2, 3, 0xFD], DEFAULT_SIZE, 0);
        let empty = packet::frame(PacketType::Reply, &[], DEFAULT_SIZE, 0);
        for reply in [refused, empty, b"HTTP/1.1 400 Bad Request".to_vec()] {
            assert_eq!(pass(true, &reply, 1000).await.1, reply);
        }
    }

    #[tokio::test]
    async fn an_end_in_the_login_is_an_end() {
        let (near, mut far) = duplex(1 << 16);
        let mut stream = LoginStream::new(near, true, None);
        stream.write_all(&prelogin()).await.expect("sent");
        far.write_all(&[4, 1, 0]).await.expect("sent");
        drop(far);
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.expect("read");
        assert_eq!(all, [&prelogin_answer()[..], &[4, 1, 0]].concat());
    }

    #[tokio::test]
    async fn reading_before_the_question_waits_for_it() {
        let (near, _far) = duplex(1 << 16);
        let (mut reader, mut writer) = tokio::io::split(LoginStream::new(near, false, None));
        let read = tokio::spawn(async move { reader.read_u8().await });
        tokio::task::yield_now().await;
        writer.write_all(&prelogin()).await.expect("sent");
        assert_eq!(read.await.expect("ended").expect("read"), 4);
    }

    fn error(number: u32) -> Vec<u8> {
        let mut body = number.to_le_bytes().to_vec();
        body.extend([1, 11, 2, 0, b'n', 0, b'o', 0, 0, 0, 1, 0, 0, 0]);
        let length = u16::try_from(body.len()).expect("short").to_le_bytes();
        [vec![ERROR, length[0], length[1]], body].concat()
    }

    const CHANGE: &[u8] = &[ENVCHANGE, 2, 0, 9, 9];
    const ACKNOWLEDGED: &[u8] = &[LOGINACK, 1, 0, 1];
    const DONE: &[u8] = &[0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn an_error_about_the_database_beside_an_acknowledgement_is_none() {
        for order in [[&error(4063)[..], CHANGE, ACKNOWLEDGED, DONE], [CHANGE, ACKNOWLEDGED, &error(4063), DONE]] {
            let mut packet = [&[0; 8], &order.concat()[..]].concat();
            let said = downgrade_database_error(&mut packet, 8).expect("downgraded");
            assert_eq!((said.number, said.state, said.class, said.text.as_str()), (4063, 1, 11, "no"));
            assert!(!packet.contains(&ERROR) && packet.contains(&INFO));
        }
    }

    #[test]
    fn a_refusal_stays_one() {
        let both = [error(4063), error(18456)].concat();
        for tokens in [[&error(4063)[..], DONE], [&error(4060), &error(18456)], [&both, ACKNOWLEDGED], [ACKNOWLEDGED, DONE]] {
            let mut packet = tokens.concat();
            let before = packet.clone();
            assert_eq!(downgrade_database_error(&mut packet, 0), None);
            assert_eq!(packet, before);
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_left_alone() {
        let whole = [&error(4063)[..], ACKNOWLEDGED].concat();
        for length in 0..whole.len() {
            let mut packet = whole[..length].to_vec();
            assert_eq!(downgrade_database_error(&mut packet, 0), None, "{length}");
            assert_eq!(packet, whole[..length]);
        }
    }

    async fn against(bytes: &[u8], encryption: Encryption) -> Result<Negotiated, Trouble> {
        let (mut near, mut far) = duplex(4096);
        let server = async {
            let mut question = [0; 64];
            assert!(far.read(&mut question).await.expect("a question") > 0);
            far.write_all(bytes).await.expect("sent");
            drop::<DuplexStream>(far);
        };
        tokio::join!(negotiate(&mut near, encryption), server).0
    }

    fn answer(encryption: prelogin::Encryption) -> Vec<u8> {
        let payload = Prelogin::new(prelogin::Version { major: 16, ..Default::default() }, encryption).encode();
        packet::frame(PacketType::Reply, &payload, DEFAULT_SIZE, 0)
    }

    #[tokio::test]
    async fn what_the_server_offers_meets_what_is_asked() {
        use prelogin::Encryption as Answer;
        let refused = Err(Trouble::Tls(TlsTrouble::NotOffered));
        let table = [
            (Encryption::Mandatory, Answer::On, Ok(Negotiated::Tls)),
            (Encryption::Mandatory, Answer::Required, Ok(Negotiated::Tls)),
            (Encryption::Mandatory, Answer::NotSupported, refused.clone()),
            (Encryption::Mandatory, Answer::Off, refused.clone()),
            (Encryption::Optional, Answer::On, Ok(Negotiated::Tls)),
            (Encryption::Optional, Answer::NotSupported, Ok(Negotiated::Plain)),
            (Encryption::Optional, Answer::Off, refused),
            (Encryption::Strict, Answer::NotSupported, Ok(Negotiated::AlreadyEncrypted)),
        ];
        for (asked, answered, expected) in table {
            assert_eq!(against(&answer(answered), asked).await, expected, "{asked:?} {answered:?}");
        }
    }

    #[tokio::test]
    async fn other_services_are_recognised() {
        for bytes in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.2\r\n", b"\x04\x01\x00\x02\x00\x00\x01\x00"] {
            assert_eq!(against(bytes, Encryption::Mandatory).await, Err(Trouble::NotSqlServer), "{bytes:?}");
        }
        let request = packet::frame(PacketType::Prelogin, b"", DEFAULT_SIZE, 0);
        assert_eq!(against(&request, Encryption::Mandatory).await, Err(Trouble::NotSqlServer));
    }

    /// The server waits for the rest of what it takes for a packet, and so the handshake times out.
    #[tokio::test]
    async fn strict_with_a_server_that_ignores_it_is_no_firewall() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let peer = listener.local_addr();
        let server = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            packet::read_message(&mut stream, MAX_ANSWER).await.expect("a question");
            stream.write_all(&answer(prelogin::Encryption::On)).await.expect("sent");
        };
        let silent = Trouble::Silent { waited: limits::HANDSHAKE };
        let (told, ()) = tokio::join!(without_strict(peer, silent), server);
        assert_eq!(told, Trouble::Tls(TlsTrouble::StrictNotOffered));
    }

    #[tokio::test]
    async fn an_end_without_an_answer_is_a_hang_up() {
        assert_eq!(against(b"", Encryption::Mandatory).await, Err(Trouble::HungUp { takes_strict: false }));
    }

    #[tokio::test]
    async fn an_error_in_place_of_an_answer_keeps_its_number_and_text() {
        let refused = packet::frame(PacketType::Reply, &[&error(17809)[..], DONE].concat(), DEFAULT_SIZE, 0);
        let said = SqlTrouble { number: 17809, state: 1, class: 11, text: Untrusted::new("no") };
        assert_eq!(against(&refused, Encryption::Mandatory).await, Err(Trouble::Sql(said)));
    }

    #[tokio::test]
    async fn a_reply_without_end_is_cut_off_and_the_next_request_begins_anew() {
        let mut stream = LoginStream::new(tokio::io::join(tokio::io::repeat(0), tokio::io::sink()), false, None);
        stream.write_all(&prelogin()).await.expect("sent");
        stream.read_exact(&mut vec![0; prelogin_answer().len()]).await.expect("read");
        let mut piece = vec![0; 1 << 20];
        for _ in 0..2 {
            stream.write_all(b"request").await.expect("sent");
            for _ in 0..limits::REPLY_BYTES >> 20 {
                stream.read_exact(&mut piece).await.expect("within the limit");
            }
            let beyond = stream.read(&mut piece).await.expect_err("beyond it");
            assert_eq!(beyond.kind(), io::ErrorKind::InvalidData);
        }
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_a_lost_connection() {
        let bytes = answer(prelogin::Encryption::On);
        assert_eq!(against(&bytes[..12], Encryption::Mandatory).await, Err(Trouble::ConnectionLost));
    }
}
