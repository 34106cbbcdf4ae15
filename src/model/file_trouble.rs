//! Why a file that the operator named could not be written or read.

use serde::{Deserialize, Serialize};

use super::untrusted::Untrusted;

/// Why a file that the operator named, for the master key or the answers, could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileTrouble {
    /// There is a file of that name; it stays as it is.
    Exists,
    /// The path is not absolute, or empty.
    NotAbsolute,
    /// The operating system refused; its words.
    Refused(Untrusted),
}

impl FileTrouble {
    /// What happened when it was to be written, and what to do.
    pub fn says(&self) -> String {
        match self {
            Self::Exists => "That file is there already and stays as it is. Name another one.".to_owned(),
            Self::NotAbsolute => "The file needs an absolute path, so that you know where it is.".to_owned(),
            Self::Refused(said) => format!("The file could not be written: {said}. Name another place."),
        }
    }
}
