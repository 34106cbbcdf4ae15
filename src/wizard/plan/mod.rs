//! Asked × observed = proposed: the plan.

mod before;
mod changed;

use std::collections::BTreeMap;

use crate::catalog::steps::{self, Draft};
use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::key_evidence::KeyVerdict;
use crate::model::licence::Licence;
use crate::model::octopus::HandOver;
use crate::model::plan::{Plan, Step};

use super::node;

pub use crate::catalog::steps::Proposal;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPlan {
    /// These fields are missing or malformed.
    Fields(Vec<FieldId>),
    /// Everything is so already.
    Unchanged,
    /// No row was chosen that is to go.
    NoRow,
}

/// Makes the plan.
pub fn make(proposal: &Proposal<'_>) -> Result<Plan, NoPlan> {
    let node = node::from_answers(proposal.flow, proposal.answers).map_err(NoPlan::Fields)?;
    let before = before::row(&node, proposal);
    let draft = Draft { proposal, node: &node, before: before.as_ref() };
    match proposal.flow {
        Flow::Remove if before.is_none() => return Err(NoPlan::NoRow),
        Flow::Edit if !proposal.resuming && !changed::anything(&node, before.as_ref(), proposal) => {
            return Err(NoPlan::Unchanged);
        }
        _ => {}
    }
    let step = |kind| {
        let row = steps::row(kind);
        Step { kind, title: (row.title)(&draft), mode: row.mode }
    };
    let steps = steps::in_order(&draft).into_iter().map(step).collect();
    let hand_over = hand_over(&draft);
    Ok(Plan {
        flow: proposal.flow,
        cluster: proposal.cluster,
        fingerprint: proposal.fingerprint,
        steps,
        accepted: proposal.accepted.to_vec(),
        answers: recorded(proposal.answers),
        key_unverified: is_key_unverified(proposal),
        licence: licence(proposal),
        hand_over,
        node,
        before,
    })
}

/// What the licence says that a first node brings.
fn licence(proposal: &Proposal<'_>) -> Option<Licence> {
    let given = proposal.flow == Flow::FirstNode;
    proposal.facts.licence.licence.seen().filter(|_| given).and_then(|read| read.as_ref().ok()).cloned()
}

/// Octopus Server, where it is there and its commands are to be run.
fn hand_over(draft: &Draft<'_>) -> Option<HandOver> {
    let facts = draft.proposal.facts;
    let program = facts.octopus.program.seen().filter(|_| draft.hands_over())?.clone()?;
    Some(HandOver { program, licence: facts.licence.text.clone().filter(|_| draft.node.licensed) })
}

/// Whether the operator has taken a key upon himself that nothing confirms. Whoever edits a node has no field for it: the
/// warning itself was accepted.
fn is_key_unverified(proposal: &Proposal<'_>) -> bool {
    let unverifiable = matches!(proposal.facts.key.verdict.seen(), Some(KeyVerdict::Unverifiable(_)));
    unverifiable
        && match proposal.flow {
            Flow::Join => proposal.answers.is_on(FieldId::UnverifiedKey),
            Flow::Edit => proposal.accepted.contains(&CheckId::ClusterKey),
            Flow::FirstNode | Flow::Review | Flow::Leave | Flow::Remove => false,
        }
}

/// The answers as the journal may hold them: no secret, and not the six characters of the master key that prove its
/// keeping, which are a piece of a secret.
fn recorded(answers: &Answers) -> BTreeMap<String, String> {
    FieldId::ALL
        .into_iter()
        .filter(|field| !field.is_secret() && !matches!(field, FieldId::KeyProof | FieldId::AnswersFile))
        .map(|field| (field.id().to_owned(), answers.text(field).to_owned()))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

#[cfg(test)]
mod flows;
#[cfg(test)]
mod tests;
