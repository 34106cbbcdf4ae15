//! Going on, going back, jumping.

use crate::catalog::{flow, form};
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::screen::ScreenId;
use crate::model::untrusted::Untrusted;
use crate::wizard::effect::Effect;
use crate::wizard::gate::Gate;
use crate::wizard::run::{Phase, Run};
use crate::wizard::state::{Ending, Focus, Notice, State};

use super::goto::Goto;
use super::opening::unproven;
use super::{fields, install, planning, surveys};

/// Handles Next.
pub fn next(state: &mut State, effects: &mut Vec<Effect>) -> Goto {
    if state.overlay.is_some() {
        return Goto::Nowhere;
    }
    match state.place.here {
        ScreenId::Start => return state.focused_start_choice().map_or(Goto::Nowhere, Goto::Begin),
        ScreenId::Install => match state.run().phase {
            Phase::Finished => return advance(state),
            // Enter pressed a moment too early counts as well.
            Phase::Running => state.prompt.waiting = true,
            Phase::Undone => {
                if let Some(work) = state.work_mut() {
                    work.run = Run::default();
                    work.resuming = None;
                }
                // What was there before the undo is gone.
                for screen in proven_for_a_plan(state) {
                    surveys::begin_for_screen(state, screen, true, effects);
                }
                return Goto::Screen(ScreenId::Review);
            }
            _ => {}
        },
        ScreenId::Done => state.ending = Some(Ending::Finished),
        ScreenId::MasterKey => return leave_key(state, effects),
        // A plan that nobody has seen is not installed. A new cluster's key is being generated; otherwise it is told once more
        // why there is none.
        ScreenId::Review if state.run().plan.is_none() => {
            if state.flow() != Some(Flow::FirstNode) {
                return Goto::Plan;
            }
        }
        ScreenId::Review => return leave_review(state, effects),
        _ => return leave_page(state, effects),
    }
    Goto::Nowhere
}

/// Handles Enter: goes on like Next, but accepts nothing, and begins to write only on the button.
pub fn enter(state: &mut State) -> Goto {
    if state.overlay.is_some() {
        return Goto::Nowhere;
    }
    if let Some(button) = state.button()
        && state.place.focus != Focus::Button
    {
        state.notice = Some(Notice {
            bad: false,
            text: format!("{{?{{key:button}} leads to the button \"{}\"; {{key:next}} presses it there.}}", button.label()),
        });
        return Goto::Nowhere;
    }
    if state.button().is_some() && state.lacks_confirmation() {
        let name = state.leaving_node().map(Untrusted::new).map(|name| name.to_string()).unwrap_or_default();
        state.place.focus = Focus::Field(FieldId::NodeConfirm);
        state.notice = Some(Notice { bad: true, text: format!("First type the node's name, {name}.") });
        return Goto::Nowhere;
    }
    if let Some(undecided) = state.fields().into_iter().find(|field| state.is_undecided(*field)) {
        state.place.focus = Focus::Field(undecided);
        state.notice =
            Some(Notice { bad: true, text: "Choose one first{? ({key:choose})}: nothing is chosen for you here.".into() });
        return Goto::Nowhere;
    }
    if matches!(state.gate(), Gate::Warned(_)) {
        ask_to_accept(state, state.warnings());
        return Goto::Nowhere;
    }
    Goto::Next
}

/// Accepts the most urgent warning of the open screen that nobody has accepted yet; if all are, withdraws the last one.
pub fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((check, verdict)) = state.acceptable() else {
        let Some((check, _)) = state.withdrawable().cloned() else { return };
        if let Some(work) = state.work_mut() {
            work.accepted.retain(|(other, _)| *other != check);
        }
        state.notice = Some(Notice { bad: false, text: format!("{} is not accepted any more.", check.id()) });
        return;
    };
    state.prompt.warnings.clear();
    if state.held_sign_in().is_some() && check == CheckId::SqlLogin {
        surveys::accept_sign_in(state, effects);
        return;
    }
    if let Some(work) = state.work_mut() {
        work.accepted.retain(|(other, _)| *other != check);
        work.accepted.push((check, verdict));
    }
    state.notice = Some(Notice { bad: false, text: format!("{} is accepted{{?; {{key:accept}} takes that back}}.", check.id()) });
}

