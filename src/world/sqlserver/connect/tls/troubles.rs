//! Converts rustls' errors to [`TlsTrouble`]s.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use time::OffsetDateTime;

use crate::model::facts::{TlsTrouble, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::errors;

use super::certificate;

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
