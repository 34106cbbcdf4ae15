//! The checks of the database: whether it is there, and what the others need of it.

mod collation;
mod content;
mod options;
mod rights;

pub use collation::is_case_sensitive;

use super::server::{Names, row};
use super::{Case, Check, report, report_all};
use crate::catalog::dba::Reach;
use crate::catalog::{failures, format};
use crate::model::check::CheckId;
use crate::model::facts::{DatabaseRights, DatabaseSeen, DatabaseState, Fact, Product, ServerGroups, SqlTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::quote::sql_name;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::DbExists, FieldId::Database, judge_exists),
    row(CheckId::DbState, FieldId::Database, options::judge_state),
    row(CheckId::DbCollation, FieldId::Database, collation::judge),
    row(CheckId::DbRights, FieldId::User, rights::judge),
    row(CheckId::DbSnapshot, FieldId::Database, options::judge_snapshot),
    row(CheckId::DbCopies, FieldId::Database, options::judge_copies),
    row(CheckId::DbContent, FieldId::Database, content::judge),
];

/// The database that the checks after `db-exists` judge.
enum Existence<'a> {
    Open(&'a DatabaseState),
    /// The install will create it.
    Planned,
}

/// Returns the database, or the verdict of the checks after `db-exists` while there is none to judge.
fn existence<'a>(case: &Case<'a>) -> Result<Existence<'a>, Verdict> {
    let server = &case.facts.server;
    if server.way_blocked().is_some() {
        return Err(Verdict::NotYet);
    }
    match &server.database {
        Fact::Unknown => Err(case.pending()),
        Fact::Seen(DatabaseSeen::Open(state)) => Ok(Existence::Open(state)),
        Fact::Seen(DatabaseSeen::Absent) if may_create(case) => match &server.rights {
            Fact::Unknown => Err(case.pending()),
            Fact::Seen(rights) if has_right_to_create(rights) == Some(false) => Err(Verdict::NotYet),
            Fact::Seen(_) | Fact::Missing(_) => Ok(Existence::Planned),
        },
        Fact::Seen(_) | Fact::Missing(_) => Err(Verdict::NotYet),
    }
}

/// Whether the login can create a database: by a right on the server, by one in `master`, or by Azure's role for it. `None` if the
/// server tells about none of them.
fn has_right_to_create(rights: &DatabaseRights) -> Option<bool> {
    let ways = [rights.create_database, rights.create_in_master, rights.dbmanager];
    ways.into_iter().flatten().reduce(|one, other| one || other)
}

/// Whether the install may create the database. Only a first node may: every other node has to find its cluster in it.
fn may_create(case: &Case<'_>) -> bool {
    case.flow == Flow::FirstNode && case.answers.is_on(FieldId::CreateDatabase)
}

/// The verdict where the server did not tell what somebody's data depends on: never good, so that it needs the operator's word.
fn unproven(check: CheckId, what: &str, risk: &str, trouble: &Trouble, case: &Case<'_>) -> Verdict {
    let words = case.explain(trouble);
    let mut finding = unread_finding(check, what, risk);
    finding.says = format!("{} {}", finding.says, words.says);
    finding.remedy = words.remedy;
    report(finding)
}

/// The finding where the server told other things, and not this one.
fn unread_finding(check: CheckId, what: &str, risk: &str) -> Finding {
    Finding::unproven(
        check,
        format!("{what} could not be read, so {risk}."),
        "Have a DBA look at it; go on only if you know the answer.",
    )
}

/// `ALTER DATABASE [x] …;`
fn alter(names: &Names, what: &str) -> String {
    format!("ALTER DATABASE {} {what};", sql_name(&names.database))
}

