//! Verifies the server's certificate, and keeps what was shown and why it was refused.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::trust_anchors::TrustAnchors;
use super::{certificate, troubles};
use crate::model::facts::TlsTrouble;

/// A verifier for one handshake.
#[derive(Debug)]
pub struct CertificateVerifier {
    anchors: TrustAnchors,
    provider: Arc<CryptoProvider>,
    shown: Mutex<Shown>,
}

/// What the server showed in the handshake.
#[derive(Debug, Default, Clone)]
pub struct Shown {
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
    pub fn shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn verify(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), TlsTrouble> {
        match &self.anchors {
            TrustAnchors::Nothing => Ok(()),
            TrustAnchors::Fingerprint(print) if certificate::sha256(shown) == *print => Ok(()),
            TrustAnchors::Fingerprint(_) => Err(TlsTrouble::OtherFingerprint),
            TrustAnchors::System(roots) => self.verify_chain(roots, shown, between, name, now),
            TrustAnchors::File(file) if file.certificates.iter().any(|own| own.as_ref() == shown.as_ref()) => {
                verify_without_chain(shown, name, now)
            }
            TrustAnchors::File(file) => self.verify_chain(&file.roots, shown, between, name, now),
        }
    }

    fn verify_chain(
        &self,
        roots: &RootCertStore,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), TlsTrouble> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let checked = || -> Result<(), Error> {
            let parsed = ParsedCertificate::try_from(shown)?;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, between, now, algorithms)?;
            verify_server_name(&parsed, name)
        };
        checked().map_err(|error| troubles::from_certificate(&error, shown))
    }
}

/// Verifies name and dates of a certificate that is itself in the CA file. Building a chain would refuse it (a CA used as end
/// entity).
fn verify_without_chain(shown: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), TlsTrouble> {
    let now = i64::try_from(now.as_secs()).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let now = now.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let facts = certificate::read(shown, now)
        .ok_or_else(|| troubles::from_certificate(&Error::InvalidCertificate(CertificateError::BadEncoding), shown))?;
    if now > facts.not_after {
        return Err(TlsTrouble::Expired);
    }
    if now < facts.not_before {
        return Err(TlsTrouble::NotYetValid);
    }
    ParsedCertificate::try_from(shown)
        .and_then(|parsed| verify_server_name(&parsed, name))
        .map_err(|error| troubles::from_certificate(&error, shown))
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
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl CertificateVerifier {
    /// Verifies the signature for a certificate that webpki cannot parse (X.509 version 1, which older SQL Servers make for
    /// themselves). Only where nothing else of the certificate counts: it is pinned, or everything is trusted.
    fn verify_by_bare_key(
        &self,
        error: Error,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let unparsed = !matches!(error, Error::InvalidCertificate(CertificateError::BadSignature));
        if !unparsed || !matches!(self.anchors, TrustAnchors::Fingerprint(_) | TrustAnchors::Nothing) {
            return Err(error);
        }
        let Ok((_, parsed)) = X509Certificate::from_der(shown) else { return Err(error) };
        let key = &parsed.public_key().subject_public_key.data;
        let mapping = self.provider.signature_verification_algorithms.mapping;
        let candidates = mapping.iter().filter(|(scheme, _)| *scheme == signed.scheme).flat_map(|(_, all)| all.iter());
        for algorithm in candidates {
            if algorithm.verify_signature(key, message, signed.signature()).is_ok() {
                return Ok(HandshakeSignatureValid::assertion());
            }
        }
        Err(error)
    }
}
