//! The installation: its steps as the installer reports them.

use crate::catalog::form::read;
use crate::catalog::steps;
use crate::model::field::FieldId;
use crate::model::journal::Journal;
use crate::model::plan::{Progress, StepKind, StepState};
use crate::model::screen::ScreenId;
use crate::model::secret::Secret;
use crate::wizard::effect::Effect;
use crate::wizard::plan::{self, Proposal};
use crate::wizard::run::{Phase, Row, Run};
use crate::wizard::state::{Focus, Notice, Prompt, State};

use super::goto::Goto;

/// Begins, or goes on with, the plan's steps.
pub fn begin(state: &mut State, effects: &mut Vec<Effect>) {
    let run = state.run();
    let Some(plan) = &run.plan else { return };
    let generated = state.custody().generated.as_ref().map(|generated| &generated.key);
    let is_needed = steps::need(plan.steps.iter().map(|step| step.kind), Secret::MasterKey);
    effects.push(Effect::Install(plan.clone(), generated.or(run.key.as_ref()).filter(|_| is_needed).cloned()));
    enter_phase(state, Phase::Running);
}

/// Undoes what this run created. A resumed run may have no plan, because its database or its key has changed; its journal knows what
/// it did.
pub fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    let (instance, target) = match &state.run().plan {
        Some(plan) => (plan.node.instance.clone(), Some(plan.node.target.clone())),
        None => (state.answers.trimmed(FieldId::Instance).to_owned(), read::target(&state.answers)),
    };
    let Some(target) = target else {
        let text = "Undo needs the database that the run began with: its server, its name, the login and the password.";
        state.notice = Some(Notice { bad: true, text: text.into() });
        return;
    };
    effects.push(Effect::Undo { instance, target: Box::new(target) });
    enter_phase(state, Phase::Undoing);
}

fn enter_phase(state: &mut State, phase: Phase) {
    if let Some(run) = state.run_mut() {
        run.phase = phase;
        run.cancelling = false;
        for row in &mut run.rows {
            row.failure = None;
            row.since = None;
        }
    }
    state.overlay = None;
    state.prompt = Prompt::default();
    state.place.here = ScreenId::Install;
    state.place.furthest = ScreenId::Install;
    state.place.focus = Focus::Screen;
}

/// Shows a run whose steps were all done before this start.
pub fn show_finished(state: &mut State, journal: &Journal) {
    let proposal = Proposal {
        flow: journal.flow,
        answers: &state.answers,
        facts: &state.facts,
        cluster: journal.cluster,
        fingerprint: journal.fingerprint,
        accepted: &state.accepted(),
        resuming: true,
        kept: state.kept_row(),
        changes: state.resumed_changes(),
    };
    // Without the password the node cannot be built, and it is not needed any more; the instance's name is.
    let plan = plan::make(&proposal).ok().map(Box::new);
    let rows = journal.steps.iter().map(|step| Row::new(step.kind, step.state)).collect();
    if let Some(run) = state.run_mut() {
        *run = Run { phase: Phase::Finished, plan, rows, ..Run::default() };
    }
}

/// Ends the run by deleting its journal. A first node's journal waits for the proof that its key is kept; any other key is kept by the
/// person who gave it.
pub fn close(state: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::CloseRun(state.answers.trimmed(FieldId::Instance).to_owned()));
    if let Some(work) = state.work_mut() {
        work.resuming = None;
    }
}

/// Applies a report of the installer.
pub fn progress(state: &mut State, progress: Progress, effects: &mut Vec<Effect>) -> Goto {
    let now = state.now;
    let Some(run) = state.run_mut() else { return Goto::Nowhere };
    run.waiting = None;
    match progress {
        Progress::Waiting(waiting) => run.waiting = waiting,
        Progress::Begun(kind) | Progress::Undoing(kind) => {
            run.add_row(kind);
            // This one looks before anything is written.
            run.is_begun |= kind != StepKind::ProveAgain;
            if let Some(row) = run.row_mut(kind) {
                row.since = Some(now);
                row.failure = None;
            }
        }
        Progress::Done(kind, standing, took) => {
            if let Some(row) = run.row_mut(kind) {
                *row = Row { took: Some(took), ..Row::new(kind, standing) };
            }
        }
        Progress::Said(kind, lines) => {
            run.output.retain(|(other, _)| *other != kind);
            run.output.push((kind, lines));
        }
        Progress::Failed(kind, failure) => {
            if let Some(row) = run.row_mut(kind) {
                row.since = None;
                row.failure = Some(failure);
            }
            run.phase = Phase::Failed;
            run.cancelling = false;
            state.prompt.waiting = false;
        }
        Progress::Lost(kind, failure) => {
            if let Some(row) = run.row_mut(kind) {
                row.since = None;
                row.failure = Some(failure);
            }
            run.phase = Phase::Undoing;
            run.cancelling = false;
            state.prompt.waiting = false;
        }
        Progress::Finished => {
            run.phase = Phase::Finished;
            if !state.has_key_to_keep() {
                close(state, effects);
            }
            if std::mem::take(&mut state.prompt.waiting) {
                return Goto::Next;
            }
        }
        Progress::Undone(kind) => {
            if let Some(row) = run.row_mut(kind) {
                *row = Row::new(kind, StepState::Undone);
            }
        }
        Progress::UndoFailed(kind, failure) => {
            run.add_row(kind);
            if let Some(row) = run.row_mut(kind) {
                row.since = None;
                row.failure = Some(failure);
            }
        }
        Progress::UndoEnded(whole) => run.phase = if whole { Phase::Undone } else { Phase::UndoneInPart },
    }
    Goto::Nowhere
}
