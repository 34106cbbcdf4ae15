//! From a screen's answers to its survey's inputs.

use crate::model::answers::Answers;
use crate::model::screen::ScreenId;
use crate::model::survey::{Inputs, SurveyId};

/// The survey that proves a screen; `None` for screens that prove nothing.
pub fn survey_of(screen: ScreenId) -> Option<SurveyId> {
    match screen {
        ScreenId::Start => Some(SurveyId::Machine),
        ScreenId::Home => Some(SurveyId::Home),
        ScreenId::Service => Some(SurveyId::Service),
        ScreenId::Database => Some(SurveyId::Server),
        ScreenId::Web => Some(SurveyId::Ports),
        _ => None,
    }
}

/// What the screen's survey is to be asked; `None` while an answer that it reads is missing or malformed.
pub fn of(_screen: ScreenId, _answers: &Answers) -> Option<Inputs> {
    None
}
