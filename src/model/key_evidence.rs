//! What a master key is judged by: the registry's verifier, or Octopus' own encrypted values.

use super::facts::Evidence;
use super::key_verdict::{KeyBasis, KeyVerdict, NoBasis};
use super::master_key::MasterKey;
use super::untrusted::Untrusted;
use super::verifier::Verifier;

/// Everything in a database that a key can be judged by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyEvidence {
    /// The registry's verifier, where the cluster is ours.
    pub verifier: Option<Verifier>,
    /// Octopus' own encrypted values, the server certificate first.
    pub values: Vec<EncryptedValue>,
}

/// A value that Octopus encrypted: AES-CBC with PKCS#7 padding, `base64(cipher)|base64(iv)` (facts/octopus.md section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl KeyEvidence {
    /// What kind of evidence there is.
    pub fn kind(&self) -> Evidence {
        match self.verifier {
            Some(_) => Evidence::Verifier,
            None => Evidence::Nothing,
        }
    }

    /// The key's verdict.
    pub fn judge(&self, key: &MasterKey) -> KeyVerdict {
        match &self.verifier {
            Some(verifier) if verifier.accepts(key) => KeyVerdict::Correct(KeyBasis::Verifier),
            Some(_) => KeyVerdict::Wrong(KeyBasis::Verifier),
            None => KeyVerdict::Unverifiable(NoBasis::Nothing),
        }
    }
}
