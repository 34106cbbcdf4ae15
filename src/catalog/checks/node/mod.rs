//! The checks of a node under review: its config, and the secrets that are sealed beside it.

mod config;
mod seals;

pub use seals::ANEW;

use crate::model::check::CheckId;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

use super::Check;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check { id: CheckId::NodeConfig, screen: ScreenId::Node, field: None, surveys: &[SurveyId::Node], judge: config::judge },
    Check { id: CheckId::NodeSeals, screen: ScreenId::Node, field: None, surveys: &[SurveyId::Node], judge: seals::judge },
];