/// Returns the screens whose surveys a plan of this flow is based on.
fn proven_for_a_plan(state: &State) -> Vec<ScreenId> {
    let path = state.flow().map(flow::path).unwrap_or_default();
    let before = path.iter().copied().take_while(|screen| *screen != ScreenId::Review);
    let subject = state.node().map(|_| ScreenId::Drift);
    [ScreenId::Start].into_iter().chain(before).chain(subject).collect()
}

/// Handles Next on a page of fields: goes to the next missing answer, or through the gate.
fn leave_page(state: &mut State, effects: &mut Vec<Effect>) -> Goto {
    if state.fields().contains(&FieldId::Server) {
        fields::mend_server(state);
    }
    let missing = state.fields().into_iter().find(|field| form::is_missing(*field, &state.answers));
    if let Some(missing) = missing
        && state.focused() != Some(missing)
    {
        state.place.focus = Focus::Field(missing);
        return Goto::Nowhere;
    }
    match state.gate() {
        Gate::Open => return advance(state),
        Gate::Waiting => state.prompt.waiting = true,
        Gate::Unproven => {
            // A survey that ended without telling all is no reason to be stuck: it is begun anew.
            surveys::begin_for_screen(state, state.place.here, true, effects);
            // What was found out about the server and the cluster is worth reading before one goes on; the rest only when
            // it is amiss.
            state.prompt.waiting = !matches!(state.place.here, ScreenId::Database | ScreenId::Cluster);
        }
        Gate::Warned(_) => {
            let warnings = state.warnings();
            if state.prompt.warnings == warnings {
                if state.held_sign_in().is_some() {
                    surveys::accept_sign_in(state, effects);
                    return Goto::Nowhere;
                }
                if let Some(work) = state.work_mut() {
                    work.accepted.retain(|(check, _)| warnings.iter().all(|(other, _)| other != check));
                    work.accepted.extend(warnings);
                }
                return advance(state);
            }
            ask_to_accept(state, warnings);
        }
        Gate::Malformed(fields) => {
            if let Some(first) = fields.first() {
                state.place.focus = Focus::Field(*first);
            }
            state.prompt.touched = fields;
        }
        Gate::Shut(_) => {
            if let Some(field) = state.foremost().and_then(|finding| finding.about)
                && state.fields().contains(&field)
            {
                state.place.focus = Focus::Field(field);
            }
            // Where nothing is looked at there is nothing to look at again.
            let text =
                if state.surveys().is_empty() { "Fix this first." } else { "Fix this first{?; {key:check-again} checks again}." };
            state.notice = Some(Notice { bad: true, text: text.into() });
        }
    }
    Goto::Nowhere
}

/// Handles Next on the plan: installs only what is proven and was shown. A survey that began again may have changed both since the plan
/// was made.
fn leave_review(state: &mut State, effects: &mut Vec<Effect>) -> Goto {
    if let Some(shut) = state.shut_before(ScreenId::Review) {
        state.notice = Some(unproven());
        return Goto::Screen(shut);
    }
    if let Some(finding) = state.guarded_by() {
        state.notice = Some(Notice { bad: true, text: format!("{} {}", finding.says, finding.fix) });
        return Goto::Nowhere;
    }
    let steps = |state: &State| state.run().plan.as_ref().map(|plan| plan.steps.clone());
    let shown = steps(state);
    planning::make_plan(state, effects);
    if state.run().plan.is_none() {
        return Goto::Nowhere;
    }
    if steps(state) == shown {
        return leave_page(state, effects);
    }
    state.notice =
        Some(Notice { bad: true, text: "What was found since has changed the plan.{? {key:next} installs this one.}".into() });
    Goto::Nowhere
}

fn ask_to_accept(state: &mut State, warnings: Vec<(CheckId, Verdict)>) {
    let names: Vec<&str> = warnings.iter().map(|(check, _)| check.id()).collect();
    state.notice =
        Some(Notice { bad: false, text: format!("{{?First accept {}, or fix it: {{key:accept}} accepts.}}", names.join(", ")) });
    state.prompt.warnings = warnings;
}

