//! Opening a screen.

use crate::catalog::flow as paths;
use crate::catalog::form;
use crate::model::answers::{Origin, Raw};
use crate::model::field::FieldId;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;
use crate::wizard::effect::Effect;
use crate::wizard::state::{Focus, Notice, Overlay, Prompt, State};

use super::goto::Goto;
use super::{planning, surveys};

/// Says why a screen is opened that was passed before.
pub fn unproven() -> Notice {
    Notice { bad: false, text: "This screen has to be proven again before the plan is made.".into() }
}

/// Starts a flow at its first screen.
pub fn first_screen(state: &mut State, flow: Flow) -> Goto {
    let Some(first) = paths::path(flow).first().copied() else { return Goto::Nowhere };
    state.place.furthest = first;
    Goto::Screen(first)
}

/// Opens a screen, and makes the plan anew for the review. While no login has worked, opens the database's screen instead of the
/// cluster's and the storage's: their surveys would try a wrong password again, and a few of those lock an account.
pub fn enter(state: &mut State, screen: ScreenId, effects: &mut Vec<Effect>) {
    let joins = matches!(state.flow(), Some(Flow::Join | Flow::Edit));
    if matches!(screen, ScreenId::Cluster | ScreenId::Storage) && joins && state.facts.server.login.seen().is_none() {
        open(state, ScreenId::Database, effects);
        state.notice = Some(unproven());
        return;
    }
    open(state, screen, effects);
    if screen == ScreenId::Review {
        planning::make_plan(state, effects);
    }
}

/// Opens a screen: focus on its first field, nothing asked yet, its surveys begun.
fn open(state: &mut State, screen: ScreenId, effects: &mut Vec<Effect>) {
    state.place.here = screen;
    state.hide_secrets();
    // A name that unlocks a key or confirms that a node goes is typed each time anew.
    for proof in [FieldId::KeyConfirm, FieldId::NodeConfirm] {
        state.answers.set(proof, Raw::of(proof, ""), Origin::Default);
    }
    state.prompt = Prompt::default();
    if state.overlay != Some(Overlay::ConfirmQuit) {
        state.overlay = None;
    }
    let first = state.fields().into_iter().find(|field| form::is_missing(*field, &state.answers));
    // The file for the answers is an offer, not a question: people read the plan there.
    let question = |field: &FieldId| *field != FieldId::AnswersFile;
    state.place.focus = match (screen, first.or_else(|| state.fields().into_iter().find(question))) {
        (ScreenId::Start, _) => Focus::Item(0),
        (ScreenId::Cluster | ScreenId::Backups, _) if state.flow() == Some(Flow::Review) => Focus::Item(0),
        (_, Some(field)) => Focus::Field(field),
        (_, None) => Focus::Screen,
    };
    surveys::settle_facts(state);
    surveys::begin_for_screen(state, screen, false, effects);
    // What the next screen asks depends on whether Octopus Server is on this machine.
    let sets_up = matches!(state.flow(), Some(Flow::FirstNode | Flow::Join));
    if sets_up && screen == ScreenId::Storage {
        surveys::begin(state, SurveyId::Octopus, false, effects);
    }
}
