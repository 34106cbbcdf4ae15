//! The custody of the master key: from its generation until its safekeeping is proven.

use crate::catalog::form::read::{self, flow_key};
use crate::model::answers::Answers;
use crate::model::cluster::ClusterId;
use crate::model::export::{CopyWay, FileTrouble};
use crate::model::facts::{Facts, Identity};
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::master_key::{Fingerprint, GeneratedKey, MasterKey};
use crate::model::untrusted::Untrusted;

/// An existing cluster with its master key, as a plan needs them.
#[derive(Debug, Clone)]
pub struct ClusterKey {
    pub cluster: ClusterId,
    pub fingerprint: Fingerprint,
    /// The key, for plans whose steps need it.
    pub key: Option<MasterKey>,
}

/// Returns the cluster and the key of a flow that is about an existing cluster; `None` while one of them is unknown.
pub fn resolve_cluster_key(flow: Flow, answers: &Answers, facts: &Facts) -> Option<ClusterKey> {
    match flow {
        Flow::FirstNode | Flow::Review => None,
        Flow::Join => {
            let key = flow_key(flow, answers, facts)?;
            let fingerprint = key.fingerprint();
            let cluster = match facts.cluster.identity.seen()? {
                Identity::Registered(cluster) => cluster.id,
                Identity::Octopus { .. } => ClusterId::adopted(fingerprint, &read::database(answers).ok()?),
            };
            Some(ClusterKey { cluster, fingerprint, key: Some(key) })
        }
        Flow::Edit => {
            let key = flow_key(flow, answers, facts)?;
            let cluster = facts.node.config.seen()?.cluster.id;
            Some(ClusterKey { cluster, fingerprint: key.fingerprint(), key: Some(key) })
        }
        Flow::Leave | Flow::Remove => {
            let cluster = &facts.node.config.seen()?.cluster;
            Some(ClusterKey { cluster: cluster.id, fingerprint: cluster.fingerprint, key: None })
        }
    }
}

/// How the key's safekeeping was proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its last six characters were typed back.
    TypedBack,
    /// The saved file was read back and holds it.
    ReadBack,
}

impl Custody {
    /// Returns `true` if the typed last six characters are complete and wrong. Once the key's keeping is proven otherwise, they do not
    /// matter any more.
    pub fn refuses(&self, typed: &str) -> bool {
        self.proof.is_none()
            && typed.chars().count() >= 6
            && self.generated.as_ref().is_some_and(|generated| !generated.key.ends_with(typed))
    }

    /// Judges the file at this path, once the key was saved there.
    pub fn file_verdict(&self, path: &str) -> Option<Verdict> {
        let saved = self.saved.as_ref()?;
        (*saved == Untrusted::new(path) && !self.mismatch)
            .then(|| Verdict::Good("the key is saved there, readable by its owner only".to_owned()))
    }

    /// Judges the key's safekeeping, once it is proven.
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
    /// The key and the cluster's id, once generated or loaded.
    pub generated: Option<GeneratedKey>,
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
    /// How its safekeeping was proven.
    pub proof: Option<Proof>,
}
