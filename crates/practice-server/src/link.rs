//! From the first byte to the login: PRELOGIN and TLS, as the server's side does them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use tds_wire::packet::{self, PacketType, ReadError};
use tds_wire::prelogin::{Agreement, Encryption, Prelogin, PreloginError, Version};
use tds_wire::tls::HandshakeStream;

use super::cert::ServerTls;
use super::meter::Metered;
use super::options::TlsPolicy;

type Tcp = Metered<TcpStream>;

/// The first byte of a TLS record with a handshake: TDS 8.0, which begins with TLS.
const TLS_HANDSHAKE: u8 = 0x16;
/// The largest PRELOGIN message, in bytes, that is read.
const PRELOGIN_LIMIT: usize = 4096;

/// A connection as it has been agreed on.
#[derive(Debug)]
pub enum Link {
    /// No TLS.
    Plain(Tcp),
    /// TLS that began inside PRELOGIN packets.
    Wrapped(Box<TlsStream<HandshakeStream<Tcp>>>),
    /// The same, for the login only.
    LoginOnly(Box<TlsStream<HandshakeStream<Tcp>>>),
    /// TLS from the first byte.
    Strict(Box<TlsStream<Tcp>>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The connection broke, or TLS failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// What came is no message.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What came is no PRELOGIN.
    #[error(transparent)]
    Prelogin(#[from] PreloginError),
    /// Something else came first.
    #[error("a {0:?} message came before PRELOGIN")]
    Unexpected(PacketType),
    /// The two sides do not agree on encryption, or the client wants an instance that is not here.
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
            // TLS is there already, so nothing is left to agree on.
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

    /// Goes on without TLS where it was for the login only. To be called when the login message has been read.
    #[must_use]
    pub fn after_login_message(self) -> Self {
        match self {
            Self::LoginOnly(stream) => Self::Plain(stream.into_inner().0.into_inner()),
            other => other,
        }
    }
}

impl TlsPolicy {
    /// The server's answer to what the client sent. Source: [MS-TDS] 2.2.6.5, the table of ENCRYPTION.
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

/// The same call on whichever stream it is.
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
