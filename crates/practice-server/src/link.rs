//! A connection from its first byte to the login: PRELOGIN and TLS, the server's side.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tds_wire::packet::{self, PacketType, ReadError};
use tds_wire::prelogin::{Agreement, Encryption, Prelogin, PreloginError, Version};
use tds_wire::tls::HandshakeStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::ServerTls;
use crate::options::TlsPolicy;

type Tcp = Metered<TcpStream>;

/// The first byte of a TLS handshake record: TDS 8.0 starts with TLS.
const TLS_HANDSHAKE: u8 = 0x16;
/// The largest accepted PRELOGIN message in bytes.
const PRELOGIN_LIMIT: usize = 4096;

/// A connection after the negotiation.
#[derive(Debug)]
pub enum Link {
    /// Without TLS.
    Plain(Tcp),
    /// With TLS that started inside PRELOGIN packets.
    Wrapped(Box<TlsStream<HandshakeStream<Tcp>>>),
    /// The same, for the login message only.
    LoginOnly(Box<TlsStream<HandshakeStream<Tcp>>>),
    /// With TLS from the first byte.
    Strict(Box<TlsStream<Tcp>>),
}

/// Why a connection was not established.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The connection broke, or TLS failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The client sent no valid message.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The client sent no valid PRELOGIN.
    #[error(transparent)]
    Prelogin(#[from] PreloginError),
    /// The client sent another message first.
    #[error("a {0:?} message came before PRELOGIN")]
    Unexpected(PacketType),
    /// Both sides do not agree on encryption, or the client asked for another instance.
    #[error("client and server do not get along")]
    Refused,
}

impl Link {
    /// Negotiates with a client that has just connected.
    pub async fn accept(
        tcp: Tcp,
        first: u8,
        tls: &ServerTls,
        policy: TlsPolicy,
        allow_strict: bool,
        version: Version,
    ) -> Result<Self, LinkError> {
        if first == TLS_HANDSHAKE {
            if !allow_strict || policy == TlsPolicy::Missing {
                return Err(LinkError::Refused);
            }
            let acceptor = TlsAcceptor::from(tls.strict.clone());
            let mut stream = acceptor.accept(tcp).await?;
            // TLS is already active, so nothing is left to negotiate.
            prelogin(&mut stream, version, |_| Encryption::NotSupported).await?;
            return Ok(Self::Strict(Box::new(stream)));
        }
        let mut tcp = tcp;
        let agreement = prelogin(&mut tcp, version, |client| policy.answer(client)).await?;
        match agreement {
            Agreement::Refused => Err(LinkError::Refused),
            Agreement::Plain => Ok(Self::Plain(tcp)),
            Agreement::Whole | Agreement::LoginOnly => {
                let acceptor = TlsAcceptor::from(tls.wrapped.clone());
                let mut stream = Box::new(acceptor.accept(HandshakeStream::new(tcp)).await?);
                stream.get_mut().0.unwrap_records();
                Ok(if agreement == Agreement::Whole { Self::Wrapped(stream) } else { Self::LoginOnly(stream) })
            }
        }
    }

    /// Continues without TLS if it was for the login only. To be called after the login message has been read.
    #[must_use]
    pub fn after_login_message(self) -> Self {
        match self {
            Self::LoginOnly(stream) => Self::Plain(stream.into_inner().0.into_inner()),
            other => other,
        }
    }
}

impl TlsPolicy {
    /// Returns the server's answer to the client's option. Source: [MS-TDS] 2.2.6.5, the table of ENCRYPTION.
    fn answer(self, client: Encryption) -> Encryption {
        match (self, client) {
            (Self::Missing, _) | (Self::Offered, Encryption::NotSupported) => Encryption::NotSupported,
            (Self::Offered, Encryption::Off) => Encryption::Off,
            (_, Encryption::On | Encryption::Required) => Encryption::On,
            (Self::Forced, _) => Encryption::Required,
        }
    }
}

/// Reads a PRELOGIN and answers it.
async fn prelogin<S>(
    stream: &mut S,
    version: Version,
    answer: impl FnOnce(Encryption) -> Encryption,
) -> Result<Agreement, LinkError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let message = packet::read_message(stream, PRELOGIN_LIMIT).await?;
    if message.kind != PacketType::Prelogin {
        return Err(LinkError::Unexpected(message.kind));
    }
    let client = Prelogin::decode(&message.payload)?;
    let named = client.instance.as_deref().unwrap_or_default();
    let here = named.is_empty() || named.eq_ignore_ascii_case(b"MSSQLServer");
    let mut reply = Prelogin::new(version, answer(client.encryption));
    reply.instance = Some(if here { Vec::new() } else { vec![1] });
    reply.mars = client.mars.map(|_| false);
    let agreement = client.encryption.agree(reply.encryption);
    packet::write_message(stream, PacketType::Reply, &reply.encode(), packet::DEFAULT_SIZE).await?;
    if here { Ok(agreement) } else { Err(LinkError::Refused) }
}

