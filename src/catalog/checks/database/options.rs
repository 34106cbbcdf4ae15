//! `db-state`, `db-snapshot` and `db-copies`: how the database is set up.

use super::{Existence, alter, existence, unproven, unread_finding};
use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, report_all, report_or};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{DatabaseState, Fact, Product, Replication};
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
    if state.read_only == Some(true) && in_group {
        findings.push(Finding::stop(
            CheckId::DbState,
            format!("{name} takes no writes here: this server holds a secondary copy of its availability group."),
            "Give the availability group's listener instead of one of its servers.",
        ));
    } else if state.read_only == Some(true) {
        findings.push(
            Finding::stop(CheckId::DbState, format!("{name} is read-only."), "Have a DBA set it to read-write.")
                .sql(alter(names, "SET READ_WRITE")),
        );
    }
    if state.single_user == Some(true) {
        findings.push(
            Finding::stop(
                CheckId::DbState,
                format!("{name} is in single-user mode, and Octopus needs many connections."),
                "Have a DBA open it to many.",
            )
            .sql(alter(names, "SET MULTI_USER")),
        );
    } else if state.restricted_user == Some(true) {
        findings.push(
            Finding::warn(
                CheckId::DbState,
                format!("{name} is open to its owners and administrators only (RESTRICTED_USER)."),
                "Octopus as db_owner gets in; have a DBA open it to many unless this is meant.",
            )
            .sql(alter(names, "SET MULTI_USER")),
        );
    }
    if state.auto_close == Some(true) {
        findings.push(
            Finding::warn(
                CheckId::DbState,
                format!("{name} closes whenever nobody is in it (AUTO_CLOSE), and each opening takes seconds."),
                "Have it turned off.",
            )
            .sql(alter(names, "SET AUTO_CLOSE OFF")),
        );
    }
    let unread = [
        (stated.is_empty(), "online"),
        (state.read_only.is_none(), "writable"),
        (state.single_user.is_none() && state.restricted_user.is_none(), "open to many"),
        (state.auto_close.is_none(), "kept open while nobody is in it (AUTO_CLOSE)"),
    ];
    if let Some(unread) = either(unread) {
        let risk = format!("it is unknown whether it is {unread}");
        findings.push(unread_finding(CheckId::DbState, &format!("The state of {name}"), &risk));
    }
    findings
}

/// Lists those that hold: `a`, `a or b`, `a, b or c`; `None` if none does.
fn either<const N: usize>(parts: [(bool, &str); N]) -> Option<String> {
    let parts: Vec<&str> = parts.into_iter().filter_map(|(holds, part)| holds.then_some(part)).collect();
    let (last, first) = parts.split_last()?;
    Some(if first.is_empty() { (*last).to_owned() } else { format!("{} or {last}", first.join(", ")) })
}

/// The compatibility level of SQL Server 2016. Octopus raises a lower one at an upgrade, without asking.
const LEVEL: i32 = 130;

/// Read-committed snapshot is on or can be turned on, and the compatibility level is high enough.
pub fn judge_snapshot(case: &Case<'_>) -> Verdict {
    match existence(case) {
        Err(verdict) => verdict,
        Ok(Existence::Planned) => Verdict::Good("new; Octopus turns it on".into()),
        Ok(Existence::Open(state)) => {
            let may_alter = case.facts.server.rights.seen().map(|rights| rights.alter);
            let next = if case.is_existing_node() { "next" } else { "first" };
            report_all(snapshot_findings(state, may_alter, next, &Names::new(case)), || {
                format!("read-committed snapshot, level {}", state.compatibility)
            })
        }
    }
}

