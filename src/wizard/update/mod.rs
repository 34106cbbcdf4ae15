//! The one `update()`: an event changes the state and says what is to be done.

mod go;
mod install;
mod key;
mod press;
mod prove;
mod review;
mod start;
mod storage;

use std::time::Duration;

use secrecy::ExposeSecret;

use crate::catalog::form::{self, read};
use crate::catalog::say;
use crate::model::answers::{Answers, Origin, Raw};
use crate::model::connection_string::ConnectionString;
use crate::model::facts::Facts;
use crate::model::field::{FieldId, Kind};
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::{Observed, SurveyId, Ticket};

use super::custody::Custody;
use super::effect::Effect;
use super::event::Event;
use super::inputs;
use super::run::Run;
use super::state::{Asked, Ending, Focus, Notice, Overlay, Place, State};
use super::subjects::{self, Wanted};
use super::tickets::Tickets;

/// A wizard's first state, and what is to be done first. With a flow it opens that flow's first screen; without one,
/// the start screen.
pub fn begin(answers: Answers, flow: Option<Flow>) -> (State, Vec<Effect>) {
    let mut state = State {
        place: Place { flow: None, here: ScreenId::Start, furthest: ScreenId::Start, focus: Focus::Item(0) },
        answers,
        facts: Facts::default(),
        tickets: Tickets::default(),
        asked: Asked::default(),
        accepted: Vec::new(),
        run: Run::default(),
        custody: Custody::default(),
        resuming: None,
        subject: None,
        wanted: None,
        aside: None,
        edits: Vec::new(),
        removing: None,
        proves_all: false,
        overlay: None,
        notice: None,
        now: Duration::ZERO,
        ending: None,
    };
    let mut effects = Vec::new();
    prove::screen(&mut state, ScreenId::Start, false, &mut effects);
    if let Some(flow) = flow {
        start::flow(&mut state, flow, &mut effects);
    }
    (state, effects)
}

/// A wizard's first state where something is to be reviewed at once. A file is opened right away; an instance as soon as
/// it is known which there are. One that is not there is told on the start screen.
pub fn begin_review(answers: Answers, wanted: Wanted) -> (State, Vec<Effect>) {
    let (mut state, mut effects) = begin(answers, None);
    match wanted {
        Wanted::File(path) => review::open(&mut state, &subjects::of_file(&path), &mut effects),
        wanted => state.wanted = Some(wanted),
    }
    (state, effects)
}

/// Applies an event to the state and tells what is to be done. `now` is the time since the engine began.
pub fn update(state: &mut State, event: Event, now: Duration) -> Vec<Effect> {
    state.now = now;
    let mut effects = Vec::new();
    if is_of_a_person(&event) {
        state.notice = None;
    }
    match event {
        Event::Edit(field, raw) => edit(state, field, raw, &mut effects),
        Event::Focus(focus) => move_focus(state, focus, &mut effects),
        Event::Next if state.place.flow == Some(Flow::Review) => review::next(state, &mut effects),
        Event::Next => go::next(state, &mut effects),
        Event::Back => go::back(state, &mut effects),
        Event::Jump(screen) => go::jump(state, screen, &mut effects),
        Event::Begin(errand) => start::errand(state, &errand, &mut effects),
        Event::Press(action) => press::press(state, action, &mut effects),
        Event::ConnectionString(text) => connection_string(state, text.expose_secret(), &mut effects),
        Event::Reply(yes) => press::reply(state, yes, &mut effects),
        Event::ProveAll => prove::all(state, &mut effects),
        Event::Observed { ticket, observed, last } => {
            let machine = matches!(observed, Observed::Machine(_));
            let node = matches!(observed, Observed::Node(_));
            let chosen = start::focused(state);
            let shown = review::focused_node(state);
            if state.tickets.remember(ticket, observed, last) {
                prove::settle(state);
                if last {
                    checked_again(state, ticket);
                }
                if machine {
                    start::machine_known(state, chosen.as_ref());
                    review::wanted(state, &mut effects);
                }
                if node || machine {
                    review::node_known(state, &mut effects);
                } else {
                    prove::review(state, &mut effects);
                    prove::rest(state, &mut effects);
                    storage::asked_for(state, &mut effects);
                }
                review::hold_focus(state, shown.as_ref());
                go::after_news(state, &mut effects);
            }
        }
        Event::Drawn(drawn) => key::drawn(state, drawn),
        Event::Progress(progress) => install::progress(state, progress, &mut effects),
        Event::Resumed(result) => start::resumed(state, result, &mut effects),
        Event::Copied(result) => key::copied(state, result),
        Event::KeySaved(result) => key::saved(state, result),
        Event::KeyRead(result) => key::read(state, result),
        Event::AnswersSaved(result) => press::answers_saved(state, result),
        Event::Failed(said) => state.notice = Some(Notice { bad: true, text: said.to_string() }),
        Event::Refresh => prove::refresh(state, &mut effects),
        Event::Tick => {}
        Event::Resized => state.custody.revealed = false,
        Event::Hangup => state.ending = Some(Ending::HungUp),
    }
    effects
}

