//! The checks of a node under review: its config, and the secrets that are sealed beside it.

mod config;
mod seals;

pub use seals::ANEW;

use crate::model::check::CheckId;
use crate::model::finding::Verdict;

use super::Case;

/// Judges one of them.
pub fn judge(check: CheckId, case: &Case<'_>) -> Verdict {
    match check {
        CheckId::NodeSeals => seals::judge(case),
        _ => config::judge(case),
    }
}
