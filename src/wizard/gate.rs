//! The gate: whether Next is open.

use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::{Severity, Verdict};

/// Whether Next is open, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Only warnings and what is not proven are left: Next asks for their acceptance.
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

/// Weighs a screen's field problems and verdicts. An accepted warning does not count as long as it says what it said when it was
/// accepted: consent to one dead node is no consent to another.
pub fn weigh(malformed: Vec<FieldId>, verdicts: &[(CheckId, Verdict)], accepted: &[(CheckId, Verdict)]) -> Gate {
    if !malformed.is_empty() {
        return Gate::Malformed(malformed);
    }
    let is_stop = |(_, verdict): &&(CheckId, Verdict)| verdict.severity() == Some(Severity::Stop);
    let stops: Vec<CheckId> = verdicts.iter().filter(is_stop).map(|(check, _)| *check).collect();
    if !stops.is_empty() {
        return Gate::Shut(stops);
    }
    if verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Running) {
        return Gate::Waiting;
    }
    if verdicts.iter().any(|(_, verdict)| *verdict == Verdict::NotYet) {
        return Gate::Unproven;
    }
    let open = verdicts.iter().filter(|warning| warning.1.needs_consent() && !accepted.contains(warning));
    let warnings: Vec<CheckId> = open.map(|(check, _)| *check).collect();
    if warnings.is_empty() { Gate::Open } else { Gate::Warned(warnings) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Finding;

    fn good() -> Verdict {
        Verdict::Good("x".into())
    }

    fn found(severity: Severity) -> Verdict {
        Verdict::Found(vec![Finding::new(CheckId::SqlClock, severity, "x.", "y.")])
    }

    fn gate_of(verdicts: Vec<Verdict>) -> Gate {
        let verdicts: Vec<_> = CheckId::ALL.into_iter().zip(verdicts).collect();
        weigh(Vec::new(), &verdicts, &[])
    }

    #[test]
    fn the_weightiest_reason_counts() {
        let (first, second) = (CheckId::ALL[0], CheckId::ALL[1]);
        for (verdicts, gate) in [
            (vec![], Gate::Open),
            (vec![good(), found(Severity::Note)], Gate::Open),
            (vec![good(), found(Severity::Unknown)], Gate::Open),
            (vec![good(), Verdict::DoesNotApply], Gate::Open),
            (vec![good(), found(Severity::Unproven)], Gate::Warned(vec![second])),
            (vec![good(), found(Severity::Warn)], Gate::Warned(vec![second])),
            (vec![found(Severity::Warn), Verdict::NotYet], Gate::Unproven),
            (vec![Verdict::NotYet, Verdict::Running], Gate::Waiting),
            (vec![found(Severity::Stop), Verdict::Running], Gate::Shut(vec![first])),
            (vec![found(Severity::Stop), found(Severity::Stop)], Gate::Shut(vec![first, second])),
        ] {
            assert_eq!(gate_of(verdicts.clone()), gate, "{verdicts:?}");
        }
    }

    #[test]
    fn malformed_fields_come_before_everything() {
        let verdicts = [(CheckId::SqlClock, found(Severity::Stop))];
        assert_eq!(weigh(vec![FieldId::Server], &verdicts, &[]), Gate::Malformed(vec![FieldId::Server]));
    }

    #[test]
    fn accepted_warnings_do_not_count_and_stops_cannot_be_accepted() {
        let accepted = [(CheckId::SqlClock, found(Severity::Warn))];
        let warned = [(CheckId::SqlClock, found(Severity::Warn)), (CheckId::SqlTls, found(Severity::Warn))];
        assert_eq!(weigh(Vec::new(), &warned, &accepted), Gate::Warned(vec![CheckId::SqlTls]));
        assert_eq!(weigh(Vec::new(), &warned[..1], &accepted), Gate::Open);
        let stopped = [(CheckId::SqlClock, found(Severity::Stop))];
        assert_eq!(weigh(Vec::new(), &stopped, &accepted), Gate::Shut(vec![CheckId::SqlClock]));
    }

    #[test]
    fn a_warning_that_says_something_else_by_now_was_not_accepted() {
        let accepted = [(CheckId::SqlClock, found(Severity::Warn))];
        let other = Verdict::Found(vec![Finding::new(CheckId::SqlClock, Severity::Warn, "z.", "y.")]);
        assert_eq!(weigh(Vec::new(), &[(CheckId::SqlClock, other)], &accepted), Gate::Warned(vec![CheckId::SqlClock]));
    }
}
