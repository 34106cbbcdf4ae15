//! Writes the engine's log lines: what was started and how it ended at the default level, every event and effect below it.
//!
//! It compares the state before and after each event, so that the mind needs no log; without a log it costs one comparison per
//! event.
//!
//! Events and effects are redacted by type and by omission: no arm writes a field's text, a key, a connection string or a file's
//! content. For a field that may be shown the length is written; for a secret, and for proofs that contain pieces of one, not even
//! that. A new variant does not compile until it has its text here.

use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{debug, error, info, trace, warn};

use crate::catalog::{checks, steps};
use crate::model::answers::Raw;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::plan::{Plan, Progress, StepKind};
use crate::model::screen::ScreenId;
use crate::model::survey::{SurveyId, Ticket};
use crate::wizard::effect::Effect;
use crate::wizard::event::{Event, StartChoice};
use crate::wizard::state::State;

/// The module named in the lines: where something happens, not where it is logged.
const ENGINE: &str = "octopus_setup::engine";

/// What was logged last, so that only changes are logged.
#[derive(Debug, Default)]
pub struct EventLog {
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

impl EventLog {
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
                Progress::Failed(kind, _) | Progress::Lost(kind, _) | Progress::UndoFailed(kind, _) => about.failed = Some(*kind),
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
                Verdict::Unknown(why) => debug!(target: ENGINE, check = check.id(), why = why.as_str(), "unknown"),
                Verdict::DoesNotApply => trace!(target: ENGINE, check = check.id(), "does not apply"),
                Verdict::NotYet | Verdict::Running => trace!(target: ENGINE, check = check.id(), "not known yet"),
            }
        }
    }
}

/// Returns the checks whose weightiest finding has this weight, by name; `none` where there are none.
fn names(verdicts: &[(CheckId, Verdict)], weight: Severity) -> String {
    let mut names = String::new();
    for (check, _) in verdicts.iter().filter(|(_, verdict)| verdict.severity() == Some(weight)) {
        // Writing to a string cannot fail.
        let _ = write!(names, "{}{}", if names.is_empty() { "" } else { "," }, check.id());
    }
    if names.is_empty() { "none".to_owned() } else { names }
}

fn step_failed(kind: StepKind, state: &State) {
    let says = state.run().failed().filter(|row| row.kind == kind).and_then(|row| state.explain_step(row));
    let says = says.map_or_else(|| "why is not known".to_owned(), |explanation| explanation.says);
    error!(target: ENGINE, step = kind.id(), says, "step failed");
}

fn plan_made(plan: &Plan) {
    info!(target: ENGINE, flow = plan.flow.id(), steps = plan.steps.len(), cluster = %plan.cluster, "plan made");
    for (place, step) in plan.steps.iter().enumerate() {
        info!(target: ENGINE, step = place + 1, kind = step.kind.id(), scope = ?(steps::row(step.kind).scope)(plan.flow), title = step.title.as_str(), "plan");
    }
    for check in &plan.accepted {
        warn!(target: ENGINE, check = check.id(), "warning accepted");
    }
}

fn millis(now: Duration, since: Duration) -> String {
    format!("{}ms", now.saturating_sub(since).as_millis())
}

/// An event, as one line.
pub struct RedactedEvent<'a>(pub &'a Event);

impl Display for RedactedEvent<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::Edit(field, raw) => edit(out, *field, raw),
            Event::Focus(focus) => write!(out, "focus {focus:?}"),
            Event::Enter => out.write_str("enter"),
            Event::Next => out.write_str("next"),
            Event::Back => out.write_str("back"),
            Event::Jump(screen) => write!(out, "jump to {}", screen.id()),
            Event::Begin(StartChoice::Flow(flow)) => write!(out, "begin {}", flow.id()),
            Event::Begin(StartChoice::Undo(instance)) => write!(out, "undo {instance}"),
            Event::Begin(StartChoice::Resume(instance)) => write!(out, "go on with {instance}"),
            Event::Begin(StartChoice::Review(subject)) => write!(out, "review {}", subject.config.display()),
            Event::Press(action) => write!(out, "press {action:?}"),
            Event::ConnectionString(_) => out.write_str("a connection string was given"),
            Event::Reply(yes) => out.write_str(if *yes { "reply yes" } else { "reply no" }),
            Event::AcceptSignIn => out.write_str("accept sql-login"),
            Event::ProveAll => out.write_str("prove all"),
            Event::Observed { ticket, observed: _, last } => {
                write!(out, "survey {} of ticket {}", if *last { "ended" } else { "knows more" }, ticket.0)
            }
            Event::KeyGenerated(generated) => write!(out, "a master key was drawn, fingerprint {}", generated.key.fingerprint()),
            Event::Progress(progress) => write!(out, "{}", RedactedProgress(progress)),
            Event::Resumed(Ok(_)) => out.write_str("an unfinished run was loaded"),
            Event::Resumed(Err(_)) => out.write_str("an unfinished run could not be loaded"),
            Event::Copied(Ok(way)) => write!(out, "copied by way of {way:?}"),
            Event::Copied(Err(said)) => write!(out, "not copied: {said}"),
            Event::KeySaved(Ok(path)) => write!(out, "master key saved to {path}"),
            Event::KeySaved(Err(trouble)) => write!(out, "master key not saved: {trouble:?}"),
            Event::AnswersSaved(Ok(path)) => write!(out, "answers saved to {path}"),
            Event::AnswersSaved(Err(trouble)) => write!(out, "answers not saved: {trouble:?}"),
            Event::KeyRead(Ok(same)) => write!(out, "key file read back, {}", if *same { "the same key" } else { "another key" }),
            Event::KeyRead(Err(trouble)) => write!(out, "key file not read: {trouble:?}"),
            Event::Failed(said) => write!(out, "failed: {said}"),
            Event::Refresh => out.write_str("refresh"),
            Event::Tick => out.write_str("tick"),
            Event::Resized => out.write_str("resized"),
            Event::Hangup => out.write_str("hang-up"),
        }
    }
}

