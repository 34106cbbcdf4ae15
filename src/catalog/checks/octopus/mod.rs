//! `octopus-program`, `octopus-instance` and `octopus-service`: whether the hand-over to Octopus Server can be run.

mod instance;
mod program;
mod service;

use std::path::Path;

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::facts::Fact;
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::octopus::HandOverMode;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

use super::{Case, Check, all, one, unknown};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::OctopusProgram,
        screen: ScreenId::Octopus,
        field: Some(FieldId::OctopusServer),
        surveys: &[SurveyId::Octopus],
        judge: program::judge,
    },
    Check {
        id: CheckId::OctopusInstance,
        screen: ScreenId::Octopus,
        field: Some(FieldId::Instance),
        surveys: &[SurveyId::Octopus],
        judge: instance::judge,
    },
    Check {
        id: CheckId::OctopusService,
        screen: ScreenId::Octopus,
        field: Some(FieldId::Instance),
        surveys: &[SurveyId::Octopus],
        judge: service::judge,
    },
];

/// The program whose commands the plan's last steps run; the verdict where none are, or where that is not known yet.
fn program<'a>(case: &Case<'a>) -> Result<&'a Path, Verdict> {
    if read::hand_over(case.answers) == HandOverMode::Script {
        return Err(Verdict::Good("not looked at: nothing of it is run".to_owned()));
    }
    match &case.facts.octopus.program {
        Fact::Unknown => Err(case.pending()),
        Fact::Seen(Some(program)) => Ok(program),
        Fact::Seen(None) => Err(Verdict::Good("not looked at: Octopus Server is not here".to_owned())),
        Fact::Missing(trouble) => Err(unknown(trouble)),
    }
}
