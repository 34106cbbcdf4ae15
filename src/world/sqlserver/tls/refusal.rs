//! From rustls' errors to [`TlsTrouble`].

use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};
use time::OffsetDateTime;

use crate::model::facts::{TlsTrouble, Trouble};
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::{certificate, trouble};

/// Why a certificate was not trusted.
pub fn of_certificate(error: &Error, shown: &[u8]) -> TlsTrouble {
    use CertificateError as Bad;
    let Error::InvalidCertificate(bad) = error else { return in_its_own_words(error) };
    match bad {
        Bad::Expired | Bad::ExpiredContext { .. } => TlsTrouble::Expired,
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => TlsTrouble::NotYetValid,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => TlsTrouble::WrongName,
        // webpki says "CA used as end entity" of some self-signed ones and "unknown issuer" of others; for people it is
        // one thing.
        _ if is_self_signed(shown) => TlsTrouble::SelfSigned,
        Bad::UnknownIssuer | Bad::BadSignature => TlsTrouble::UnknownIssuer,
        _ => in_its_own_words(error),
    }
}

fn is_self_signed(shown: &[u8]) -> bool {
    certificate::read(shown, OffsetDateTime::UNIX_EPOCH).is_some_and(|facts| facts.self_signed)
}

fn in_its_own_words(error: &Error) -> TlsTrouble {
    TlsTrouble::Handshake(Untrusted::new(&error.to_string()))
}

/// Why a handshake ended without TLS, when the certificate was not the reason. `strict`: TLS was the first thing said.
pub fn of_handshake(error: &io::Error, strict: bool) -> Trouble {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) if strict => {
            Trouble::Tls(TlsTrouble::StrictNotOffered)
        }
        // Words instead of a TLS record: a web server without TLS, for instance. A SQL Server never says anything first.
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion)) if strict => {
            Trouble::NotSqlServer
        }
        Some(other) => Trouble::Tls(in_its_own_words(other)),
        None => match trouble::of_io(error) {
            // To a server without TDS 8.0 the first TLS record is a packet of an unknown type: it hangs up.
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
        assert_eq!(of_handshake(&end, true), Trouble::Tls(TlsTrouble::StrictNotOffered));
        assert!(matches!(of_handshake(&end, false), Trouble::Tls(TlsTrouble::Handshake(_))));
        let alert = io(Error::AlertReceived(AlertDescription::NoApplicationProtocol));
        assert_eq!(of_handshake(&alert, true), Trouble::Tls(TlsTrouble::StrictNotOffered));
    }

    #[test]
    fn words_instead_of_records_are_another_service() {
        let words = io(Error::InvalidMessage(InvalidMessage::InvalidContentType));
        assert_eq!(of_handshake(&words, true), Trouble::NotSqlServer);
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
            assert_eq!(of_certificate(&Error::InvalidCertificate(error), b""), expected);
        }
    }
}
