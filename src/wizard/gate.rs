//! The gate: whether Next is open.

use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};

/// Whether Next is open, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// Everything is proven.
    Open,
    /// Only warnings stand against it: Next asks for their acceptance.
    Warned(Vec<CheckId>),
    /// Checks are running.
    Waiting,
    /// Nothing has been proven yet for these answers: Next runs the checks.
    Unproven,
    /// These fields' texts are wrong.
    Malformed(Vec<FieldId>),
    /// These checks say stop.
    Shut(Vec<CheckId>),
}

/// Weighs a screen's field problems and verdicts. Accepted warnings do not count.
pub fn weigh(malformed: Vec<FieldId>, verdicts: &[(CheckId, Verdict)], accepted: &[CheckId]) -> Gate {
    if !malformed.is_empty() {
        return Gate::Malformed(malformed);
    }
    let of = |severity: Severity| -> Vec<CheckId> {
        verdicts.iter().filter(|(_, verdict)| verdict.severity() == Some(severity)).map(|(check, _)| *check).collect()
    };
    let stops = of(Severity::Stop);
    if !stops.is_empty() {
        return Gate::Shut(stops);
    }
    if verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Running) {
        return Gate::Waiting;
    }
    if verdicts.iter().any(|(_, verdict)| *verdict == Verdict::NotYet) {
        return Gate::Unproven;
    }
    let mut warnings = of(Severity::Warn);
    warnings.retain(|check| !accepted.contains(check));
    if warnings.is_empty() { Gate::Open } else { Gate::Warned(warnings) }
}
