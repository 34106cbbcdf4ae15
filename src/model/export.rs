//! What leaves the wizard at the operator's wish: texts on a clipboard and files in a named place.

use serde::{Deserialize, Serialize};

use super::untrusted::Untrusted;

/// Where a copied text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopyWay {
    /// To this desktop's clipboard; that it is there is known.
    Desktop,
    /// To the terminal by OSC 52; whether the terminal obeyed cannot be known.
    Terminal,
}

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
    /// Returns what happened when it was to be written, and what to do.
    pub fn says(&self) -> String {
        match self {
            Self::Exists => "That file is there already and stays as it is. Name another one.".to_owned(),
            Self::NotAbsolute => "The file needs an absolute path, so that you know where it is.".to_owned(),
            Self::Refused(said) => format!("The file could not be written: {said}. Name another place."),
        }
    }
}
