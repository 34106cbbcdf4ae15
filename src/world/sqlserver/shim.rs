//! The stream that tiberius is handed: PRELOGIN and TLS are behind us already, and it must not notice.
//!
//! * tiberius insists on its own PRELOGIN. The shim keeps that from the server and answers it itself, with
//!   "encryption not supported", so that tiberius goes on to the login at once, without a round trip.
//! * In strict mode it makes the login TDS 8.0 on the way out and 7.4 on the way back. tiberius without its own TLS
//!   knows no 8.0: it asks for 7.4, which a server may refuse on a connection that began with TLS and the ALPN name
//!   `tds/8.0`, and it takes an acknowledgement of 8.0 for an error. Otherwise 8.0 is 7.4 inside TLS.
//! * A lenient login does not insist on its database (`fDatabase` in LOGIN7, which tiberius always sets): the server
//!   then lets it into the login's default one and says so with an error. tiberius would take that for a refusal, so it
//!   gets it as an information, and whoever wants to know gets it from here. That saves a whole second login, and the
//!   server's log a failed one, where the database is still to be made.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use zeroize::Zeroizing;

use super::soften::{self, LOGINACK};
use crate::model::facts::SqlTrouble;
use tds_wire::packet::{self, DEFAULT_SIZE, HEADER, Header, PacketType};
use tds_wire::prelogin::{Encryption, Prelogin, Version};

/// Where LOGIN7's TDS version stands in the first packet: behind the header and the message's length.
const VERSION_AT: usize = HEADER + 4;
/// TDS 8.0 in LOGIN7, little-endian.
const VERSION_8: [u8; 4] = 0x0800_0000_u32.to_le_bytes();
/// TDS 8.0 in LOGINACK, big-endian for historical reasons.
const ACKNOWLEDGED_8: [u8; 4] = 0x0800_0000_u32.to_be_bytes();
/// TDS 7.4 there.
const ACKNOWLEDGED_7: [u8; 4] = 0x7400_0004_u32.to_be_bytes();
/// Where LOGIN7's first byte of options stands in the first packet.
const OPTIONS_AT: usize = HEADER + 24;
/// The bit in it that makes a login fail where its database cannot be opened.
const INSISTS_ON_DATABASE: u8 = 0x40;
/// Tokens that may stand before LOGINACK; each has its length in two bytes behind it: ERROR, INFO, ENVCHANGE.
const BEFORE: [u8; 3] = [0xAA, 0xAB, 0xE3];

/// See the module.
#[derive(Debug)]
pub struct Shim<S> {
    inner: S,
    strict: bool,
    /// A lenient login; where what the server said of the database goes.
    lenient: Option<Arc<OnceLock<SqlTrouble>>>,
    outward: Outward,
    inward: Inward,
    /// Whoever waits for bytes that will only come after a write.
    waiting: Option<Waker>,
}

#[derive(Debug)]
enum Outward {
    /// tiberius' PRELOGIN is being swallowed; what has come of it.
    Prelogin(Vec<u8>),
    /// The login is on its way; how many of its bytes have gone. Strict mode and lenient logins only.
    Login(usize),
    /// Everything passes.
    Through,
}

#[derive(Debug)]
enum Inward {
    /// Our own answer to PRELOGIN: nothing until it was asked for, then what is left of it.
    Answer(Vec<u8>),
    /// The first packet of the login's answer is collected. Strict mode and lenient logins only.
    Collecting(Vec<u8>),
    /// That packet, patched: what is left of it.
    Patched(Vec<u8>),
    /// Everything passes.
    Through,
}

impl<S> Shim<S> {
    /// A shim over a stream on which PRELOGIN and TLS are done. `strict`: TLS came first. `lenient`: the login may end
    /// in another database, and what the server says of that goes there.
    pub fn new(inner: S, strict: bool, lenient: Option<Arc<OnceLock<SqlTrouble>>>) -> Self {
        let (outward, inward) = (Outward::Prelogin(Vec::new()), Inward::Answer(Vec::new()));
        Self { inner, strict, lenient, outward, inward, waiting: None }
    }

    /// Whether the login and its answer are more than passed on.
    fn meddles(&self) -> bool {
        self.strict || self.lenient.is_some()
    }

    /// What tiberius is to see of the first packet of the login's answer.
    fn patch(&self, packet: &mut [u8]) {
        if self.strict {
            patch_acknowledgement(packet);
        }
        if let Some(said) = self.lenient.as_ref().and_then(|place| Some((place, soften::soften(packet, HEADER)?))) {
            // A login has one answer; should there be two, the first one counts.
            let _ = said.0.set(said.1);
        }
    }
}

fn answer() -> Vec<u8> {
    let payload = Prelogin::new(Version::default(), Encryption::NotSupported).encode();
    packet::frame(PacketType::Reply, &payload, DEFAULT_SIZE, 0)
}

/// The length of the packet that these bytes begin, once its header is there.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let head: [u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
    Header::decode(head).ok().map(|header| usize::from(header.length))
}

/// Makes an acknowledgement of TDS 8.0 one of 7.4. A packet that does not look as expected stays as it is.
fn patch_acknowledgement(packet: &mut [u8]) {
    let mut at = HEADER;
    while let Some([token, low, high]) = packet.get(at..at + 3).and_then(|head| <[u8; 3]>::try_from(head).ok()) {
        if token == LOGINACK {
            // Behind the length: one byte of interface, then the version.
            if let Some(version) = packet.get_mut(at + 4..at + 8).filter(|version| **version == ACKNOWLEDGED_8) {
                version.copy_from_slice(&ACKNOWLEDGED_7);
            }
            return;
        }
        if !BEFORE.contains(&token) {
            return;
        }
        at += 3 + usize::from(u16::from_le_bytes([low, high]));
    }
}