fn snapshot_findings(state: &DatabaseState, may_alter: Option<bool>, next: &str, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    if state.read_committed_snapshot == Some(false) {
        let sql = alter(names, "SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE");
        let (severity, says, fix) = match may_alter {
            Some(true) => (
                Severity::Note,
                format!("is off; Octopus turns it on at its {next} start, which ends every other session in the database."),
                "Nothing is to be done; who wants it now can run this.",
            ),
            Some(false) => (
                Severity::Warn,
                "is off, and the login may not turn it on, as Octopus wants to.".to_owned(),
                "Have a DBA run this.",
            ),
            None => (
                Severity::Warn,
                "is off; the login's rights could not be read, so it is unknown whether Octopus can turn it on.".to_owned(),
                "Have a DBA run this.",
            ),
        };
        findings
            .push(Finding::new(CheckId::DbSnapshot, severity, format!("Read-committed snapshot of {name} {says}"), fix).sql(sql));
    }
    if state.read_committed_snapshot.is_none() {
        let says = format!(
            "Whether read-committed snapshot of {name} is on could not be read; Octopus turns it on at its {next} start, which ends every \
             other session in the database."
        );
        findings.push(Finding::unknown(CheckId::DbSnapshot, says));
    }
    // 0 if the server does not tell.
    if state.compatibility == 0 {
        findings.push(Finding::unknown(
            CheckId::DbSnapshot,
            format!(
                "The compatibility level of {name} could not be read; Octopus needs {LEVEL} or more, and raises it at an upgrade."
            ),
        ));
    } else if state.compatibility < LEVEL {
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
            let keeper = keeper(case);
            let names = Names::new(case);
            report_or(copies_findings(replication, keeper, &names), || match (keeper, &replication.availability_group) {
                (Some(keeper), _) if replication.mirrored == Some(true) || is_in_group(replication) => {
                    Verdict::Good(format!("{} keeps and fails over to behind the same name", keeper.copies()))
                }
                (None, Some(group)) => Verdict::Good(format!("availability group {group}, through its listener")),
                // Log shipping is no obstacle; few logins may see it.
                _ if replication.log_shipping.is_none() => {
                    Verdict::Unknown("none; log shipping could not be looked at".to_owned())
                }
                _ => Verdict::Good("none".to_owned()),
            })
        }
    }
}

/// A platform that keeps copies by itself, where neither mirroring nor the availability group is the operator's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeper {
    AmazonRds,
    AzureSqlDatabase,
    ManagedInstance,
    Fabric,
}

impl Keeper {
    /// Begins the sentence that says who keeps them.
    fn copies(self) -> &'static str {
        match self {
            Self::AmazonRds => "a copy in another zone, which Amazon RDS",
            Self::AzureSqlDatabase => "copies that Azure SQL Database",
            Self::ManagedInstance => "copies that Azure SQL Managed Instance",
            Self::Fabric => "copies that Microsoft Fabric",
        }
    }
}

/// Returns the platform that keeps the copies, if one does.
pub(super) fn keeper(case: &Case<'_>) -> Option<Keeper> {
    let version = case.facts.server.version.seen()?;
    match &version.product {
        Some(Product::AzureSqlDatabase) => Some(Keeper::AzureSqlDatabase),
        Some(Product::ManagedInstance) => Some(Keeper::ManagedInstance),
        Some(Product::FabricSqlDatabase) => Some(Keeper::Fabric),
        _ => (version.amazon_rds == Some(true)).then_some(Keeper::AmazonRds),
    }
}

/// Whether the database is in an availability group; every login sees that, and only some see the group.
fn is_in_group(replication: &Replication) -> bool {
    replication.availability_group.is_some() || replication.in_availability_group == Some(true)
}

/// Tells a group's name and listeners.
const GROUP: &str = "SELECT g.name, l.dns_name, l.port FROM sys.availability_groups g \
    LEFT JOIN sys.availability_group_listeners l ON l.group_id = g.group_id;";

