//! The ping: asks the node on this machine what it would answer its load balancer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::model::facts::Trouble;
use crate::model::web::PingEndpoint;

/// How long one ping may take. A node that has just been started may need a while for its first answer.
const LIMIT: Duration = Duration::from_secs(10);
/// The most bytes of an answer; only its first line counts.
const MOST: u64 = 4_096;

/// Returns the HTTP status of the answer.
///
/// # Errors
/// Nobody listens, there is no answer, or it is not from a web server.
pub async fn ping(at: &PingEndpoint) -> Result<u16, Trouble> {
    match tokio::time::timeout(LIMIT, ask(at)).await {
        Ok(Ok(Some(status))) => Ok(status),
        Ok(Ok(None)) => Err(Trouble::Io("what answers there is no web server".into())),
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Err(Trouble::Refused),
        Ok(Err(error)) => Err(Trouble::Io(error.to_string().into())),
        Err(_) => Err(Trouble::TimedOut { waited: LIMIT }),
    }
}

async fn ask(at: &PingEndpoint) -> io::Result<Option<u16>> {
    let stream = TcpStream::connect((at.dial, at.port)).await?;
    if !at.secure {
        return exchange(stream, at).await;
    }
    let name = ServerName::try_from(at.host.clone()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(configuration().map_err(io::Error::other)?)).connect(name, stream).await?;
    exchange(stream, at).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, at: &PingEndpoint) -> io::Result<Option<u16>> {
    let (path, host) = (&at.path, at.authority());
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    let mut stream = stream.take(MOST);
    // A server that does not close the connection has sent its status all the same.
    while !answer.contains(&b'\n') && stream.read_buf(&mut answer).await? > 0 {}
    Ok(status(&answer))
}

/// Reads the status of an answer: `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    words.next().filter(|word| word.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

fn configuration() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anyone = Arc::new(Anyone(Arc::clone(&provider)));
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(anyone).with_no_client_auth())
}

/// Accepts any certificate: the connection does not leave this machine, carries no secret, and asks whether the node is up, not who it
/// is.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line_and_from_nothing_else() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n", Some(418)),
            ("HTTP/2 503\n", Some(503)),
            ("SSH-2.0-OpenSSH_9.2\r\n", None),
            ("\r\nHTTP/1.1 200 OK\r\n", None),
            ("", None),
        ] {
            assert_eq!(status(answer.as_bytes()), expected, "{answer:?}");
        }
    }
}
