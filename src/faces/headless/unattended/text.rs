//! Run events for people: one item per line, nothing wrapped, no colours.

use std::fmt::Write as _;
use std::time::Duration;

use crate::catalog::format;
use crate::faces::exit::Exit;
use crate::faces::problems;
use crate::faces::sentences::{self, ID, WORD, clean, written};
use crate::model::check::CheckId;
use crate::model::finding::Verdict;
use crate::model::plan::{Plan, StepState};
use crate::wizard::autopilot::Refusal;
use crate::wizard::summary::SummaryLine;
use crate::words;

use super::run_event::{AnswerSummary, Consent, Pending, RunEnd, RunEvent, StepEvent, StepOutcome};

/// Renders an event. Writing to a string cannot fail.
pub fn render(event: &RunEvent<'_>) -> String {
    let mut out = String::new();
    match event {
        RunEvent::Problem(problem) => problems::write_problem(&mut out, problem),
        RunEvent::Proving(screens) => {
            let names: Vec<&str> = screens.iter().map(|screen| words::name(*screen)).collect();
            let _ = writeln!(out, "Proving: {}.", names.join(", "));
        }
        RunEvent::Resuming(done, steps) => {
            let _ = writeln!(out, "Going on with the run that stopped after {done} of {steps} steps.");
        }
        RunEvent::Screen(screen) => {
            let _ = writeln!(out, "{}", words::name(*screen));
        }
        RunEvent::Pending(still, since) => self::still(&mut out, still, *since),
        RunEvent::Check(_, id, verdict, consent) => check(&mut out, *id, verdict, *consent),
        RunEvent::Plan(plan, answers, changes) => self::plan(&mut out, plan, answers, changes),
        RunEvent::Step(step) => self::step(&mut out, step),
        RunEvent::Said(_, lines) => {
            let _ = writeln!(out, "        It printed:");
            for line in *lines {
                let _ = writeln!(out, "          {line}");
            }
        }
        RunEvent::Waiting(_, says) => {
            let _ = writeln!(out, "        {}", written(says));
        }
        RunEvent::Interrupted => out.push_str("Interrupted: the running step comes to its end first. Once more ends at once.\n"),
        RunEvent::End(end) => self::end(&mut out, end),
    }
    out
}

fn check(out: &mut String, id: CheckId, verdict: &Verdict, consent: Consent) {
    sentences::check(out, id, verdict);
    if verdict.needs_consent() {
        let indent = WORD + ID + 4;
        let said = match consent {
            Consent::Accepted => "Accepted.".to_owned(),
            Consent::Open => format!("To accept it: --accept {}", id.id()),
        };
        let _ = writeln!(out, "{:indent$}{said}", "");
    }
}

fn still(out: &mut String, still: &Pending<'_>, since: Duration) {
    let what = match still {
        Pending::Checks(checks) => checks.iter().map(|check| check.id()).collect::<Vec<_>>().join(", "),
        Pending::Step(number, of, _, title) => format!("{number}/{of} {}", clean(title)),
        Pending::Else => "at work".to_owned(),
    };
    let _ = writeln!(out, "  {:WORD$} {what}, {}", "still", format::duration(since));
}

fn plan(out: &mut String, plan: &Plan, answers: &[AnswerSummary], changes: &[SummaryLine]) {
    if !answers.is_empty() {
        let _ = writeln!(out, "\nAnswers:");
    }
    for answer in answers {
        let value = answer.value.as_deref().unwrap_or("set");
        let place = answer.place.as_ref().map_or_else(|| answer.origin.to_owned(), |place| clean(place));
        let _ = writeln!(out, "  {:ID$} {value}  ({place})", answer.field.id());
    }
    if !changes.is_empty() {
        let _ = writeln!(out, "\nChanges:");
        sentences::summary(out, changes);
    }
    out.push('\n');
    sentences::plan(out, plan);
    if plan.key_unverified {
        out.push_str("  Nothing confirms the master key; it was accepted.\n");
    }
}

fn step(out: &mut String, step: &StepEvent<'_>) {
    let place = format!("{}/{}", step.number, step.of);
    let title = clean(step.title);
    match &step.outcome {
        StepOutcome::Begun => {
            // A blank line separates the steps from the plan.
            if step.number == 1 {
                out.push('\n');
            }
            let _ = writeln!(out, "  {place:>5} {:WORD$} {title}", "begun");
        }
        StepOutcome::Done(state, took) => {
            let word = if *state == StepState::Already { "already" } else { "done" };
            let _ = writeln!(out, "  {place:>5} {word:WORD$} {title}, {}", format::duration(*took));
        }
        StepOutcome::Undone => {
            let _ = writeln!(out, "  {place:>5} {:WORD$} {title}", "undone");
        }
        StepOutcome::Failed(explanation) => {
            let _ = writeln!(out, "  {place:>5} {:WORD$} {title}", "failed");
            for text in [&explanation.says, &explanation.fix] {
                let _ = writeln!(out, "        {}", written(text));
            }
            for line in explanation.remedy.iter().flat_map(|remedy| remedy.text().lines()) {
                let _ = writeln!(out, "          {}", clean(line));
            }
        }
    }
}

