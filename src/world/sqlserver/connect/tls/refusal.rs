//! Why a certificate or a handshake was refused: rustls' errors and the certificates themselves, as a closed set.

use std::io;
use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

use super::ca_file::CaFile;
use super::read;
use crate::model::facts::{ServerCertificate, TlsTrouble, Trouble, WeakHash};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::errors;

/// The least that ring takes as the length of an RSA key, in bits.
const LEAST_RSA: usize = 2_048;

/// What is needed to tell why a certificate was refused.
pub struct Refused<'a> {
    /// The server's certificate.
    pub shown: &'a CertificateDer<'a>,
    /// The certificates that it sent beside it.
    pub between: &'a [CertificateDer<'a>],
    /// The server's name, as it was asked for.
    pub host: &'a str,
    pub now: OffsetDateTime,
    /// The CA file, where one was given.
    pub file: Option<&'a CaFile>,
}

impl Refused<'_> {
    /// Converts rustls' error.
    pub fn trouble(&self, error: &Error) -> TlsTrouble {
        use CertificateError as Bad;
        let Error::InvalidCertificate(bad) = error else { return in_words(error) };
        let seen = read(self.shown, self.now);
        match bad {
            Bad::Expired | Bad::ExpiredContext { .. } => self.outdated(seen.as_ref(), |c| c.not_after < self.now, true),
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => self.outdated(seen.as_ref(), |c| c.not_before > self.now, false),
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => self.wrong_name(seen.as_ref()),
            // webpki reports "CA used as end entity" for some self-signed ones and "unknown issuer" for others.
            _ if seen.as_ref().is_some_and(|seen| seen.self_signed) => TlsTrouble::SelfSigned,
            Bad::UnknownIssuer | Bad::BadSignature => self.unknown_issuer(seen.as_ref()),
            _ => self.weak_signature().unwrap_or_else(|| in_words(error)),
        }
    }

    /// Finds the certificate whose time is over or has not begun: the server's own, or one between it and the root.
    fn outdated(
        &self,
        seen: Option<&ServerCertificate>,
        is_outdated: impl Fn(&ServerCertificate) -> bool,
        over: bool,
    ) -> TlsTrouble {
        let own = if over { TlsTrouble::Expired } else { TlsTrouble::NotYetValid };
        if seen.is_none_or(&is_outdated) {
            return own;
        }
        let between = self.between.iter().filter_map(|der| read(der, self.now)).find(is_outdated);
        between.map_or(own, |found| {
            if over {
                TlsTrouble::IntermediateExpired { subject: found.subject, end: found.not_after }
            } else {
                TlsTrouble::IntermediateNotYetValid { subject: found.subject, begin: found.not_before }
            }
        })
    }

    /// Tells a name that stands in the wrong place from one that is not there.
    fn wrong_name(&self, seen: Option<&ServerCertificate>) -> TlsTrouble {
        let Some(seen) = seen else { return TlsTrouble::WrongName };
        let is_host = |name: &Untrusted| is_name_of(name.as_str(), self.host);
        if seen.names.is_empty() && is_host(&seen.subject) {
            return TlsTrouble::NameInSubjectOnly;
        }
        // As an address it would have been accepted.
        if self.host.parse::<IpAddr>().is_ok() && seen.names.iter().any(is_host) {
            return TlsTrouble::AddressAsName;
        }
        TlsTrouble::WrongName
    }

    /// Follows the chain as far as the server sent it, and names who signed its end.
    fn unknown_issuer(&self, seen: Option<&ServerCertificate>) -> TlsTrouble {
        let Some(seen) = seen else { return TlsTrouble::UnknownIssuer };
        let between: Vec<ServerCertificate> = self.between.iter().filter_map(|der| read(der, self.now)).collect();
        let mut issuer = &seen.issuer;
        // At most once through all of them: a chain may lead in a circle.
        for _ in &between {
            match between.iter().find(|next| next.subject == *issuer && !next.self_signed) {
                Some(next) => issuer = &next.issuer,
                None => break,
            }
        }
        let alone = *issuer == seen.issuer;
        match self.file {
            Some(file) => TlsTrouble::IssuerNotInCaFile { issuer: issuer.clone(), held: file.subjects(), alone },
            None if alone => TlsTrouble::IssuerMissing { issuer: issuer.clone() },
            None => TlsTrouble::UnknownIssuer,
        }
    }

    /// Finds a certificate that is signed with a hash that nobody trusts any more.
    fn weak_signature(&self) -> Option<TlsTrouble> {
        std::iter::once(self.shown).chain(self.between).find_map(|der| {
            let (_, parsed) = X509Certificate::from_der(der).ok()?;
            let hash = weak_hash(&parsed.signature_algorithm.algorithm.to_id_string())?;
            Some(TlsTrouble::WeakSignature { subject: read(der, self.now)?.subject, hash })
        })
    }
}

