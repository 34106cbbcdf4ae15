//! Run events for programs: one JSON object per line, as documented in `docs/headless-json.md`. Additions do not change
//! the schema's number.

use std::time::Duration;

use serde_json::{Value, json};

use super::run_event::{AnswerSummary, Consent, Pending, RunEnd, RunEvent, StepEvent, StepOutcome};
use crate::catalog::steps;
use crate::faces::exit::Exit;
use crate::faces::headless::json as report;
use crate::faces::sentences::{self, clean, written};
use crate::model::answers::{AnswerPlace, Problem};
use crate::model::check::CheckId;
use crate::model::finding::Verdict;
use crate::model::plan::{Plan, Scope, StepState};
use crate::model::screen::ScreenId;
use crate::wizard::summary::SummaryLine;

/// The schema's number.
const SCHEMA: u32 = 1;

/// Renders an event, with a line break at its end.
pub fn render(event: &RunEvent<'_>) -> String {
    let (name, mut object) = match event {
        RunEvent::Problem(problem) => ("problem", self::problem(problem)),
        RunEvent::Proving(screens) => {
            ("proving", json!({ "screens": screens.iter().map(|screen| screen.id()).collect::<Vec<_>>() }))
        }
        RunEvent::Resuming(done, steps) => ("resuming", json!({ "done": done, "steps": steps })),
        // Each check names its own screen.
        RunEvent::Screen(_) => return String::new(),
        RunEvent::Pending(still, since) => ("still", self::still(still, *since)),
        RunEvent::Check(screen, id, verdict, consent) => ("check", check(*screen, *id, verdict, *consent)),
        RunEvent::Plan(plan, answers, changes) => ("plan", self::plan(plan, answers, changes)),
        RunEvent::Step(step) => ("step", self::step(step)),
        RunEvent::Said(step, lines) => {
            ("said", json!({ "step": step, "lines": lines.iter().map(ToString::to_string).collect::<Vec<_>>() }))
        }
        RunEvent::Waiting(step, says) => ("waiting", json!({ "step": step, "says": written(says) })),
        RunEvent::Interrupted => ("interrupted", json!({})),
        RunEvent::End(end) => ("end", self::end(end)),
    };
    if let Value::Object(object) = &mut object {
        object.insert("schema".into(), SCHEMA.into());
        object.insert("event".into(), name.into());
    }
    format!("{object}\n")
}

fn problem(problem: &Problem) -> Value {
    let (line, column) = match &problem.place {
        Some(AnswerPlace::Line { line, column, .. }) => (Some(*line), Some(*column)),
        _ => (None, None),
    };
    let place = problem.place.as_ref();
    json!({
        "severity": sentences::severity(problem.severity),
        "place": place.map(|place| clean(&place.to_string())),
        "line": line,
        "column": column,
        "field": problem.field.map(crate::model::field::FieldId::id),
        "says": written(&problem.says),
        "fix": (!problem.fix.is_empty()).then(|| written(&problem.fix)),
    })
}

fn check(screen: ScreenId, id: CheckId, verdict: &Verdict, consent: Consent) -> Value {
    let warns = verdict.needs_consent();
    json!({
        "id": id.id(),
        "screen": screen.id(),
        "verdict": sentences::verdict(verdict),
        "accepted": warns.then_some(consent == Consent::Accepted),
        "evidence": match verdict {
            Verdict::Good(evidence) | Verdict::Unknown(evidence) => Some(clean(evidence)),
            _ => None,
        },
        "findings": report::findings_of(verdict),
    })
}

fn still(still: &Pending<'_>, since: Duration) -> Value {
    let (checks, step) = match still {
        Pending::Checks(checks) => (checks.iter().map(|check| check.id()).collect(), None),
        Pending::Step(_, _, id, _) => (Vec::new(), Some(*id)),
        Pending::Else => (Vec::new(), None),
    };
    json!({ "checks": checks, "step": step, "seconds": since.as_secs() })
}

