//! Telling: each piece of news once, to whoever still listens.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use super::super::Output;
use super::news::{Consent, News, Stands, StepNews, Still};
use super::{lines, text};
use crate::model::check::CheckId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::plan::StepState;
use crate::model::screen::ScreenId;
use crate::wizard::autopilot::checks_of;
use crate::wizard::run::{Phase, Row};
use crate::wizard::state::State;

/// So many of the last lines of a program that failed are told.
const SAID: usize = 20;

/// Who tells, and what was told.
pub struct Teller<'a, W> {
    output: Output,
    out: &'a mut W,
    /// Nobody listens any more.
    gone: bool,
    /// How many pieces of news there were.
    told: usize,
    /// The screen whose checks were told last.
    screen: Option<ScreenId>,
    accepted: Vec<CheckId>,
    flow: Flow,
    verdicts: BTreeMap<CheckId, Verdict>,
    rows: Vec<Row>,
}

impl<'a, W: Write> Teller<'a, W> {
    /// One that has told nothing yet.
    pub fn new(output: Output, out: &'a mut W, accepted: Vec<CheckId>, flow: Flow) -> Self {
        Self { output, out, gone: false, told: 0, screen: None, accepted, flow, verdicts: BTreeMap::new(), rows: Vec::new() }
    }

    /// Tells it.
    pub fn tell(&mut self, news: &News<'_>) {
        let text = match self.output {
            Output::Text => text::render(news),
            Output::Json => lines::render(news),
        };
        self.told += 1;
        if !self.gone {
            self.gone = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).is_err();
        }
    }

    /// Tells what is new in the state: verdicts that are final, and steps that have got on; whether there was anything.
    pub fn look(&mut self, state: &State) -> bool {
        let before = self.told;
        self.verdicts(state, false);
        self.steps(state);
        self.told != before
    }

    /// Tells the verdicts that were not told yet, or have changed since. At the end also that there is none.
    ///
    /// Programs are told each as soon as it is final. People are told screen by screen in the order of the path: a list that
    /// comes in another order each time can neither be learned nor compared with the last one.
    pub fn verdicts(&mut self, state: &State, at_end: bool) {
        if !state.proves_all() || state.run().phase != Phase::Idle {
            return;
        }
        let checks: Vec<(ScreenId, CheckId)> = checks_of(self.flow).collect();
        for screen in checks.chunk_by(|(one, _), (other, _)| one == other) {
            let verdicts = screen.iter().map(|(_, check)| (*check, state.verdict(*check)));
            let verdicts: Vec<(CheckId, Verdict)> = verdicts.collect();
            let is_final = |(check, verdict): &(CheckId, Verdict)| !is_open(verdict) && !state.case(*check).running;
            if self.output == Output::Text && !at_end && !verdicts.iter().all(is_final) {
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
        if self.verdicts.get(&check) == Some(&verdict) {
            return;
        }
        if self.output == Output::Text && self.screen.replace(screen) != Some(screen) {
            self.tell(&News::Screen(screen));
        }
        let consent = if self.accepted.contains(&check) { Consent::Accepted } else { Consent::Open };
        self.tell(&News::Check(screen, check, &verdict, consent));
        self.verdicts.insert(check, verdict);
    }

    /// Tells what is still at work, after so long without news.
    pub fn still(&mut self, state: &State, since: Duration) {
        let running = state.run().rows.iter().enumerate().find(|(_, row)| row.since.is_some());
        let still = if let Some((place, row)) = running {
            Still::Step(place + 1, state.run().rows.len(), row.kind.id(), title(state, row))
        } else {
            let waits = |check: &CheckId| state.case(*check).running;
            let checks: Vec<CheckId> = checks_of(self.flow).map(|(_, check)| check).filter(waits).collect();
            if checks.is_empty() || !state.proves_all() { Still::Else } else { Still::Checks(checks) }
        };
        self.tell(&News::Still(still, since));
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
            let title = title(state, row);
            if let Some(stands) = stands {
                let failed = matches!(stands, Stands::Failed(_));
                self.tell(&News::Step(StepNews { number: place + 1, of, id: row.kind.id(), title, stands }));
                let said = run.said_by(row.kind);
                let last = said.get(said.len().saturating_sub(SAID)..).unwrap_or_default();
                if failed && !last.is_empty() {
                    self.tell(&News::Said(row.kind.id(), last));
                }
            }
        }
        self.rows.clone_from(&run.rows);
    }
}

fn is_open(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NotYet | Verdict::Running)
}

/// What a step does, to what.
fn title<'a>(state: &'a State, row: &Row) -> &'a str {
    let step = state.run().plan.as_ref().and_then(|plan| plan.steps.iter().find(|step| step.kind == row.kind));
    step.map_or(row.kind.id(), |step| step.title.as_str())
}