fn copies_findings(replication: &Replication, keeper: Option<Keeper>, names: &Names) -> Vec<Finding> {
    let name = &names.database;
    let mut findings = Vec::new();
    if replication.replicated == Some(true) {
        findings.push(Finding::stop(
            CheckId::DbCopies,
            format!("{name} takes part in replication, which Octopus does not support."),
            "Use another database, or have its publications and subscriptions removed.",
        ));
    }
    let own = keeper.is_none();
    if own && replication.mirrored == Some(true) {
        findings.push(Finding::stop(
            CheckId::DbCopies,
            format!("{name} is mirrored, which Octopus does not support."),
            "Have mirroring removed; an availability group takes its place.",
        ));
    }
    if own && is_in_group(replication) {
        findings.extend(group_finding(replication, names));
    }
    let is_group_unknown = !is_in_group(replication) && replication.in_availability_group.is_none();
    let unread = [
        (replication.replicated.is_none(), "replicated"),
        (own && replication.mirrored.is_none(), "mirrored"),
        (own && is_group_unknown, "in an availability group"),
    ];
    if let Some(unread) = either(unread) {
        let risk = format!("it is unknown whether it is {unread}");
        findings.push(unread_finding(CheckId::DbCopies, &format!("How {name} is copied"), &risk));
    }
    if replication.log_shipping == Some(true) {
        findings.push(Finding::note(
            CheckId::DbCopies,
            format!("{name} is copied by log shipping. That is good for disaster recovery; a copy cannot serve nodes."),
        ));
    }
    findings
}

/// An availability group is reached through its listener.
fn group_finding(replication: &Replication, names: &Names) -> Option<Finding> {
    let (name, host) = (&names.database, &names.host);
    let Some(group) = &replication.availability_group else {
        let says = format!(
            "{name} is in an availability group, and {} may not see which: whether {host} is its listener is unknown.",
            names.login
        );
        let fix = "Have a DBA run this, and give the listener as the server; or have the login granted VIEW ANY DEFINITION.";
        return Some(Finding::unproven(CheckId::DbCopies, says, fix).sql(GROUP));
    };
    let Some(listeners) = &replication.listeners else {
        let says = format!(
            "{name} is in availability group {group}, and its listeners could not be read: cannot tell whether {host} is one of them."
        );
        let fix = "Have a DBA run this, and give the listener as the server.";
        return Some(Finding::unproven(CheckId::DbCopies, says, fix).sql(GROUP));
    };
    if listeners.iter().any(|listener| is_same_host(listener, host)) {
        return None;
    }
    Some(if listeners.is_empty() {
        Finding::warn(
            CheckId::DbCopies,
            format!(
                "{name} is in availability group {group}, which has no listener: after a failover this server is the wrong one."
            ),
            "Have a listener added to the group, and give it as the server.",
        )
    } else {
        Finding::warn(
            CheckId::DbCopies,
            format!(
                "{name} is in availability group {group}, and {host} is not its listener: after a failover this server is the wrong one."
            ),
            format!("Give the listener as the server: {}.", format::list(listeners, listeners.len() as u64)),
        )
    })
}

