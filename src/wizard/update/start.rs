//! The start screen: the flows, and going on with an unfinished run.

use crate::model::answers::{Origin, Raw};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::Journal;
use crate::model::plan::{Failure, StepKind};
use crate::model::screen::ScreenId;
use crate::wizard::custody::{Drawn, Resumption};
use crate::wizard::effect::Effect;
use crate::wizard::event::Errand;
use crate::wizard::failures;
use crate::wizard::flow as paths;
use crate::wizard::state::{Focus, Notice, State};
use crate::wizard::subjects;

use super::{enter, install, key, prove, review};

/// Enter on the start screen: the errand that has the focus.
pub fn chosen(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(chosen) = focused(state) {
        errand(state, &chosen, effects);
    }
}

/// The errand that has the focus.
pub fn focused(state: &State) -> Option<Errand> {
    let Focus::Item(item) = state.place.focus else { return None };
    state.errands().get(item).cloned()
}

/// Begins an errand.
pub fn errand(state: &mut State, errand: &Errand, effects: &mut Vec<Effect>) {
    match errand {
        Errand::Flow(Flow::Review) => state.notice = Some(Notice { bad: false, text: subjects::NOTHING.into() }),
        Errand::Flow(chosen) => flow(state, *chosen, effects),
        Errand::Review(subject) => review::open(state, subject, effects),
        Errand::Resume(instance) => effects.push(Effect::LoadRun(instance.as_str().to_owned())),
    }
}

/// Begins a flow at its first screen.
pub fn flow(state: &mut State, flow: Flow, effects: &mut Vec<Effect>) {
    let Some(first) = paths::path(flow).first().copied() else { return };
    state.place.flow = Some(flow);
    state.place.furthest = first;
    enter(state, first, effects);
}

/// Back to the start screen, or to the review that a flow was begun from; the answers stay.
pub fn home(state: &mut State, effects: &mut Vec<Effect>) {
    if review::returned(state, effects) {
        return;
    }
    review::closed(state);
    state.place.flow = None;
    enter(state, ScreenId::Start, effects);
    // A run may have ended or been undone since.
    prove::screen(state, ScreenId::Start, true, effects);
}

/// What the machine tells becomes the default of answers that nobody gave. The focus stays on the errand that somebody
/// moved it to; where nobody did, it is on the first one, which goes on with an unfinished run if there is one.
pub fn machine_known(state: &mut State, chosen: Option<&Errand>) {
    let name = state.facts.machine.host_name.as_str().to_owned();
    if !name.is_empty() {
        // The node under review has a name already.
        state.aside.as_deref_mut().unwrap_or(&mut state.answers).offer(FieldId::NodeName, &name, Origin::Default);
    }
    if let Focus::Item(item) = state.place.focus
        && item > 0
    {
        let place = state.errands().iter().position(|errand| Some(errand) == chosen);
        state.place.focus = Focus::Item(place.unwrap_or(0));
    }
}

/// An unfinished run was loaded: its answers come back, and what it made is no obstacle. Whoever has gone on to a flow in
/// the meantime, perhaps of this very run by a second Enter, is left there.
pub fn resumed(state: &mut State, result: Result<Box<Resumption>, Box<Failure>>, effects: &mut Vec<Effect>) {
    if state.place.flow.is_some() {
        return;
    }
    let Resumption { journal, key } = match result {
        Ok(resumption) => *resumption,
        Err(failure) => {
            let said = failures::explain(StepKind::SealMasterKey, &failure).says;
            state.notice = Some(Notice { bad: true, text: format!("The unfinished run cannot be gone on with: {said}") });
            return;
        }
    };
    for (field, text) in journal.fields() {
        state.answers.set(field, Raw::of(field, text), Origin::File);
    }
    state.accepted.clear();
    state.resuming = Some(journal.cluster);
    state.custody = crate::wizard::custody::Custody::default();
    state.custody.drawn = key.map(|key| Drawn { cluster: journal.cluster, key });
    if !matches!(journal.flow, Flow::FirstNode | Flow::Join) {
        review::resume(state);
        state.removing = journal.before.clone().filter(|_| journal.flow == Flow::Remove);
    }
    flow(state, journal.flow, effects);
    if state.subject.is_some() {
        prove::screen(state, ScreenId::Node, true, effects);
    }
    if state.place.here == ScreenId::Review {
        key::make_plan(state, effects);
    }
    if journal.flow == Flow::FirstNode && is_whole(&journal) && state.custody.drawn.is_some() {
        // Only the proof that the key is kept is missing: nothing is left to prove or to do.
        install::finished_before(state, &journal);
        enter(state, ScreenId::MasterKey, effects);
        state.place.furthest = ScreenId::MasterKey;
        return;
    }
    let done = journal.done();
    let text =
        format!("Going on with the run that stopped after {done} of {} steps. Passwords are asked again.", journal.steps.len());
    state.notice = Some(Notice { bad: false, text });
    key::forget_proof(state);
}

fn is_whole(journal: &Journal) -> bool {
    !journal.steps.is_empty() && journal.done() == journal.steps.len()
}
