//! Reports each event of an unattended run once, while the output can be written.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use super::super::OutputFormat;
use super::run_event::{Consent, Pending, RunEvent, StepEvent, StepOutcome};
use super::{jsonl, text};
use crate::model::check::CheckId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::plan::StepState;
use crate::model::screen::ScreenId;
use crate::wizard::autopilot::checks_of;
use crate::wizard::run::{Phase, Row};
use crate::wizard::state::State;

/// How many of the last lines of a failed program are reported.
const SAID: usize = 20;

/// Writes events, and remembers what was reported.
pub struct RunReporter<'a, W> {
    output: OutputFormat,
    out: &'a mut W,
    /// Whether the output can no longer be written.
    gone: bool,
    /// How many events were reported.
    reported: usize,
    /// The screen whose checks were reported last.
    screen: Option<ScreenId>,
    accepted: Vec<CheckId>,
    flow: Flow,
    verdicts: BTreeMap<CheckId, Verdict>,
    rows: Vec<Row>,
    /// What the running step waits for, as it was reported.
    waits: Option<String>,
}

impl<'a, W: Write> RunReporter<'a, W> {
    /// Returns a reporter that has reported nothing yet.
    pub fn new(output: OutputFormat, out: &'a mut W, accepted: Vec<CheckId>, flow: Flow) -> Self {
        Self {
            output,
            out,
            gone: false,
            reported: 0,
            screen: None,
            accepted,
            flow,
            verdicts: BTreeMap::new(),
            rows: Vec::new(),
            waits: None,
        }
    }

    /// Reports an event.
    pub fn report(&mut self, event: &RunEvent<'_>) {
        let text = match self.output {
            OutputFormat::Text => text::render(event),
            OutputFormat::Json => jsonl::render(event),
        };
        self.reported += 1;
        if !self.gone {
            self.gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
        }
    }

    /// Reports what is new in the state: final verdicts and steps that progressed. Returns whether there was anything.
    pub fn report_changes(&mut self, state: &State) -> bool {
        let before = self.reported;
        self.verdicts(state, false);
        self.steps(state);
        self.reported != before
    }

    /// Reports the verdicts that are new or have changed; at the end also which checks have none.
    ///
    /// For programs each is reported as soon as it is final. For people they come screen by screen in the order of the path: a list
    /// whose order changes can neither be learned nor compared with the last one.
    pub fn verdicts(&mut self, state: &State, at_end: bool) {
        if !state.proves_all() || state.run().phase != Phase::Idle {
            return;
        }
        let checks: Vec<(ScreenId, CheckId)> = checks_of(self.flow).collect();
        for screen in checks.chunk_by(|(one, _), (other, _)| one == other) {
            let verdicts = screen.iter().map(|(_, check)| (*check, state.verdict(*check)));
            let verdicts: Vec<(CheckId, Verdict)> = verdicts.collect();
            let is_final = |(check, verdict): &(CheckId, Verdict)| !is_open(verdict) && !state.case(*check).running;
            if self.output == OutputFormat::Text && !at_end && !verdicts.iter().all(is_final) {
                return;
            }
            for (check, verdict) in verdicts.into_iter().filter(|one| is_final(one) || at_end && is_open(&one.1)) {
                if let Some((screen, _)) = screen.first() {
                    self.verdict(*screen, check, verdict);
                }
            }
        }
    }

    fn verdict(&mut self, screen: ScreenId, check: CheckId, verdict: Verdict) {
        if verdict == Verdict::DoesNotApply || self.verdicts.get(&check) == Some(&verdict) {
            return;
        }
        if self.output == OutputFormat::Text && self.screen.replace(screen) != Some(screen) {
            self.report(&RunEvent::Screen(screen));
        }
        let consent = if self.accepted.contains(&check) { Consent::Accepted } else { Consent::Open };
        self.report(&RunEvent::Check(screen, check, &verdict, consent));
        self.verdicts.insert(check, verdict);
    }

    /// Reports what is still running after so long without an event.
    pub fn still(&mut self, state: &State, since: Duration) {
        let running = state.run().rows.iter().enumerate().find(|(_, row)| row.since.is_some());
        let still = if let Some((place, row)) = running {
            Pending::Step(place + 1, state.run().rows.len(), row.kind.id(), title(state, row))
        } else {
            let waits = |check: &CheckId| state.case(*check).running;
            let checks: Vec<CheckId> = checks_of(self.flow).map(|(_, check)| check).filter(waits).collect();
            if checks.is_empty() || !state.proves_all() { Pending::Else } else { Pending::Checks(checks) }
        };
        self.report(&RunEvent::Pending(still, since));
    }

    fn steps(&mut self, state: &State) {
        let run = state.run();
        if run.phase == Phase::Idle {
            self.rows.clear();
            return;
        }
        let of = run.rows.len();
        for (place, row) in run.rows.iter().enumerate() {
            let before = self.rows.get(place);
            if before == Some(row) {
                continue;
            }
            let earlier = before.map_or(StepState::Planned, |before| before.state);
            let outcome = if row.failure.is_some() {
                state.explain_step(row).map(StepOutcome::Failed)
            } else if row.since.is_some() {
                (run.phase != Phase::Undoing).then_some(StepOutcome::Begun)
            } else if earlier != row.state && row.state == StepState::Undone {
                Some(StepOutcome::Undone)
            } else if earlier != row.state {
                row.took.map(|took| StepOutcome::Done(row.state, took))
            } else {
                None
            };
            let title = title(state, row);
            if let Some(outcome) = outcome {
                let failed = matches!(outcome, StepOutcome::Failed(_));
                self.report(&RunEvent::Step(StepEvent { number: place + 1, of, id: row.kind.id(), title, outcome }));
                let said = run.output_of(row.kind);
                let last = said.get(said.len().saturating_sub(SAID)..).unwrap_or_default();
                if failed && !last.is_empty() {
                    self.report(&RunEvent::Said(row.kind.id(), last));
                }
            }
        }
        self.rows.clone_from(&run.rows);
        self.waits(state);
    }

    fn waits(&mut self, state: &State) {
        let waits = state.explain_waiting();
        let running = state.run().rows.iter().find(|row| row.since.is_some());
        if let (Some(says), Some(row)) = (&waits, running)
            && waits != self.waits
        {
            self.report(&RunEvent::Waiting(row.kind.id(), says));
        }
        self.waits = waits;
    }
}

fn is_open(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NotYet | Verdict::Running)
}

/// Returns the title of a step.
fn title<'a>(state: &'a State, row: &Row) -> &'a str {
    let step = state.run().plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
    step.map_or(row.kind.id(), |step| step.title.as_str())
}
