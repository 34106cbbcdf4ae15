//! Telling: each piece of news once, to whoever still listens.

use std::collections::BTreeMap;
use std::io::Write;

use super::super::Output;
use super::news::{Consent, News, Stands, StepNews};
use super::{lines, text};
use crate::model::check::CheckId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::plan::StepState;
use crate::wizard::autopilot::checks_of;
use crate::wizard::run::{Phase, Row};
use crate::wizard::state::State;

/// Who tells, and what was told.
pub struct Teller<'a, W> {
    output: Output,
    out: &'a mut W,
    /// Nobody listens any more.
    gone: bool,
    accepted: Vec<CheckId>,
    flow: Flow,
    verdicts: BTreeMap<CheckId, Verdict>,
    rows: Vec<Row>,
}

impl<'a, W: Write> Teller<'a, W> {
    /// One that has told nothing yet.
    pub fn new(output: Output, out: &'a mut W, accepted: Vec<CheckId>, flow: Flow) -> Self {
        Self { output, out, gone: false, accepted, flow, verdicts: BTreeMap::new(), rows: Vec::new() }
    }

    /// Tells it.
    pub fn tell(&mut self, news: &News<'_>) {
        let text = match self.output {
            Output::Text => text::render(news),
            Output::Json => lines::render(news),
        };
        if !self.gone {
            self.gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
        }
    }

    /// Tells what is new in the state: verdicts that are final, and steps that have got on.
    pub fn look(&mut self, state: &State) {
        if state.proves_all && state.run.phase == Phase::Idle {
            self.verdicts(state, false);
        }
        self.steps(state);
    }

    /// Tells the verdicts that were not told yet, or have changed since. At the end also that there is none.
    pub fn verdicts(&mut self, state: &State, at_end: bool) {
        if !state.proves_all || state.run.phase != Phase::Idle {
            return;
        }
        for (screen, check) in checks_of(self.flow) {
            let verdict = state.verdict(check);
            let open = matches!(verdict, Verdict::NotYet | Verdict::Running);
            let moving = open || state.case(check).running;
            if (moving && !(at_end && open)) || self.verdicts.get(&check) == Some(&verdict) {
                continue;
            }
            let consent = if self.accepted.contains(&check) { Consent::Accepted } else { Consent::Open };
            self.tell(&News::Check(screen, check, &verdict, consent));
            self.verdicts.insert(check, verdict);
        }
    }

    fn steps(&mut self, state: &State) {
        let run = &state.run;
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
            let told = before.map_or(StepState::Planned, |before| before.state);
            let stands = if row.failure.is_some() {
                run.explain(row).map(Stands::Failed)
            } else if row.since.is_some() {
                Some(Stands::Begun)
            } else if told != row.state {
                row.took.map(|took| Stands::Done(row.state, took))
            } else {
                None
            };
            let title = run.plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
            let title = title.map_or(row.kind.id(), |step| step.title.as_str());
            if let Some(stands) = stands {
                self.tell(&News::Step(StepNews { number: place + 1, of, id: row.kind.id(), title, stands }));
            }
        }
        self.rows.clone_from(&run.rows);
    }
}
