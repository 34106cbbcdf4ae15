//! Asked × observed = proposed: the plan.

use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::Facts;
use crate::model::field::FieldId;
use crate::model::fingerprint::Fingerprint;
use crate::model::flow::Flow;
use crate::model::plan::Plan;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// The flow.
    pub flow: Flow,
    /// What was asked for.
    pub answers: &'a Answers,
    /// What was observed.
    pub facts: &'a Facts,
    /// The cluster's id.
    pub cluster: ClusterId,
    /// The master key's fingerprint.
    pub fingerprint: Fingerprint,
    /// Warnings that were accepted.
    pub accepted: &'a [CheckId],
    /// Whether this goes on with an unfinished run: then every step is in the plan, since each finds out by itself
    /// whether it is done already.
    pub resuming: bool,
}

/// Makes the plan; `Err` names the fields that are missing or malformed.
pub fn make(_proposal: &Proposal<'_>) -> Result<Plan, Vec<FieldId>> {
    Err(Vec::new())
}
