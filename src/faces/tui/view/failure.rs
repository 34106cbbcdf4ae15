//! Why a step failed, in words.

use crate::model::plan::{Failure, StepKind};

/// What happened with what to do about it, and what mends it as something to run. A stand-in until `wizard::failures`
/// tells it for all faces.
pub fn explain(kind: StepKind, failure: &Failure) -> (String, Option<String>) {
    let text = match failure {
        Failure::Server(_) => "the server or the way to it failed. Look at it and retry.".to_owned(),
        Failure::AlreadyInitialised(seen) => {
            format!("somebody else has initialised cluster {} in this database meanwhile.", seen.id.short())
        }
        Failure::ContentChanged(_) => "the database holds something else now than when it was checked.".to_owned(),
        Failure::File { path, said } => format!("{path}: {said}."),
        Failure::FileInTheWay { path } => format!("{path} is there already, and this run did not write it."),
        Failure::ReadBack { what } => format!("{what} was read back and is not what was written."),
        Failure::Busy { pid: Some(pid) } => format!("another wizard (process {pid}) works on this instance right now."),
        Failure::Busy { pid: None } => "another wizard works on this instance right now.".to_owned(),
        Failure::SealBroken { path } => format!("the sealed key in {path} cannot be opened on this machine."),
        Failure::Kept { what } => format!("{what} stays, because something that could not be undone depends on it."),
        Failure::Cancelled => "it was stopped before this step, as asked. Retry goes on.".to_owned(),
        Failure::Defect(text) => format!("a defect of octopus-setup: {text}."),
    };
    (format!("{}: {text}", kind.id()), None)
}
