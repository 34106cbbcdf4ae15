//! The undoing of an unfinished run with nobody there: what is taken back is told line by line.

use std::io::Write;

use serde_json::{Value, json};

use super::OutputFormat;
use crate::catalog::failures;
use crate::faces::exit::Exit;
use crate::faces::sentences::{clean, written};
use crate::model::field::FieldId;
use crate::model::finding::Remedy;
use crate::model::journal::Journal;
use crate::model::plan::{Failure, Progress, StepKind};
use crate::model::platform::Platform;
use crate::model::target::Target;
use crate::wizard::answer_file;

/// Tells what is undone: to people a line each, to programs a JSON object each.
pub struct UndoReporter<'a, W> {
    output: OutputFormat,
    out: &'a mut W,
    platform: Platform,
    target: Option<Target>,
}

impl<'a, W: Write> UndoReporter<'a, W> {
    /// Returns a reporter that has told nothing yet.
    pub const fn new(output: OutputFormat, platform: Platform, out: &'a mut W) -> Self {
        Self { output, out, platform, target: None }
    }

    /// Tells that there is nothing to undo.
    pub fn nothing(&mut self, says: &str) -> Exit {
        self.end(Exit::Done, &format!("Already done. {says}"), &json!({ "already": true }))
    }

    /// Tells that this machine knows no such instance.
    pub fn refused(&mut self, says: &str) -> Exit {
        self.end(Exit::Checks, says, &json!({}))
    }

    /// Tells which run it is.
    pub fn begins(&mut self, journal: &Journal, target: Option<&Target>, dry_run: bool) {
        self.target = target.cloned();
        let (instance, done, steps) = (clean(&journal.instance), journal.done(), journal.steps.len());
        let flow = journal.flow.id();
        self.tell(
            &format!("The run of {flow} for instance {instance}, begun {}, did {done} of {steps} steps.", clean(&journal.begun)),
            || {
                json!({
                    "event": "undoing", "flow": flow, "instance": instance, "done": done, "steps": steps, "dry_run": dry_run,
                })
            },
        );
    }

    /// Tells what would be undone, last step first.
    pub fn planned(&mut self, journal: &Journal) -> Exit {
        for step in journal.steps.iter().rev().filter(|step| step.state.is_begun_or_done()) {
            self.step(step.kind, "planned", None);
        }
        self.end(Exit::Done, "Dry run: nothing was changed.", &json!({ "dry_run": true }))
    }

    /// Tells that nothing can be undone without the password.
    pub fn lacks_password(&mut self) -> Exit {
        let (variable, flag) = (FieldId::Password.variable(), answer_file::flag(FieldId::Password));
        let says = format!(
            "password: the database login's is needed to undo this. Give it by {variable} or {flag}. Nothing was changed."
        );
        self.end(Exit::Answers, &says, &json!({ "resumable": true }))
    }

    /// Tells that a person said no.
    pub fn left(&mut self) -> Exit {
        self.end(Exit::Left, "Nothing was changed.", &json!({}))
    }

    /// Tells what is undone, or could not be.
    pub fn progress(&mut self, progress: Progress) {
        match progress {
            Progress::Undone(kind) => self.step(kind, "undone", None),
            Progress::UndoFailed(kind, failure) => self.step(kind, "failed", Some(&failure)),
            _ => {}
        }
    }

    /// Tells how it ended.
    pub fn ends(&mut self, whole: bool) -> Exit {
        if whole {
            return self.end(Exit::Done, "Everything that this run made is undone.", &json!({}));
        }
        let says =
            "Some of it could not be undone; its journal is kept. Once the reasons above are gone, the same command goes on.";
        self.end(Exit::Unfinished, says, &json!({ "resumable": true }))
    }

    fn step(&mut self, kind: StepKind, state: &str, failure: Option<&Failure>) {
        let explanation = failure.map(|failure| match &self.target {
            Some(target) => failures::explain_step_at(kind, failure, (target, None), self.platform),
            None => failures::explain_step(kind, failure),
        });
        let mut text = vec![format!("  {state:8} {}", kind.id())];
        if let Some(words) = &explanation {
            text.extend([&words.says, &words.fix].map(|line| format!("           {}", written(line))));
            let remedy = words.remedy.iter().flat_map(|remedy| remedy.text().lines());
            text.extend(remedy.map(|line| format!("             {}", clean(line))));
        }
        let text = text.join("\n");
        self.tell(&text, || {
            json!({
                "event": "step", "id": kind.id(), "state": state,
                "says": explanation.as_ref().map(|words| written(&words.says)),
                "fix": explanation.as_ref().map(|words| written(&words.fix)),
                "remedy": explanation.as_ref().and_then(|words| words.remedy.as_ref()).map(Remedy::text),
            })
        });
    }

    fn end(&mut self, exit: Exit, says: &str, more: &Value) -> Exit {
        self.tell(&format!("\n{says}"), || {
            let mut end = json!({ "event": "end", "exit": exit.code(), "status": exit.id(), "says": [says] });
            if let (Value::Object(end), Value::Object(more)) = (&mut end, more) {
                end.extend(more.clone());
            }
            end
        });
        exit
    }

    fn tell(&mut self, text: &str, json: impl FnOnce() -> Value) {
        match self.output {
            OutputFormat::Text => self.write(text),
            OutputFormat::Json => {
                let mut value = json();
                if let Value::Object(object) = &mut value {
                    object.insert("schema".into(), 1.into());
                }
                self.write(&value.to_string());
            }
        }
    }

    /// A reader that has gone stops nothing.
    fn write(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }
}
