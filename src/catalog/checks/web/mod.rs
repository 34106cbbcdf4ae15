//! The checks of the web portal screen.

pub mod names;
pub mod ports;
pub mod prefixes;

use crate::model::field::FieldId;
use crate::model::survey::SurveyId;

use super::Check;
use crate::model::check::CheckId;
use crate::model::screen::ScreenId;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::WebPrefixes,
        screen: ScreenId::Web,
        field: Some(FieldId::ListenPrefixes),
        surveys: &[SurveyId::Ports],
        judge: prefixes::judge,
    },
    Check {
        id: CheckId::WebPorts,
        screen: ScreenId::Web,
        field: Some(FieldId::CommsPort),
        surveys: &[SurveyId::Ports],
        judge: ports::judge,
    },
    Check {
        id: CheckId::WebNames,
        screen: ScreenId::Web,
        field: Some(FieldId::ListenPrefixes),
        surveys: &[SurveyId::Ports],
        judge: names::judge,
    },
];
