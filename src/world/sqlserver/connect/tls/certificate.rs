//! Reads a certificate into facts.

use std::net::{Ipv4Addr, Ipv6Addr};

use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use crate::model::facts::ServerCertificate;
use crate::model::untrusted::Untrusted;

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

#[cfg(all(test, feature = "practice"))]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

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
}
