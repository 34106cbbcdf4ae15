//! Makes the plan from what was asked for and what was observed.

use std::collections::BTreeMap;

use crate::catalog::settings;
use crate::catalog::steps::{self, Draft, row_differs};
use crate::model::answers::Answers;
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::facts::Identity;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::key_evidence::KeyVerdict;
use crate::model::licence::Licence;
use crate::model::node::Node;
use crate::model::node_config::NodeConfig;
use crate::model::octopus::HandOver;
use crate::model::plan::{Plan, SettingChange, Step};
use crate::model::registry::KeptRow;
use crate::model::target::SignIn;

use super::node;

pub use crate::catalog::steps::Proposal;

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPlan {
    /// These fields are missing or malformed.
    Fields(Vec<FieldId>),
    /// The node already is as asked for.
    Unchanged,
    /// No row to remove was chosen.
    NoRow,
}

/// Makes the plan.
pub fn make(proposal: &Proposal<'_>) -> Result<Plan, NoPlan> {
    let node = node::from_answers(proposal.flow, proposal.answers).map_err(NoPlan::Fields)?;
    let before = kept_row(&node, proposal);
    let draft = Draft { proposal, node: &node, before: before.as_ref() };
    match proposal.flow {
        Flow::Remove if before.is_none() => return Err(NoPlan::NoRow),
        Flow::Edit if !proposal.resuming && !is_changed(&node, before.as_ref(), proposal) => {
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
    let kept_passwords = kept_passwords(proposal);
    let changes = changes(&node, &kept_passwords, proposal);
    Ok(Plan {
        flow: proposal.flow,
        cluster: proposal.cluster,
        fingerprint: proposal.fingerprint,
        steps,
        accepted: proposal.accepted.to_vec(),
        answers: recorded(proposal.answers),
        certificate: shown_certificate(proposal),
        key_unverified: is_key_unverified(proposal),
        licence: licence(proposal),
        hand_over,
        kept_passwords,
        changes,
        node,
        before,
    })
}

/// Returns the passwords that an edit leaves as they are.
fn kept_passwords(proposal: &Proposal<'_>) -> Vec<FieldId> {
    if proposal.flow != Flow::Edit {
        return Vec::new();
    }
    let node = &proposal.facts.node;
    let sealed = [
        (FieldId::Password, node.password.seen().cloned()),
        (FieldId::ServicePassword, node.service_password.seen().cloned().flatten()),
    ];
    let is_kept = |(field, sealed): &(FieldId, Option<Raw>)| sealed.as_ref() == Some(&proposal.answers.get(*field).raw);
    sealed.into_iter().filter(is_kept).map(|(field, _)| field).collect()
}

/// Returns what an edit changes. A resumed one may have written the node config already, so what its journal tells of the values before
/// counts more than the config.
fn changes(node: &Node, kept_passwords: &[FieldId], proposal: &Proposal<'_>) -> Vec<SettingChange> {
    let Some(config) = proposal.facts.node.config.seen().filter(|_| proposal.flow == Flow::Edit) else { return Vec::new() };
    let earlier = |field: FieldId| proposal.changes.iter().find(|change| change.field == field);
    let settings = settings::all().filter_map(|setting| {
        let written = (setting.config?)(config).unwrap_or_default();
        let from = earlier(setting.field).map_or(written, |change| change.from.clone());
        let to = (setting.node?)(node).unwrap_or_default();
        (from != to).then_some(SettingChange { field: setting.field, from, to })
    });
    let passwords = [(FieldId::Password, true), (FieldId::ServicePassword, node.service.password.is_some())].into_iter();
    let is_changed = |(field, there): &(FieldId, bool)| *there && (!kept_passwords.contains(field) || earlier(*field).is_some());
    let secret = |(field, _)| SettingChange { field, from: String::new(), to: String::new() };
    settings.chain(passwords.filter(is_changed).map(secret)).collect()
}

/// Returns the fingerprint of the certificate that the server shows.
fn shown_certificate(proposal: &Proposal<'_>) -> Option<[u8; 32]> {
    proposal.facts.server.shown_certificate()
}

/// Returns the licence that a first node brings.
fn licence(proposal: &Proposal<'_>) -> Option<Licence> {
    let given = proposal.flow == Flow::FirstNode;
    proposal.facts.licence.licence.seen().filter(|_| given).and_then(|read| read.as_ref().ok()).cloned()
}

/// Returns Octopus Server's program, if it was found and its commands are to be run.
fn hand_over(draft: &Draft<'_>) -> Option<HandOver> {
    let facts = draft.proposal.facts;
    let program = facts.octopus.program.seen().filter(|_| draft.hands_over())?.clone()?;
    Some(HandOver { program, licence: facts.licence.text.clone().filter(|_| draft.node.licensed) })
}

/// Returns whether the operator vouched for a key that nothing confirms. An edit has no field for that: there, the warning itself
/// was accepted.
fn is_key_unverified(proposal: &Proposal<'_>) -> bool {
    let unverifiable = matches!(proposal.facts.key.verdict.seen(), Some(KeyVerdict::Unverifiable(_)));
    unverifiable
        && match proposal.flow {
            Flow::Join => proposal.answers.is_on(FieldId::UnverifiedKey),
            Flow::Edit => proposal.accepted.contains(&CheckId::ClusterKey),
            Flow::FirstNode | Flow::Review | Flow::Leave | Flow::Remove => false,
        }
}

/// Returns the answers that the journal may hold: no secrets, nor the typed end of the master key, which is a part of one.
fn recorded(answers: &Answers) -> BTreeMap<String, String> {
    FieldId::ALL
        .into_iter()
        .filter(|field| !field.is_secret() && !matches!(field, FieldId::KeyProof | FieldId::AnswersFile))
        .map(|field| (field.id().to_owned(), answers.text(field).to_owned()))
        .filter(|(_, text)| !text.is_empty())
        .collect()
}

/// Returns the registry row that the plan takes over, changes or removes, as it was seen; `None` if the row will be new or there is
/// no registry.
fn kept_row(node: &Node, proposal: &Proposal<'_>) -> Option<KeptRow> {
    let cluster = &proposal.facts.cluster;
    if proposal.resuming {
        // The run itself may have changed the row by now. Under another name, another row is meant.
        let kept = proposal.kept.filter(|kept| proposal.flow != Flow::Join || kept.row.name.eq_ignore_ascii_case(&node.name));
        if kept.is_some() || proposal.flow != Flow::Join {
            return kept.cloned();
        }
    }
    match proposal.flow {
        Flow::FirstNode | Flow::Review => None,
        Flow::Join => cluster.replaceable(&node.name).filter(|_| proposal.answers.is_on(FieldId::ReplaceNode)).cloned(),
        // A node of the same name in another cluster is another node.
        Flow::Edit | Flow::Leave => match cluster.identity.seen()? {
            Identity::Registered(seen) if seen.id == proposal.cluster => cluster.node(&node.name)?.row.clone(),
            Identity::Registered(_) | Identity::Octopus { .. } => None,
        },
        Flow::Remove => proposal.kept.cloned(),
    }
}

/// Returns whether an edit would change the node config, one of its secrets or the registry's row.
fn is_changed(node: &Node, before: Option<&KeptRow>, proposal: &Proposal<'_>) -> bool {
    let facts = &proposal.facts.node;
    let Some(config) = facts.config.seen() else { return true };
    let SignIn::SqlLogin { password, .. } = &node.target.sign_in;
    let known = config.database.known_certificate();
    config_differs(node, config)
        || known.is_some() && shown_certificate(proposal).is_some_and(|shown| known != Some(shown))
        || facts.password.seen() != Some(&Raw::Secret(password.clone()))
        || facts.key.seen().is_none()
        || config.cluster.fingerprint != proposal.fingerprint
        || before.is_some_and(|before| row_differs(node, before, proposal))
}

/// Returns whether the config differs from the node.
fn config_differs(node: &Node, config: &NodeConfig) -> bool {
    settings::all().any(|setting| match (setting.node, setting.config) {
        (Some(of_node), Some(of_config)) => of_node(node).unwrap_or_default() != of_config(config).unwrap_or_default(),
        _ => false,
    })
}

#[cfg(test)]
mod tests;
