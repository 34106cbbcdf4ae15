//! TLS, in our own hands: rustls with ring, around a stream that tiberius then takes for a plain one.

mod basis;
mod judge;
mod refusal;
#[cfg(all(test, feature = "practice"))]
#[expect(clippy::expect_used, reason = "tests")]
mod tests;

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use basis::Basis;
use judge::Judge;

use super::{limits, resolve};
use crate::model::facts::{TlsTrouble, Trouble};
use tds_wire::tls::HandshakeStream;

/// TDS 8.0's name among the protocols that TLS can carry.
const ALPN: &[u8] = b"tds/8.0";

/// How a handshake ended, with the certificate that the server showed, if it came that far.
#[derive(Debug)]
pub struct Shaken<S> {
    /// The encrypted stream, or why there is none.
    pub outcome: Result<S, Trouble>,
    /// DER; there also when it was not trusted.
    pub certificate: Option<Vec<u8>>,
}

/// TLS inside PRELOGIN packets.
///
/// TLS 1.2 only: 1.3 sends session tickets after the handshake, when one side still wraps its records and the other
/// does not any more. SQL Server itself speaks 1.3 in strict mode only.
pub async fn wrapped<S>(stream: S, host: &str, basis: Basis) -> Shaken<TlsStream<HandshakeStream<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut shaken = shake(HandshakeStream::new(stream), host, basis, Kind::Wrapped).await;
    if let Ok(stream) = &mut shaken.outcome {
        stream.get_mut().0.unwrap_records();
    }
    shaken
}

/// TLS before anything else, as TDS 8.0 wants it.
pub async fn strict<S>(stream: S, host: &str, basis: Basis) -> Shaken<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    shake(stream, host, basis, Kind::Strict).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wrapped,
    Strict,
}

async fn shake<S>(stream: S, host: &str, basis: Basis, kind: Kind) -> Shaken<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let refused = |trouble| Shaken { outcome: Err(Trouble::Tls(trouble)), certificate: None };
    let Ok(name) = ServerName::try_from(resolve::spelled_out(host).to_owned()) else {
        // Nothing that can stand in a certificate, so no certificate can be for it.
        return refused(TlsTrouble::WrongName);
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let judge = Arc::new(Judge::new(basis, Arc::clone(&provider)));
    let config = match configuration(provider, &judge, kind) {
        Ok(config) => config,
        Err(error) => return refused(TlsTrouble::Handshake(error.to_string().into())),
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let outcome = tokio::time::timeout(limits::HANDSHAKE, connecting).await;
    let seen = judge.seen();
    let outcome = match outcome {
        Err(_) => Err(Trouble::Silent { waited: limits::HANDSHAKE }),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match seen.refusal {
            Some(refusal) => Trouble::Tls(refusal),
            None => refusal::of_handshake(&error, kind == Kind::Strict),
        }),
    };
    Shaken { outcome, certificate: seen.certificate }
}

fn configuration(
    provider: Arc<rustls::crypto::CryptoProvider>,
    judge: &Arc<Judge>,
    kind: Kind,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = match kind {
        Kind::Wrapped => builder.with_protocol_versions(&[&rustls::version::TLS12])?,
        Kind::Strict => builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?,
    };
    let judge: Arc<Judge> = Arc::clone(judge);
    let mut config = builder.dangerous().with_custom_certificate_verifier(judge).with_no_client_auth();
    // A resumed session shows no certificate, and it is to be a fact of every connection.
    config.resumption = Resumption::disabled();
    if kind == Kind::Strict {
        config.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(config)
}
