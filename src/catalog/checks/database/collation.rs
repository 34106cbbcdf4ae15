//! `db-collation`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, report_all};
use crate::catalog::dba::{COLLATION, Reach};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Collation, Fact};
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::untrusted::Untrusted;

use super::{Existence, alter, existence, unproven, unread_finding};

/// The database is case-insensitive, and its columns agree with it.
pub fn judge(case: &Case<'_>) -> Verdict {
    let database = match existence(case) {
        Err(verdict) => return verdict,
        Ok(database) => database,
    };
    let planned = || format!("{COLLATION}, set by the install");
    match (database, &case.facts.server.collation) {
        (_, Fact::Unknown) => case.pending(),
        (Existence::Planned, Fact::Seen(collation)) => report_all(Vec::from_iter(server_finding(collation)), planned),
        (Existence::Planned, Fact::Missing(_)) => Verdict::Good(planned()),
        (Existence::Open(_), Fact::Seen(collation)) => {
            let mut findings = database_findings(collation, case);
            findings.extend(server_finding(collation));
            report_all(findings, || collation.name.to_string())
        }
        (Existence::Open(_), Fact::Missing(trouble)) => {
            let what = format!("The collation of {}", Names::new(case).database);
            unproven(CheckId::DbCollation, &what, "it is unknown whether Octopus can start on it", trouble, case)
        }
    }
}

fn database_findings(collation: &Collation, case: &Case<'_>) -> Vec<Finding> {
    let names = Names::new(case);
    let mut findings = Vec::new();
    if !collation.case_insensitive {
        let first = case.flow == Flow::FirstNode;
        let fix = match (names.reach, first) {
            (Reach::Use, true) => "Have a DBA change the collation while the database is empty.",
            (Reach::Use, false) => {
                "Have a DBA change the collation of the database and of every column in it; that takes a copy, and a window without Octopus."
            }
            (Reach::Connect, true) => {
                "Azure never changes a database's collation: type the name of a new database, which the install creates with the right one."
            }
            (Reach::Connect, false) => {
                "Azure never changes a database's collation: have its data moved into a new database; that takes a window without Octopus."
            }
        };
        let finding = Finding::stop(
            CheckId::DbCollation,
            format!("{} tells upper from lower case ({}); Octopus does not start on it.", names.database, collation.name),
            fix,
        );
        findings.push(match names.reach {
            Reach::Use => finding.sql(alter(&names, &format!("COLLATE {COLLATION}"))),
            Reach::Connect => finding,
        });
    }
    let ours = |column: &Untrusted| column.as_str().starts_with("octopus_setup.");
    let own = collation.odd_columns.iter().filter(|column| ours(column)).count() as u64;
    let count = collation.odd_count.unwrap_or_default().max(collation.odd_columns.len() as u64);
    if count > 0 {
        // A first node has nothing to lose yet; a running cluster works until its next upgrade. Of the registry's own columns those
        // that an older program made are corrected by the run itself.
        let of_format_1 = |column: &Untrusted| {
            ["octopus_setup.node.name ", "octopus_setup.canary.node "].iter().any(|name| column.as_str().starts_with(name))
        };
        let corrects_all = case.flow != Flow::Review && count == own && collation.odd_columns.iter().all(of_format_1);
        let severity = match case.flow {
            _ if corrects_all => Severity::Note,
            Flow::FirstNode if count > own => Severity::Stop,
            _ => Severity::Warn,
        };
        let columns = if count == 1 { "1 column has".to_owned() } else { format!("{count} columns have") };
        findings.push(Finding::new(
            CheckId::DbCollation,
            severity,
            format!(
                "{columns} another collation than the database ({}): {}. Octopus refuses to upgrade such a database.",
                collation.name,
                format::list(&collation.odd_columns, count)
            ),
            match own {
                0 => "Have a DBA change these columns' collation to the database's.",
                _ => {
                    "Those in octopus_setup get the database's collation from the next run of octopus-setup that writes; have a DBA change any that remain."
                }
            },
        ));
    }
    if collation.odd_count.is_none() {
        let what = format!("The columns of {}", names.database);
        let risk = format!("it is unknown whether columns differ from its collation ({})", collation.name);
        findings.push(unread_finding(CheckId::DbCollation, &what, &risk));
    }
    findings
}

/// Whether a collation of this name tells upper from lower case.
pub fn is_case_sensitive(collation: &str) -> bool {
    let upper = collation.to_ascii_uppercase();
    upper.contains("_CS") || upper.contains("_BIN")
}

