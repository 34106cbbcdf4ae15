//! The judge of certificates: remembers what was shown, and says yes or why not.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::basis::Basis;
use super::refusal;
use crate::model::facts::TlsTrouble;
use crate::world::sqlserver::certificate;

/// A verifier for one handshake.
#[derive(Debug)]
pub struct Judge {
    basis: Basis,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

/// What the handshake showed.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// The server's certificate, DER.
    pub certificate: Option<Vec<u8>>,
    /// Why it was not trusted. Kept beside rustls' error, which has no words of ours in it.
    pub refusal: Option<TlsTrouble>,
}

impl Judge {
    /// A judge on this basis.
    pub fn new(basis: Basis, provider: Arc<CryptoProvider>) -> Self {
        Self { basis, provider, seen: Mutex::default() }
    }

    /// What has been shown so far; the certificate is there also when it was refused.
    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn judge(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), TlsTrouble> {
        match &self.basis {
            Basis::Nothing => Ok(()),
            Basis::Fingerprint(print) if certificate::sha256(shown) == *print => Ok(()),
            Basis::Fingerprint(_) => Err(TlsTrouble::OtherFingerprint),
            Basis::System(roots) => self.by_chain(roots, shown, between, name, now),
            Basis::File(file) if file.certificates.iter().any(|own| own.as_ref() == shown.as_ref()) => itself(shown, name, now),
            Basis::File(file) => self.by_chain(&file.roots, shown, between, name, now),
        }
    }

    fn by_chain(
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
        checked().map_err(|error| refusal::of_certificate(&error, shown))
    }
}

/// A certificate that the operator gave us as trusted, shown by the server itself: only name and dates are left to
/// judge. Chain building would refuse it (a CA used as end entity), however good it is.
fn itself(shown: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), TlsTrouble> {
    let now = i64::try_from(now.as_secs()).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let now = now.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let facts = certificate::read(shown, now)
        .ok_or_else(|| refusal::of_certificate(&Error::InvalidCertificate(CertificateError::BadEncoding), shown))?;
    if now > facts.not_after {
        return Err(TlsTrouble::Expired);
    }
    if now < facts.not_before {
        return Err(TlsTrouble::NotYetValid);
    }
    ParsedCertificate::try_from(shown)
        .and_then(|parsed| verify_server_name(&parsed, name))
        .map_err(|error| refusal::of_certificate(&error, shown))
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.remember(|seen| seen.certificate = Some(shown.to_vec()));
        self.judge(shown, between, name, now).map_err(|trouble| {
            self.remember(|seen| seen.refusal = Some(trouble));
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
            .or_else(|error| self.by_bare_key(error, message, shown, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, shown, signed, algorithms)
            .or_else(|error| self.by_bare_key(error, message, shown, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl Judge {
    /// Proof of the private key for a certificate that webpki cannot parse (X.509 version 1, which older SQL Servers
    /// make for themselves). Only where nothing else of the certificate counts: a pinned one, or trust in anything.
    fn by_bare_key(
        &self,
        error: Error,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let unread = !matches!(error, Error::InvalidCertificate(CertificateError::BadSignature));
        if !unread || !matches!(self.basis, Basis::Fingerprint(_) | Basis::Nothing) {
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