/// Makes the same call on whichever stream the link has.
macro_rules! on_stream {
    ($link:expr, $stream:ident => $call:expr) => {
        match $link.get_mut() {
            Link::Plain($stream) => $call,
            Link::Wrapped($stream) | Link::LoginOnly($stream) => $call,
            Link::Strict($stream) => $call,
        }
    };
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        on_stream!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}

/// What all clients together cost on the way.
#[derive(Debug, Default)]
pub struct Meter {
    /// How often a client starts to send after the server has sent, or at the start.
    pub turns: AtomicU64,
    /// The bytes that clients sent.
    pub bytes: AtomicU64,
    /// How often a client had to wait for an acknowledgement in the middle of a message, on a line where that takes long.
    pub waits: AtomicU64,
}

/// The window of a young TCP connection: ten segments (RFC 6928). It doubles when it was filled.
const WINDOW: usize = 10 * 1448;

/// Counts turns: how often a client starts to send after the server has sent, or at the start.
///
/// It is below TLS, so the turns of a handshake count too. TCP's own turn does not, because the operating system makes it.
#[derive(Debug)]
pub struct Metered<S> {
    inner: S,
    meter: Arc<Meter>,
    round_trip: Duration,
    /// The bytes that may still come before an acknowledgement, and the window.
    window: (usize, usize),
    /// Whether the client sent last.
    client_spoke_last: bool,
    delay: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    /// Counts into `meter`, and waits `round_trip` before the first byte of each answer.
    pub fn new(inner: S, meter: Arc<Meter>, round_trip: Duration) -> Self {
        Self { inner, meter, round_trip, window: (WINDOW, WINDOW), client_spoke_last: false, delay: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let mut came = buf.filled().len() - before;
        if came > 0 && !self.client_spoke_last {
            self.client_spoke_last = true;
            self.window.0 = self.window.1;
            self.meter.turns.fetch_add(1, Ordering::Relaxed);
        }
        self.meter.bytes.fetch_add(came as u64, Ordering::Relaxed);
        while came > self.window.0 {
            came -= self.window.0;
            self.window.1 *= 2;
            self.window.0 = self.window.1;
            self.meter.waits.fetch_add(1, Ordering::Relaxed);
        }
        self.window.0 -= came;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.client_spoke_last && !this.round_trip.is_zero() {
            let round_trip = this.round_trip;
            let sleep = this.delay.get_or_insert_with(|| Box::pin(tokio::time::sleep(round_trip)));
            ready!(sleep.as_mut().poll(cx));
            this.delay = None;
        }
        this.client_spoke_last = false;
        Pin::new(&mut this.inner).poll_write(cx, bytes)
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

    #[test]
    fn a_turn_is_a_change_of_direction_however_many_bytes_it_has() {
        let run = tokio::runtime::Builder::new_current_thread().build().unwrap();
        run.block_on(async {
            let (mut client, server) = duplex(64);
            let meter = Arc::new(Meter::default());
            let mut server = Metered::new(server, meter.clone(), Duration::ZERO);
            for expected in 1..=3 {
                client.write_all(b"ab").await.unwrap();
                server.read_u8().await.unwrap();
                server.read_u8().await.unwrap();
                server.write_all(b"c").await.unwrap();
                server.write_all(b"d").await.unwrap();
                assert_eq!(meter.turns.load(Ordering::Relaxed), expected);
            }
            assert_eq!(meter.bytes.load(Ordering::Relaxed), 6);
        });
    }

    #[test]
    fn a_long_message_waits_until_the_window_has_grown() {
        let run = tokio::runtime::Builder::new_current_thread().build().unwrap();
        run.block_on(async {
            let (mut client, server) = duplex(1 << 20);
            let meter = Arc::new(Meter::default());
            let mut server = Metered::new(server, meter.clone(), Duration::ZERO);
            for (segments, waits) in [(10, 0), (31, 2), (40, 2)] {
                let message = vec![7; segments * 1448];
                client.write_all(&message).await.unwrap();
                server.read_exact(&mut vec![0; message.len()]).await.unwrap();
                server.write_all(b"c").await.unwrap();
                assert_eq!(meter.waits.load(Ordering::Relaxed), waits, "{segments}");
            }
        });
    }
}