fn plan(plan: &Plan, answers: &[AnswerSummary], changes: &[SummaryLine]) -> Value {
    let answers: Vec<Value> = answers
        .iter()
        .map(|answer| {
            json!({
                "field": answer.field.id(),
                "secret": answer.field.is_secret(),
                "value": answer.value,
                "origin": answer.origin,
                "place": answer.place.as_deref().map(clean),
            })
        })
        .collect();
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .map(|step| {
            let scope = match (steps::row(step.kind).scope)(plan.flow) {
                Scope::Node => "node",
                Scope::Row => "own-row",
                Scope::Cluster => "cluster",
            };
            let mode = (!step.mode.is_empty()).then_some(step.mode);
            json!({ "id": step.kind.id(), "scope": scope, "title": clean(&step.title), "mode": mode })
        })
        .collect();
    json!({
        "flow": plan.flow.id(),
        "node": clean(&plan.node.name),
        "cluster": plan.cluster.to_string(),
        "answers": answers,
        "changes": changes.iter().map(|line| json!({ "setting": line.label, "change": clean(&line.value) })).collect::<Vec<_>>(),
        "steps": steps,
        "accepted": plan.accepted.iter().map(|check| check.id()).collect::<Vec<_>>(),
        "accepted_names": plan.accepted.iter().map(|check| sentences::check_label(*check)).collect::<Vec<_>>(),
        "key_unverified": plan.key_unverified,
    })
}

fn step(step: &StepEvent<'_>) -> Value {
    let mut value = json!({ "id": step.id, "number": step.number, "of": step.of, "title": clean(step.title) });
    let more = match &step.outcome {
        StepOutcome::Begun => json!({ "state": "begun" }),
        StepOutcome::Done(state, took) => json!({
            "state": if *state == StepState::Already { "already" } else { "done" },
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }),
        StepOutcome::Undone => json!({ "state": "undone" }),
        StepOutcome::Failed(explanation) => json!({
            "state": "failed",
            "says": written(&explanation.says),
            "fix": written(&explanation.fix),
            "remedy": explanation.remedy.as_ref().map(report::remedy),
        }),
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn end(end: &RunEnd) -> Value {
    let node = end.node.as_ref();
    let ids = |checks: &[CheckId]| checks.iter().map(|check| check.id()).collect::<Vec<_>>();
    let refusal = end.refusal.as_ref();
    let finished = end.exit == Exit::Done && !end.dry_run;
    let next = if finished { end.next() } else { Vec::new() };
    json!({
        "exit": end.exit.code(),
        "status": end.exit.id(),
        "flow": end.flow.id(),
        "dry_run": end.dry_run,
        "resumable": end.resumable,
        "already": end.already,
        "node": node.map(|node| clean(&node.name)),
        "node_config": node.map(|node| clean(&node.config)),
        "cluster": node.and_then(|node| node.cluster.clone()),
        "polling": node.and_then(|node| node.polling.as_deref()).map(clean),
        "fingerprint": node.and_then(|node| node.fingerprint.clone()),
        "key_file": node.and_then(|node| node.key_file.as_deref()).map(clean),
        "stops": refusal.map(|refusal| ids(&refusal.stops)),
        "warnings": refusal.map(|refusal| ids(&refusal.warnings)),
        "unknown": refusal.map(|refusal| ids(&refusal.unknown)),
        "says": end.says.iter().map(|text| written(text)).chain(refusal.and_then(|refusal| refusal.says.as_deref()).map(written)).collect::<Vec<_>>(),
        "join": (!end.join.is_empty()).then(|| end.join.join("\n")).as_deref(),
        "next_node": node.filter(|_| finished).map(|node| node.next_node.as_str()),
        "facts": end.facts.iter().map(|fact| json!({ "label": fact.label, "value": clean(&fact.value) })).collect::<Vec<_>>(),
        "next": next.iter().map(|next| clean(&next.line())).collect::<Vec<_>>(),
        "now": next.iter().filter(|next| next.advice.is_urgent()).map(|next| clean(&next.line())).collect::<Vec<_>>(),
    })
}
