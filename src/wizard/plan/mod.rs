//! Asked × observed = proposed: the plan.

mod before;
mod changed;
mod steps;
mod title;

use std::collections::BTreeMap;

use crate::catalog::form::read;
use crate::model::answers::Answers;
use crate::model::check::CheckId;
use crate::model::cluster::ClusterId;
use crate::model::facts::Facts;
use crate::model::field::FieldId;
use crate::model::fingerprint::Fingerprint;
use crate::model::flow::Flow;
use crate::model::hand_over::{HandOver, Handing};
use crate::model::key_verdict::KeyVerdict;
use crate::model::licence::Licence;
use crate::model::node::Node;
use crate::model::plan::{Plan, Step, StepKind};
use crate::model::registry::KeptRow;

use super::node;

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
    /// The dead node's row that is to be removed; of a run that is gone on with, the row that it began with.
    pub kept: Option<&'a KeptRow>,
}

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
    let hand_over = hand_over(&node, proposal);
    let kinds: Vec<StepKind> = steps::of(&node, before.as_ref(), hand_over.is_some(), proposal);
    match proposal.flow {
        Flow::Remove if before.is_none() => return Err(NoPlan::NoRow),
        Flow::Edit if !proposal.resuming && !changed::anything(&node, before.as_ref(), proposal) => {
            return Err(NoPlan::Unchanged);
        }
        _ => {}
    }
    let titles = title::Titles { node: &node, before: before.as_ref(), proposal };
    let steps = kinds.into_iter().map(|kind| Step { kind, title: titles.of(kind), mode: title::mode(kind) }).collect();
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
fn hand_over(node: &Node, proposal: &Proposal<'_>) -> Option<HandOver> {
    let sets_up = matches!(proposal.flow, Flow::FirstNode | Flow::Join);
    if !sets_up || read::hand_over(proposal.answers) == Handing::Script {
        return None;
    }
    let program = proposal.facts.octopus.program.seen()?.clone()?;
    Some(HandOver { program, licence: proposal.facts.licence.text.clone().filter(|_| node.licensed) })
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
