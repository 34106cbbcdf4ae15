//! What a master key is judged by: the registry's verifier, or Octopus' own encrypted values.
//!
//! The strongest evidence decides alone: the verifier, then the server certificate, then other values. But Octopus can change
//! its key and does not tell the registry, whose verifier then knows the retired one: where the certificate contradicts it,
//! nobody can tell. That padding
//! comes out right proves nothing: it does so for every 255th wrong key, and Octopus' own manager once took those for
//! right (Issues#3563). What counts is what stands in the padding: a certificate, or text.

mod certificate;
mod der;
mod find;
mod open;
mod rule;
mod value;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use value::EncryptedValue;

use super::facts::Evidence;
use super::key_verdict::{KeyBasis, KeyVerdict, NoBasis};
use super::master_key::MasterKey;
use super::verifier::Verifier;

/// Everything in a database that a key can be judged by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyEvidence {
    /// The registry's verifier, where the cluster is ours.
    pub verifier: Option<Verifier>,
    /// Octopus' own encrypted values, the server certificate first.
    pub values: Vec<EncryptedValue>,
}

impl KeyEvidence {
    /// At most so many values are tried: each one more makes a false verdict no less likely than it is by then, and a
    /// database may hold a million of them.
    pub const MOST: usize = 25;

    /// What kind of evidence there is.
    pub fn kind(&self) -> Evidence {
        match (&self.verifier, self.certificates().next(), rule::independent(&self.values).len()) {
            (Some(_), ..) => Evidence::Verifier,
            (None, Some(_), _) => Evidence::Certificate,
            (None, None, 0) => Evidence::Nothing,
            (None, None, values) => Evidence::Values(values),
        }
    }

    /// The key's verdict. Takes up to some milliseconds of one processor.
    pub fn judge(&self, key: &MasterKey) -> KeyVerdict {
        let independent = rule::independent(&self.values);
        match self.verifier.map(|verifier| verifier.accepts(key)) {
            Some(accepted) if rule::certificate_contradicts(accepted, &independent, key) => {
                KeyVerdict::Unverifiable(NoBasis::Rotated)
            }
            Some(true) => KeyVerdict::Correct(KeyBasis::Verifier),
            Some(false) => KeyVerdict::Wrong(KeyBasis::Verifier),
            None => rule::by_certificate(&independent, key).unwrap_or_else(|| rule::by_values(&independent, key)),
        }
    }

    fn certificates(&self) -> impl Iterator<Item = &EncryptedValue> {
        self.values.iter().filter(|value| value.is_certificate)
    }
}
