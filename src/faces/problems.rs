//! What is wrong with answers that were given beforehand: for people, and for programs. No value of a secret is in either.

use std::fmt::Write as _;

use serde::Serialize;

use super::sentences::{WORD, clean, severity, written};
use crate::catalog::format;
use crate::model::answers::{AnswerPlace, LoadedAnswers, Origin, Problem};
use crate::model::field::FieldId;
use crate::model::finding::Severity;

/// The schema's number of the JSON object.
const SCHEMA: u32 = 1;

/// One thing that is wrong: how much it weighs and what it is, beneath it where, and what to do.
pub fn write_problem(out: &mut String, problem: &Problem) {
    let Problem { severity: weight, place, field: _, says, fix } = problem;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  {:WORD$} {}", severity(*weight), written(says));
    let place = place.as_ref().map(|place| clean(&place.to_string()));
    for line in [place, Some(written(fix)).filter(|fix| !fix.is_empty())].into_iter().flatten() {
        let _ = writeln!(out, "  {:WORD$} {line}", "");
    }
}

/// What is wrong, one after the other, and what comes of it.
pub fn text(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        write_problem(&mut out, problem);
    }
    let stops = problems.iter().filter(|problem| problem.severity == Severity::Stop).count();
    if stops > 0 {
        let _ = writeln!(out, "The answers are refused: {}. Nothing was written.", format::count(stops as u64, "problem"));
    }
    out
}

/// The same, and every answer that was given with its origin; what is left open is asked for by the run itself.
pub fn check(problems: &[Problem], loaded: &LoadedAnswers) -> String {
    let mut out = String::new();
    let width = loaded.places.keys().map(|field| field.id().len()).max().unwrap_or_default();
    for (field, place) in &loaded.places {
        let asked = if loaded.open.contains(field) {
            ", had when it runs"
        } else if loaded.commands.contains(field) {
            ", whose command was run"
        } else {
            ""
        };
        let _ = writeln!(out, "  {:width$}  {:11}  {place}{asked}", field.id(), origin(place.origin()));
    }
    if !loaded.places.is_empty() {
        out.push('\n');
    }
    out += &text(problems);
    if !problems.iter().any(|problem| problem.severity == Severity::Stop) {
        let count = format::count(loaded.places.len() as u64, "answer");
        let but = if problems.is_empty() { "no problems found" } else { "nothing to stop them" };
        let _ = writeln!(out, "{count}, {but}; the rest are defaults. Not proven: that is what --live and --dry-run are for.");
    }
    out
}

/// An origin as one word.
pub const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Default => "default",
        Origin::File => "file",
        Origin::Environment => "environment",
        Origin::Flag => "flag",
        Origin::Typed => "typed",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    problems: Vec<ProblemOut<'a>>,
    answers: Vec<AnswerOut>,
}

#[derive(Serialize)]
struct ProblemOut<'a> {
    severity: &'static str,
    field: Option<&'static str>,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    place: Option<String>,
    says: String,
    fix: String,
}

#[derive(Serialize)]
struct AnswerOut {
    field: &'static str,
    origin: &'static str,
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

/// The same as one JSON object on one line.
pub fn json(problems: &[Problem], loaded: &LoadedAnswers) -> String {
    let document = Document {
        schema: SCHEMA,
        problems: problems.iter().map(problem_out).collect(),
        answers: loaded
            .places
            .iter()
            .map(|(field, place)| AnswerOut {
                field: field.id(),
                origin: origin(place.origin()),
                place: place.to_string(),
                // What is ignored was not even fetched.
                value: (!field.is_secret() && loaded.answers.get(*field).origin != Origin::Default)
                    .then(|| clean(loaded.answers.text(*field))),
            })
            .collect(),
    };
    // Texts, numbers and lists of them can always be written.
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

fn problem_out(problem: &Problem) -> ProblemOut<'_> {
    let (file, line, column) = match &problem.place {
        Some(AnswerPlace::Line { file, line, column }) => (Some(file.as_str()), Some(*line), Some(*column)),
        Some(AnswerPlace::File(file)) => (Some(file.as_str()), None, None),
        Some(AnswerPlace::Variable(_) | AnswerPlace::Flag(_)) | None => (None, None, None),
    };
    ProblemOut {
        severity: severity(problem.severity),
        field: problem.field.map(FieldId::id),
        file,
        line,
        column,
        place: problem.place.as_ref().map(ToString::to_string),
        says: written(&problem.says),
        fix: written(&problem.fix),
    }
}