/// Returns whether a certificate's name is a host's, with a wildcard for its first part.
fn is_name_of(name: &str, host: &str) -> bool {
    let wildcard =
        || name.strip_prefix("*.").zip(host.split_once('.')).is_some_and(|(name, (_, host))| name.eq_ignore_ascii_case(host));
    name.eq_ignore_ascii_case(host) || wildcard()
}

fn weak_hash(algorithm: &str) -> Option<WeakHash> {
    match algorithm {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" => Some(WeakHash::Sha1),
        "1.2.840.113549.1.1.4" | "1.2.840.113549.1.1.2" => Some(WeakHash::Md5),
        _ => None,
    }
}

/// Returns the length of a certificate's RSA key where it is too short to prove anything.
pub fn short_key(shown: &[u8]) -> Option<u32> {
    let (_, parsed) = X509Certificate::from_der(shown).ok()?;
    match parsed.public_key().parsed() {
        // To a whole byte: keys of 2,047 bits have been seen.
        Ok(PublicKey::RSA(key)) if key.key_size() < LEAST_RSA => u32::try_from(key.key_size()).ok(),
        _ => None,
    }
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
        Some(other) => Trouble::Tls(in_words(other)),
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

/// Says in words what rustls says in names of its types, some of which hold whole certificates.
pub fn in_words(error: &Error) -> TlsTrouble {
    let said = match error {
        Error::AlertReceived(alert) => format!("the server refused it ({})", words(alert)),
        Error::PeerIncompatible(what) => format!("the server and this program have no TLS in common ({})", words(what)),
        Error::PeerMisbehaved(what) => format!("the server does not keep to TLS ({})", words(what)),
        Error::InvalidMessage(what) => format!("the server sent what is no TLS message ({})", words(what)),
        Error::InvalidCertificate(what) => format!("the certificate is not accepted ({})", words(what)),
        Error::NoCertificatesPresented => "the server shows no certificate".to_owned(),
        other => words(other),
    };
    TlsTrouble::Handshake(Untrusted::new(&said))
}

/// Makes words of a variant's name, without what it holds: `NoCipherSuitesInCommon` becomes "no cipher suites in common".
fn words(variant: &impl std::fmt::Debug) -> String {
    let debug = format!("{variant:?}");
    let name = debug.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let name = name.strip_suffix("Context").unwrap_or(name);
    let mut words = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    use rustls::{OtherError, PeerIncompatible};

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
    fn no_structure_of_rust_is_shown() {
        let other = CertificateError::Other(OtherError(std::sync::Arc::new(io::Error::other("x"))));
        for (error, said) in [
            (Error::AlertReceived(AlertDescription::HandshakeFailure), "the server refused it (handshake failure)"),
            (Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon), "in common (no cipher suites in common)"),
            (Error::InvalidCertificate(CertificateError::BadEncoding), "not accepted (bad encoding)"),
            (Error::InvalidCertificate(CertificateError::InvalidPurpose), "(invalid purpose)"),
            (Error::InvalidCertificate(other), "(other)"),
            (Error::DecryptError, "decrypt error"),
        ] {
            let TlsTrouble::Handshake(text) = in_words(&error) else { panic!("{error:?}") };
            assert!(text.as_str().contains(said) && !text.as_str().contains(['{', '[']), "{text}");
        }
    }
}
