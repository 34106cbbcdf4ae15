//! Whether a master key is the cluster's: three-valued, with the evidence.

use serde::{Deserialize, Serialize};

/// The verdict. A wrong key can never be `Correct`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyVerdict {
    /// It is the cluster's.
    Correct(KeyBasis),
    /// It is not.
    Wrong(KeyBasis),
    /// Nobody can tell.
    Unverifiable(NoBasis),
}

/// By what it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyBasis {
    /// The registry's own salted verifier.
    Verifier,
    /// Octopus' encrypted server certificate, which came out as one, or did not.
    Certificate,
    /// Independent encrypted values of Octopus: so many came out as text, or none of so many did.
    Values(usize),
}

/// Why nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoBasis {
    /// There is nothing encrypted in the database.
    Nothing,
    /// Fewer than three encrypted values, and no certificate: padding comes out right by chance once in 256 times.
    TooFew {
        /// How many there are.
        values: usize,
    },
    /// The registry's verifier and Octopus' own certificate contradict each other: the key was changed in Octopus since the
    /// registry was made, or the registry is another cluster's.
    Rotated,
    /// Some values came out and some did not: perhaps a rotation of the key that was interrupted.
    Mixed {
        /// How many came out.
        opened: usize,
        /// Of how many.
        values: usize,
    },
}
