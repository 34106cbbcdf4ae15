//! The file that the master key is to be saved to.

use serde::{Deserialize, Serialize};

use super::Fact;
use crate::model::fingerprint::Fingerprint;
use crate::model::untrusted::Untrusted;

/// What the survey of the key's file learns.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyFileFacts {
    /// What stands at the path; missing where its folder cannot be written or does not answer.
    pub spot: Fact<KeySpot>,
}

/// What stands at the path of the key's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySpot {
    /// Nothing, and a file could be created, written, synced and removed beside it.
    Free {
        /// On the network, so within reach of others.
        network: bool,
        /// In memory, so gone with the next boot.
        volatile: bool,
    },
    /// A file that holds a master key of this fingerprint.
    Key(Fingerprint),
    /// Something else, which stays as it is.
    Taken,
    /// Nothing, and no folder to put a file in.
    NoFolder {
        /// The folder that is missing.
        folder: Untrusted,
    },
}
