//! The journal: the record of a run's steps, written before and after each one. It holds no secret.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::answers::Raw;
use super::cluster::ClusterId;
use super::field::FieldId;
use super::flow::Flow;
use super::master_key::{Fingerprint, MasterKey};
use super::plan::{SettingChange, StepKind, StepState};
use super::registry::{CanaryRow, KeptRow, NodeRow};
use super::storage::SharedStorage;

/// A run's record, a TOML file in the state directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The format's number; 1.
    pub format: u32,
    /// The program's version that wrote it.
    pub program: String,
    pub flow: Flow,
    /// The instance; the journal's file is named after it.
    pub instance: String,
    /// When it was begun, RFC 3339, UTC.
    pub begun: String,
    /// When it was last written, RFC 3339, UTC.
    pub written: String,
    /// The cluster's id.
    pub cluster: ClusterId,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Ids of the checks whose warnings were accepted.
    pub accepted: Vec<String>,
    /// What was answered, by field id, secrets left out.
    pub answers: BTreeMap<String, String>,
    /// Tells this run's rows from those of others in the registry's history: 32 hexadecimal digits, drawn for it.
    #[serde(default)]
    pub run: String,
    /// The registry row that the run takes over, changes or removes, as it was before.
    #[serde(default)]
    pub before: Option<KeptRow>,
    /// The registry row as the run writes it. Undo removes it only while it is unchanged.
    #[serde(default)]
    pub after: Option<NodeRow>,
    /// The folders that creating the home directory makes, the outermost first: what undo may take away again.
    #[serde(default)]
    pub folders: Vec<PathBuf>,
    /// What the run has to do with the shared storage; `None` before it comes to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<StorageRecord>,
    /// The passwords that an edit leaves as the node config has them sealed: the others are asked again until it has written its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept_passwords: Vec<FieldId>,
    /// What an edit changes: the node config does not tell once it is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<SettingChange>,
    pub steps: Vec<StepRecord>,
}

/// An unfinished run, as loaded from this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resumption {
    pub journal: Journal,
    /// The key that the run sealed, if it got that far.
    pub key: Option<MasterKey>,
    /// The passwords that its node config has sealed.
    #[serde(default)]
    pub passwords: Vec<(FieldId, Raw)>,
}

/// What a run makes of the shared storage, written down before it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageRecord {
    /// The node, by the name under which its canaries are left.
    pub node: String,
    pub storage: SharedStorage,
    /// The folders that the run makes, those of the canaries among them, an outer one before those in it: what undo may
    /// take away again.
    #[serde(default)]
    pub made: Vec<PathBuf>,
    /// The node's canaries, their nonces drawn once for the run.
    #[serde(default)]
    pub canaries: Vec<CanaryRow>,
}

/// One step's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    pub kind: StepKind,
    pub state: StepState,
}

impl Journal {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;

    /// Returns where a step stands; one that the journal does not know was not begun.
    pub fn state(&self, kind: StepKind) -> StepState {
        self.steps.iter().find(|step| step.kind == kind).map_or(StepState::Planned, |step| step.state)
    }

    /// Records where a step stands, in the order of [`StepKind::ALL`].
    pub fn mark(&mut self, kind: StepKind, state: StepState) {
        match self.steps.iter_mut().find(|step| step.kind == kind) {
            Some(step) => step.state = state,
            None => self.steps.push(StepRecord { kind, state }),
        }
        self.steps.sort_by_key(|step| StepKind::ALL.iter().position(|kind| *kind == step.kind));
    }

    /// Returns how many steps are done.
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.state, StepState::Done | StepState::Already)).count()
    }

    /// Returns the answers, as fields and texts; ids that this program does not know are left out.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &str)> {
        self.answers.iter().filter_map(|(id, text)| Some((FieldId::from_id(id)?, text.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_keep_the_order_of_a_plan_whatever_the_order_of_marking() {
        let mut journal = Journal {
            format: Journal::FORMAT,
            program: String::new(),
            flow: Flow::FirstNode,
            instance: String::new(),
            begun: String::new(),
            written: String::new(),
            cluster: ClusterId([0; 16]),
            fingerprint: Fingerprint([0; 4]),
            accepted: Vec::new(),
            answers: BTreeMap::new(),
            run: String::new(),
            before: None,
            after: None,
            folders: Vec::new(),
            storage: None,
            kept_passwords: Vec::new(),
            changes: Vec::new(),
            steps: Vec::new(),
        };
        journal.mark(StepKind::ConnectOnce, StepState::Planned);
        journal.mark(StepKind::CreateHome, StepState::Begun);
        journal.mark(StepKind::CreateHome, StepState::Done);
        assert_eq!(journal.steps.iter().map(|step| step.kind).collect::<Vec<_>>(), [StepKind::CreateHome, StepKind::ConnectOnce]);
        assert_eq!(
            (journal.state(StepKind::CreateHome), journal.state(StepKind::SealMasterKey)),
            (StepState::Done, StepState::Planned)
        );
        assert_eq!(journal.done(), 1);
    }
}