/// The database is there and can be opened, or can and may be created.
fn judge_exists(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    if server.way_blocked().is_some() {
        return Verdict::NotYet;
    }
    let names = Names::new(case);
    match &server.database {
        Fact::Unknown => case.pending(),
        Fact::Seen(DatabaseSeen::Open(state)) => {
            let name = if state.name.is_empty() { names.database.as_str() } else { state.name.as_str() };
            Verdict::Good(format!("{name} is there"))
        }
        Fact::Seen(DatabaseSeen::Absent) => judge_absent(case, &names),
        Fact::Seen(DatabaseSeen::Closed { state, said }) => report(closed_finding(state.as_ref(), said, case, &names)),
        Fact::Seen(DatabaseSeen::Unclear { said }) => report(unclear_finding(said, case, &names)),
        Fact::Missing(trouble) => report(case.explain(trouble).into_finding(CheckId::DbExists, Severity::Stop)),
    }
}

fn judge_absent(case: &Case<'_>, names: &Names) -> Verdict {
    let Names { server, database, login, reach, .. } = names;
    // A node that joins looks for a cluster, which a new database does not have.
    if case.flow != Flow::FirstNode {
        let fix = if case.is_existing_node() {
            "Have a DBA find out whether it was renamed, dropped or moved to another server, and restore it there or change the settings ({key:edit})."
        } else {
            "Check the server and the name; the cluster's first node knows both. For a new cluster go back to the start and choose \
             Getting started."
        };
        return report(Finding::stop(CheckId::DbExists, format!("There is no database {database} on {server}."), fix));
    }
    if !case.answers.is_on(FieldId::CreateDatabase) {
        return report(
            Finding::stop(
                CheckId::DbExists,
                format!("There is no database {database} on {server}, and the install is not to create it."),
                "Let the install create it, or have a DBA run this.",
            )
            .about(FieldId::CreateDatabase)
            .sql(names.scripts().create_database()),
        );
    }
    let mut findings = match &case.facts.server.rights {
        Fact::Unknown => return case.pending(),
        Fact::Missing(trouble) => vec![right_unread_finding(names, &format!(" {}", case.explain(trouble).says))],
        Fact::Seen(rights) => match has_right_to_create(rights) {
            Some(true) => Vec::new(),
            None => vec![right_unread_finding(names, "")],
            Some(false) => {
                return report(
                    Finding::stop(
                        CheckId::DbExists,
                        format!("There is no database {database} on {server}, and {login} may not create one."),
                        match reach {
                            Reach::Use => "Have a DBA run this, or give the login the right CREATE ANY DATABASE.",
                            Reach::Connect => "Have a DBA run this, or make the login's user in master a member of dbmanager.",
                        },
                    )
                    .sql(names.scripts().create_database()),
                );
            }
        },
    };
    // Azure SQL Database makes a paid service object of a `CREATE DATABASE`.
    if case.facts.server.version.seen().is_some_and(|version| version.product == Some(Product::AzureSqlDatabase)) {
        findings.push(Finding::warn(
            CheckId::DbExists,
            format!("{database} is absent; the install creates it, in Azure's default service tier, which costs what it costs."),
            "Create the database in the Azure portal if you want to choose its tier, then check again.",
        ));
    } else if database.starts_with('[') && database.ends_with(']') {
        findings.push(Finding::warn(
            CheckId::DbExists,
            format!("The new database would be called {database}, brackets and all."),
            format!("Type the name without brackets ({}); octopus-setup quotes it by itself.", &database[1..database.len() - 1]),
        ));
    }
    findings.extend(one_replica_finding(case, names));
    report_all(findings, || "absent; the install creates it".into())
}

/// Whether the login may create the database was not told.
fn right_unread_finding(names: &Names, why: &str) -> Finding {
    let Names { database, login, .. } = names;
    Finding::unproven(
        CheckId::DbExists,
        format!("There is no database {database} yet, and whether {login} may create it could not be read.{why}"),
        "Go on and see, or have a DBA run this first.",
    )
    .sql(names.scripts().create_database())
}

/// Tells a server's listeners.
const LISTENERS: &str = "SELECT dns_name, port FROM sys.availability_group_listeners;";

