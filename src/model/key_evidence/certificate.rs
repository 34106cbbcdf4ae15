//! Whether a plaintext is a certificate. Octopus' own is a PKCS#12 store in base64; other forms are taken as well, since
//! none of them comes about by chance.

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::der;

const PEM: [&str; 2] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];

/// X.509 in DER, or a PKCS#12 store; either also in base64, and either text also as a JSON string; or X.509 in PEM.
pub(super) fn is_certificate(plain: &[u8]) -> bool {
    in_der(plain) || str::from_utf8(plain).is_ok_and(in_text)
}

/// To the last byte: a certificate in front of other bytes is not what anybody encrypted.
fn in_der(bytes: &[u8]) -> bool {
    let x509 = || x509_parser::parse_x509_certificate(bytes).is_ok_and(|(rest, _)| rest.is_empty());
    der::is_pkcs12(bytes) || (bytes.first() == Some(&0x30) && x509())
}

fn in_text(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}');
    if text.starts_with('"') {
        let inner = serde_json::from_str::<String>(text).map(Zeroizing::new);
        return inner.is_ok_and(|inner| !inner.starts_with('"') && in_text(&inner));
    }
    match text.split_once(PEM[0]).and_then(|(_, after)| after.split_once(PEM[1])) {
        Some((inside, _)) => in_base64(inside),
        None => in_base64(text),
    }
}

fn in_base64(text: &str) -> bool {
    // Allocated once: a text that grows leaves copies of itself behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    plain.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    BASE64.decode(&plain).map(Zeroizing::new).is_ok_and(|bytes| in_der(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key_evidence::samples::{PKCS12, X509};

    #[test]
    fn every_form_is_known() {
        for der in [PKCS12, X509] {
            let base64 = BASE64.encode(der);
            assert!(is_certificate(der));
            assert!(is_certificate(base64.as_bytes()));
            assert!(is_certificate(format!("\"{base64}\"").as_bytes()));
            assert!(is_certificate(format!(" {}\r\n{}\r\n", &base64[..64], &base64[64..]).as_bytes()));
        }
        let pem = format!("note\n{}\n{}\n{}\n", PEM[0], BASE64.encode(X509), PEM[1]);
        assert!(is_certificate(pem.as_bytes()));
    }

    #[test]
    fn what_is_cut_or_followed_by_more_is_none() {
        for der in [PKCS12, X509] {
            assert!(!is_certificate(&der[..der.len() - 1]));
            assert!(!is_certificate(&[der, &[0]].concat()));
            assert!(!is_certificate(BASE64.encode(&der[..der.len() - 3]).as_bytes()));
        }
    }

    #[test]
    fn text_is_none() {
        for text in ["", "\"", "\"\"", "\"\\\"\"", "Hello World!", "MIIB", "-----BEGIN CERTIFICATE----------END CERTIFICATE-----"]
        {
            assert!(!is_certificate(text.as_bytes()), "{text}");
        }
    }
}
