//! `sql-name`.

use crate::catalog::checks::Case;
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::ResolvedServer;
use crate::model::finding::Verdict;

/// The name resolves, and a named instance is known to the SQL Server Browser.
pub fn judge(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    match super::station(CheckId::SqlName, &server.resolved, server.way_blocked(), case) {
        Ok(resolved) => Verdict::Good(evidence(resolved, case)),
        Err(verdict) => verdict,
    }
}

fn evidence(resolved: &ResolvedServer, case: &Case<'_>) -> String {
    let addresses = match resolved.addresses.as_slice() {
        [one] => one.to_string(),
        many => {
            let number = many.len() as u64;
            if number == 1 { "1 address".into() } else { format!("{number} addresses") }
        }
    };
    let asked = read::server(case.answers).ok();
    let by_browser = asked.as_ref().is_some_and(|address| address.instance.is_some() && address.port.is_none());
    let whence = if by_browser { " by the SQL Server Browser" } else { "" };
    format!("{addresses} in {}, port {}{whence}", format::duration(resolved.took), resolved.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop};
    use crate::catalog::samples;
    use crate::model::facts::{Fact, Trouble};
    use crate::model::field::FieldId;

    #[test]
    fn addresses_and_port_are_the_evidence() {
        let facts = samples::facts();
        assert_eq!(evidence(&judged(CheckId::SqlName, &samples::answers(), &facts)), "2 addresses in 0.3 ms, port 1433");
        let named = samples::with(&[(FieldId::Server, "sql01\\OCTO")]);
        assert!(evidence(&judged(CheckId::SqlName, &named, &facts)).ends_with("by the SQL Server Browser"));
    }

    #[test]
    fn a_name_that_does_not_resolve_stops() {
        let mut facts = samples::facts();
        for (trouble, part) in [
            (Trouble::NameUnknown, "The name sql01 does not resolve."),
            (Trouble::NameServerSilent, "no answer for sql01"),
            (Trouble::InstanceUnknown, "knows no instance"),
        ] {
            facts.server.resolved = Fact::Missing(trouble);
            assert!(stop(&judged(CheckId::SqlName, &samples::answers(), &facts)).says.contains(part));
        }
    }
}