fn end(out: &mut String, end: &RunEnd) {
    let head = match end.exit {
        Exit::Done if end.already => "Already done. Nothing was written.",
        Exit::Done if end.dry_run => "Dry run: nothing was written, and no problems were found.",
        Exit::Done => "Done.",
        Exit::Usage | Exit::Left => "Nothing was written.",
        Exit::Answers if end.resumable => "The answers are refused. Nothing more was written.",
        Exit::Answers => "The answers are refused. Nothing was written.",
        Exit::Checks if end.resumable => "The checks refuse. Nothing more was written.",
        Exit::Checks => "The checks refuse. Nothing was written.",
        Exit::Lost => "The database is another first node's cluster by now. Nothing of this run is left.",
        Exit::Unfinished if !end.resumable => "A step failed before anything was written.",
        Exit::Unfinished => "Unfinished. What is done stays, and its journal is kept.",
        Exit::Signal(_) if end.resumable => "Interrupted. What is done stays, and its journal is kept.",
        Exit::Signal(_) => "Interrupted. Nothing was written.",
    };
    let _ = writeln!(out, "\n{head}");
    if let Some(refusal) = &end.refusal {
        refused(out, refusal);
    }
    for text in &end.says {
        let _ = writeln!(out, "  {}", written(text));
    }
    if end.resumable && matches!(end.exit, Exit::Unfinished | Exit::Signal(_)) {
        let _ = writeln!(out, "  The same command goes on where this one stopped; octopus-setup undo takes it back.");
    }
    for (place, line) in end.join.iter().enumerate() {
        if place == 0 {
            let _ = writeln!(out, "\nTo add this server to that cluster, with the cluster's master key:");
        }
        let _ = writeln!(out, "  {}", sentences::clean_line(line));
    }
    if end.exit == Exit::Done && (end.already || !end.dry_run) {
        done(out, end);
    }
}

fn refused(out: &mut String, refusal: &Refusal) {
    let ids = |checks: &[CheckId]| checks.iter().map(|check| check.id()).collect::<Vec<_>>();
    if !refusal.stops.is_empty() {
        let _ = writeln!(out, "  Stops, to be fixed first: {}.", ids(&refusal.stops).join(", "));
    }
    if !refusal.named.is_empty() {
        let _ = writeln!(out, "  A stop cannot be accepted: {}.", ids(&refusal.named).join(", "));
    }
    if !refusal.warnings.is_empty() {
        let warnings = ids(&refusal.warnings);
        let _ = writeln!(out, "  Warnings: {}. To accept it: --accept {}", warnings.join(", "), warnings.join(","));
    }
    if !refusal.unknown.is_empty() {
        let _ = writeln!(out, "  Could not be judged: {}.", ids(&refusal.unknown).join(", "));
    }
    if let Some(says) = &refusal.says {
        let _ = writeln!(out, "  {}", written(says));
    }
}

fn done(out: &mut String, end: &RunEnd) {
    if let Some(node) = &end.node {
        let lines = [
            ("Node", Some(&node.name)),
            ("Node config", Some(&node.config)),
            ("Cluster", node.cluster.as_ref()),
            ("Fingerprint", node.fingerprint.as_ref()),
            ("Master key", node.key_file.as_ref()),
            ("Tentacles", node.polling.as_ref()),
        ];
        for (label, text) in lines {
            if let Some(text) = text {
                let _ = writeln!(out, "  {label:12} {}", clean(text));
            }
        }
    }
    for (place, line) in end.node.iter().flat_map(|node| &node.next_lines).enumerate() {
        if place == 0 {
            let _ = writeln!(out, "\nOn the next server, as one command:");
        }
        let _ = writeln!(out, "  {}", sentences::clean_line(line));
    }
    let next = end.next();
    if !next.is_empty() {
        let _ = writeln!(out, "\nNext:");
    }
    for next in next {
        let _ = writeln!(out, "  {}", next.words);
        if let Some(command) = &next.command {
            let _ = writeln!(out, "    {}", sentences::clean_line(command));
        }
    }
}
