//! `sql-connect`.

use crate::catalog::checks::Case;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::TcpConnection;
use crate::model::finding::Verdict;

/// TCP connects.
pub fn judge(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    match super::station(CheckId::SqlConnect, &server.connected, server.way_blocked(), case) {
        Ok(connected) => Verdict::Good(evidence(connected, case)),
        Err(verdict) => verdict,
    }
}

fn evidence(connected: &TcpConnection, case: &Case<'_>) -> String {
    let addresses = case.facts.server.resolved.seen().map_or(1, |resolved| resolved.addresses.len());
    let addresses = if addresses > 1 { format!(", {addresses} addresses") } else { String::new() };
    let route = connected.routed_to.as_ref().map(|next| format!(", sent on to {next}")).unwrap_or_default();
    format!("{} in {}{addresses}{route}", connected.address, format::duration(connected.took))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::{Fact, Trouble};

    #[test]
    fn the_evidence_is_the_address_and_its_time() {
        let mut facts = samples::facts();
        let of = |facts: &_| judged(CheckId::SqlConnect, &samples::answers(), facts);
        assert_eq!(evidence(&of(&facts)), "10.0.4.17 in 1.2 ms, 2 addresses");
        if let Fact::Seen(resolved) = &mut facts.server.resolved {
            resolved.addresses.truncate(1);
        }
        if let Fact::Seen(connected) = &mut facts.server.connected {
            connected.routed_to = Some("sql02,1433".into());
        }
        assert_eq!(evidence(&of(&facts)), "10.0.4.17 in 1.2 ms, sent on to sql02,1433");
    }

    #[test]
    fn each_way_not_to_connect_stops_with_its_words() {
        let mut facts = samples::facts();
        let waited = Duration::from_secs(5);
        for (trouble, part) in [
            (Trouble::Refused, "sql01,1433 refused"),
            (Trouble::TimedOut { waited }, "a firewall drops"),
            (Trouble::Unreachable, "no route"),
            (Trouble::Io("Too many open files".into()), "Too many open files."),
        ] {
            facts.server.connected = Fact::Missing(trouble);
            assert!(stop(&judged(CheckId::SqlConnect, &samples::answers(), &facts)).says.contains(part));
        }
    }
}
