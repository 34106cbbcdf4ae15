//! The journal: the record of a run's steps, written before and after each one. It holds no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cluster::ClusterId;
use super::field::FieldId;
use super::fingerprint::Fingerprint;
use super::flow::Flow;
use super::plan::{StepKind, StepState};

/// A run's record, a TOML file in the state directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// The format's number; 1.
    pub format: u32,
    /// The program's version that wrote it.
    pub program: String,
    /// The flow.
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
    /// The steps, in order.
    pub steps: Vec<StepRecord>,
}

/// One step's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// Which.
    pub kind: StepKind,
    /// Where it stands.
    pub state: StepState,
}

impl Journal {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;

    /// How many steps are done.
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.state, StepState::Done | StepState::Already)).count()
    }

    /// The answers, as fields and texts; ids that this program does not know are left out.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &str)> {
        self.answers.iter().filter_map(|(id, text)| Some((FieldId::from_id(id)?, text.as_str())))
    }
}
