//! `db-copies`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, all, unknown};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Fact, Replication};
use crate::model::finding::{Finding, Verdict};
use crate::model::untrusted::Untrusted;

use super::{Ground, ground};

/// No replication or mirroring; an availability group is reached through its listener.
pub fn judge(case: &Case<'_>) -> Verdict {
    let state = match ground(case) {
        Err(verdict) => return verdict,
        Ok(Ground::ToCome) => return Verdict::Good("none: the database is still to be created".into()),
        Ok(Ground::Open(state)) => state,
    };
    match &state.replication {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) => unknown(trouble),
        Fact::Seen(replication) => {
            let names = Names::of(case);
            all(findings(replication, &names), || match &replication.availability_group {
                Some(group) => format!("availability group {group}, through its listener"),
                None => "none".to_owned(),
            })
        }
    }
}

fn findings(replication: &Replication, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    if replication.replicated {
        findings.push(Finding::stop(
            CheckId::DbCopies,
            format!("{name} takes part in replication, which Octopus does not support."),
            "Use another database, or have its publications and subscriptions removed.",
        ));
    }
    if replication.mirrored {
        findings.push(Finding::stop(
            CheckId::DbCopies,
            format!("{name} is mirrored, which Octopus does not support."),
            "Have mirroring removed; an availability group takes its place.",
        ));
    }
    if let Some(group) = &replication.availability_group
        && !replication.listeners.iter().any(|listener| is_same_host(listener, &names.host))
    {
        findings.push(if replication.listeners.is_empty() {
            Finding::warn(
                CheckId::DbCopies,
                format!("{name} is in availability group {group}, which has no listener: after a failover this server is the wrong one."),
                "Have a listener added to the group, and give it as the server.",
            )
        } else {
            Finding::warn(
                CheckId::DbCopies,
                format!(
                    "{name} is in availability group {group}, and {} is not its listener: after a failover this server is the wrong one.",
                    names.host
                ),
                format!(
                    "Give the listener as the server: {}.",
                    format::list(&replication.listeners, replication.listeners.len() as u64)
                ),
            )
        });
    }
    if replication.log_shipping {
        findings.push(Finding::note(
            CheckId::DbCopies,
            format!("{name} is copied by log shipping. That is good for disaster recovery; a copy cannot serve nodes."),
        ));
    }
    findings
}

/// Whether two names are of the same host: equal, or one is the first label of the other.
fn is_same_host(listener: &Untrusted, host: &str) -> bool {
    let (one, two) = (listener.as_str().trim_end_matches('.').to_lowercase(), host.trim_end_matches('.').to_lowercase());
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    !one.is_empty() && (one == two || (!two.contains('.') && first(&one) == two) || (!one.contains('.') && first(&two) == one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, DatabaseState, Facts, Trouble};
    use crate::model::field::FieldId;
    use crate::model::finding::Severity;

    fn with(replication: Fact<Replication>) -> Facts {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Open(DatabaseState { replication, ..samples::state() }));
        facts
    }

    fn of(server: &str, replication: Replication) -> Verdict {
        judged(CheckId::DbCopies, &samples::with(&[(FieldId::Server, server)]), &with(Fact::Seen(replication)))
    }

    fn group(listeners: &[&str]) -> Replication {
        Replication {
            availability_group: Some("ag1".into()),
            listeners: listeners.iter().map(|name| (*name).into()).collect(),
            ..Replication::default()
        }
    }

    #[test]
    fn none_is_good() {
        assert_eq!(evidence(&of("sql01", Replication::default())), "none");
    }

    #[test]
    fn replication_and_mirroring_stop() {
        assert!(stop(&of("sql01", Replication { replicated: true, ..Replication::default() })).says.contains("replication"));
        assert!(stop(&of("sql01", Replication { mirrored: true, ..Replication::default() })).says.contains("mirrored"));
    }

    #[test]
    fn log_shipping_is_noted() {
        let verdict = of("sql01", Replication { log_shipping: true, ..Replication::default() });
        assert_eq!(verdict.severity(), Some(Severity::Note));
    }

    #[test]
    fn a_group_is_reached_through_its_listener() {
        for server in ["sql-ag", "SQL-AG.corp.example,1433", "tcp:sql-ag,1433"] {
            assert_eq!(evidence(&of(server, group(&["sql-ag"]))), "availability group ag1, through its listener", "{server}");
        }
        assert!(matches!(of("sql-ag", group(&["sql-ag.corp.example"])), Verdict::Good(_)));
        let finding = warn(&of("sql01", group(&["sql-ag", "sql-ag2"])));
        assert!(finding.says.contains("sql01 is not its listener") && finding.fix.contains("sql-ag and sql-ag2"));
        assert!(warn(&of("sql-ag.a.example", group(&["sql-ag.b.example"]))).says.contains("not its listener"));
        assert!(warn(&of("sql01", group(&[]))).says.contains("no listener"));
    }

    #[test]
    fn what_is_not_told_is_no_obstacle() {
        let answers = samples::answers();
        let missing = with(Fact::Missing(Trouble::Unasked));
        assert_eq!(evidence(&judged(CheckId::DbCopies, &answers, &missing)), "cannot be told here");
        assert_eq!(judged(CheckId::DbCopies, &answers, &with(Fact::Unknown)), Verdict::NotYet);
        let mut absent = samples::facts();
        absent.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert!(evidence(&judged(CheckId::DbCopies, &answers, &absent)).starts_with("none"));
    }
}
