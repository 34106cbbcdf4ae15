//! `sql-clock`.

use crate::catalog::checks::{Case, one};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Verdict};

/// Milliseconds from which on a difference is worth a note: more than any round trip explains.
const NOTED: u64 = 5_000;
/// From here on heartbeats look old: a node is polled every 20 s.
const LATE: u64 = 30_000;
/// From here on a node counts as dead the moment that it writes its heartbeat.
const DEAD: u64 = 300_000;

const FIX: &str = "Have both clocks set by the same time service (NTP); nodes judge each other by what these clocks say.";

/// The clocks agree. Never a stop: Octopus runs with any difference, and neither clock may be the operator's to set.
pub fn judge(case: &Case<'_>) -> Verdict {
    match super::optional(&case.facts.server.clock_ahead_ms, case) {
        Ok(ahead) => of_difference(*ahead),
        Err(verdict) => verdict,
    }
}

fn of_difference(ahead: i64) -> Verdict {
    let apart = ahead.unsigned_abs();
    let which = if ahead >= 0 { "ahead of" } else { "behind" };
    let says = format!("The server is {} {which} this machine.", format::span(apart / 1_000));
    if apart <= NOTED {
        Verdict::Good(format!("{}.{} s apart", apart / 1_000, apart % 1_000 / 100))
    } else if apart <= LATE {
        one(Finding::note(CheckId::SqlClock, says))
    } else if apart <= DEAD {
        one(Finding::warn(CheckId::SqlClock, says, FIX))
    } else {
        one(Finding::warn(
            CheckId::SqlClock,
            format!("{says} Nodes whose last heartbeat is five minutes old count as dead, so this one would from the start."),
            FIX,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Fact, Trouble};
    use crate::model::finding::Severity;

    fn of(ahead: i64) -> Verdict {
        let mut facts = samples::facts();
        facts.server.clock_ahead_ms = Fact::Seen(ahead);
        judged(CheckId::SqlClock, &samples::answers(), &facts)
    }

    #[test]
    fn small_differences_are_good_and_larger_ones_weigh_more() {
        assert_eq!(evidence(&of(120)), "0.1 s apart");
        assert_eq!(evidence(&of(-5_000)), "5.0 s apart");
        assert_eq!(of(5_001).severity(), Some(Severity::Note));
        assert_eq!(of(-30_000).severity(), Some(Severity::Note));
        assert!(warn(&of(41_000)).says.contains("41 s ahead of"));
        assert!(warn(&of(-41_000)).says.contains("41 s behind"));
        assert!(warn(&of(-3_600_000)).says.contains("60 min behind") && warn(&of(300_001)).says.contains("count as dead"));
        assert!(warn(&of(i64::MIN)).says.contains("behind"));
    }

    #[test]
    fn a_clock_that_cannot_be_read_is_no_obstacle() {
        let mut facts = samples::facts();
        facts.server.clock_ahead_ms = Fact::Missing(Trouble::Unasked);
        assert_eq!(evidence(&judged(CheckId::SqlClock, &samples::answers(), &facts)), "cannot be told here");
    }

    #[test]
    fn nothing_is_good_behind_a_connection_that_broke() {
        let mut facts = samples::facts();
        facts.server.clock_ahead_ms = Fact::Missing(Trouble::ConnectionLost);
        facts.server.database = Fact::Missing(Trouble::ConnectionLost);
        assert_eq!(judged(CheckId::SqlClock, &samples::answers(), &facts), Verdict::NotYet);
    }
}