/// Whether a person did it: then the last notice has been read.
fn is_of_a_person(event: &Event) -> bool {
    !matches!(
        event,
        Event::Observed { .. }
            | Event::Drawn(_)
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

/// Says that checks which were asked for once more have ended.
fn checked_again(state: &mut State, ticket: Ticket) {
    let Some(asking) = state.tickets.get(ticket) else { return };
    if state.asked.again && inputs::surveys_of(state.place.here).first() == Some(&asking.inputs.survey()) {
        state.asked.again = false;
        let took = say::duration(state.now.saturating_sub(asking.since));
        state.notice = Some(Notice { bad: false, text: format!("Checked again, in {took}.") });
    }
}

/// Stores what was typed. What was proven for the old text is not shown for the new one, and comes back by itself
/// when the old text does.
fn edit(state: &mut State, field: FieldId, raw: Raw, effects: &mut Vec<Effect>) {
    if state.answers.get(field).raw == raw {
        return;
    }
    if field == FieldId::Instance && state.resuming.is_some() {
        // Its journal is filed under this name: under another one neither going on nor undoing would find it.
        let name = state.answers.trimmed(FieldId::Instance);
        let text = format!("The run that is being gone on with is instance {name}'s. Undo it first to choose another name.");
        state.notice = Some(Notice { bad: true, text });
        return;
    }
    state.answers.set(field, raw, Origin::Typed);
    state.asked.waiting = false;
    state.asked.warnings.clear();
    if field == FieldId::KeyProof {
        key::proof_typed(state);
    }
    key::withdraw(state, field);
    if field == FieldId::KeyConfirm {
        state.custody.revealed = false;
    }
    if field == FieldId::KeySize {
        key::forget(state);
        if state.place.here == ScreenId::Review {
            key::make_plan(state, effects);
        }
    }
    prove::settle(state);
    // A key is pasted, and then it is whole: its verdict need not wait for Enter. Half a key has no form that could be
    // proven, so this is not once for each letter.
    let on_its_screen = field == FieldId::MasterKey && state.place.here == ScreenId::Cluster;
    if on_its_screen && read::master_key(&state.answers).is_ok() && prove::may_prove_unasked(state) {
        prove::survey(state, SurveyId::Key, false, effects);
        prove::settle(state);
    }
}

/// Moves the focus; the field that is left is judged, and what it feeds is proven.
fn move_focus(state: &mut State, focus: Focus, effects: &mut Vec<Effect>) {
    let left = state.focused();
    match focus {
        Focus::Field(field) if !state.fields().contains(&field) => return,
        Focus::Item(item) if item >= state.items() => return,
        _ => state.place.focus = focus,
    }
    state.custody.revealed = false;
    if let Some(left) = left
        && state.focused() != Some(left)
    {
        touch(state, left);
        if prove::may_prove_unasked(state) {
            prove::screen(state, state.place.here, false, effects);
        }
    }
}

/// From now on a field's problem is shown. A field that has never been answered stays quiet until Next is pressed.
fn touch(state: &mut State, field: FieldId) {
    let quiet = state.answers.get(field).raw.is_empty() && !matches!(field.kind(), Kind::Choice(_) | Kind::Toggle);
    if !quiet && !state.asked.touched.contains(&field) {
        state.asked.touched.push(field);
    }
}

/// Fills the fields from a connection string, and says what it did not use.
fn connection_string(state: &mut State, text: &str, effects: &mut Vec<Effect>) {
    match ConnectionString::parse(text) {
        Ok(string) if string.fields.is_empty() => {
            state.notice = Some(Notice { bad: true, text: "Nothing in this connection string fills a field.".into() });
        }
        Ok(string) => {
            let filled = string.fields.len();
            for (field, raw) in string.fields {
                if state.answers.get(field).raw != raw {
                    state.answers.set(field, raw, Origin::Typed);
                    key::withdraw(state, field);
                }
                touch(state, field);
            }
            state.overlay = None;
            state.asked.waiting = false;
            state.asked.warnings.clear();
            let fields = if filled == 1 { "1 field".to_owned() } else { format!("{filled} fields") };
            let mut said = vec![format!("The connection string filled {fields}.")];
            said.extend(string.ignored);
            state.notice = Some(Notice { bad: false, text: said.join(" ") });
            prove::settle(state);
            prove::screen(state, state.place.here, false, effects);
        }
        Err(error) => state.notice = Some(Notice { bad: true, text: error.to_string() }),
    }
}

/// Opens a screen. The cluster's leads to the database's where nobody knows yet that the login works: two more surveys
/// that try a wrong password are what locks an account. So does that of the storage, which the cluster's registry names.
fn enter(state: &mut State, screen: ScreenId, effects: &mut Vec<Effect>) {
    let joins = matches!(state.place.flow, Some(Flow::Join | Flow::Edit));
    if matches!(screen, ScreenId::Cluster | ScreenId::Storage) && joins && state.facts.server.login.seen().is_none() {
        open(state, ScreenId::Database, effects);
        state.notice = Some(go::unproven());
    } else {
        open(state, screen, effects);
    }
}

/// Opens a screen: focus on its first field, nothing asked yet, its survey begun.
fn open(state: &mut State, screen: ScreenId, effects: &mut Vec<Effect>) {
    state.place.here = screen;
    state.custody.revealed = false;
    // What unlocks a key is typed each time anew.
    state.answers.set(FieldId::KeyConfirm, Raw::of(FieldId::KeyConfirm, ""), Origin::Default);
    state.asked = Asked::default();
    if state.overlay != Some(Overlay::ConfirmQuit) {
        state.overlay = None;
    }
    let first = state.fields().into_iter().find(|field| form::is_missing(*field, &state.answers));
    // The file for the answers is an offer, not a question: the plan itself is what one reads there.
    let question = |field: &FieldId| *field != FieldId::AnswersFile;
    state.place.focus = match (screen, first.or_else(|| state.fields().into_iter().find(question))) {
        (ScreenId::Start, _) => Focus::Item(0),
        (ScreenId::Cluster | ScreenId::Backups, _) if state.place.flow == Some(Flow::Review) => Focus::Item(0),
        (_, Some(field)) => Focus::Field(field),
        (_, None) => Focus::Screen,
    };
    prove::settle(state);
    prove::screen(state, screen, false, effects);
}

#[cfg(test)]
mod tests;
