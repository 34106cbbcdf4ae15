//! The one `update()`: an event changes the state and says what is to be done.
//!
//! Its parts depend on each other in one direction only (`tests/layers.rs` holds that). A part that leads elsewhere
//! returns a `Goto`, and `update()` carries it out.

mod actions;
mod canaries;
mod fields;
mod goto;
mod install;
mod master_key;
mod navigation;
mod opening;
mod planning;
mod review;
mod start;
mod surveys;

use std::time::Duration;

use crate::model::answers::Answers;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::{Observed, Ticket};

use super::effect::Effect;
use super::event::{Action, Event, StartChoice};
use super::review::{Wanted, subject_from_file};
use super::run::Phase;
use super::state::{Ending, FlowState, Notice, State};
use super::tickets;
use crate::catalog::format;

use goto::Goto;

/// Returns a wizard's first state, and what is to be done first. With a set-up flow it opens that flow's first screen;
/// without one, the start screen.
pub fn begin(answers: Answers, flow: Option<Flow>) -> (State, Vec<Effect>) {
    let mut state = State::new(answers);
    let mut effects = Vec::new();
    surveys::begin_for_screen(&mut state, ScreenId::Start, false, &mut effects);
    if let Some(flow) = flow {
        carry_out(&mut state, Goto::Begin(StartChoice::Flow(flow)), &mut effects);
    }
    (state, effects)
}

/// Returns a wizard's first state where something is to be reviewed at once. A file is opened right away; an instance as
/// soon as it is known which there are. An unknown one is reported on the start screen.
pub fn begin_review(answers: Answers, wanted: Wanted) -> (State, Vec<Effect>) {
    let (mut state, mut effects) = begin(answers, None);
    match (wanted, &mut state.flow) {
        (Wanted::File(path), _) => review::open(&mut state, subject_from_file(&path), &mut effects),
        (wanted, FlowState::Start(start)) => start.wanted = Some(wanted),
        (_, FlowState::SetUp(_) | FlowState::Review(_) | FlowState::Change(_)) => {}
    }
    (state, effects)
}

/// Applies an event to the state and returns what is to be done. `now` is the time since the engine began.
pub fn update(state: &mut State, event: Event, now: Duration) -> Vec<Effect> {
    state.now = now;
    let mut effects = Vec::new();
    if is_of_a_person(&event) {
        state.notice = None;
    }
    let starts = matches!(event, Event::Enter | Event::Press(Action::Retry));
    let goto = apply(state, event, &mut effects);
    carry_out(state, goto, &mut effects);
    // Who starts an install wants to see what comes of it: its last step opens the next screen.
    if starts && state.place.here == ScreenId::Install && state.run().phase == Phase::Running {
        state.prompt.waiting = true;
    }
    effects
}

fn apply(state: &mut State, event: Event, effects: &mut Vec<Effect>) -> Goto {
    match event {
        Event::Enter => return navigation::enter(state),
        Event::Next => return Goto::Next,
        Event::Back => return navigation::back(state),
        Event::Jump(screen) => return navigation::jump(state, screen),
        Event::Begin(choice) => return Goto::Begin(choice),
        Event::Press(action) => return actions::press(state, action, effects),
        Event::KeyGenerated(generated) => return master_key::take_generated(state, generated),
        Event::Progress(progress) => return install::progress(state, progress, effects),
        Event::Observed { ticket, observed, last } => return observe(state, ticket, observed, last, effects),
        Event::Edit(field, raw) => fields::edit(state, field, raw, effects),
        Event::Focus(focus) => fields::move_focus(state, focus, effects),
        Event::ConnectionString(read) => fields::connection_string(state, read, effects),
        Event::Reply(yes) => actions::reply(state, yes, effects),
        Event::AcceptSignIn => surveys::accept_sign_in(state, effects),
        Event::ProveAll => surveys::prove_all(state, effects),
        Event::Resumed(result) => start::resume(state, result, effects),
        Event::Copied(result) => master_key::text_copied(state, result),
        Event::KeySaved(result) => master_key::key_saved(state, result, effects),
        Event::KeyRead(result) => master_key::key_read(state, result),
        Event::AnswersSaved(result) => actions::answers_saved(state, result),
        Event::Failed(said) => state.notice = Some(Notice { bad: true, text: said.to_string() }),
        Event::Refresh => surveys::refresh(state, effects),
        Event::Tick => {}
        Event::Resized => state.hide_secrets(),
        Event::Hangup => state.ending = Some(Ending::HungUp),
    }
    Goto::Nowhere
}

/// Goes where the parts said.
fn carry_out(state: &mut State, goto: Goto, effects: &mut Vec<Effect>) {
    let mut goto = goto;
    loop {
        goto = match goto {
            Goto::Nowhere => return,
            Goto::Screen(screen) => return opening::enter(state, screen, effects),
            Goto::Out => return start::leave_flow(state, effects),
            Goto::Plan => return planning::make_plan(state, effects),
            Goto::Install => return install::begin(state, effects),
            Goto::Begin(choice) => start::begin(state, choice, effects),
            Goto::Next if state.flow() == Some(Flow::Review) => review::next(state),
            Goto::Next => navigation::next(state, effects),
        };
    }
}

/// Takes in what a survey said.
fn observe(state: &mut State, ticket: Ticket, observed: Observed, last: bool, effects: &mut Vec<Effect>) -> Goto {
    let machine = matches!(observed, Observed::Machine(_));
    let node = matches!(observed, Observed::Node(_));
    let canaries = matches!(observed, Observed::Storage(_) | Observed::Cluster(_));
    let chosen = state.focused_start_choice();
    let shown = review::focused_node(state);
    if !state.tickets.remember(ticket, observed, last) {
        return Goto::Nowhere;
    }
    surveys::settle_facts(state);
    if canaries {
        canaries::confirm(state, effects);
    }
    if last {
        checked_again(state, ticket);
    }
    if machine {
        start::machine_known(state, chosen.as_ref());
        review::open_wanted(state, effects);
    }
    if node || machine {
        review::node_known(state, effects);
    } else {
        surveys::begin_for_review(state, effects);
        surveys::begin_remaining(state, effects);
        surveys::begin_shared_folders(state, effects);
    }
    review::keep_focus(state, shown.as_ref());
    navigation::after_news(state, effects)
}

/// Returns `true` if a person did it: then the last notice has been read.
fn is_of_a_person(event: &Event) -> bool {
    !matches!(
        event,
        Event::Observed { .. }
            | Event::KeyGenerated(_)
            | Event::Progress(_)
            | Event::Resumed(_)
            | Event::Copied(_)
            | Event::KeySaved(_)
            | Event::KeyRead(_)
            | Event::AnswersSaved(_)
            | Event::Failed(_)
            | Event::Refresh
            | Event::Tick
            | Event::Resized
    )
}

/// Reports that checks which were asked for once more have ended.
fn checked_again(state: &mut State, ticket: Ticket) {
    let Some(request) = state.tickets.get(ticket) else { return };
    if state.prompt.again && tickets::surveys_of(state.place.here, state.flow()).first() == Some(&request.inputs.survey()) {
        state.prompt.again = false;
        let took = format::duration(state.now.saturating_sub(request.since));
        state.notice = Some(Notice { bad: false, text: format!("Checked again, in {took}.") });
    }
}

#[cfg(test)]
mod tests;
