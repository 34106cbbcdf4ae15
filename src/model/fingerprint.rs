//! A master key's fingerprint: a short one-way digest, safe to show and to compare by eye or by voice.

use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// Eight hexadecimal digits in two groups, `5d1c-88e0`: the first 32 bits of SHA-256 over a fixed label and the key.
///
/// 32 bits are enough to tell keys apart by eye and far too few to search a 128-bit key by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 4]);

/// The text is not a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint looks like 5d1c-88e0")]
pub struct NotAFingerprint;

impl Fingerprint {
    /// Returns the fingerprint of a key's bytes.
    pub fn of(key: &[u8]) -> Self {
        let mut context = ring::digest::Context::new(&ring::digest::SHA256);
        context.update(b"octopus-setup fingerprint 1\0");
        context.update(key);
        let digest = context.finish();
        let mut first = [0; 4];
        first.copy_from_slice(&digest.as_ref()[..4]);
        Self(first)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", HEXLOWER.encode(&self.0[..2]), HEXLOWER.encode(&self.0[2..]))
    }
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        let bytes = HEXLOWER.decode(digits.as_bytes()).map_err(|_| NotAFingerprint)?;
        bytes.try_into().map(Self).map_err(|_| NotAFingerprint)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = NotAFingerprint;

    fn try_from(text: String) -> Result<Self, NotAFingerprint> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_stable_short_and_read_back() {
        let fingerprint = Fingerprint::of(&[7; 32]);
        assert_eq!(fingerprint, Fingerprint::of(&[7; 32]));
        assert_ne!(fingerprint, Fingerprint::of(&[8; 32]));
        assert_eq!(fingerprint.to_string().len(), 9);
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}
