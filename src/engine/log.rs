//! Writes the engine's log lines: what was started and how it ended at the default level, every event and effect below it.
//!
//! It compares the state before and after each event, so that the mind needs no log; without a log it costs one comparison an
//! event.

use std::fmt::Write as _;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{debug, error, info, trace, warn};

use crate::catalog::checks;
use crate::catalog::steps;
use crate::model::check::CheckId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::plan::{Plan, Progress, StepKind};
use crate::model::screen::ScreenId;
use crate::model::survey::{SurveyId, Ticket};
use crate::wizard::effect::Effect;
use crate::wizard::event::Event;
use crate::wizard::state::State;

use super::redact::{RedactedEffect, RedactedEvent};

/// The module named in the lines: where something happens, not where it is logged.
const ENGINE: &str = "octopus_setup::engine";

/// What was logged last, so that only changes are logged.
#[derive(Debug, Default)]
pub struct Log {
    here: Option<(Option<Flow>, ScreenId)>,
    steps: Vec<StepKind>,
    surveys: Vec<(SurveyId, Ticket, Duration)>,
    ended: bool,
}

/// What an event concerns, kept while it is applied: only its result is logged.
#[derive(Debug, Default)]
pub struct EventContext {
    survey: Option<Ticket>,
    failed: Option<StepKind>,
}

fn is_heard() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

impl Log {
    /// Logs an event before it is applied.
    pub fn before_event(event: &Event) -> EventContext {
        let mut about = EventContext::default();
        if !is_heard() {
            return about;
        }
        // What the clock does would bury what people do.
        match event {
            Event::Tick | Event::Refresh | Event::Focus(_) | Event::Observed { last: false, .. } => {
                trace!(target: ENGINE, "event: {}", RedactedEvent(event));
            }
            _ => debug!(target: ENGINE, "event: {}", RedactedEvent(event)),
        }
        match event {
            Event::Observed { ticket, last: true, .. } => about.survey = Some(*ticket),
            Event::Progress(progress) => match progress {
                Progress::Failed(kind, _) | Progress::UndoFailed(kind, _) => about.failed = Some(*kind),
                _ => info!(target: ENGINE, "install: {}", RedactedEvent(event)),
            },
            Event::Failed(_) | Event::Resumed(Err(_)) => warn!(target: ENGINE, "{}", RedactedEvent(event)),
            _ => {}
        }
        about
    }

    /// Logs what an event changed.
    pub fn after_event(&mut self, about: &EventContext, state: &State, now: Duration) {
        if !is_heard() {
            return;
        }
        let here = (state.flow(), state.place.here);
        if self.here.replace(here) != Some(here) {
            info!(target: ENGINE, flow = here.0.map_or("none", Flow::id), screen = here.1.id(), "screen");
        }
        if let Some(ticket) = about.survey {
            self.survey_ended(ticket, state, now);
        }
        if let Some(kind) = about.failed {
            step_failed(kind, state);
        }
        let steps = state.run().plan.as_deref().map(|plan| plan.steps.iter().map(|step| step.kind).collect()).unwrap_or_default();
        if self.steps != steps {
            self.steps = steps;
            if let Some(plan) = &state.run().plan {
                plan_made(plan);
            }
        }
        if let Some(ending) = state.ending.filter(|_| !self.ended) {
            self.ended = true;
            info!(target: ENGINE, ending = ?ending, "wizard ended");
        }
    }

    /// Logs the start of an effect.
    pub fn effect_begins(&mut self, effect: &Effect, now: Duration) {
        if !is_heard() {
            return;
        }
        debug!(target: ENGINE, "effect: {}", RedactedEffect(effect));
        match effect {
            Effect::Survey { ticket, inputs, .. } => {
                self.survey_dropped(inputs.survey(), now);
                info!(target: ENGINE, survey = ?inputs.survey(), ticket = ticket.0, "survey begun");
                self.surveys.push((inputs.survey(), *ticket, now));
            }
            Effect::CancelSurvey(survey) => self.survey_dropped(*survey, now),
            Effect::Install(plan, _) => info!(target: ENGINE, steps = plan.steps.len(), "install begun"),
            Effect::Undo { .. } => info!(target: ENGINE, "undo begun"),
            _ => {}
        }
    }

    fn survey_dropped(&mut self, survey: SurveyId, now: Duration) {
        self.surveys.retain(|(other, ticket, since)| {
            if *other == survey {
                info!(target: ENGINE, survey = ?survey, ticket = ticket.0, took = %millis(now, *since), "survey dropped");
            }
            *other != survey
        });
    }

    /// Its outcome is what the checks say that read it.
    fn survey_ended(&mut self, ticket: Ticket, state: &State, now: Duration) {
        let Some(place) = self.surveys.iter().position(|(_, other, _)| *other == ticket) else { return };
        let (survey, _, since) = self.surveys.remove(place);
        let checks = CheckId::ALL.into_iter().filter(|check| checks::row(*check).surveys.contains(&survey));
        let verdicts: Vec<(CheckId, Verdict)> = checks.map(|check| (check, state.verdict(check))).collect();
        let of = |weight| names(&verdicts, weight);
        info!(target: ENGINE,
            survey = ?survey, ticket = ticket.0, took = %millis(now, since),
            stops = of(Severity::Stop), warnings = of(Severity::Warn), "survey ended"
        );
        for (check, verdict) in &verdicts {
            match verdict {
                Verdict::Good(evidence) => debug!(target: ENGINE, check = check.id(), evidence = evidence.as_str(), "good"),
                Verdict::Found(findings) => {
                    for finding in findings {
                        debug!(target: ENGINE, check = check.id(), weight = ?finding.severity, says = finding.says.as_str(), "finding");
                    }
                }
                Verdict::NotYet | Verdict::Running => trace!(target: ENGINE, check = check.id(), "not known yet"),
            }
        }
    }
}

/// The checks whose weightiest finding has this weight, by name; `none` where there are none.
fn names(verdicts: &[(CheckId, Verdict)], weight: Severity) -> String {
    let mut names = String::new();
    for (check, _) in verdicts.iter().filter(|(_, verdict)| verdict.severity() == Some(weight)) {
        // Writing to a string cannot fail.
        let _ = write!(names, "{}{}", if names.is_empty() { "" } else { "," }, check.id());
    }
    if names.is_empty() { "none".to_owned() } else { names }
}

fn step_failed(kind: StepKind, state: &State) {
    let says = state.run().failed().filter(|row| row.kind == kind).and_then(|row| state.run().explain(row));
    let says = says.map_or_else(|| "why is not known".to_owned(), |explanation| explanation.says);
    error!(target: ENGINE, step = kind.id(), says, "step failed");
}

fn plan_made(plan: &Plan) {
    info!(target: ENGINE, flow = plan.flow.id(), steps = plan.steps.len(), cluster = %plan.cluster, "plan made");
    for (place, step) in plan.steps.iter().enumerate() {
        info!(target: ENGINE, step = place + 1, kind = step.kind.id(), scope = ?steps::row(step.kind).scope, title = step.title.as_str(), "plan");
    }
    for check in &plan.accepted {
        warn!(target: ENGINE, check = check.id(), "warning accepted");
    }
}

fn millis(now: Duration, since: Duration) -> String {
    format!("{}ms", now.saturating_sub(since).as_millis())
}
