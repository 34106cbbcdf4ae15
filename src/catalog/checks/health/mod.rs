//! `octopus-log` and `octopus-ping`: how a node that exists fares.

mod log;
mod ping;

use crate::model::check::CheckId;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

use super::{Case, Check, all, one, unknown};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check { id: CheckId::OctopusLog, screen: ScreenId::Node, field: None, surveys: &[SurveyId::Health], judge: log::judge },
    Check {
        id: CheckId::OctopusPing,
        screen: ScreenId::Node,
        field: None,
        surveys: &[SurveyId::Health, SurveyId::Cluster],
        judge: ping::judge,
    },
];
