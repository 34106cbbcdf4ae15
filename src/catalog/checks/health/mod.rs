//! `octopus-log` and `octopus-ping`: how a node that exists fares.

mod log;
mod ping;

use crate::model::check::CheckId;
use crate::model::finding::Verdict;

use super::{Case, all, one, untold};

/// Judges one of them.
pub fn judge(check: CheckId, case: &Case<'_>) -> Verdict {
    match check {
        CheckId::OctopusPing => ping::judge(case),
        CheckId::OctopusLog => log::judge(case),
        _ => case.pending(),
    }
}
