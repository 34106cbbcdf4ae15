//! Confirms that a canary is missing before it counts.
//!
//! A node writes its canaries' files first and their rows in the registry next, and takes them back in the opposite order. So a file is
//! missing for good if the registry had its row before and after the folder was looked into; seen in any other order, another
//! node's run may just be between the two.

use crate::catalog::checks;
use crate::model::check::CheckId;
use crate::model::registry::CanaryRow;
use crate::model::survey::{SurveyId, Ticket};
use crate::wizard::effect::Effect;
use crate::wizard::state::State;
use crate::wizard::tickets::{self, RequestState};

/// Looks again at the folders or the registry where a canary is missing and that is not confirmed yet. Each look is newer than the
/// other's last one, so this ends as soon as no other run changes anything in between.
pub fn confirm(state: &mut State, effects: &mut Vec<Effect>) {
    let missing = checks::missing_canaries(&state.case(CheckId::StorageShared));
    let (Some(folders), Some(registry)) = (ended(state, SurveyId::Storage), ended(state, SurveyId::Cluster)) else {
        // One of them is running, and its end comes here again. What is confirmed by now stays so.
        let State { facts, missed_canaries, .. } = state;
        let is_confirmed = |row: &CanaryRow| missed_canaries.contains(row) && !facts.doubted_canaries.contains(row);
        facts.doubted_canaries = missing.into_iter().filter(|row| !is_confirmed(row)).collect();
        return;
    };
    let newer_registry = registry.0 > folders.0;
    let is_confirmed = newer_registry && missing.iter().all(|row| state.missed_canaries.contains(row));
    if missing.is_empty() || is_confirmed {
        state.missed_canaries = missing;
        state.facts.doubted_canaries.clear();
        return;
    }
    state.missed_canaries = if newer_registry { Vec::new() } else { missing.clone() };
    let next = if newer_registry { SurveyId::Storage } else { SurveyId::Cluster };
    if let Some(inputs) = tickets::survey_inputs(next, &state.answers, state.subject()) {
        state.facts.doubted_canaries = missing;
        let ticket = state.tickets.confirm(inputs.clone(), state.now);
        effects.push(Effect::Survey { ticket, inputs, fresh: true });
    }
}

/// The ticket of a survey of the present answers that has ended.
fn ended(state: &State, survey: SurveyId) -> Option<Ticket> {
    let inputs = tickets::survey_inputs(survey, &state.answers, state.subject())?;
    state.tickets.for_inputs(&inputs).filter(|request| request.state == RequestState::Complete).map(|request| request.ticket)
}
