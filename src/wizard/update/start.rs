//! The start screen: the flows, leaving them, and continuing an unfinished run.

use crate::catalog::form::read;
use crate::catalog::{failures, flow, form, steps};
use crate::model::answers::{Origin, Raw};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::journal::{Journal, Resumption};
use crate::model::master_key::{GeneratedKey, MasterKey};
use crate::model::names::NodeName;
use crate::model::node::Maker;
use crate::model::plan::{Failure, StepKind};
use crate::model::screen::ScreenId;
use crate::model::secret::Secret;
use crate::wizard::custody::Custody;
use crate::wizard::effect::Effect;
use crate::wizard::event::StartChoice;
use crate::wizard::review::nothing_to_review;
use crate::wizard::state::{
    Change, ChangeKind, ExistingNode, FlowState, Focus, Notice, Overlay, Resuming, SetUp, SetUpKind, Start, State, Work,
};

use super::goto::Goto;
use super::{install, opening, review, surveys};

/// Begins a choice.
pub fn begin(state: &mut State, choice: StartChoice, effects: &mut Vec<Effect>) -> Goto {
    match choice {
        StartChoice::Flow(Flow::FirstNode) => return set_up(state, SetUpKind::FirstNode(Custody::default())),
        StartChoice::Flow(Flow::Join) => return set_up(state, SetUpKind::Join),
        StartChoice::Flow(Flow::Edit) => return review::change(state, ChangeKind::Edit),
        StartChoice::Flow(Flow::Leave) => return review::change(state, ChangeKind::Leave),
        StartChoice::Flow(Flow::Remove) => return review::remove(state),
        StartChoice::Flow(Flow::Review) => {
            let text = nothing_to_review(&state.facts.machine);
            state.notice = Some(Notice { bad: false, text });
        }
        StartChoice::Review(subject) => review::open(state, subject, effects),
        StartChoice::Resume(ref instance) | StartChoice::Undo(ref instance) => {
            if let FlowState::Start(start) = &mut state.flow {
                start.undoes = matches!(choice, StartChoice::Undo(_));
            }
            effects.push(Effect::LoadRun(instance.as_str().to_owned()));
        }
    }
    Goto::Nowhere
}

/// Begins a set-up, or goes on with the one that was left. What another flow had in hand, a key first of all, is dropped.
fn set_up(state: &mut State, kind: SetUpKind) -> Goto {
    review::close(state);
    let new = SetUp { kind, work: Work::default() };
    let flow = new.flow();
    let left = match std::mem::replace(&mut state.flow, FlowState::Start(Start::default())) {
        FlowState::Start(start) => start.left,
        FlowState::SetUp(set_up) => Some(set_up),
        FlowState::Review(_) | FlowState::Change(_) => None,
    };
    state.flow = FlowState::SetUp(left.filter(|left| left.flow() == flow).unwrap_or(new));
    opening::first_screen(state, flow)
}

/// Goes back to the start screen, or to the review that a flow was begun from; the answers stay.
pub fn leave_flow(state: &mut State, effects: &mut Vec<Effect>) {
    if review::reopen(state, effects) {
        return;
    }
    review::close(state);
    state.flow = match std::mem::replace(&mut state.flow, FlowState::Start(Start::default())) {
        FlowState::SetUp(set_up) => FlowState::Start(Start { left: Some(set_up), ..Start::default() }),
        other => other,
    };
    opening::enter(state, ScreenId::Start, effects);
    // A run may have ended or been undone since.
    surveys::begin_for_screen(state, ScreenId::Start, true, effects);
}

/// Makes the machine's name the default of a node name that nobody gave. Keeps the focus on the choice that it was moved to; otherwise
/// it is on the first one, which continues an unfinished run if there is one.
pub fn machine_known(state: &mut State, chosen: Option<&StartChoice>) {
    let name = state.facts.machine.host_name.as_str().to_owned();
    // What no node can be called (`(none)`, `žába`) is nobody's answer, and would be refused as if somebody had given it.
    if NodeName::parse(&name).is_ok() {
        // The node under review has a name already.
        let answers = state.flow.node_mut().map_or(&mut state.answers, |node| &mut *node.set_aside);
        answers.offer(FieldId::NodeName, &name, Origin::Default);
    }
    if let Focus::Item(item) = state.place.focus
        && item > 0
        && state.place.here == ScreenId::Start
    {
        let choices = state.start_choices();
        let place = choices.iter().position(|choice| Some(choice) == chosen);
        // Anyone who chose to review before it was known what there is meant the first that there is.
        let meant = || {
            let review = |choice: &StartChoice| matches!(choice, StartChoice::Review(_));
            (chosen == Some(&StartChoice::Flow(Flow::Review))).then(|| choices.iter().position(review)).flatten()
        };
        let place = place.or_else(meant);
        state.place.focus = Focus::Item(place.unwrap_or(0));
    }
}

