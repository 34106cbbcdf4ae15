//! Encryption: from a TCP connection to a stream that is as protected as the answers ask.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::dial;
use super::prelogin::{Negotiated, negotiate, negotiate_plain};
use super::tls::{self, TrustAnchors, certificate};
use crate::model::facts::{Protocol, ServerCertificate, TlsSession, Trouble, TrustSource};
use crate::model::target::Encryption;
use crate::world::sqlserver::errors;
use tds_wire::tls::HandshakeStream;

/// How encrypting ended.
#[derive(Debug)]
pub struct EncryptionResult {
    /// The stream, and what protects it.
    pub outcome: Result<(ServerStream, TlsSession), Trouble>,
    /// The certificate that the server showed, also when it was refused.
    pub certificate: Option<ServerCertificate>,
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
    let trusted = anchors.trusted();
    let handshake = tls::handshake_first(stream, host, anchors).await;
    let certificate = handshake.certificate.and_then(|der| certificate::read(&der, OffsetDateTime::now_utc()));
    let encrypted = TlsSession { protocol: Protocol::Strict, trusted, took: begun.elapsed() };
    let outcome = match handshake.outcome {
        Ok(mut stream) => match negotiate(&mut stream, Encryption::Strict).await {
            Ok(_) => Ok((ServerStream::TlsFirst(Box::new(stream)), encrypted)),
            Err(trouble) => Err(trouble),
        },
        Err(trouble) => Err(trouble),
    };
    EncryptionResult { outcome, certificate }
}

async fn prelogin_first(mut stream: TcpStream, host: &str, encryption: Encryption, anchors: TrustAnchors) -> EncryptionResult {
    let negotiated = match negotiate(&mut stream, encryption).await {
        Ok(negotiated) => negotiated,
        Err(trouble) => return EncryptionResult { outcome: Err(trouble), certificate: None },
    };
    let begun = Instant::now();
    if negotiated != Negotiated::Tls {
        return EncryptionResult { outcome: reconnect_plain(&stream).await, certificate: None };
    }
    let trusted = anchors.trusted();
    let handshake = tls::handshake_in_prelogin(stream, host, anchors).await;
    let certificate = handshake.certificate.and_then(|der| certificate::read(&der, OffsetDateTime::now_utc()));
    let encrypted = TlsSession { protocol: Protocol::Tls12, trusted, took: begun.elapsed() };
    let outcome = handshake.outcome.map(|stream| (ServerStream::TlsInPrelogin(Box::new(stream)), encrypted));
    EncryptionResult { outcome, certificate }
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
