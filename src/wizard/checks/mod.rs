//! The checks: pure judgements over answers and facts. Each is a function from a [`Case`] to a [`Verdict`].

use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::Facts;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;

/// What a check judges.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The flow.
    pub flow: Flow,
    /// What was asked for.
    pub answers: &'a Answers,
    /// What was observed.
    pub facts: &'a Facts,
    /// Whether the survey that this check reads is on its way: unknown facts are then still to come.
    pub running: bool,
    /// The cluster of the unfinished run that is being gone on with: what it made is no obstacle.
    pub resuming: Option<ClusterId>,
}

/// Judges one check.
pub fn judge(_check: CheckId, _case: &Case<'_>) -> Verdict {
    Verdict::NotYet
}