/// Continues an unfinished run that was loaded: restores its answers, and what it made is no obstacle. Does nothing if a flow was opened
/// in the meantime, perhaps for this very run by a second Enter.
pub fn resume(state: &mut State, result: Result<Box<Resumption>, Box<Failure>>, effects: &mut Vec<Effect>) {
    if state.flow().is_some() {
        return;
    }
    let undoes = matches!(&state.flow, FlowState::Start(Start { undoes: true, .. }));
    let Resumption { journal, key, passwords } = match result {
        Ok(resumption) => *resumption,
        Err(failure) => {
            let said = failures::explain_step(StepKind::SealMasterKey, &failure).says;
            state.notice = Some(Notice { bad: true, text: format!("The unfinished run cannot be continued: {said}") });
            return;
        }
    };
    take_over(state, &journal, key);
    for (field, password) in passwords {
        if state.answers.get(field).raw.is_empty() {
            state.answers.set(field, password, Origin::File);
        }
    }
    let Some(flow) = state.flow() else { return };
    if let Goto::Screen(first) = opening::first_screen(state, flow) {
        opening::enter(state, first, effects);
    }
    if is_whole(&journal) && (journal.flow != Flow::FirstNode || state.custody().generated.is_some()) {
        // Nothing is left to prove or to do, but a first node's proof that its key is kept.
        install::show_finished(state, &journal);
        let last = if journal.flow == Flow::FirstNode { ScreenId::MasterKey } else { ScreenId::Done };
        if last == ScreenId::Done {
            install::close(state, effects);
        }
        opening::enter(state, last, effects);
        state.place.furthest = last;
        return;
    }
    if state.node().is_some() {
        // What the plan is made of stands in the node config and in the registry.
        surveys::begin_for_screen(state, ScreenId::Drift, true, effects);
    }
    if undoes {
        return offer_undo(state);
    }
    let done = journal.done();
    // A journal holds no secret: what its steps need is asked again, unless the flow has it from the node config.
    let kinds = || journal.steps.iter().map(|step| step.kind);
    let asks = |secret: &Secret| steps::need(kinds(), *secret) && flow::asks(journal.flow, secret.field());
    let asked: Vec<Secret> = Secret::ALL.into_iter().filter(asks).collect();
    let is_missing = |secret: &Secret| form::is_missing(secret.field(), &state.answers);
    let passwords = match asked.as_slice() {
        [] => "Passwords are the node config's.",
        asked if asked.iter().any(is_missing) => "Passwords are asked again.",
        _ => "No password is asked again.",
    };
    let text = format!("Going on with the run that stopped after {done} of {} steps. {passwords}", journal.steps.len());
    state.notice = Some(Notice { bad: false, text });
}

/// Asks whether to undo the run that was loaded. What takes its traces out of the database is asked for first.
fn offer_undo(state: &mut State) {
    if read::target(&state.answers).is_some() {
        state.overlay = Some(Overlay::ConfirmUndo);
        return;
    }
    let text =
        "Undoing needs the way to the database, its password above all: type it and go on to the plan, where it can be undone.";
    state.notice = Some(Notice { bad: false, text: text.into() });
}

/// Makes the journal's answers the state's, and its flow the open one.
fn take_over(state: &mut State, journal: &Journal, key: Option<MasterKey>) {
    let set_up = matches!(journal.flow, Flow::FirstNode | Flow::Join);
    let set_aside = (!set_up).then(|| review::put_aside(state, Maker::Wizard));
    // What an edit was to change has to win over what the node config still says.
    let origin = if journal.flow == Flow::Edit { Origin::Typed } else { Origin::File };
    for (field, text) in journal.fields() {
        state.answers.set(field, Raw::of(field, text), origin);
    }
    let mut custody = Custody::default();
    if journal.flow == Flow::FirstNode {
        custody.generated = key.map(|key| GeneratedKey { cluster: journal.cluster, key });
    } else if let Some(key) = key {
        // Proven anew with everything else, as if it had been pasted.
        state.answers.set(FieldId::MasterKey, Raw::Secret(key.to_base64()), origin);
    }
    let resuming = Some(Resuming { cluster: journal.cluster, before: journal.before.clone(), changes: journal.changes.clone() });
    let work = Work { resuming, ..Work::default() };
    state.flow = if let Some(set_aside) = set_aside {
        // Its files are read for what a journal does not hold.
        let node = ExistingNode::new(review::journaled_subject(&state.answers), set_aside);
        let kind = match journal.flow {
            Flow::Leave => ChangeKind::Leave,
            Flow::Remove => ChangeKind::Remove(journal.before.clone().map(Box::new)),
            Flow::FirstNode | Flow::Join | Flow::Review | Flow::Edit => ChangeKind::Edit,
        };
        FlowState::Change(Change { node, kind, work })
    } else {
        let kind = if journal.flow == Flow::FirstNode { SetUpKind::FirstNode(custody) } else { SetUpKind::Join };
        FlowState::SetUp(SetUp { kind, work })
    };
}

/// Returns whether all steps of a run are done.
fn is_whole(journal: &Journal) -> bool {
    !journal.steps.is_empty() && journal.done() == journal.steps.len()
}