/// Handles Next on the master key's screen: goes on only once the key's keeping is proven.
fn leave_key(state: &mut State, effects: &mut Vec<Effect>) -> Goto {
    if state.custody().proof.is_some() {
        install::close(state, effects);
        return advance(state);
    }
    if state.custody().refuses(state.answers.trimmed(FieldId::KeyProof)) {
        state.place.focus = Focus::Field(FieldId::KeyProof);
        let text = "What was typed are not the key's last six characters.{? {key:reveal} shows the key again, {key:save-key} saves it and reads the file back.}";
        state.notice = Some(Notice { bad: true, text: text.into() });
    } else {
        state.notice = Some(Notice {
            bad: true,
            text: "First prove that the key is kept: type its last six characters, or save it{? ({key:save-key})}, which reads it back."
                .into(),
        });
    }
    Goto::Nowhere
}

/// Goes to the next screen of the path.
fn advance(state: &mut State) -> Goto {
    let Some(flow) = state.flow() else { return Goto::Nowhere };
    let Some(next) = flow::next(flow, state.place.here) else { return Goto::Nowhere };
    if next == ScreenId::Install {
        return Goto::Install;
    }
    if flow::position(flow, next) > flow::position(flow, state.place.furthest) {
        state.place.furthest = next;
    }
    Goto::Screen(next)
}

/// Handles Back.
pub fn back(state: &mut State) -> Goto {
    if state.overlay.take().is_some() {
        return Goto::Nowhere;
    }
    if state.prompt.waiting {
        state.prompt.waiting = false;
        return Goto::Nowhere;
    }
    let Some(flow) = state.flow() else {
        state.notice = Some(Notice { bad: false, text: "{?{key:quit} ends the program.}".into() });
        return Goto::Nowhere;
    };
    match state.place.here {
        ScreenId::Install if state.run().phase != Phase::Idle => {
            let text = match state.run().phase {
                Phase::Running | Phase::Undoing => "Steps are running; there is no way back in the middle of one.",
                Phase::UndoneInPart => "Some of it is not undone yet: undo it once more, or leave it.",
                Phase::Undone => "Everything is undone{?; {key:next} goes back to the plan}.",
                _ => "The install has begun: retry, undo or leave it.",
            };
            state.notice = Some(Notice { bad: false, text: text.into() });
        }
        ScreenId::MasterKey | ScreenId::Done => {
            state.notice = Some(Notice { bad: false, text: "The install is done; there is nothing to go back to.".into() });
        }
        here => return flow::previous(flow, here).map_or(Goto::Out, Goto::Screen),
    }
    Goto::Nowhere
}

/// Jumps to a screen that was reached before; not past an install, and not out of one. Jumps to the plan only if all gates are open,
/// because a plan is made of what is proven.
pub fn jump(state: &mut State, screen: ScreenId) -> Goto {
    let Some(flow) = state.flow() else { return Goto::Nowhere };
    let place = |screen| flow::position(flow, screen);
    let reached = place(screen).is_some() && place(screen) <= place(state.place.furthest);
    let bound = state.run().phase != Phase::Idle;
    if !reached || bound || screen == state.place.here || screen == ScreenId::Install {
        return Goto::Nowhere;
    }
    if screen == ScreenId::Review
        && let Some(shut) = state.shut_before(screen)
    {
        state.notice = Some(unproven());
        return if shut == state.place.here { Goto::Nowhere } else { Goto::Screen(shut) };
    }
    Goto::Screen(screen)
}

/// Reacts to a survey's result: goes on by itself if Next was pressed while the survey ran and nothing blocks it.
pub fn after_news(state: &mut State, effects: &mut Vec<Effect>) -> Goto {
    if state.place.here == ScreenId::Review && state.run().phase == Phase::Idle {
        planning::follow_news(state, effects);
    }
    // What Enter was to accept says something else by now.
    let asks_here = state.flow() != Some(Flow::Review);
    if asks_here && !state.prompt.warnings.is_empty() && state.prompt.warnings != state.warnings() {
        state.prompt.warnings.clear();
    }
    // An install has no checks, so its gate is open; what is waited for there is its end, not a survey's.
    if !state.prompt.waiting || state.place.here == ScreenId::Install {
        return Goto::Nowhere;
    }
    match state.gate() {
        Gate::Open => {
            state.prompt.waiting = false;
            return advance(state);
        }
        Gate::Waiting => {}
        Gate::Warned(_) => {
            state.prompt.waiting = false;
            ask_to_accept(state, state.warnings());
        }
        _ => state.prompt.waiting = false,
    }
    Goto::Nowhere
}
