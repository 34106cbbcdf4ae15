//! `sql-latency`.

use std::time::Duration;

use crate::catalog::checks::{Case, one};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::finding::{Finding, Verdict};

/// Within one data centre a round trip takes well under this; Octopus makes many thousands of them.
const FAR: Duration = Duration::from_millis(10);

/// One round trip is short enough.
pub fn judge(case: &Case<'_>) -> Verdict {
    match super::optional(&case.facts.server.round_trip, case) {
        Ok(round_trip) if *round_trip > FAR => one(Finding::warn(
            CheckId::SqlLatency,
            format!(
                "One round trip to the server takes {}; Octopus wants it in the same data centre.",
                format::duration(*round_trip)
            ),
            "Use a server that is nearer, unless this node is only for trying out.",
        )),
        Ok(round_trip) => Verdict::Good(format!("{} a round trip", format::duration(*round_trip))),
        Err(verdict) => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, warn};
    use crate::catalog::samples;
    use crate::model::facts::Fact;

    #[test]
    fn near_is_good_and_far_is_warned_of() {
        let of = |micros| {
            let mut facts = samples::facts();
            facts.server.round_trip = Fact::Seen(Duration::from_micros(micros));
            judged(CheckId::SqlLatency, &samples::answers(), &facts)
        };
        assert_eq!(evidence(&of(800)), "0.8 ms a round trip");
        assert_eq!(evidence(&of(10_000)), "10.0 ms a round trip");
        assert!(warn(&of(10_001)).says.contains("10.0 ms"));
        assert!(warn(&of(150_000)).says.contains("150 ms"));
    }
}
