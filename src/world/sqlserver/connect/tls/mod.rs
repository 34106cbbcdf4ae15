//! TLS: rustls with ring, around a stream that tiberius then takes for a plain one.

pub mod certificate;
mod trust_anchors;
mod verifier;

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

pub use trust_anchors::TrustAnchors;
use verifier::CertificateVerifier;

use super::resolve;
use crate::model::facts::{TlsTrouble, Trouble};
use crate::world::sqlserver::limits;
use tds_wire::tls::HandshakeStream;

/// The protocol name of TDS 8.0.
const ALPN: &[u8] = b"tds/8.0";

/// How a handshake ended, and the certificate that the server showed, if it got that far.
#[derive(Debug)]
pub struct Handshake<S> {
    /// The encrypted stream, or why there is none.
    pub outcome: Result<S, Trouble>,
    /// DER; set also if it was not trusted.
    pub certificate: Option<Vec<u8>>,
}

/// Does the handshake inside PRELOGIN packets.
///
/// TLS 1.2 only: 1.3 sends session tickets after the handshake, when one side still wraps its records and the other no longer
/// does. SQL Server itself speaks 1.3 in strict mode only.
pub async fn handshake_in_prelogin<S>(stream: S, host: &str, anchors: TrustAnchors) -> Handshake<TlsStream<HandshakeStream<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut handshake = handshake(HandshakeStream::new(stream), host, anchors, Order::PreloginFirst).await;
    if let Ok(stream) = &mut handshake.outcome {
        stream.get_mut().0.unwrap_records();
    }
    handshake
}

/// Does the handshake before anything else, as TDS 8.0 asks.
pub async fn handshake_first<S>(stream: S, host: &str, anchors: TrustAnchors) -> Handshake<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    handshake(stream, host, anchors, Order::TlsFirst).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    PreloginFirst,
    TlsFirst,
}

async fn handshake<S>(stream: S, host: &str, anchors: TrustAnchors, order: Order) -> Handshake<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let refused = |trouble| Handshake { outcome: Err(Trouble::Tls(trouble)), certificate: None };
    let Ok(name) = ServerName::try_from(resolve::network_host(host).to_owned()) else {
        // Not a name that a certificate can have, so no certificate can be for it.
        return refused(TlsTrouble::WrongName);
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(CertificateVerifier::new(anchors, Arc::clone(&provider)));
    let config = match configuration(provider, &verifier, order) {
        Ok(config) => config,
        Err(error) => return refused(TlsTrouble::Handshake(error.to_string().into())),
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let outcome = tokio::time::timeout(limits::HANDSHAKE, connecting).await;
    let shown = verifier.shown();
    let outcome = match outcome {
        Err(_) => Err(Trouble::Silent { waited: limits::HANDSHAKE }),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match shown.refusal {
            Some(refusal) => Trouble::Tls(refusal),
            None => verifier::from_handshake(&error, order == Order::TlsFirst),
        }),
    };
    Handshake { outcome, certificate: shown.certificate }
}

fn configuration(
    provider: Arc<rustls::crypto::CryptoProvider>,
    verifier: &Arc<CertificateVerifier>,
    order: Order,
) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = match order {
        Order::PreloginFirst => builder.with_protocol_versions(&[&rustls::version::TLS12])?,
        Order::TlsFirst => builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?,
    };
    let verifier: Arc<CertificateVerifier> = Arc::clone(verifier);
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // A resumed session shows no certificate, and every connection must report one.
    config.resumption = Resumption::disabled();
    if order == Order::TlsFirst {
        config.alpn_protocols = vec![ALPN.to_vec()];
    }
    Ok(config)
}
