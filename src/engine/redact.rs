//! Events and effects as log lines: what they are and what they are about, never what was typed.
//!
//! Redaction is by type and by omission: no arm writes a field's text, a key, a connection string or a file's content. For a
//! field that may be shown the length is written; for a secret, and for proofs that contain pieces of one, not even that. A new
//! variant does not compile until it has its text here.

use std::fmt::{self, Display, Formatter};

use crate::model::answers::Raw;
use crate::model::field::FieldId;
use crate::model::plan::Progress;
use crate::wizard::effect::Effect;
use crate::wizard::event::{Event, StartChoice};

/// An event, as one line.
pub struct RedactedEvent<'a>(pub &'a Event);

impl Display for RedactedEvent<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::Edit(field, raw) => edit(out, *field, raw),
            Event::Focus(focus) => write!(out, "focus {focus:?}"),
            Event::Next => out.write_str("next"),
            Event::Back => out.write_str("back"),
            Event::Jump(screen) => write!(out, "jump to {}", screen.id()),
            Event::Begin(StartChoice::Flow(flow)) => write!(out, "begin {}", flow.id()),
            Event::Begin(StartChoice::Resume(instance)) => write!(out, "go on with {instance}"),
            Event::Begin(StartChoice::Review(subject)) => write!(out, "review {}", subject.config.display()),
            Event::Press(action) => write!(out, "press {action:?}"),
            Event::ConnectionString(_) => out.write_str("a connection string was given"),
            Event::Reply(yes) => out.write_str(if *yes { "reply yes" } else { "reply no" }),
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

/// What the installer reports, as one line; why a step failed is told elsewhere, in the words of the screen.
struct RedactedProgress<'a>(&'a Progress);

impl Display for RedactedProgress<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Progress::Begun(kind) => write!(out, "step {} begun", kind.id()),
            Progress::Done(kind, state, took) => write!(out, "step {} {state:?}, {} ms", kind.id(), took.as_millis()),
            Progress::Said(kind, lines) => write!(out, "step {} printed {} lines", kind.id(), lines.len()),
            Progress::Failed(kind, _) => write!(out, "step {} failed", kind.id()),
            Progress::Finished => out.write_str("all steps are done"),
            Progress::Undoing(kind) => write!(out, "undo of {} begun", kind.id()),
            Progress::Undone(kind) => write!(out, "undo of {} done", kind.id()),
            Progress::UndoFailed(kind, _) => write!(out, "undo of {} failed", kind.id()),
            Progress::UndoEnded(all) => write!(out, "undo ended, {}", if *all { "all of it" } else { "not all of it" }),
        }
    }
}

/// An effect, as one line.
pub struct RedactedEffect<'a>(pub &'a Effect);

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
        for field in secret.chain([FieldId::KeyProof, FieldId::KeyConfirm]) {
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
