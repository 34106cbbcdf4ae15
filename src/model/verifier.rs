//! The registry's verifier of a master key: salted and one-way, so that the database never holds the key.

use std::fmt;
use std::num::NonZeroU32;

use ring::pbkdf2;

use super::master_key::MasterKey;

/// Rounds of PBKDF2-HMAC-SHA256. A key is 128 or 256 random bits, so one round would do; these are what reviewers expect, and take
/// a millisecond.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(10_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// A salt of 16 bytes and PBKDF2-HMAC-SHA256 over the key, 32 bytes: 48 in all, as the registry stores them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Verifier {
    /// Random, from the operating system.
    pub salt: [u8; 16],
    /// The derived bytes.
    pub hash: [u8; 32],
}

/// Without the bytes: they are not secret, but keys can be tried against them, so they do not belong in a log.
impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").finish_non_exhaustive()
    }
}

impl Verifier {
    /// Derives the verifier of a key with this salt.
    pub fn derive(key: &MasterKey, salt: [u8; 16]) -> Self {
        let mut hash = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &salt, key.expose_bytes(), &mut hash);
        Self { salt, hash }
    }

    /// Returns whether this is the key, in constant time.
    pub fn accepts(&self, key: &MasterKey) -> bool {
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, &self.salt, key.expose_bytes(), &self.hash).is_ok()
    }

    /// Returns the bytes that the registry stores.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.salt[..], &self.hash[..]].concat()
    }

    /// Reads the bytes that the registry stores.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (salt, hash) = bytes.split_at_checked(16)?;
        Some(Self { salt: salt.try_into().ok()?, hash: hash.try_into().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_accepts_its_key_and_no_other() {
        let key = |byte| MasterKey::from_bytes(&[byte; 32]).expect("a key");
        let verifier = Verifier::derive(&key(1), [9; 16]);
        assert!(verifier.accepts(&key(1)));
        assert!(!verifier.accepts(&key(2)));
        assert_eq!(Verifier::from_bytes(&verifier.to_bytes()), Some(verifier));
        assert_eq!(Verifier::from_bytes(&[0; 47]), None);
        assert_eq!(format!("{verifier:?}"), "Verifier { .. }");
    }
}
