//! The installation: its steps as the installer reports them.

use crate::catalog::form::read;
use crate::model::field::FieldId;
use crate::model::journal::Journal;
use crate::model::plan::{Plan, Progress, StepKind, StepState};
use crate::model::screen::ScreenId;
use crate::wizard::effect::Effect;
use crate::wizard::plan::{self, Proposal};
use crate::wizard::run::{Phase, Row, Run};
use crate::wizard::state::{Asked, Focus, Notice, State};

use super::go;

/// Shows a plan.
pub fn propose(state: &mut State, plan: Plan) {
    let rows = plan.steps.iter().map(|step| row(step.kind, StepState::Planned)).collect();
    state.run = Run { phase: Phase::Idle, plan: Some(Box::new(plan)), rows, said: Vec::new(), cancelling: false };
}

fn row(kind: StepKind, state: StepState) -> Row {
    Row { kind, state, since: None, took: None, failure: None }
}

/// Begins, or goes on with, the plan's steps.
pub fn begin(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plan) = &state.run.plan else { return };
    effects.push(Effect::Install(plan.clone(), state.custody.drawn.as_ref().map(|drawn| drawn.key.clone())));
    working(state, Phase::Running);
}

/// Undoes what this run created. A run that is gone on with may have no plan, since its database or its key is another one
/// by now; what it did stands in its journal.
pub fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    let (instance, target) = match &state.run.plan {
        Some(plan) => (plan.node.instance.clone(), Some(plan.node.target.clone())),
        None => (state.answers.trimmed(FieldId::Instance).to_owned(), read::target(&state.answers)),
    };
    let Some(target) = target else {
        let text =
            "Undoing needs the way to the database that the run began with: its server, its name, the login and the password.";
        state.notice = Some(Notice { bad: true, text: text.into() });
        return;
    };
    effects.push(Effect::Undo { instance, target: Box::new(target) });
    working(state, Phase::Undoing);
}

fn working(state: &mut State, phase: Phase) {
    state.run.phase = phase;
    state.run.cancelling = false;
    for row in &mut state.run.rows {
        row.failure = None;
        row.since = None;
    }
    state.overlay = None;
    state.asked = Asked::default();
    state.place.here = ScreenId::Install;
    state.place.furthest = ScreenId::Install;
    state.place.focus = Focus::Screen;
}

/// A run whose steps were all done before this start: shown as such.
pub fn finished_before(state: &mut State, journal: &Journal) {
    let proposal = Proposal {
        flow: journal.flow,
        answers: &state.answers,
        facts: &state.facts,
        cluster: journal.cluster,
        fingerprint: journal.fingerprint,
        accepted: &state.accepted(),
        resuming: true,
        kept: state.removing.as_ref(),
    };
    // Without the password the node cannot be built, and it is not needed any more; the instance's name is.
    let plan = plan::make(&proposal).ok().map(Box::new);
    let rows = journal.steps.iter().map(|step| row(step.kind, step.state)).collect();
    state.run = Run { phase: Phase::Finished, plan, rows, said: Vec::new(), cancelling: false };
}

/// The run's end: its journal goes. A first node's waits for the proof that its key is kept; every other key is kept
/// already, by whoever gave it.
pub fn close(state: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::CloseRun(state.answers.trimmed(FieldId::Instance).to_owned()));
    state.resuming = None;
}

/// The installer reports.
pub fn progress(state: &mut State, progress: Progress, effects: &mut Vec<Effect>) {
    let now = state.now;
    match progress {
        Progress::Begun(kind) | Progress::Undoing(kind) => {
            if find(state, kind).is_none() {
                // Without a plan the rows come as the journal tells them.
                state.run.rows.push(row(kind, StepState::Done));
            }
            if let Some(row) = find(state, kind) {
                row.since = Some(now);
                row.failure = None;
            }
        }
        Progress::Done(kind, standing, took) => {
            if let Some(row) = find(state, kind) {
                *row = Row { kind, state: standing, since: None, took: Some(took), failure: None };
            }
        }
        Progress::Said(kind, lines) => {
            state.run.said.retain(|(other, _)| *other != kind);
            state.run.said.push((kind, lines));
        }
        Progress::Failed(kind, failure) => {
            if let Some(row) = find(state, kind) {
                row.since = None;
                row.failure = Some(failure);
            }
            state.run.phase = Phase::Failed;
            state.run.cancelling = false;
            state.asked.waiting = false;
        }
        Progress::Finished => {
            state.run.phase = Phase::Finished;
            if !go::has_key_to_keep(state) {
                close(state, effects);
            }
            if std::mem::take(&mut state.asked.waiting) {
                go::next(state, effects);
            }
        }
        Progress::Undone(kind) => {
            if let Some(row) = find(state, kind) {
                *row = self::row(kind, StepState::Undone);
            }
        }
        Progress::UndoFailed(kind, failure) => {
            if find(state, kind).is_none() {
                state.run.rows.push(row(kind, StepState::Done));
            }
            if let Some(row) = find(state, kind) {
                row.since = None;
                row.failure = Some(failure);
            }
        }
        Progress::UndoEnded(whole) => state.run.phase = if whole { Phase::Undone } else { Phase::UndoneInPart },
    }
}

fn find(state: &mut State, kind: StepKind) -> Option<&mut Row> {
    state.run.rows.iter_mut().find(|row| row.kind == kind)
}
