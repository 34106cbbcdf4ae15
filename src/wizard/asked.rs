//! Which fields are asked: by the flow, the other answers, and what was observed.

use crate::catalog::{flow, form};
use crate::model::facts::Identity;
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::key_verdict::KeyVerdict;

use super::state::State;

/// Whether a field is asked now. A question whose occasion has gone (the dead node has come back, the key is verified
/// after all) is not asked any more; what was answered to it stays and has no effect, since the plan looks at the same
/// facts.
pub fn is_asked(field: FieldId, state: &State) -> bool {
    let of = state.flow().unwrap_or(Flow::FirstNode);
    flow::asks(of, field) && form::is_visible(field, &state.answers) && has_occasion(field, of, state)
}

fn has_occasion(field: FieldId, of: Flow, state: &State) -> bool {
    let facts = &state.facts;
    match field {
        // The key of a run that is gone on with is sealed: its size is no question any more.
        FieldId::KeySize => !(state.resuming().is_some() && state.custody().drawn.is_some()),
        FieldId::MasterKey if of == Flow::Edit => facts.node.key.trouble().is_some(),
        FieldId::UnverifiedKey => matches!(facts.key.verdict.seen(), Some(KeyVerdict::Unverifiable(_))),
        FieldId::ReplaceNode => facts.cluster.replaceable(state.answers.text(FieldId::NodeName)).is_some(),
        // With a key that is not proven, a verifier made of it would be a lie that every other node believes.
        FieldId::MakeRegistry => {
            matches!(facts.cluster.identity.seen(), Some(Identity::Octopus { .. }))
                && matches!(facts.key.verdict.seen(), Some(KeyVerdict::Correct(_)))
        }
        _ => true,
    }
}