/// Moves as much as fits.
fn hand_over(from: &mut Vec<u8>, to: &mut ReadBuf<'_>) {
    let count = from.len().min(to.remaining());
    to.put_slice(&from[..count]);
    from.drain(..count);
}

impl<S: AsyncRead + Unpin> AsyncRead for Shim<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.inward {
                Inward::Answer(rest) if rest.is_empty() => {
                    if matches!(this.outward, Outward::Prelogin(_)) {
                        this.waiting = Some(cx.waker().clone());
                        return Poll::Pending;
                    }
                    this.inward = if this.meddles() { Inward::Collecting(Vec::new()) } else { Inward::Through };
                }
                Inward::Collecting(collected) => {
                    let wanted = packet_length(collected).unwrap_or(HEADER).max(HEADER);
                    if collected.len() >= wanted && collected.len() > HEADER {
                        let mut collected = std::mem::take(collected);
                        this.patch(&mut collected);
                        this.inward = Inward::Patched(collected);
                        continue;
                    }
                    let mut part = vec![0; wanted - collected.len().min(wanted)];
                    let mut part = ReadBuf::new(&mut part);
                    let before = collected.len();
                    ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
                    collected.extend_from_slice(part.filled());
                    // The end, or a header that is none: tiberius shall see it as it is.
                    let unreadable = collected.len() >= HEADER && packet_length(collected).is_none_or(|all| all <= HEADER);
                    if collected.len() == before || unreadable {
                        this.inward = Inward::Patched(std::mem::take(collected));
                    }
                }
                Inward::Patched(rest) if rest.is_empty() => this.inward = Inward::Through,
                Inward::Answer(rest) | Inward::Patched(rest) => {
                    hand_over(rest, buf);
                    return Poll::Ready(Ok(()));
                }
                Inward::Through => return Pin::new(&mut this.inner).poll_read(cx, buf),
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Shim<S> {
    /// Swallows tiberius' PRELOGIN. Takes no byte beyond it.
    fn swallow(&mut self, bytes: &[u8]) -> usize {
        let Outward::Prelogin(taken) = &mut self.outward else { return 0 };
        let wanted = packet_length(taken).unwrap_or(HEADER);
        let count = bytes.len().min(wanted - taken.len().min(wanted));
        taken.extend_from_slice(&bytes[..count]);
        if packet_length(taken).is_some_and(|length| taken.len() >= length) {
            self.outward = if self.meddles() { Outward::Login(0) } else { Outward::Through };
            self.inward = Inward::Answer(answer());
            if let Some(waker) = self.waiting.take() {
                waker.wake();
            }
        }
        count
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Shim<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match &mut this.outward {
            Outward::Prelogin(_) => Poll::Ready(Ok(this.swallow(bytes))),
            Outward::Login(gone) => {
                // The whole login is copied, password and all, so that it stays one record; and wiped again.
                let mut patched = Zeroizing::new(bytes.to_vec());
                for (offset, byte) in VERSION_8.iter().enumerate().filter(|_| this.strict) {
                    if let Some(place) = (VERSION_AT + offset).checked_sub(*gone).and_then(|at| patched.get_mut(at)) {
                        *place = *byte;
                    }
                }
                if this.lenient.is_some()
                    && let Some(place) = OPTIONS_AT.checked_sub(*gone).and_then(|at| patched.get_mut(at))
                {
                    *place &= !INSISTS_ON_DATABASE;
                }
                let count = ready!(Pin::new(&mut this.inner).poll_write(cx, &patched))?;
                *gone += count;
                if *gone > OPTIONS_AT {
                    this.outward = Outward::Through;
                }
                Poll::Ready(Ok(count))
            }
            Outward::Through => Pin::new(&mut this.inner).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    fn prelogin() -> Vec<u8> {
        let payload = Prelogin::new(Version::default(), Encryption::NotSupported).encode();
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
        let mut shim = Shim::new(near, strict, None);
        for piece in prelogin().chunks(piece).chain(login().chunks(piece)) {
            shim.write_all(piece).await.expect("sent");
        }
        far.write_all(reply).await.expect("sent");
        let mut got = vec![0; login().len()];
        far.read_exact(&mut got).await.expect("read");
        let mut answered = vec![0; answer().len()];
        shim.read_exact(&mut answered).await.expect("read");
        assert_eq!(answered, answer());
        let mut read = vec![0; reply.len()];
        shim.read_exact(&mut read).await.expect("read");
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
        let mut shim = Shim::new(near, true, None);
        shim.write_all(&prelogin()).await.expect("sent");
        far.write_all(&[4, 1, 0]).await.expect("sent");
        drop(far);
        let mut all = Vec::new();
        shim.read_to_end(&mut all).await.expect("read");
        assert_eq!(all, [&answer()[..], &[4, 1, 0]].concat());
    }

    #[tokio::test]
    async fn reading_before_the_question_waits_for_it() {
        let (near, _far) = duplex(1 << 16);
        let (mut reader, mut writer) = tokio::io::split(Shim::new(near, false, None));
        let read = tokio::spawn(async move { reader.read_u8().await });
        tokio::task::yield_now().await;
        writer.write_all(&prelogin()).await.expect("sent");
        assert_eq!(read.await.expect("ended").expect("read"), 4);
    }
}
