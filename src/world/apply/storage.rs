//! The shared folders and this node's canaries in them.

use crate::model::plan::{Failure, StepKind, StepState};

/// Does a step.
pub(super) fn act(kind: StepKind) -> Result<StepState, Failure> {
    Err(Failure::Defect(format!("{} is not built yet.", kind.id()).into()))
}

/// Takes it back.
pub(super) fn undo(kind: StepKind) -> Result<(), Failure> {
    Err(Failure::Defect(format!("{} is not built yet.", kind.id()).into()))
}
