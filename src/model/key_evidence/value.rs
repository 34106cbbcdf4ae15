//! One encrypted value.

use std::fmt;

use data_encoding::BASE64;

use super::find;
use crate::model::untrusted::Untrusted;

/// The block size of AES, in bytes.
pub(super) const BLOCK: usize = 16;

/// A value that Octopus encrypted: AES-CBC with PKCS#7 padding, `base64(cipher)|base64(iv)` (facts/octopus.md section 4).
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedValue {
    /// Where it stands, `Configuration/certificate-global`.
    pub place: Untrusted,
    /// Whether what comes out must be a certificate.
    pub is_certificate: bool,
    /// The encrypted bytes.
    pub cipher: Vec<u8>,
    /// The initialisation vector.
    pub iv: [u8; 16],
}

/// Without the bytes: they are of no use to a reader, and a log is no place for what a key can open.
impl fmt::Debug for EncryptedValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EncryptedValue")
            .field("place", &self.place)
            .field("is_certificate", &self.is_certificate)
            .field("bytes", &self.cipher.len())
            .finish_non_exhaustive()
    }
}

impl EncryptedValue {
    /// Reads a whole text as a value: whole blocks, at least one, and an initialisation vector of exactly 16 bytes, both
    /// in strict base64. Anything else is some other text.
    pub fn parse(text: &str) -> Option<Self> {
        let (cipher, iv) = text.split_once('|')?;
        let iv = BASE64.decode(iv.as_bytes()).ok()?.try_into().ok()?;
        let cipher = BASE64.decode(cipher.as_bytes()).ok()?;
        let whole = !cipher.is_empty() && cipher.len().is_multiple_of(BLOCK);
        whole.then(|| Self { place: Untrusted::default(), is_certificate: false, cipher, iv })
    }

    /// Every value in a text that was found at this place: in any string of a JSON document, or the whole text where it
    /// is none. A text without any gives none; it is never an error.
    pub fn find_in(place: &Untrusted, is_certificate: bool, text: &str) -> Vec<Self> {
        let found = find::strings(text, Self::parse);
        found.into_iter().map(|value| Self { place: place.clone(), is_certificate, ..value }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IV: &str = "AAECAwQFBgcICQoLDA0ODw==";

    #[test]
    fn a_value_is_whole_blocks_and_an_iv() {
        let block = BASE64.encode(&[7; 32]);
        let value = EncryptedValue::parse(&format!("{block}|{IV}")).expect("a value");
        assert_eq!((value.cipher, value.iv[15]), (vec![7; 32], 15));
    }

    #[test]
    fn nothing_that_is_only_like_one_is_taken() {
        let block = BASE64.encode(&[7; 16]);
        for other in [
            String::new(),
            "|".into(),
            format!("|{IV}"),
            block.clone(),
            format!("{block}|"),
            format!("{block}|{IV}|{IV}"),
            format!(" {block}|{IV}"),
            format!("{block}|{IV}\n"),
            format!("{block}|{}", BASE64.encode(&[1; 15])),
            format!("{block}|{}", BASE64.encode(&[1; 17])),
            format!("{}|{IV}", BASE64.encode(&[1; 15])),
            format!("{}|{IV}", BASE64.encode(&[1; 24])),
            format!("{}|{IV}", block.trim_end_matches('=')),
            // The last character has bits that no byte holds.
            format!("{block}|AAECAwQFBgcICQoLDA0ODx=="),
            format!("{}|{IV}", block.replacen('B', "é", 1)),
        ] {
            assert!(EncryptedValue::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn debug_shows_where_and_not_what() {
        let value = EncryptedValue { place: "Account/1".into(), is_certificate: false, cipher: vec![201; 16], iv: [202; 16] };
        let shown = format!("{value:?}");
        assert!(shown.contains("Account/1") && !shown.contains("201") && !shown.contains("202"), "{shown}");
    }
}
