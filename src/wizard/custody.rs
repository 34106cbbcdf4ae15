//! The master key while it passes through the wizard's hands, until its keeping is proven.

use crate::catalog::form::read::{self, key_in_hand};
use crate::model::answers::Answers;
use crate::model::cluster::ClusterId;
use crate::model::facts::{Facts, Identity};
use crate::model::finding::Verdict;
use crate::model::fingerprint::Fingerprint;
use crate::model::flow::Flow;
use crate::model::journal::Journal;
use crate::model::master_key::MasterKey;
use crate::model::untrusted::Untrusted;

/// A cluster's id and its master key: from the operating system's random source for a new cluster, from the operator or
/// the seal for one that is there.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The cluster's id.
    pub cluster: ClusterId,
    /// Its master key.
    pub key: MasterKey,
}

/// The cluster and the master key that a plan is about.
#[derive(Debug, Clone)]
pub struct Whose {
    /// The cluster's id.
    pub cluster: ClusterId,
    /// Its master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// The key, for plans whose steps need it.
    pub key: Option<MasterKey>,
}

/// The cluster and the key of a flow that is about a cluster which is there; `None` while something of it is not known.
pub fn whose(flow: Flow, answers: &Answers, facts: &Facts) -> Option<Whose> {
    match flow {
        Flow::FirstNode | Flow::Review => None,
        Flow::Join => {
            let key = key_in_hand(flow, answers, facts)?;
            let fingerprint = key.fingerprint();
            let cluster = match facts.cluster.identity.seen()? {
                Identity::Registered(cluster) => cluster.id,
                Identity::Octopus { .. } => ClusterId::adopted(fingerprint, &read::database(answers).ok()?),
            };
            Some(Whose { cluster, fingerprint, key: Some(key) })
        }
        Flow::Edit => {
            let key = key_in_hand(flow, answers, facts)?;
            let cluster = facts.node.config.seen()?.cluster.id;
            Some(Whose { cluster, fingerprint: key.fingerprint(), key: Some(key) })
        }
        Flow::Leave | Flow::Remove => {
            let cluster = &facts.node.config.seen()?.cluster;
            Some(Whose { cluster: cluster.id, fingerprint: cluster.fingerprint, key: None })
        }
    }
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

/// Why a file of the operator's choosing could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// What is to be said of the file at this path, once the key was saved there.
    pub fn file_verdict(&self, path: &str) -> Option<Verdict> {
        let saved = self.saved.as_ref()?;
        (*saved == Untrusted::new(path) && !self.mismatch)
            .then(|| Verdict::Good("the key is saved there, readable by its owner only".to_owned()))
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
    /// The flow that all of this belongs to; another flow begins with nothing.
    pub flow: Option<Flow>,
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