/// A database that is created through the listener of an availability group is on the primary replica only, until a DBA adds it to
/// the group.
fn one_replica_finding(case: &Case<'_>, names: &Names) -> Option<Finding> {
    let Names { server, host, database, .. } = names;
    if options::keeper(case).is_some() {
        return None;
    }
    let groups = match &case.facts.server.groups {
        // Only a recording of an older program has none.
        Fact::Unknown => return None,
        Fact::Seen(groups) => groups.clone(),
        Fact::Missing(_) => ServerGroups::default(),
    };
    if groups.listeners.iter().any(|listener| options::is_same_host(listener, host)) {
        return Some(Finding::warn(
            CheckId::DbExists,
            format!(
                "{host} is the listener of an availability group: {database}, which the install creates, would exist on one \
                 replica only, and be missing after a failover."
            ),
            "Have a DBA create the database and add it to the group, then check again; or have it added after the install.",
        ));
    }
    if groups.enabled == Some(false) || groups.sees_listeners {
        return None;
    }
    let says = format!(
        "The listeners of availability groups on {server} could not be read: cannot tell whether {host} is one of them; \
         {database} would exist on one replica only then."
    );
    let fix = "Have a DBA run this; where the server is a listener, have the database created and added to the group first.";
    Some(Finding::unproven(CheckId::DbExists, says, fix).sql(LISTENERS))
}

/// The server has the database, but it cannot be opened. Its state says why if that is known, otherwise the server's error does.
fn closed_finding(state: Option<&DatabaseState>, said: &SqlTrouble, case: &Case<'_>, names: &Names) -> Finding {
    let stated = state.map(|state| state.state.as_str().to_ascii_uppercase()).unwrap_or_default();
    let (says, fix, sql) = match (stated.as_str(), said.number) {
        ("RESTORING", _) | ("" | "ONLINE", 927) => (
            "is being restored, or is a mirror or log-shipping copy",
            // No SQL here: ending a restore by force breaks log shipping and mirroring.
            "Wait until it is restored, or have a DBA end a restore that was left unfinished.",
            None,
        ),
        ("RECOVERING", _) | ("" | "ONLINE", 922) => ("is just starting", "Wait a minute, then check again.", None),
        ("RECOVERY_PENDING" | "SUSPECT" | "EMERGENCY", _) | ("" | "ONLINE", 926) => {
            ("is damaged or lacks a file", "Have a DBA look into the server's error log and repair or restore it.", None)
        }
        ("OFFLINE", _) | ("" | "ONLINE", 942) => ("is offline", "Have a DBA bring it online.", Some(alter(names, "SET ONLINE"))),
        _ if state.is_some_and(|state| state.single_user == Some(true)) || said.number == 924 => {
            ("is in single-user mode, and another session has it", failures::TAKE_BACK, Some(names.scripts().open_to_many()))
        }
        _ if state.is_some_and(|state| state.restricted_user == Some(true)) => (
            "is open to its owners and administrators only (RESTRICTED_USER), and {login} is neither",
            "Have a DBA open it to many, then check again.",
            Some(alter(names, "SET MULTI_USER")),
        ),
        ("" | "ONLINE", 916) => {
            ("is there, but {login} has no user in it", "Have a DBA run this.", Some(names.scripts().map_owner()))
        }
        // 4060 and 4063 are also what a database says that another session is only just creating.
        ("" | "ONLINE", _) if said.may_lack_user() => (
            "is there, but {login} cannot open it: as a rule it has no user in it",
            "Try again if the database was created this very moment; otherwise have a DBA run this.",
            Some(names.scripts().map_owner()),
        ),
        _ => return case.explain(&Trouble::Sql(said.clone())).into_finding(CheckId::DbExists, Severity::Stop),
    };
    let text = format!("{} {}. {}", names.database, says.replace("{login}", &names.login), quoted_error(said, names));
    let finding = Finding::stop(CheckId::DbExists, text, fix);
    match sql {
        Some(sql) => finding.sql(sql),
        None => finding,
    }
}

