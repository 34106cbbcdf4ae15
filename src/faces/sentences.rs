//! What the faces without pixels say of checks, findings and plans: one thing a line, nothing wrapped, no colours.

use std::fmt::Write as _;

use crate::catalog::steps;
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::phrase;
use crate::model::plan::{Plan, Scope};
use crate::model::untrusted::Untrusted;
use crate::render::{self, tentacles};
use crate::wizard::end_page::EndPage;
use crate::wizard::next_steps::NextStep;
use crate::wizard::summary::{self, SummaryLine};
use crate::words;

/// The columns of a check's word and of its id.
pub const WORD: usize = 8;
/// See [`WORD`].
pub const ID: usize = 18;

/// A severity as one word.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Unknown => "unknown",
        Severity::Unproven => "unproven",
        Severity::Warn => "warning",
        Severity::Stop => "stop",
    }
}

/// A verdict as one word.
pub fn verdict(verdict: &Verdict) -> &'static str {
    match verdict.severity() {
        Some(weight) => severity(weight),
        None if matches!(verdict, Verdict::Good(_)) => "ok",
        None => "unknown",
    }
}

/// Returns a check's label, as the screens show it.
pub fn check_label(check: CheckId) -> &'static str {
    let screen = words::screen(crate::catalog::checks::row(check).screen);
    screen.check(check).map_or(check.id(), |words| words.label.as_str())
}

/// One check: its evidence, or each of its findings with what to do.
pub fn check(out: &mut String, id: CheckId, verdict: &Verdict) {
    let said = match verdict {
        Verdict::Good(evidence) | Verdict::Unknown(evidence) => clean(evidence),
        Verdict::NotYet => "could not be judged".to_owned(),
        Verdict::Running => "no answer in the time that it was given".to_owned(),
        Verdict::DoesNotApply => return,
        Verdict::Found(findings) => {
            for finding in findings {
                let _ = writeln!(out, "  {:WORD$} {:ID$} {}", severity(finding.severity), id.id(), written(&finding.says));
                write_fix(out, finding);
            }
            return;
        }
    };
    let _ = writeln!(out, "  {:WORD$} {:ID$} {said}", self::verdict(verdict), id.id());
}

/// What to do, and with what, under the finding that it is about.
fn write_fix(out: &mut String, finding: &Finding) {
    let indent = WORD + ID + 4;
    if !finding.fix.is_empty() {
        let _ = writeln!(out, "{:indent$}{}", "", written(&finding.fix));
    }
    for line in finding.remedy.iter().flat_map(|remedy| remedy.text().lines()) {
        let _ = writeln!(out, "{:indent$}  {}", "", clean(line));
    }
}

/// A step's scope as it stands before its title.
pub const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Node => "node",
        Scope::Row => "own row",
        Scope::Cluster => "cluster",
    }
}

/// What a plan sets up.
pub fn summary(out: &mut String, lines: &[SummaryLine]) {
    for line in lines {
        let _ = writeln!(out, "  {:ID$} {}", line.label, clean(&line.value));
    }
}

/// The end of a run, line by line: what exists, what to do now, the next node's command, what can wait.
pub fn end_page(end: &EndPage, plan: Option<&Plan>) -> Vec<String> {
    let mut lines = vec![clean(&end.says)];
    lines.extend(end.facts.iter().map(|fact| format!("{}: {}", fact.label, clean(&fact.value))));
    if let Some(command) = plan.and_then(tentacles::poll_server_command) {
        lines.extend(["On each polling Tentacle:".to_owned(), clean_line(&command)]);
    }
    add_steps(&mut lines, "Now:", &end.now);
    if let Some(plan) = plan.filter(|plan| matches!(plan.flow, Flow::FirstNode | Flow::Join)) {
        let title = "On the next server, as one command, with its secrets in these variables of the environment:";
        // On one line: a screen reader reads a command badly if it is broken over several, and pasting takes it apart.
        lines.extend([title.to_owned(), clean_line(&render::next_node(plan))]);
    }
    add_steps(&mut lines, "Later:", &end.later);
    lines
}

fn add_steps(lines: &mut Vec<String>, title: &str, steps: &[NextStep]) {
    if steps.is_empty() {
        return;
    }
    lines.push(title.to_owned());
    for (number, next) in (1..).zip(steps) {
        lines.push(format!("{number}. {}", written(next.words)));
        lines.extend(next.command.as_deref().map(clean_line));
    }
}

/// A plan, step by step.
pub fn plan(out: &mut String, plan: &Plan) {
    let _ = writeln!(out, "Plan: {}", summary::steps_in_words(plan));
    for (place, step) in plan.steps.iter().enumerate() {
        let mode = if step.mode.is_empty() { String::new() } else { format!("  ({})", step.mode) };
        let _ = writeln!(
            out,
            "  {:>2} {:WORD$} {}{mode}",
            place + 1,
            scope((steps::row(step.kind).scope)(plan.flow)),
            clean(&step.title)
        );
    }
    if !plan.accepted.is_empty() {
        let names: Vec<String> = plan.accepted.iter().map(|check| format!("{} ({})", check_label(*check), check.id())).collect();
        let _ = writeln!(out, "  Accepted: {}", names.join(", "));
    }
}

/// What checks say is made of cleaned parts; the answers among them came from a file, and a file may hold anything.
pub fn clean(text: &str) -> String {
    Untrusted::new(text).to_string()
}

/// One of the wizard's sentences, cleaned, with what does here what a key does on the full screen.
pub fn written(text: &str) -> String {
    clean(&phrase::fill(text, phrase::name_in_files))
}

/// The same of a line of a script, whose first blanks mean something to the eye.
pub fn clean_line(line: &str) -> String {
    let rest = line.trim_start_matches(' ');
    format!("{:indent$}{}", "", clean(rest), indent = line.len() - rest.len())
}
