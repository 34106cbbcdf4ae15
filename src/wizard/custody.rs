//! The master key while it passes through the wizard's hands, until its keeping is proven.

use crate::model::cluster::ClusterId;
use crate::model::finding::Verdict;
use crate::model::journal::Journal;
use crate::model::master_key::MasterKey;
use crate::model::untrusted::Untrusted;

/// What the operating system's random source gave for a new cluster.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The cluster's id.
    pub cluster: ClusterId,
    /// Its master key.
    pub key: MasterKey,
}

/// What is left of an unfinished run.
#[derive(Debug, Clone)]
pub struct Resumption {
    /// Its journal.
    pub journal: Journal,
    /// The key that it sealed, where it came that far.
    pub key: Option<MasterKey>,
}

/// Where a copied text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyWay {
    /// To this desktop's clipboard; that it is there is known.
    Desktop,
    /// To the terminal by OSC 52; whether the terminal obeyed cannot be known.
    Terminal,
}

/// Why the key's file could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileTrouble {
    /// There is a file of that name; it stays as it is.
    Exists,
    /// The path is not absolute, or empty.
    NotAbsolute,
    /// The operating system refused; its words.
    Refused(Untrusted),
}

/// How the key's keeping was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its last six characters were typed back.
    TypedBack,
    /// The saved file was read back and holds it.
    ReadBack,
}

impl Custody {
    /// Whether what was typed as the key's last six characters is long enough to be judged, and wrong.
    pub fn refuses(&self, typed: &str) -> bool {
        typed.chars().count() >= 6 && self.drawn.as_ref().is_some_and(|drawn| !drawn.key.ends_with(typed))
    }

    /// Where its keeping stands, once it is proven.
    pub fn verdict(&self) -> Option<Verdict> {
        let evidence = match self.proof? {
            Proof::TypedBack => "its last six characters were typed back",
            Proof::ReadBack => "the saved file was read back",
        };
        Some(Verdict::Good(evidence.to_owned()))
    }
}

/// The master key's custody.
#[derive(Debug, Clone, Default)]
pub struct Custody {
    /// The key and the cluster's id, once drawn or loaded.
    pub drawn: Option<Drawn>,
    /// Whether the key is shown right now.
    pub revealed: bool,
    /// Where it was copied to last.
    pub copied: Option<CopyWay>,
    /// The file that it was saved to.
    pub saved: Option<Untrusted>,
    /// What went wrong with the file last.
    pub file_trouble: Option<FileTrouble>,
    /// Whether the file was read back and held something else.
    pub mismatch: bool,
    /// Proof that it is kept.
    pub proof: Option<Proof>,
}
