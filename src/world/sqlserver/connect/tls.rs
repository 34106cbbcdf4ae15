//! TLS: rustls with ring, around a stream that tiberius then takes for a plain one. Verifies the server's certificate, keeps
//! what was shown and why it was refused, and converts rustls' errors.
//!
//! What certificates are checked against is loaded from disk before the handshake, so that the verifier does no I/O.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tds_wire::tls::HandshakeStream;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use crate::model::facts::{ServerCertificate, TlsTrouble, Trouble, TrustSource};
use crate::model::target::Trust;
use crate::model::untrusted::Untrusted;
use crate::world::budget;
use crate::world::sqlserver::connect::dial;
use crate::world::sqlserver::limits;

mod ca_file;
mod refusal;

pub use ca_file::CaFile;
use refusal::{Refused, from_handshake};

#[cfg(all(test, feature = "practice"))]
#[expect(clippy::expect_used, reason = "tests")]
mod handshake_tests;

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
    let name = match (ServerName::try_from(dial::network_host(host).into_owned()), &anchors) {
        (Ok(name), _) => name,
        // The name is not judged; an address is not sent to the server.
        (Err(_), TrustAnchors::Fingerprint(_) | TrustAnchors::Nothing) => ServerName::from(Ipv4Addr::LOCALHOST),
        (Err(_), TrustAnchors::System(_) | TrustAnchors::File(_)) => return refused(TlsTrouble::ImpossibleName),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(CertificateVerifier::new(anchors, Arc::clone(&provider)));
    let config = match configuration(provider, &verifier, order) {
        Ok(config) => config,
        Err(error) => return refused(refusal::in_words(&error)),
    };
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let outcome = tokio::time::timeout(limits::HANDSHAKE, connecting).await;
    let shown = verifier.shown();
    let outcome = match outcome {
        Err(_) => Err(Trouble::Silent { waited: limits::HANDSHAKE }),
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match shown.refusal {
            Some(refusal) => Trouble::Tls(refusal),
            None => from_handshake(&error, order == Order::TlsFirst),
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

/// A verifier for one handshake.
#[derive(Debug)]
pub struct CertificateVerifier {
    anchors: TrustAnchors,
    provider: Arc<CryptoProvider>,
    shown: Mutex<ShownCertificate>,
}

/// What the server showed in the handshake.
#[derive(Debug, Default, Clone)]
pub struct ShownCertificate {
    /// The server's certificate, DER.
    pub certificate: Option<Vec<u8>>,
    /// Why it was not trusted. Kept here, since rustls' error cannot carry it.
    pub refusal: Option<TlsTrouble>,
}

impl CertificateVerifier {
    /// Makes a verifier against these trust anchors.
    pub fn new(anchors: TrustAnchors, provider: Arc<CryptoProvider>) -> Self {
        Self { anchors, provider, shown: Mutex::default() }
    }

    /// Returns what was shown so far, with the certificate also if it was refused.
    pub fn shown(&self) -> ShownCertificate {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, change: impl FnOnce(&mut ShownCertificate)) {
        change(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn verify(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), TlsTrouble> {
        let (roots, file) = match &self.anchors {
            TrustAnchors::Nothing => return Ok(()),
            TrustAnchors::Fingerprint(print) if sha256(shown) == *print => return Ok(()),
            TrustAnchors::Fingerprint(_) => return Err(TlsTrouble::OtherFingerprint),
            TrustAnchors::System(roots) => (roots, None),
            TrustAnchors::File(file) => (&file.roots, Some(&**file)),
        };
        // The signature of the handshake would fail, and say nothing of the reason.
        if let Some(bits) = refusal::short_key(shown) {
            return Err(TlsTrouble::ShortKey { bits });
        }
        let host = name.to_str();
        let refused = Refused { shown, between, host: &host, now: moment(now), file };
        let is_own = file.is_some_and(|file| file.certificates.iter().any(|own| own.as_ref() == shown.as_ref()));
        let checked = || -> Result<(), Error> {
            if is_own {
                verify_dates(shown, refused.now)?;
                return verify_server_name(&ParsedCertificate::try_from(shown)?, name);
            }
            let algorithms = self.provider.signature_verification_algorithms.all;
            let parsed = ParsedCertificate::try_from(shown)?;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, between, now, algorithms)?;
            verify_server_name(&parsed, name)
        };
        checked().map_err(|error| refused.trouble(&error))
    }
}

fn moment(now: UnixTime) -> OffsetDateTime {
    let seconds = i64::try_from(now.as_secs()).ok();
    seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Verifies the dates of a certificate that is itself in the CA file. Building a chain would refuse it (a CA used as end entity).
fn verify_dates(shown: &CertificateDer<'_>, now: OffsetDateTime) -> Result<(), CertificateError> {
    let facts = read(shown, now).ok_or(CertificateError::BadEncoding)?;
    if now > facts.not_after {
        Err(CertificateError::Expired)
    } else if now < facts.not_before {
        Err(CertificateError::NotValidYet)
    } else {
        Ok(())
    }
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.remember(|kept| kept.certificate = Some(shown.to_vec()));
        self.verify(shown, between, name, now).map_err(|trouble| {
            self.remember(|kept| kept.refusal = Some(trouble));
            Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
        })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, shown, signed, algorithms)
            .or_else(|error| self.verify_by_bare_key(error, message, shown, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, shown, signed, algorithms)
            .or_else(|error| self.verify_by_bare_key(error, message, shown, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        if matches!(self.anchors, TrustAnchors::Fingerprint(_) | TrustAnchors::Nothing) {
            // A server with a short key takes the first that fits, and ring verifies short keys in these two only.
            let is_last = |scheme: &SignatureScheme| {
                !matches!(scheme, SignatureScheme::RSA_PKCS1_SHA256 | SignatureScheme::RSA_PKCS1_SHA512)
            };
            schemes.sort_by_key(is_last);
        }
        schemes
    }
}

impl CertificateVerifier {
    /// Verifies the signature for a certificate that webpki cannot parse (X.509 version 1) or whose RSA key it takes for too short
    /// (1,024 bits): both are made by older SQL Servers for themselves. Only where nothing else of the certificate counts: it is pinned, or everything is trusted.
    fn verify_by_bare_key(
        &self,
        error: Error,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let is_short = refusal::short_key(shown).is_some();
        let unparsed = !matches!(error, Error::InvalidCertificate(CertificateError::BadSignature));
        if !(unparsed || is_short) || !matches!(self.anchors, TrustAnchors::Fingerprint(_) | TrustAnchors::Nothing) {
            return Err(error);
        }
        let Ok((_, parsed)) = X509Certificate::from_der(shown) else { return Err(error) };
        let key = &parsed.public_key().subject_public_key.data;
        let mapping = self.provider.signature_verification_algorithms.mapping;
        let candidates = mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme).flat_map(|(_, all)| all.iter());
        if is_short && verify_short(key, message, signed) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        for algorithm in candidates {
            if algorithm.verify_signature(key, message, signed.signature()).is_ok() {
                return Ok(HandshakeSignatureValid::assertion());
            }
        }
        Err(error)
    }
}

/// Verifies a signature of an RSA key below 2,048 bits.
fn verify_short(key: &[u8], message: &[u8], signed: &DigitallySignedStruct) -> bool {
    use ring::signature::{
        RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, UnparsedPublicKey,
    };
    let algorithm = match signed.scheme {
        SignatureScheme::RSA_PKCS1_SHA256 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        SignatureScheme::RSA_PKCS1_SHA512 => &RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return false,
    };
    UnparsedPublicKey::new(algorithm, key).verify(message, signed.signature()).is_ok()
}

/// Computes SHA-256 over a certificate's DER encoding.
pub fn sha256(der: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, der);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// Reads a certificate; `None` when it cannot be parsed at all.
pub fn read(der: &[u8], now: OffsetDateTime) -> Option<ServerCertificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let not_after = parsed.validity().not_after.to_datetime();
    Some(ServerCertificate {
        subject: common_name(parsed.subject()),
        issuer: common_name(parsed.issuer()),
        names: names(&parsed),
        not_before: parsed.validity().not_before.to_datetime(),
        not_after,
        days_left: (not_after - now).whole_days(),
        sha256: sha256(der),
        self_signed: parsed.subject() == parsed.issuer(),
    })
}

fn common_name(name: &X509Name<'_>) -> Untrusted {
    let common = name.iter_common_name().next().and_then(|attribute| attribute.as_str().ok());
    match common {
        Some(text) => Untrusted::new(text),
        None => Untrusted::new(&name.to_string()),
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<Untrusted> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(text) => Some(Untrusted::new(text)),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<Untrusted> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(Untrusted::new(&Ipv4Addr::from(octets).to_string()));
    }
    <[u8; 16]>::try_from(bytes).ok().map(|octets| Untrusted::new(&Ipv6Addr::from(octets).to_string()))
}

/// What a certificate is checked against.
#[derive(Debug, Clone)]
pub enum TrustAnchors {
    /// This machine's roots.
    System(Arc<RootCertStore>),
    /// The certificates of a file.
    File(Arc<CaFile>),
    /// One certificate, by SHA-256 over its DER encoding.
    Fingerprint([u8; 32]),
    Nothing,
}

impl TrustAnchors {
    /// Loads what the answers name.
    pub async fn load(trust: &Trust) -> Result<Self, TlsTrouble> {
        match trust {
            Trust::SystemRoots => system_roots().await.map(Self::System),
            Trust::CaFile(path) => {
                let owned = path.clone();
                let loaded = budget::within(limits::CA_FILE, move || CaFile::read(&owned)).await;
                let slow = |_| TlsTrouble::CaFile(Untrusted::new(&format!("{}: its disk does not answer", path.display())));
                loaded.map_err(slow).flatten().map(|file| Self::File(Arc::new(file)))
            }
            Trust::Fingerprint(print) => Ok(Self::Fingerprint(*print)),
            Trust::Nothing => Ok(Self::Nothing),
        }
    }

    /// Returns what a survey reports of it.
    pub fn trusted(&self) -> TrustSource {
        match self {
            Self::System(_) => TrustSource::SystemRoots,
            Self::File(_) => TrustSource::CaFile,
            Self::Fingerprint(_) => TrustSource::Fingerprint,
            Self::Nothing => TrustSource::Nothing,
        }
    }
}

/// Read once, since it is more than a hundred files on some systems. A machine without roots is asked again each time, since its
/// operator will install `ca-certificates` next.
static SYSTEM: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();

async fn system_roots() -> Result<Arc<RootCertStore>, TlsTrouble> {
    let load = || async {
        let store = tokio::task::spawn_blocking(|| {
            let mut store = RootCertStore::empty();
            // Single bad certificates among the roots are common and do no harm.
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            store
        });
        match store.await {
            Ok(store) if !store.is_empty() => Ok(Arc::new(store)),
            Ok(_) | Err(_) => Err(TlsTrouble::NoRoots),
        }
    };
    SYSTEM.get_or_try_init(load).await.cloned()
}

#[cfg(test)]
#[cfg(feature = "practice")]
mod tests {
    use super::*;

    use crate::model::facts::CaFileKind;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    #[test]
    fn subject_names_dates_and_fingerprint_are_read() {
        let mut params = CertificateParams::new(["sql01.corp.example".to_owned()]).expect("names");
        params.distinguished_name.push(DnType::CommonName, "sql01\u{1b}[31m");
        params.subject_alt_names.push(SanType::IpAddress("10.1.2.3".parse().expect("an address")));
        params.not_before = time::macros::datetime!(2026-01-01 0:00 UTC);
        params.not_after = time::macros::datetime!(2026-03-01 0:00 UTC);
        let key = KeyPair::generate().expect("a key");
        let der = params.self_signed(&key).expect("a certificate").der().to_vec();

        let seen = read(&der, time::macros::datetime!(2026-02-19 0:00 UTC)).expect("parsed");
        assert_eq!(seen.subject.as_str(), "sql01^[[31m");
        assert!(seen.self_signed);
        assert_eq!(seen.names.iter().map(Untrusted::as_str).collect::<Vec<_>>(), ["sql01.corp.example", "10.1.2.3"]);
        assert_eq!(seen.days_left, 10);
        assert_eq!(seen.sha256, sha256(&der));
        assert_eq!(read(&der, time::macros::datetime!(2026-03-03 0:00 UTC)).expect("parsed").days_left, -2);
    }

    #[test]
    fn garbage_is_no_certificate() {
        assert_eq!(read(b"\x30\x03garbage", OffsetDateTime::UNIX_EPOCH), None);
    }

    #[tokio::test]
    async fn a_file_that_is_none_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        let missing = TrustAnchors::load(&Trust::CaFile(path.clone())).await;
        assert!(matches!(missing, Err(TlsTrouble::CaFile(text)) if text.as_str().contains("ca.pem")));
        std::fs::write(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").expect("written");
        let empty = TrustAnchors::load(&Trust::CaFile(path)).await;
        assert!(matches!(empty, Err(TlsTrouble::CaFileKind { kind: CaFileKind::PrivateKey, .. })));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_pipe_or_a_device_is_refused_and_not_read() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
        for path in [pipe, "/dev/zero".into()] {
            let loaded = tokio::time::timeout(std::time::Duration::from_secs(2), TrustAnchors::load(&Trust::CaFile(path))).await;
            let refused = loaded.expect("an answer at once");
            assert!(matches!(refused, Err(TlsTrouble::CaFile(text)) if text.as_str().contains("not a file")));
        }
    }
}
