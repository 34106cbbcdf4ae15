//! The checks of the home screen.

pub mod disk;
pub mod instance;
pub mod node;
pub mod path;
pub mod writable;

use crate::model::field::FieldId;
use crate::model::survey::SurveyId;

use super::Check;
use crate::model::check::CheckId;
use crate::model::screen::ScreenId;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::HomeInstance,
        screen: ScreenId::Home,
        field: Some(FieldId::Instance),
        surveys: &[SurveyId::Home],
        judge: instance::judge,
    },
    Check {
        id: CheckId::HomePath,
        screen: ScreenId::Home,
        field: Some(FieldId::Home),
        surveys: &[SurveyId::Home],
        judge: path::judge,
    },
    Check {
        id: CheckId::HomeDisk,
        screen: ScreenId::Home,
        field: Some(FieldId::Home),
        surveys: &[SurveyId::Home],
        judge: disk::judge,
    },
    Check {
        id: CheckId::HomeWritable,
        screen: ScreenId::Home,
        field: Some(FieldId::Home),
        surveys: &[SurveyId::Home],
        judge: writable::judge,
    },
    Check {
        id: CheckId::HomeNode,
        screen: ScreenId::Home,
        field: Some(FieldId::NodeName),
        surveys: &[SurveyId::Home],
        judge: node::judge,
    },
];