fn edit(out: &mut Formatter<'_>, field: FieldId, raw: &Raw) -> fmt::Result {
    // What is typed back to prove that a key is kept is a piece of that key, in a field whose text may be shown.
    match raw {
        Raw::Text(text) if !field.is_secret() && field.is_presettable() => {
            write!(out, "edit {}, {} characters", field.id(), text.chars().count())
        }
        Raw::Text(_) | Raw::Secret(_) => write!(out, "edit {}", field.id()),
    }
}

/// A report of the installer, as one line. The reason of a failure is logged elsewhere, in the words of the screen.
struct RedactedProgress<'a>(&'a Progress);

impl Display for RedactedProgress<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Progress::Begun(kind) => write!(out, "step {} begun", kind.id()),
            Progress::Done(kind, state, took) => write!(out, "step {} {state:?}, {} ms", kind.id(), took.as_millis()),
            Progress::Said(kind, lines) => write!(out, "step {} printed {} lines", kind.id(), lines.len()),
            Progress::Lost(kind, _) => write!(out, "step {} lost: another first node was faster", kind.id()),
            Progress::Failed(kind, _) => write!(out, "step {} failed", kind.id()),
            Progress::Waiting(Some(_)) => out.write_str("a transient error is waited for"),
            Progress::Waiting(None) => out.write_str("waiting is over"),
            Progress::Finished => out.write_str("all steps are done"),
            Progress::Undoing(kind) => write!(out, "undo of {} begun", kind.id()),
            Progress::Undone(kind) => write!(out, "undo of {} done", kind.id()),
            Progress::UndoFailed(kind, _) => write!(out, "undo of {} failed", kind.id()),
            Progress::UndoEnded(all) => write!(out, "undo ended, {}", if *all { "all of it" } else { "not all of it" }),
        }
    }
}

/// An effect, as one line.
struct RedactedEffect<'a>(pub &'a Effect);

impl Display for RedactedEffect<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Effect::Survey { ticket, inputs, fresh } => {
                let fresh = if *fresh { ", looked at anew" } else { "" };
                write!(out, "survey {:?}, ticket {}{fresh}", inputs.survey(), ticket.0)
            }
            Effect::CancelSurvey(survey) => write!(out, "drop survey {survey:?}"),
            Effect::GenerateKey(size) => write!(out, "draw a master key, {size:?}"),
            Effect::LoadRun(instance) => write!(out, "load the unfinished run of {instance}"),
            Effect::Install(plan, _) => write!(out, "install, {} steps", plan.steps.len()),
            Effect::CancelInstall => out.write_str("stop the install before its next step"),
            Effect::Undo { instance, target: _ } => write!(out, "undo the run of {instance}"),
            Effect::CloseRun(instance) => write!(out, "close the run of {instance}"),
            Effect::Copy(_) => out.write_str("copy to a clipboard"),
            Effect::SaveKey(path, _) => write!(out, "save the master key to {}", path.display()),
            Effect::SaveAnswers(path, _) => write!(out, "save the answers to {}", path.display()),
            Effect::ReadKey(path, _) => write!(out, "read the master key back from {}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::connection_string::ConnectionString;

    fn told(field: FieldId, raw: Raw) -> String {
        RedactedEvent(&Event::Edit(field, raw)).to_string()
    }

    #[test]
    fn no_text_of_a_field_is_told() {
        for field in FieldId::ALL {
            for raw in [Raw::of(field, "hunter2"), Raw::Text("hunter2".into()), Raw::Secret("hunter2".into())] {
                assert!(!told(field, raw).contains("hunter2"), "{}", field.id());
            }
        }
        assert_eq!(told(FieldId::Server, Raw::Text("sql01".into())), "edit server, 5 characters");
    }

    #[test]
    fn of_secrets_and_of_pieces_of_them_not_even_the_length_is_told() {
        let secret = FieldId::ALL.into_iter().filter(|field| field.is_secret());
        for field in secret.chain([FieldId::KeyProof, FieldId::KeyConfirm, FieldId::NodeConfirm]) {
            for raw in [Raw::Text("hunter2".into()), Raw::Secret("hunter2".into())] {
                assert_eq!(told(field, raw), format!("edit {}", field.id()));
            }
        }
        assert_eq!(
            RedactedEvent(&Event::ConnectionString(ConnectionString::parse("Server=a;Password=hunter2"))).to_string(),
            "a connection string was given"
        );
    }
}
