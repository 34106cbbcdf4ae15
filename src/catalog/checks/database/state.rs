//! `db-state`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, all};
use crate::model::check::CheckId;
use crate::model::facts::DatabaseState;
use crate::model::finding::{Finding, Verdict};

use super::{Ground, alter, ground};

/// Online, writable, open to many.
pub fn judge(case: &Case<'_>) -> Verdict {
    match ground(case) {
        Err(verdict) => verdict,
        Ok(Ground::ToCome) => Verdict::Good("new, as the install creates it".into()),
        Ok(Ground::Open(state)) => all(findings(state, &Names::of(case)), || "online, writable, open to many".into()),
    }
}

fn findings(state: &DatabaseState, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    let stated = state.state.as_str();
    if !stated.is_empty() && !stated.eq_ignore_ascii_case("ONLINE") {
        findings.push(
            Finding::stop(CheckId::DbState, format!("{name} is {stated}, not ONLINE."), "Have a DBA bring it online.")
                .sql(alter(names, "SET ONLINE")),
        );
    }
    let in_group = state.replication.seen().is_some_and(|replication| replication.availability_group.is_some());
    if state.read_only && in_group {
        findings.push(Finding::stop(
            CheckId::DbState,
            format!("{name} takes no writes here: this server holds a secondary copy of its availability group."),
            "Give the availability group's listener instead of one of its servers.",
        ));
    } else if state.read_only {
        findings.push(
            Finding::stop(CheckId::DbState, format!("{name} is read-only."), "Have a DBA set it to read-write.")
                .sql(alter(names, "SET READ_WRITE")),
        );
    }
    if state.single_user {
        findings.push(
            Finding::stop(
                CheckId::DbState,
                format!("{name} is in single-user mode, and Octopus needs many connections."),
                "Have a DBA open it to many.",
            )
            .sql(alter(names, "SET MULTI_USER")),
        );
    } else if state.restricted_user {
        findings.push(
            Finding::warn(
                CheckId::DbState,
                format!("{name} is open to its owners and administrators only (RESTRICTED_USER)."),
                "Octopus as db_owner gets in; have a DBA open it to many unless this is meant.",
            )
            .sql(alter(names, "SET MULTI_USER")),
        );
    }
    if state.auto_close {
        findings.push(
            Finding::warn(
                CheckId::DbState,
                format!("{name} closes whenever nobody is in it (AUTO_CLOSE), and each opening takes seconds."),
                "Have it turned off.",
            )
            .sql(alter(names, "SET AUTO_CLOSE OFF")),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, Fact, Facts, Replication};

    fn with(state: DatabaseState) -> Facts {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Open(state));
        facts
    }

    fn of(state: DatabaseState) -> Verdict {
        judged(CheckId::DbState, &samples::answers(), &with(state))
    }

    #[test]
    fn a_database_in_good_order() {
        assert_eq!(evidence(&of(samples::state())), "online, writable, open to many");
        assert!(matches!(of(DatabaseState { state: "online".into(), ..samples::state() }), Verdict::Good(_)));
        assert!(matches!(of(DatabaseState { state: "".into(), ..samples::state() }), Verdict::Good(_)));
    }

    #[test]
    fn each_state_has_its_finding_and_its_sql() {
        let good = samples::state;
        let sql = |finding: Finding| finding.remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(sql(stop(&of(DatabaseState { state: "OFFLINE".into(), ..good() }))).ends_with("SET ONLINE;"));
        let read_only = stop(&of(DatabaseState { read_only: true, ..good() }));
        assert_eq!(sql(read_only), "ALTER DATABASE [OctopusDeploy] SET READ_WRITE;");
        assert!(sql(stop(&of(DatabaseState { single_user: true, ..good() }))).ends_with("SET MULTI_USER;"));
        assert!(sql(warn(&of(DatabaseState { restricted_user: true, ..good() }))).ends_with("SET MULTI_USER;"));
        assert!(sql(warn(&of(DatabaseState { auto_close: true, ..good() }))).ends_with("SET AUTO_CLOSE OFF;"));
    }

    #[test]
    fn a_secondary_copy_is_sent_to_the_listener() {
        let replication = Fact::Seen(Replication { availability_group: Some("ag1".into()), ..Replication::default() });
        let finding = stop(&of(DatabaseState { read_only: true, replication, ..samples::state() }));
        assert!(finding.fix.contains("listener") && finding.remedy.is_none());
    }

    #[test]
    fn one_that_is_to_come_is_as_the_install_makes_it() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert_eq!(evidence(&judged(CheckId::DbState, &samples::answers(), &facts)), "new, as the install creates it");
    }
}