/// A case-sensitive server has caused errors in temporary tables, whatever the database's own collation is.
fn server_finding(collation: &Collation) -> Option<Finding> {
    let server = collation.server.as_str();
    is_case_sensitive(server).then(|| {
        Finding::warn(
            CheckId::DbCollation,
            format!("The server itself tells upper from lower case ({server}); Octopus has had trouble with that."),
            "Use a server with a case-insensitive collation if you can.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, judged_in, stop, unproven, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, Facts, Product, SqlTrouble, Trouble};

    fn with(change: impl FnOnce(&mut Collation)) -> Facts {
        let mut facts = samples::facts();
        if let Fact::Seen(collation) = &mut facts.server.collation {
            change(collation);
        }
        facts
    }

    fn of(facts: &Facts) -> Verdict {
        judged(CheckId::DbCollation, &samples::answers(), facts)
    }

    #[test]
    fn insensitive_is_good_and_sensitive_stops() {
        assert_eq!(evidence(&of(&samples::facts())), "Latin1_General_CI_AS");
        let finding = stop(&of(&with(|collation| collation.case_insensitive = false)));
        let sql = finding.remedy.map(|remedy| remedy.text().to_owned());
        assert_eq!(sql.as_deref(), Some("ALTER DATABASE [OctopusDeploy] COLLATE Latin1_General_CI_AS;"));
    }

    #[test]
    fn azure_never_changes_a_collation() {
        let mut facts = with(|collation| collation.case_insensitive = false);
        if let Fact::Seen(version) = &mut facts.server.version {
            version.product = Some(Product::AzureSqlDatabase);
        }
        let finding = stop(&of(&facts));
        assert!(finding.remedy.is_none() && finding.fix.contains("new database"), "{finding:?}");
    }

    #[test]
    fn odd_columns_stop_a_first_node_and_warn_the_others() {
        let facts = with(|collation| {
            collation.odd_columns = vec!["dbo.Event.Category (Finnish_Swedish_CI_AS)".into()];
            collation.odd_count = Some(3);
        });
        let finding = stop(&of(&facts));
        assert!(finding.says.contains("3 columns have") && finding.says.contains("Finnish_Swedish_CI_AS) and 2 more"));
        let answers = samples::answers();
        let join = judged_in(&crate::catalog::checks::Case { flow: Flow::Join, ..case(&answers, &facts) }, CheckId::DbCollation);
        assert!(warn(&join).says.contains("refuses to upgrade"));
    }

    #[test]
    fn columns_that_could_not_be_read_are_not_equal_ones() {
        let finding = unproven(&of(&with(|collation| collation.odd_count = None)));
        assert!(finding.says.contains("could not be read, so it is unknown whether columns differ"), "{finding:?}");
        let some = with(|collation| {
            collation.odd_columns = vec!["dbo.Event.Category (Finnish_Swedish_CI_AS)".into()];
            collation.odd_count = None;
        });
        assert!(stop(&of(&some)).says.contains("1 column has"), "what was seen stays");
    }

    #[test]
    fn our_own_columns_count_too_and_the_next_run_corrects_them() {
        let facts = with(|collation| {
            collation.odd_columns = vec!["octopus_setup.node.name (Latin1_General_100_CI_AS)".into()];
            collation.odd_count = Some(1);
        });
        let answers = samples::answers();
        let reviewed = judged_in(&Case { flow: Flow::Review, ..case(&answers, &facts) }, CheckId::DbCollation);
        let finding = warn(&reviewed);
        assert!(finding.says.starts_with("1 column has another collation") && finding.fix.contains("next run"), "{finding:?}");
        assert_eq!(of(&facts).severity(), Some(Severity::Note), "this very run corrects it");
        let later = with(|collation| {
            collation.odd_columns = vec!["octopus_setup.history.what (Latin1_General_100_CI_AS)".into()];
            collation.odd_count = Some(1);
        });
        assert!(warn(&of(&later)).fix.contains("a DBA change any that remain"), "the database's own collation was changed since");
        let facts = with(|collation| {
            collation.odd_columns = vec![
                "dbo.Event.Category (Finnish_Swedish_CI_AS)".into(),
                "octopus_setup.node.name (Latin1_General_CI_AS)".into(),
            ];
            collation.odd_count = Some(2);
        });
        let finding = stop(&of(&facts));
        assert!(finding.says.contains("2 columns have") && finding.fix.contains("a DBA change any that remain"), "{finding:?}");
    }

    #[test]
    fn a_case_sensitive_server_is_warned_of() {
        for server in ["Latin1_General_CS_AS", "Latin1_General_BIN2", "latin1_general_cs_as"] {
            let mut facts = with(|collation| collation.server = server.into());
            assert!(warn(&of(&facts)).says.contains(server));
            facts.server.database = Fact::Seen(DatabaseSeen::Absent);
            assert!(warn(&of(&facts)).says.contains(server));
        }
    }

    #[test]
    fn a_database_to_come_gets_ours() {
        let mut facts = with(|collation| collation.case_insensitive = false);
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert_eq!(evidence(&of(&facts)), "Latin1_General_CI_AS, set by the install");
    }

    #[test]
    fn one_that_cannot_be_read_needs_acceptance() {
        let mut facts = samples::facts();
        let said = SqlTrouble { number: 448, state: 1, class: 16, text: "Invalid collation".into() };
        for trouble in [Trouble::Unasked, Trouble::Sql(said)] {
            facts.server.collation = Fact::Missing(trouble);
            assert!(unproven(&of(&facts)).says.starts_with("The collation of OctopusDeploy could not be read, so it is unknown"));
        }
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert_eq!(evidence(&of(&facts)), "Latin1_General_CI_AS, set by the install", "nothing of the server's depends on it");
    }
}
