//! Verifies the server's certificate, keeps what was shown and why it was refused, and converts rustls' errors.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription, CertificateError, DigitallySignedStruct, Error, InvalidMessage, RootCertStore, SignatureScheme};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certificate;
use super::trust_anchors::TrustAnchors;
use crate::model::facts::{TlsTrouble, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::errors;

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
        checked().map_err(|error| from_certificate(&error, shown))
    }
}

/// Verifies name and dates of a certificate that is itself in the CA file. Building a chain would refuse it (a CA used as end
/// entity).
fn verify_without_chain(shown: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), TlsTrouble> {
    let now = i64::try_from(now.as_secs()).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let now = now.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let facts = certificate::read(shown, now)
        .ok_or_else(|| from_certificate(&Error::InvalidCertificate(CertificateError::BadEncoding), shown))?;
    if now > facts.not_after {
        return Err(TlsTrouble::Expired);
    }
    if now < facts.not_before {
        return Err(TlsTrouble::NotYetValid);
    }
    ParsedCertificate::try_from(shown)
        .and_then(|parsed| verify_server_name(&parsed, name))
        .map_err(|error| from_certificate(&error, shown))
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

/// Converts the error of a certificate that was not trusted.
pub fn from_certificate(error: &Error, shown: &[u8]) -> TlsTrouble {
    use CertificateError as Bad;
    let Error::InvalidCertificate(bad) = error else { return in_rustls_words(error) };
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => TlsTrouble::Expired,
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => TlsTrouble::NotYetValid,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => TlsTrouble::WrongName,
        // webpki reports "CA used as end entity" for some self-signed ones and "unknown issuer" for others.
        _ if is_self_signed(shown) => TlsTrouble::SelfSigned,
        Bad::UnknownIssuer | Bad::BadSignature => TlsTrouble::UnknownIssuer,
        _ => in_rustls_words(error),
    }
}

fn is_self_signed(shown: &[u8]) -> bool {
    certificate::read(shown, OffsetDateTime::UNIX_EPOCH).is_some_and(|facts| facts.self_signed)
}

fn in_rustls_words(error: &Error) -> TlsTrouble {
    TlsTrouble::Handshake(Untrusted::new(&error.to_string()))
}

/// Converts the error of a handshake that failed for another reason than the certificate. `strict`: TLS was the first thing sent.
pub fn from_handshake(error: &io::Error, strict: bool) -> Trouble {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) if strict => {
            Trouble::Tls(TlsTrouble::StrictNotOffered)
        }
        // Text instead of a TLS record, for instance of a web server without TLS. A SQL Server never sends anything first.
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion)) if strict => {
            Trouble::NotSqlServer
        }
        Some(other) => Trouble::Tls(in_rustls_words(other)),
        None => match errors::from_io(error) {
            // A server without TDS 8.0 takes the first TLS record for a packet of unknown type, and closes the connection.
            Trouble::ConnectionLost if strict => Trouble::Tls(TlsTrouble::StrictNotOffered),
            Trouble::ConnectionLost => {
                Trouble::Tls(TlsTrouble::Handshake(Untrusted::new("the server ended the connection during the handshake")))
            }
            Trouble::Io(text) => Trouble::Tls(TlsTrouble::Handshake(text)),
            other => other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(error: Error) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    #[test]
    fn a_server_that_hangs_up_does_not_speak_strict() {
        let end: io::Error = io::ErrorKind::UnexpectedEof.into();
        assert_eq!(from_handshake(&end, true), Trouble::Tls(TlsTrouble::StrictNotOffered));
        assert!(matches!(from_handshake(&end, false), Trouble::Tls(TlsTrouble::Handshake(_))));
        let alert = io(Error::AlertReceived(AlertDescription::NoApplicationProtocol));
        assert_eq!(from_handshake(&alert, true), Trouble::Tls(TlsTrouble::StrictNotOffered));
    }

    #[test]
    fn words_instead_of_records_are_another_service() {
        let words = io(Error::InvalidMessage(InvalidMessage::InvalidContentType));
        assert_eq!(from_handshake(&words, true), Trouble::NotSqlServer);
    }

    #[test]
    fn names_and_dates_are_told_from_issuers() {
        let table = [
            (CertificateError::Expired, TlsTrouble::Expired),
            (CertificateError::NotValidYet, TlsTrouble::NotYetValid),
            (CertificateError::NotValidForName, TlsTrouble::WrongName),
            (CertificateError::UnknownIssuer, TlsTrouble::UnknownIssuer),
        ];
        for (error, expected) in table {
            assert_eq!(from_certificate(&Error::InvalidCertificate(error), b""), expected);
        }
    }
}