/// Whether two names mean the same host: they are equal, or one is the first label of the other.
pub(super) fn is_same_host(listener: &Untrusted, host: &str) -> bool {
    let (one, two) = (listener.as_str().trim_end_matches('.').to_lowercase(), host.trim_end_matches('.').to_lowercase());
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    !one.is_empty() && (one == two || (!two.contains('.') && first(&one) == two) || (!one.contains('.') && first(&two) == one))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, unknown, unproven, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, Facts, Product, Trouble};
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
    }

    #[test]
    fn a_state_that_was_not_told_is_not_good() {
        let good = samples::state;
        for (state, risk) in [
            (DatabaseState { state: "".into(), ..good() }, "unknown whether it is online."),
            (DatabaseState { read_only: None, ..good() }, "unknown whether it is writable."),
            (DatabaseState { single_user: None, restricted_user: None, ..good() }, "unknown whether it is open to many."),
            (
                DatabaseState { replication: good().replication, ..DatabaseState::default() },
                "online, writable, open to many or kept open while nobody is in it (AUTO_CLOSE).",
            ),
        ] {
            let finding = unproven(&judged_state(state));
            assert!(finding.says.contains("could not be read, so it is") && finding.says.ends_with(risk), "{finding:?}");
        }
    }

    #[test]
    fn each_state_has_its_finding_and_its_sql() {
        let good = samples::state;
        let sql = |finding: Finding| finding.remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(sql(stop(&judged_state(DatabaseState { state: "OFFLINE".into(), ..good() }))).ends_with("SET ONLINE;"));
        let read_only = stop(&judged_state(DatabaseState { read_only: Some(true), ..good() }));
        assert_eq!(sql(read_only), "ALTER DATABASE [OctopusDeploy] SET READ_WRITE;");
        assert!(sql(stop(&judged_state(DatabaseState { single_user: Some(true), ..good() }))).ends_with("SET MULTI_USER;"));
        assert!(sql(warn(&judged_state(DatabaseState { restricted_user: Some(true), ..good() }))).ends_with("SET MULTI_USER;"));
        assert!(sql(warn(&judged_state(DatabaseState { auto_close: Some(true), ..good() }))).ends_with("SET AUTO_CLOSE OFF;"));
    }

    #[test]
    fn a_secondary_copy_is_sent_to_the_listener() {
        let replication = Fact::Seen(Replication { availability_group: Some("ag1".into()), ..samples::replication() });
        let finding = stop(&judged_state(DatabaseState { read_only: Some(true), replication, ..samples::state() }));
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
        let mut facts = with_changed(|state| state.read_committed_snapshot = Some(false));
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
        assert!(matches!(judged_snapshot(&with_changed(|state| state.compatibility = 130)), Verdict::Good(_)));
        for unread in [with_changed(|state| state.compatibility = 0), with_changed(|state| state.read_committed_snapshot = None)]
        {
            let Verdict::Found(findings) = judged_snapshot(&unread) else { panic!("what nobody told is not good") };
            assert!(
                matches!(&findings[..], [part] if part.severity == Severity::Unknown && part.says.contains("could not be read"))
            );
        }
    }

    #[test]
    fn rights_that_were_not_read_are_not_missing_rights() {
        let mut facts = with_changed(|state| state.read_committed_snapshot = Some(false));
        facts.server.rights = Fact::Missing(Trouble::Unasked);
        let finding = warn(&judged_snapshot(&facts));
        assert!(!finding.says.contains("may not") && finding.says.contains("could not be read"), "{finding:?}");
        assert!(finding.remedy.is_some());
    }

    #[test]
    fn the_warning_comes_before_the_note() {
        let both =
            judged_snapshot(&with_changed(|state| (state.compatibility, state.read_committed_snapshot) = (100, Some(false))));
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
            listeners: Some(listeners.iter().map(|name| (*name).into()).collect()),
            ..samples::replication()
        }
    }

    #[test]
    fn none_is_good() {
        assert_eq!(evidence(&judged_copies("sql01", samples::replication())), "none");
    }

    #[test]
    fn replication_and_mirroring_stop() {
        assert!(
            stop(&judged_copies("sql01", Replication { replicated: Some(true), ..samples::replication() }))
                .says
                .contains("replication")
        );
        assert!(
            stop(&judged_copies("sql01", Replication { mirrored: Some(true), ..samples::replication() }))
                .says
                .contains("mirrored")
        );
    }

    #[test]
    fn log_shipping_is_noted() {
        let verdict = judged_copies("sql01", Replication { log_shipping: Some(true), ..samples::replication() });
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
    fn listeners_that_could_not_be_read_are_not_none() {
        let unread = Replication { listeners: None, ..group(&[]) };
        let finding = unproven(&judged_copies("sql01", unread));
        assert!(finding.says.contains("cannot tell whether sql01") && !finding.says.contains("no listener"), "{finding:?}");
        assert!(finding.remedy.is_some());
    }

    #[test]
    fn a_copy_that_could_not_be_read_is_not_none() {
        let good = samples::replication;
        for (unread, risk) in [
            (Replication { replicated: None, ..good() }, "it is unknown whether it is replicated."),
            (Replication { mirrored: None, ..good() }, "it is unknown whether it is mirrored."),
            (Replication { in_availability_group: None, ..good() }, "it is unknown whether it is in an availability group."),
            (Replication::default(), "it is unknown whether it is replicated, mirrored or in an availability group."),
        ] {
            let finding = unproven(&judged_copies("sql01", unread));
            assert_eq!(finding.says, format!("How OctopusDeploy is copied could not be read, so {risk}"));
        }
        let verdict = judged_copies("sql01", Replication { log_shipping: None, ..good() });
        assert_eq!(unknown(&verdict), "none; log shipping could not be looked at");
        let both = judged_copies("sql01", Replication { replicated: Some(true), ..Replication::default() });
        assert!(stop(&both).says.contains("replication"), "what was found stays");
    }

    #[test]
    fn a_group_that_the_login_may_not_see_is_not_none() {
        let hidden = Replication { in_availability_group: Some(true), ..samples::replication() };
        let finding = unproven(&judged_copies("sql01", hidden));
        assert!(finding.says.contains("may not see which") && finding.remedy.is_some(), "{finding:?}");
        let told = Replication { in_availability_group: Some(false), ..samples::replication() };
        assert_eq!(evidence(&judged_copies("sql01", told)), "none");
    }

    #[test]
    fn the_copies_of_rds_are_no_obstacle() {
        let mirrored = Replication { mirrored: Some(true), ..samples::replication() };
        for replication in [mirrored, group(&["sql-ag"]), group(&[])] {
            let mut facts = with_replication(Fact::Seen(replication.clone()));
            if let Fact::Seen(version) = &mut facts.server.version {
                version.amazon_rds = Some(true);
            }
            assert!(evidence(&judged(CheckId::DbCopies, &samples::answers(), &facts)).contains("Amazon RDS"));
            let replicated = Replication { replicated: Some(true), ..replication };
            facts.server.database = with_replication(Fact::Seen(replicated)).server.database;
            let Verdict::Found(findings) = judged(CheckId::DbCopies, &samples::answers(), &facts) else { panic!("replicated") };
            assert!(
                matches!(findings.as_slice(), [finding] if finding.says.contains("takes part in replication")),
                "{findings:?}"
            );
        }
    }

    #[test]
    fn the_groups_of_a_platform_are_no_obstacle() {
        for (product, name) in [
            (Product::AzureSqlDatabase, "Azure SQL Database"),
            (Product::ManagedInstance, "Azure SQL Managed Instance"),
            (Product::FabricSqlDatabase, "Microsoft Fabric"),
        ] {
            let hidden = Replication { in_availability_group: Some(true), ..samples::replication() };
            let mut facts = with_replication(Fact::Seen(hidden));
            if let Fact::Seen(version) = &mut facts.server.version {
                version.product = Some(product);
            }
            assert!(evidence(&judged(CheckId::DbCopies, &samples::answers(), &facts)).contains(name), "{name}");
        }
    }

    #[test]
    fn what_is_not_told_needs_acceptance() {
        let answers = samples::answers();
        let missing = with_replication(Fact::Missing(Trouble::Unasked));
        let finding = unproven(&judged(CheckId::DbCopies, &answers, &missing));
        assert!(finding.says.starts_with("How OctopusDeploy is copied could not be read"), "{finding:?}");
        assert_eq!(judged(CheckId::DbCopies, &answers, &with_replication(Fact::Unknown)), Verdict::NotYet);
        let mut absent = samples::facts();
        absent.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert!(evidence(&judged(CheckId::DbCopies, &answers, &absent)).starts_with("none"));
    }
}
