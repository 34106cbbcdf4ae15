//! `db-state`, `db-snapshot` and `db-copies`: how the database is set up.

use super::{Existence, alter, existence, unproven};
use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, report_all};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{DatabaseState, Fact, Replication};
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::untrusted::Untrusted;

/// The database is online, writable and open to many.
pub fn judge_state(case: &Case<'_>) -> Verdict {
    match existence(case) {
        Err(verdict) => verdict,
        Ok(Existence::Planned) => Verdict::Good("new, as the install creates it".into()),
        Ok(Existence::Open(state)) => {
            report_all(state_findings(state, &Names::new(case)), || "online, writable, open to many".into())
        }
    }
}

fn state_findings(state: &DatabaseState, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    let stated = state.state.as_str();
    if !stated.is_empty() && !stated.eq_ignore_ascii_case("ONLINE") {
        findings.push(
            Finding::stop(CheckId::DbState, format!("{name} is {stated}, not ONLINE."), "Have a DBA bring it online.")
                .sql(alter(names, "SET ONLINE")),
        );
    }
    let in_group = state.replication.seen().is_some_and(is_in_group);
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

/// The compatibility level of SQL Server 2016. Octopus raises a lower one at an upgrade, without asking.
const LEVEL: i32 = 130;

/// Read-committed snapshot is on or can be turned on, and the compatibility level is high enough.
pub fn judge_snapshot(case: &Case<'_>) -> Verdict {
    match existence(case) {
        Err(verdict) => verdict,
        Ok(Existence::Planned) => Verdict::Good("new; Octopus turns it on".into()),
        Ok(Existence::Open(state)) => {
            let may_alter = case.facts.server.rights.seen().is_some_and(|rights| rights.alter);
            let next = if case.is_existing_node() { "next" } else { "first" };
            report_all(snapshot_findings(state, may_alter, next, &Names::new(case)), || {
                format!("read-committed snapshot, level {}", state.compatibility)
            })
        }
    }
}

fn snapshot_findings(state: &DatabaseState, may_alter: bool, next: &str, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    if !state.read_committed_snapshot {
        let sql = alter(names, "SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE");
        let (severity, says, fix) = if may_alter {
            (
                Severity::Note,
                format!("is off; Octopus turns it on at its {next} start, which ends every other session in the database."),
                "Nothing is to be done; who wants it now can run this.",
            )
        } else {
            (Severity::Warn, "is off, and the login may not turn it on, as Octopus wants to.".to_owned(), "Have a DBA run this.")
        };
        findings
            .push(Finding::new(CheckId::DbSnapshot, severity, format!("Read-committed snapshot of {name} {says}"), fix).sql(sql));
    }
    // 0 if the server does not tell.
    if state.compatibility != 0 && state.compatibility < LEVEL {
        findings.push(
            Finding::warn(
                CheckId::DbSnapshot,
                format!(
                    "The compatibility level of {name} is {}; Octopus needs {LEVEL} or more, and raises it at an upgrade.",
                    state.compatibility
                ),
                "Have it raised.",
            )
            .sql(alter(names, &format!("SET COMPATIBILITY_LEVEL = {LEVEL}"))),
        );
    }
    findings
}

/// The database is neither replicated nor mirrored, and an availability group is reached through its listener.
pub fn judge_copies(case: &Case<'_>) -> Verdict {
    let state = match existence(case) {
        Err(verdict) => return verdict,
        Ok(Existence::Planned) => return Verdict::Good("none: the database is still to be created".into()),
        Ok(Existence::Open(state)) => state,
    };
    match &state.replication {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) => {
            let what = format!("How {} is copied", Names::new(case).database);
            unproven(CheckId::DbCopies, &what, "it is unknown whether it is replicated or mirrored", trouble, case)
        }
        Fact::Seen(replication) => {
            let by_rds = case.facts.server.version.seen().is_some_and(|version| version.amazon_rds == Some(true));
            if by_rds && !replication.replicated && (replication.mirrored || is_in_group(replication)) {
                return Verdict::Good(
                    "a copy in another zone, which Amazon RDS keeps and fails over to behind the same name".into(),
                );
            }
            let names = Names::new(case);
            report_all(copies_findings(replication, by_rds, &names), || match &replication.availability_group {
                Some(group) => format!("availability group {group}, through its listener"),
                None => "none".to_owned(),
            })
        }
    }
}

/// Whether the database is in an availability group; every login sees that, and only some see the group.
fn is_in_group(replication: &Replication) -> bool {
    replication.availability_group.is_some() || replication.in_availability_group == Some(true)
}

/// Tells a group's name and listeners.
const GROUP: &str = "SELECT g.name, l.dns_name, l.port FROM sys.availability_groups g \
    LEFT JOIN sys.availability_group_listeners l ON l.group_id = g.group_id;";

