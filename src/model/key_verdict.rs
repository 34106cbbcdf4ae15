//! The verdict on whether a master key is the cluster's: three-valued, with the evidence.

use serde::{Deserialize, Serialize};

/// The verdict. A wrong key can never be `Correct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyVerdict {
    /// It is the cluster's.
    Correct(KeyBasis),
    /// It is not.
    Wrong(KeyBasis),
    /// It cannot be verified.
    Unverifiable(NoBasis),
}

/// The evidence for a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyBasis {
    /// The registry's own salted verifier.
    Verifier,
    /// Octopus' encrypted server certificate.
    Certificate,
    /// Octopus' independent encrypted values: how many decrypted to text, or how many did not.
    Values(usize),
}

/// Why a key cannot be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoBasis {
    /// There is nothing encrypted in the database.
    Nothing,
    /// Fewer than three encrypted values and no certificate: padding is correct by chance once in 256 times.
    TooFew {
        /// How many there are.
        values: usize,
    },
    /// The registry's verifier and Octopus' own certificate contradict each other: the key was changed in Octopus since the
    /// registry was made, or the registry is another cluster's.
    Rotated,
    /// Some values decrypted and some did not: perhaps an interrupted rotation of the key.
    Mixed {
        /// How many decrypted.
        opened: usize,
        /// Of how many.
        values: usize,
    },
}
