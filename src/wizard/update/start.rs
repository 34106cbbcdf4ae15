//! The start screen: the flows, and going on with an unfinished run.

use crate::catalog::failures;
use crate::catalog::flow as paths;
use crate::model::answers::{Origin, Raw};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::Journal;
use crate::model::journal::Resumption;
use crate::model::master_key::GeneratedKey;
use crate::model::plan::{Failure, StepKind};
use crate::model::screen::ScreenId;
use crate::model::subject::Maker;
use crate::wizard::effect::Effect;
use crate::wizard::event::Errand;
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
    key::take_up(state, flow);
    state.place.flow = Some(flow);
    state.place.furthest = first;
    enter(state, first, effects);
    if first == ScreenId::Review {
        key::make_plan(state, effects);
    }
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
        && state.place.here == ScreenId::Start
    {
        let errands = state.errands();
        let place = errands.iter().position(|errand| Some(errand) == chosen);
        // Who chose to review before it was known what there is meant the first that there is.
        let meant = || {
            let review = |errand: &Errand| matches!(errand, Errand::Review(_));
            (chosen == Some(&Errand::Flow(Flow::Review))).then(|| errands.iter().position(review)).flatten()
        };
        let place = place.or_else(meant);
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
    let of_a_node = matches!(journal.flow, Flow::Edit | Flow::Leave | Flow::Remove);
    if of_a_node {
        review::set_aside(state, Maker::Wizard);
    }
    // What an edit was to change has to win over what the node config still says.
    let origin = if journal.flow == Flow::Edit { Origin::Typed } else { Origin::File };
    for (field, text) in journal.fields() {
        state.answers.set(field, Raw::of(field, text), origin);
    }
    state.accepted.clear();
    state.resuming = Some(journal.cluster);
    state.removing.clone_from(&journal.before);
    state.custody = crate::wizard::custody::Custody::default();
    if journal.flow == Flow::FirstNode {
        state.custody.drawn = key.map(|key| GeneratedKey { cluster: journal.cluster, key });
    } else if let Some(key) = key {
        // Proven anew with everything else, as if it had been pasted.
        state.answers.set(FieldId::MasterKey, Raw::Secret(key.to_base64()), origin);
    }
    if of_a_node {
        review::resume(state);
    }
    flow(state, journal.flow, effects);
    if is_whole(&journal) && (journal.flow != Flow::FirstNode || state.custody.drawn.is_some()) {
        // Nothing is left to prove or to do, but a first node's proof that its key is kept.
        install::finished_before(state, &journal);
        let last = if journal.flow == Flow::FirstNode { ScreenId::MasterKey } else { ScreenId::Done };
        if last == ScreenId::Done {
            install::close(state, effects);
        }
        enter(state, last, effects);
        state.place.furthest = last;
        return;
    }
    if state.subject.is_some() {
        // What the plan is made of stands in the node config and in the registry.
        prove::screen(state, ScreenId::Drift, true, effects);
    }
    let done = journal.done();
    let passwords = match journal.flow {
        Flow::FirstNode | Flow::Join | Flow::Review | Flow::Edit => "Passwords are asked again.",
        Flow::Leave | Flow::Remove => "Passwords are the node config's.",
    };
    let text = format!("Going on with the run that stopped after {done} of {} steps. {passwords}", journal.steps.len());
    state.notice = Some(Notice { bad: false, text });
    key::forget_proof(state);
}

fn is_whole(journal: &Journal) -> bool {
    !journal.steps.is_empty() && journal.done() == journal.steps.len()
}