/// `by_rds`: whether copies are kept by Amazon RDS, where neither mirroring nor the group is the operator's.
fn copies_findings(replication: &Replication, by_rds: bool, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    if replication.replicated {
        findings.push(Finding::stop(
            CheckId::DbCopies,
            format!("{name} takes part in replication, which Octopus does not support."),
            "Use another database, or have its publications and subscriptions removed.",
        ));
    }
    if replication.mirrored && !by_rds {
        findings.push(Finding::stop(
            CheckId::DbCopies,
            format!("{name} is mirrored, which Octopus does not support."),
            "Have mirroring removed; an availability group takes its place.",
        ));
    }
    if is_in_group(replication) && replication.availability_group.is_none() && !by_rds {
        findings.push(
            Finding::warn(
                CheckId::DbCopies,
                format!(
                    "{name} is in an availability group, and {} may not see which: whether {} is its listener is unknown.",
                    names.login, names.host
                ),
                "Have a DBA run this, and give the listener as the server; or have the login granted VIEW ANY DEFINITION.",
            )
            .sql(GROUP),
        );
    }
    if let Some(group) = replication.availability_group.as_ref().filter(|_| !by_rds)
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

/// Whether two names mean the same host: they are equal, or one is the first label of the other.
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
    use crate::model::facts::{DatabaseSeen, Facts, Trouble};
    use crate::model::field::FieldId;

    fn with_state(state: DatabaseState) -> Facts {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Open(state));
        facts
    }

    fn judged_state(state: DatabaseState) -> Verdict {
        judged(CheckId::DbState, &samples::answers(), &with_state(state))
    }

    #[test]
    fn a_database_in_good_order() {
        assert_eq!(evidence(&judged_state(samples::state())), "online, writable, open to many");
        assert!(matches!(judged_state(DatabaseState { state: "online".into(), ..samples::state() }), Verdict::Good(_)));
        assert!(matches!(judged_state(DatabaseState { state: "".into(), ..samples::state() }), Verdict::Good(_)));
    }

    #[test]
    fn each_state_has_its_finding_and_its_sql() {
        let good = samples::state;
        let sql = |finding: Finding| finding.remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(sql(stop(&judged_state(DatabaseState { state: "OFFLINE".into(), ..good() }))).ends_with("SET ONLINE;"));
        let read_only = stop(&judged_state(DatabaseState { read_only: true, ..good() }));
        assert_eq!(sql(read_only), "ALTER DATABASE [OctopusDeploy] SET READ_WRITE;");
        assert!(sql(stop(&judged_state(DatabaseState { single_user: true, ..good() }))).ends_with("SET MULTI_USER;"));
        assert!(sql(warn(&judged_state(DatabaseState { restricted_user: true, ..good() }))).ends_with("SET MULTI_USER;"));
        assert!(sql(warn(&judged_state(DatabaseState { auto_close: true, ..good() }))).ends_with("SET AUTO_CLOSE OFF;"));
    }

    #[test]
    fn a_secondary_copy_is_sent_to_the_listener() {
        let replication = Fact::Seen(Replication { availability_group: Some("ag1".into()), ..Replication::default() });
        let finding = stop(&judged_state(DatabaseState { read_only: true, replication, ..samples::state() }));
        assert!(finding.fix.contains("listener") && finding.remedy.is_none());
    }

    #[test]
    fn state_of_a_database_to_come() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert_eq!(evidence(&judged(CheckId::DbState, &samples::answers(), &facts)), "new, as the install creates it");
    }

    fn with_changed(change: impl FnOnce(&mut DatabaseState)) -> Facts {
        let mut state = samples::state();
        change(&mut state);
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Open(state));
        facts
    }

    fn judged_snapshot(facts: &Facts) -> Verdict {
        judged(CheckId::DbSnapshot, &samples::answers(), facts)
    }

    #[test]
    fn on_off_and_off_for_good() {
        assert_eq!(evidence(&judged_snapshot(&samples::facts())), "read-committed snapshot, level 160");
        let mut facts = with_changed(|state| state.read_committed_snapshot = false);
        let verdict = judged_snapshot(&facts);
        assert_eq!(verdict.severity(), Some(Severity::Note));
        if let Fact::Seen(rights) = &mut facts.server.rights {
            rights.alter = false;
        }
        let finding = warn(&judged_snapshot(&facts));
        let sql = finding.remedy.map(|remedy| remedy.text().to_owned());
        assert_eq!(
            sql.as_deref(),
            Some("ALTER DATABASE [OctopusDeploy] SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;")
        );
    }

    #[test]
    fn a_low_level_is_warned_of() {
        let finding = warn(&judged_snapshot(&with_changed(|state| state.compatibility = 120)));
        assert!(finding.says.contains("is 120") && finding.remedy.is_some());
        for good in [130, 0] {
            assert!(matches!(judged_snapshot(&with_changed(|state| state.compatibility = good)), Verdict::Good(_)));
        }
    }

    #[test]
    fn the_warning_comes_before_the_note() {
        let both = judged_snapshot(&with_changed(|state| (state.compatibility, state.read_committed_snapshot) = (100, false)));
        let Verdict::Found(findings) = both else { panic!("two") };
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warn, Severity::Note]);
    }

    #[test]
    fn snapshot_of_a_database_to_come() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert!(evidence(&judged_snapshot(&facts)).contains("Octopus turns it on"));
    }

    fn with_replication(replication: Fact<Replication>) -> Facts {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Open(DatabaseState { replication, ..samples::state() }));
        facts
    }

    fn judged_copies(server: &str, replication: Replication) -> Verdict {
        judged(CheckId::DbCopies, &samples::with(&[(FieldId::Server, server)]), &with_replication(Fact::Seen(replication)))
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
        assert_eq!(evidence(&judged_copies("sql01", Replication::default())), "none");
    }

    #[test]
    fn replication_and_mirroring_stop() {
        assert!(
            stop(&judged_copies("sql01", Replication { replicated: true, ..Replication::default() }))
                .says
                .contains("replication")
        );
        assert!(
            stop(&judged_copies("sql01", Replication { mirrored: true, ..Replication::default() })).says.contains("mirrored")
        );
    }

    #[test]
    fn log_shipping_is_noted() {
        let verdict = judged_copies("sql01", Replication { log_shipping: true, ..Replication::default() });
        assert_eq!(verdict.severity(), Some(Severity::Note));
    }

    #[test]
    fn a_group_is_reached_through_its_listener() {
        for server in ["sql-ag", "SQL-AG.corp.example,1433", "tcp:sql-ag,1433"] {
            assert_eq!(
                evidence(&judged_copies(server, group(&["sql-ag"]))),
                "availability group ag1, through its listener",
                "{server}"
            );
        }
        assert!(matches!(judged_copies("sql-ag", group(&["sql-ag.corp.example"])), Verdict::Good(_)));
        let finding = warn(&judged_copies("sql01", group(&["sql-ag", "sql-ag2"])));
        assert!(finding.says.contains("sql01 is not its listener") && finding.fix.contains("sql-ag and sql-ag2"));
        assert!(warn(&judged_copies("sql-ag.a.example", group(&["sql-ag.b.example"]))).says.contains("not its listener"));
        assert!(warn(&judged_copies("sql01", group(&[]))).says.contains("no listener"));
    }

    #[test]
    fn a_group_that_the_login_may_not_see_is_not_none() {
        let hidden = Replication { in_availability_group: Some(true), ..Replication::default() };
        let finding = warn(&judged_copies("sql01", hidden));
        assert!(finding.says.contains("may not see which") && finding.remedy.is_some(), "{finding:?}");
        let told = Replication { in_availability_group: Some(false), ..Replication::default() };
        assert_eq!(evidence(&judged_copies("sql01", told)), "none");
    }

    #[test]
    fn the_copies_of_rds_are_no_obstacle() {
        let mirrored = Replication { mirrored: true, ..Replication::default() };
        for replication in [mirrored, group(&["sql-ag"]), group(&[])] {
            let mut facts = with_replication(Fact::Seen(replication.clone()));
            if let Fact::Seen(version) = &mut facts.server.version {
                version.amazon_rds = Some(true);
            }
            assert!(evidence(&judged(CheckId::DbCopies, &samples::answers(), &facts)).contains("Amazon RDS"));
            let replicated = Replication { replicated: true, ..replication };
            facts.server.database = with_replication(Fact::Seen(replicated)).server.database;
            let Verdict::Found(findings) = judged(CheckId::DbCopies, &samples::answers(), &facts) else { panic!("replicated") };
            assert!(
                matches!(findings.as_slice(), [finding] if finding.says.contains("takes part in replication")),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn what_is_not_told_needs_acceptance() {
        let answers = samples::answers();
        let missing = with_replication(Fact::Missing(Trouble::Unasked));
        let finding = warn(&judged(CheckId::DbCopies, &answers, &missing));
        assert!(finding.says.starts_with("How OctopusDeploy is copied could not be read"), "{finding:?}");
        assert_eq!(judged(CheckId::DbCopies, &answers, &with_replication(Fact::Unknown)), Verdict::NotYet);
        let mut absent = samples::facts();
        absent.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert!(evidence(&judged(CheckId::DbCopies, &answers, &absent)).starts_with("none"));
    }
}