/// The login could not open the database, and cannot ask `master` whether it is absent or closed.
fn unclear_finding(said: &SqlTrouble, case: &Case<'_>, names: &Names) -> Finding {
    if !said.may_lack_user() {
        return case.explain(&Trouble::Sql(said.clone())).into_finding(CheckId::DbExists, Severity::Stop);
    }
    // A node that joins looks for a cluster, which a new database does not have.
    let (fix, sql) = if case.flow == Flow::FirstNode {
        (
            "Check the name. A DBA can run this: it creates the database if it is missing and gives the login a user in it.",
            names.scripts().create_database_if_missing(),
        )
    } else {
        (
            "Check the server and the name. A DBA can run this: it gives the login a user in the database, where that is there.",
            names.scripts().map_owner(),
        )
    };
    Finding::stop(
        CheckId::DbExists,
        format!(
            "{} cannot open {}; whether it is absent or closed to this login, the server does not tell. {}",
            names.login,
            names.database,
            quoted_error(said, names)
        ),
        fix,
    )
    .sql(sql)
}

fn quoted_error(said: &SqlTrouble, names: &Names) -> String {
    let text = if said.text.is_empty() { "nothing more" } else { said.text.as_str() };
    let text = format::sentence(text);
    format!("{} says (error {}, state {}): {text}", names.server, said.number, said.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, unproven, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Facts, ServerVersion};

    fn with(database: DatabaseSeen) -> Facts {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(database);
        facts
    }

    fn said(number: u32) -> SqlTrouble {
        SqlTrouble { number, state: 1, class: 11, text: "No way in".into() }
    }

    fn verdict(facts: &Facts) -> Verdict {
        judged(CheckId::DbExists, &samples::answers(), facts)
    }

    fn sql(finding: &Finding) -> String {
        finding.remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default()
    }

    #[test]
    fn there_or_to_be_created() {
        assert_eq!(evidence(&verdict(&samples::facts())), "OctopusDeploy is there");
        assert_eq!(evidence(&verdict(&with(DatabaseSeen::Absent))), "absent; the install creates it");
    }

    #[test]
    fn absent_and_not_to_be_created_stops_with_the_dba_s_sql() {
        let answers = samples::with(&[(FieldId::CreateDatabase, "false"), (FieldId::Database, "Octo]; DROP DATABASE x")]);
        let finding = stop(&judged(CheckId::DbExists, &answers, &with(DatabaseSeen::Absent)));
        assert_eq!(finding.about, Some(FieldId::CreateDatabase));
        assert_eq!(
            sql(&finding),
            "CREATE DATABASE [Octo]]; DROP DATABASE x] COLLATE Latin1_General_CI_AS;\nGO\nUSE [Octo]]; DROP DATABASE x];\n\
             IF DATABASE_PRINCIPAL_ID(N'octopus') IS NULL CREATE USER [octopus] FOR LOGIN [octopus];\n\
             ELSE ALTER USER [octopus] WITH LOGIN = [octopus];\nALTER ROLE db_owner ADD MEMBER [octopus];"
        );
    }

    #[test]
    fn absent_without_the_right_stops_and_without_knowing_warns() {
        let mut facts = with(DatabaseSeen::Absent);
        facts.server.rights = Fact::Seen(no_rights());
        let finding = stop(&verdict(&facts));
        assert!(finding.says.contains("octopus may not create") && sql(&finding).starts_with("CREATE DATABASE [OctopusDeploy]"));
        facts.server.rights = Fact::Missing(Trouble::Sql(said(297)));
        assert!(unproven(&verdict(&facts)).says.contains("may create it could not be read."));
        facts.server.rights = Fact::Unknown;
        assert_eq!(verdict(&facts), Verdict::NotYet);
    }

    fn no_rights() -> DatabaseRights {
        DatabaseRights { create_database: Some(false), ..DatabaseRights::default() }
    }

    #[test]
    fn a_right_that_no_way_tells_is_not_a_missing_one() {
        let mut facts = with(DatabaseSeen::Absent);
        facts.server.rights = Fact::Seen(DatabaseRights::default());
        let finding = unproven(&verdict(&facts));
        assert!(
            finding.says.ends_with("whether octopus may create it could not be read.") && finding.remedy.is_some(),
            "{finding:?}"
        );
        let finding = unproven(&judged(CheckId::DbRights, &samples::answers(), &facts));
        assert!(finding.says.contains("could not be read, so it is unknown whether"), "{finding:?}");
    }

    #[test]
    fn a_database_made_through_a_listener_is_on_one_replica_only() {
        let on = |enabled, listeners: &[&str], sees_listeners| {
            let mut facts = with(DatabaseSeen::Absent);
            let listeners = listeners.iter().map(|name| (*name).into()).collect();
            facts.server.groups = Fact::Seen(ServerGroups { enabled, listeners, sees_listeners });
            facts
        };
        let finding = warn(&verdict(&on(Some(true), &["sql-ag", "SQL01.corp.example"], true)));
        assert!(finding.says.contains("sql01 is the listener") && finding.says.contains("one replica only"), "{finding:?}");
        for hidden in [on(Some(true), &[], false), on(None, &["sql-ag"], false)] {
            let finding = unproven(&verdict(&hidden));
            assert!(finding.says.contains("cannot tell whether sql01") && finding.remedy.is_some(), "{finding:?}");
        }
        for good in [on(Some(false), &[], false), on(Some(true), &["sql-ag"], true), on(None, &[], true)] {
            assert_eq!(evidence(&verdict(&good)), "absent; the install creates it");
        }
        let mut facts = on(Some(true), &[], false);
        facts.server.groups = Fact::Missing(Trouble::Unasked);
        assert!(unproven(&verdict(&facts)).says.contains("cannot tell"));
        if let Fact::Seen(version) = &mut facts.server.version {
            version.amazon_rds = Some(true);
        }
        assert!(matches!(verdict(&facts), Verdict::Good(_)), "RDS adds it by itself");
        facts.server.groups = Fact::Unknown;
        assert!(matches!(verdict(&facts), Verdict::Good(_)), "an older recording");
    }

    #[test]
    fn a_right_in_master_is_enough_to_create_a_database() {
        for rights in [
            DatabaseRights { create_in_master: Some(true), ..DatabaseRights::default() },
            DatabaseRights { dbmanager: Some(true), ..DatabaseRights::default() },
        ] {
            let mut facts = with(DatabaseSeen::Absent);
            facts.server.rights = Fact::Seen(rights);
            assert_eq!(evidence(&verdict(&facts)), "absent; the install creates it");
            assert!(matches!(judged(CheckId::DbRights, &samples::answers(), &facts), Verdict::Good(_)));
        }
    }

    #[test]
    fn brackets_in_a_name_are_warned_of() {
        let answers = samples::with(&[(FieldId::Database, "[OctopusDeploy]")]);
        let finding = warn(&judged(CheckId::DbExists, &answers, &with(DatabaseSeen::Absent)));
        assert!(finding.says.contains("[OctopusDeploy]") && finding.fix.contains("(OctopusDeploy)"), "{finding:?}");
    }

    #[test]
    fn scripts_for_azure_connect_to_the_database() {
        let mut facts = with(DatabaseSeen::Absent);
        if let Fact::Seen(ServerVersion { product, .. }) = &mut facts.server.version {
            *product = Some(Product::AzureSqlDatabase);
        }
        facts.server.rights = Fact::Seen(no_rights());
        let finding = stop(&verdict(&facts));
        assert!(
            finding.fix.contains("dbmanager") && sql(&finding).starts_with("-- Run this connected to master."),
            "{finding:?}"
        );
        for seen in [DatabaseSeen::Closed { state: None, said: said(916) }, DatabaseSeen::Unclear { said: said(4060) }] {
            facts.server.database = Fact::Seen(seen);
            let finding = stop(&verdict(&facts));
            assert!(!sql(&finding).contains("USE [") && sql(&finding).contains("-- Run this connected to [OctopusDeploy]."));
        }
    }

    #[test]
    fn azure_s_price_is_mentioned() {
        let mut facts = with(DatabaseSeen::Absent);
        if let Fact::Seen(ServerVersion { product, .. }) = &mut facts.server.version {
            *product = Some(Product::AzureSqlDatabase);
        }
        assert!(warn(&verdict(&facts)).fix.contains("Azure portal"));
    }

    #[test]
    fn closed_by_its_state() {
        for (state, part, remedy) in [
            ("RESTORING", "being restored", ""),
            ("recovering", "just starting", ""),
            ("RECOVERY_PENDING", "damaged", ""),
            ("SUSPECT", "damaged", ""),
            ("OFFLINE", "is offline", "ALTER DATABASE [OctopusDeploy] SET ONLINE;"),
        ] {
            let state = DatabaseState { state: state.into(), ..samples::state() };
            let finding = stop(&verdict(&with(DatabaseSeen::Closed { state: Some(state), said: said(4060) })));
            assert!(
                finding.says.contains(part) && finding.says.ends_with("says (error 4060, state 1): No way in."),
                "{finding:?}"
            );
            assert_eq!(sql(&finding), remedy);
        }
        let single = DatabaseState { single_user: Some(true), ..samples::state() };
        let finding = stop(&verdict(&with(DatabaseSeen::Closed { state: Some(single), said: said(4060) })));
        assert!(sql(&finding).starts_with("SELECT session_id") && sql(&finding).ends_with("SET MULTI_USER;"));
        let restricted = DatabaseState { restricted_user: Some(true), ..samples::state() };
        let finding = stop(&verdict(&with(DatabaseSeen::Closed { state: Some(restricted), said: said(4060) })));
        assert!(finding.says.contains("octopus is neither") && sql(&finding) == "ALTER DATABASE [OctopusDeploy] SET MULTI_USER;");
    }

    #[test]
    fn closed_by_what_the_server_said() {
        for (number, part, remedy) in [
            (4060, "no user in it", "CREATE USER [octopus]"),
            (911, "no user in it", "CREATE USER [octopus]"),
            (916, "no user in it", "ALTER ROLE db_owner ADD MEMBER [octopus];"),
            (924, "single-user", "SET MULTI_USER"),
            (927, "restored", ""),
            (922, "starting", ""),
            (926, "damaged", ""),
            (942, "offline", "SET ONLINE"),
            (978, "secondary copy", ""),
            (40501, "too busy", ""),
            (33_557_097, "no user in it", "CREATE USER [octopus]"),
        ] {
            for state in [None, Some(samples::state())] {
                let finding = stop(&verdict(&with(DatabaseSeen::Closed { state, said: said(number) })));
                assert!(finding.says.contains(part) && finding.says.contains("No way in."), "{number}: {finding:?}");
                assert!(sql(&finding).contains(remedy) && sql(&finding).is_empty() == remedy.is_empty(), "{number}");
            }
        }
    }

    #[test]
    fn unclear_says_so_and_the_sql_covers_both() {
        let finding = stop(&verdict(&with(DatabaseSeen::Unclear { said: said(4060) })));
        assert!(finding.says.contains("absent or closed"));
        assert!(sql(&finding).starts_with("IF DB_ID(N'OctopusDeploy') IS NULL CREATE DATABASE [OctopusDeploy]"));
        assert!(stop(&verdict(&with(DatabaseSeen::Unclear { said: said(40613) }))).says.contains("moving the database"));
    }

    #[test]
    fn what_could_not_be_learnt_stops() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Missing(Trouble::ConnectionLost);
        assert!(stop(&verdict(&facts)).says.contains("ended in the middle"));
    }
}
