//! `sql-version`.

use time::Date;
use time::macros::date;

use crate::catalog::checks::{Case, report, report_all};
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Product, ServerVersion};
use crate::model::finding::{Finding, Verdict};
use crate::model::untrusted::Untrusted;

/// The oldest version that Octopus may still work with, SQL Server 2016, and the oldest that it surely does, 2017:
/// its own pages and its issues disagree.
const OLDEST: u32 = 13;
const SUPPORTED: u32 = 14;

/// The last day of Microsoft's support, by major version, from Microsoft's product lifecycle
/// (learn.microsoft.com/lifecycle/products, and mssqltips.com/sqlservertutorial/9217).
const SUPPORT_ENDS: [(u32, Date); 4] =
    [(13, date!(2026 - 07 - 14)), (14, date!(2027 - 10 - 12)), (15, date!(2030 - 01 - 08)), (16, date!(2033 - 01 - 11))];
/// So many days before that it is told.
const NEAR: i64 = 365;

/// The server's version and edition are fit for Octopus.
pub fn judge(case: &Case<'_>) -> Verdict {
    super::judge_optional(&case.facts.server.version, case, |version| judge_version(version, case.facts.machine.today))
}

fn judge_version(version: &ServerVersion, today: Option<Date>) -> Verdict {
    let described = description(version);
    match product(version) {
        Some(Product::AzureSqlDatabase | Product::ManagedInstance) => Verdict::Good(described),
        Some(Product::Synapse) => report(Finding::stop(
            CheckId::SqlVersion,
            format!("This is {described}, an analytics service; Octopus cannot live in it."),
            "Give a SQL Server, an Azure SQL Database or an Amazon RDS for SQL Server.",
        )),
        Some(Product::Babelfish | Product::AzureSqlEdge | Product::FabricSqlDatabase | Product::Other(_)) => {
            report(Finding::warn(
                CheckId::SqlVersion,
                format!("This is {described}, which Octopus does not name among the servers that it supports."),
                "Use SQL Server 2017 or later, Azure SQL Database or Amazon RDS for SQL Server in production.",
            ))
        }
        Some(Product::SqlServer) if version.major > 0 => judge_sql_server(version, &described, today),
        Some(Product::SqlServer) | None => report(Finding::unproven(
            CheckId::SqlVersion,
            "The server's version could not be read, so it is unknown whether Octopus works with it.",
            "Have a DBA look at it (SELECT @@VERSION); Octopus needs SQL Server 2016 or later.",
        )),
    }
}

fn judge_sql_server(version: &ServerVersion, described: &str, today: Option<Date>) -> Verdict {
    if version.major < OLDEST {
        return report(Finding::stop(
            CheckId::SqlVersion,
            format!("This is {described}; Octopus needs SQL Server 2016 or later."),
            "Give a newer server; SQL Server 2017 or later is best.",
        ));
    }
    let mut findings = Vec::new();
    if version.major < SUPPORTED {
        findings.push(Finding::warn(
            CheckId::SqlVersion,
            format!("This is {described}; newer versions of Octopus want SQL Server 2017 or later."),
            "Use a newer server if you can: an upgrade of Octopus may refuse this one.",
        ));
    }
    if version.edition.as_str().to_ascii_lowercase().contains("practice") {
        let says = format!("Practice server ({}): for trying out and training, not for production.", version.number);
        findings.push(Finding::note(CheckId::SqlVersion, says));
        return report_all(findings, String::new);
    }
    if let Some(remark) = remark(version.edition.as_str()) {
        findings.push(Finding::note(CheckId::SqlVersion, format!("{described}. {remark}")));
    }
    findings.extend(today.and_then(|today| support_finding(version.major, described, today)));
    report_all(findings, || described.to_owned())
}

/// Tells when Microsoft's support of a version has ended, or will soon.
fn support_finding(major: u32, described: &str, today: Date) -> Option<Finding> {
    let (_, ends) = SUPPORT_ENDS.into_iter().find(|(version, _)| *version == major)?;
    let day = format::date(ends);
    match (ends - today).whole_days() {
        left if left < 0 => Some(Finding::warn(
            CheckId::SqlVersion,
            format!(
                "Microsoft's support of {described} ended on {day}: without paid extended updates it gets no security fixes."
            ),
            "Move the database to a newer SQL Server or to Azure SQL.",
        )),
        left if left <= NEAR => Some(Finding::note(
            CheckId::SqlVersion,
            format!("Microsoft's support of {described} ends on {day}. Plan the move to a newer SQL Server or to Azure SQL."),
        )),
        _ => None,
    }
}

/// What the operator should know about an edition.
fn remark(edition: &str) -> Option<&'static str> {
    let edition = edition.to_ascii_lowercase();
    if edition.contains("express") {
        Some("Express holds at most 10 GB a database (50 GB from 2025 on), which a busy Octopus outgrows.")
    } else if edition.contains("developer") {
        Some("Developer Edition is not licensed for production.")
    } else if edition.contains("evaluation") {
        Some("Evaluation Edition ends after 180 days.")
    } else {
        None
    }
}

/// How the practice server calls itself.
const PRACTICE: &str = "octopus-setup practice server";

/// Returns the product; a recording of an older program has the edition of the engine only. The practice server is judged as the SQL
/// Server that it plays.
fn product(version: &ServerVersion) -> Option<Product> {
    match version.product.clone() {
        Some(Product::Other(name)) if name.as_str().starts_with(PRACTICE) => Some(Product::SqlServer),
        None => Product::recognise(version.engine_edition, &Untrusted::default()),
        product => product,
    }
}

/// Names the server as it names itself: `SQL Server 2022 (16.0.4135), Enterprise`. Others have no year: they only repeat the number
/// of the SQL Server that they imitate.
fn description(version: &ServerVersion) -> String {
    let year = match product(version) {
        Some(Product::AzureSqlDatabase) => return "Azure SQL Database".to_owned(),
        Some(Product::ManagedInstance) => return "Azure SQL Managed Instance".to_owned(),
        Some(Product::AzureSqlEdge) => return "Azure SQL Edge".to_owned(),
        Some(Product::Synapse) => return "Azure Synapse or a SQL endpoint of Microsoft Fabric".to_owned(),
        Some(Product::FabricSqlDatabase) => return "a SQL database in Microsoft Fabric".to_owned(),
        Some(Product::Babelfish) => return "Babelfish for PostgreSQL".to_owned(),
        Some(Product::Other(name)) => return name.to_string(),
        Some(Product::SqlServer) | None => match version.major {
            17 => " 2025",
            16 => " 2022",
            15 => " 2019",
            14 => " 2017",
            13 => " 2016",
            12 => " 2014",
            11 => " 2012",
            10 => " 2008",
            _ => "",
        },
    };
    let short: Vec<&str> = version.number.as_str().split('.').take(3).collect();
    let short = short.join(".");
    let number = if short.is_empty() { String::new() } else { format!(" ({short})") };
    let edition = edition_short(version.edition.as_str());
    let edition = if edition.is_empty() { String::new() } else { format!(", {edition}") };
    let host = if version.amazon_rds == Some(true) { " on Amazon RDS" } else { "" };
    format!("SQL Server{year}{number}{edition}{host}")
}

/// `Enterprise Edition: Core-based Licensing (64-bit)` → `Enterprise`.
fn edition_short(edition: &str) -> &str {
    let end = [" Edition", " (64-bit)", ":"].iter().filter_map(|mark| edition.find(mark)).min().unwrap_or(edition.len());
    edition[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, unknown, unproven, warn};
    use crate::catalog::samples;
    use crate::model::facts::{Fact, SqlTrouble, Trouble};
    use crate::model::finding::Severity;

    const SQL_SERVER: &str = "Microsoft SQL Server 2022 (RTM) - 16.0.1000.6 (X64)";

    fn of(major: u32, number: &str, edition: &str, engine_edition: i32) -> Verdict {
        named(SQL_SERVER, major, number, edition, engine_edition)
    }

    fn named(banner: &str, major: u32, number: &str, edition: &str, engine_edition: i32) -> Verdict {
        let mut facts = samples::facts();
        facts.server.version = Fact::Seen(ServerVersion {
            major,
            number: number.into(),
            edition: edition.into(),
            engine_edition,
            server_name: "SQL01".into(),
            product: Product::recognise(engine_edition, &banner.into()),
            amazon_rds: None,
        });
        judged(CheckId::SqlVersion, &samples::answers(), &facts)
    }

    #[test]
    fn good_versions_are_described() {
        for (major, number, edition, engine, said) in [
            (
                16,
                "16.0.4135.4",
                "Enterprise Edition: Core-based Licensing (64-bit)",
                3,
                "SQL Server 2022 (16.0.4135), Enterprise",
            ),
            (15, "15.0.2000.5", "Standard Edition (64-bit)", 2, "SQL Server 2019 (15.0.2000), Standard"),
            (15, "15.0.4000", "Web", 2, "SQL Server 2019 (15.0.4000), Web"),
            (17, "17.0", "", 3, "SQL Server 2025 (17.0)"),
            (18, "18.0.1.2", "Enterprise Edition", 3, "SQL Server (18.0.1), Enterprise"),
            (12, "12.0.2000.8", "SQL Azure", 5, "Azure SQL Database"),
            (12, "12.0.2000.8", "SQL Azure", 8, "Azure SQL Managed Instance"),
        ] {
            assert_eq!(evidence(&of(major, number, edition, engine)), said);
        }
    }

    #[test]
    fn old_versions_stop_or_are_warned_of() {
        assert!(stop(&of(12, "12.0.6024.0", "Enterprise Edition", 3)).says.contains("SQL Server 2014"));
        assert!(warn(&of(13, "13.0.5026.0", "Standard Edition", 2)).says.contains("SQL Server 2016"));
        for engine in [6, 11] {
            assert!(stop(&of(16, "16.0", "x", engine)).says.contains("analytics"));
        }
    }

    #[test]
    fn a_version_that_was_not_told_is_neither_old_nor_good() {
        for (banner, major, number) in [(SQL_SERVER, 0, ""), (SQL_SERVER, 0, "soon"), ("", 16, "16.0.4135.4"), ("", 0, "")] {
            let finding = unproven(&named(banner, major, number, "Enterprise Edition", 3));
            assert!(finding.says.contains("could not be read, so it is unknown whether"), "{finding:?}");
        }
    }

    #[test]
    fn the_end_of_support_is_told_in_its_last_year_and_afterwards() {
        let on = |major, today| {
            let mut facts = samples::facts();
            facts.machine.today = Some(today);
            facts.server.version = Fact::Seen(ServerVersion {
                major,
                number: format!("{major}.0.1.2").as_str().into(),
                edition: "Standard Edition (64-bit)".into(),
                engine_edition: 2,
                server_name: "SQL01".into(),
                product: Product::recognise(2, &SQL_SERVER.into()),
                amazon_rds: None,
            });
            match judged(CheckId::SqlVersion, &samples::answers(), &facts) {
                Verdict::Found(findings) => findings.into_iter().map(|finding| (finding.severity, finding.says)).collect(),
                _ => Vec::new(),
            }
        };
        assert_eq!(on(14, date!(2026 - 10 - 11)), [], "more than a year is left");
        let [(Severity::Note, says)] = &on(14, date!(2026 - 11 - 30))[..] else { panic!("a note") };
        assert!(says.contains("SQL Server 2017") && says.contains("ends on 2027-10-12"), "{says}");
        let [(Severity::Note, _)] = &on(14, date!(2027 - 10 - 12))[..] else { panic!("its last day") };
        let [(Severity::Warn, says)] = &on(14, date!(2027 - 10 - 13))[..] else { panic!("a warning") };
        assert!(says.contains("ended on 2027-10-12"), "{says}");
        let both = on(13, date!(2026 - 11 - 30));
        assert!(both.len() == 2 && both[1].1.contains("ended on 2026-07-14"), "{both:?}");
        assert_eq!(on(17, date!(2026 - 11 - 30)), []);
    }

    #[test]
    fn editions_get_their_remarks() {
        for (edition, part) in [
            ("Express Edition (64-bit)", "10 GB"),
            ("Developer Edition", "not licensed"),
            ("Enterprise Evaluation Edition", "180 days"),
        ] {
            let verdict = of(16, "16.0.4135.4", edition, 3);
            assert_eq!(verdict.severity(), Some(Severity::Note), "{edition}");
            let Verdict::Found(findings) = verdict else { panic!("a note") };
            assert!(findings[0].says.contains(part) && findings[0].says.starts_with("SQL Server 2022"), "{findings:?}");
        }
    }

    #[test]
    fn a_server_is_named_as_it_names_itself_and_not_by_the_number_that_it_imitates() {
        let babelfish = "Babelfish for PostgreSQL with SQL Server Compatibility - 12.0.2000.8";
        for (banner, engine, part) in [
            (babelfish, 3, "This is Babelfish for PostgreSQL,"),
            ("Cloudberry T-SQL 7 - 12.0.2000.8", 3, "This is Cloudberry T-SQL 7,"),
            ("Microsoft Azure SQL Edge Developer (RTM) - 15.0.2000.1574", 9, "Azure SQL Edge"),
            ("Microsoft SQL Azure (RTM) - 12.0.2000.8", 12, "Microsoft Fabric"),
        ] {
            let verdict = named(banner, 12, "12.0.2000.8", "Standard", engine);
            let says = warn(&verdict).says.clone();
            assert!(says.contains(part) && !says.contains("2014"), "{says}");
        }
    }

    #[test]
    fn rds_is_told() {
        let mut facts = samples::facts();
        if let Fact::Seen(version) = &mut facts.server.version {
            version.amazon_rds = Some(true);
        }
        let said = evidence(&judged(CheckId::SqlVersion, &samples::answers(), &facts));
        assert_eq!(said, "SQL Server 2022 (16.0.4135), Enterprise on Amazon RDS");
    }

    #[test]
    fn the_practice_server_is_told_for_what_it_is() {
        let banner = "octopus-setup practice server (not Microsoft SQL Server) - 16.0.4135.4";
        let verdict = named(banner, 16, "16.0.4135.4", "octopus-setup practice server (not SQL Server)", 3);
        let Verdict::Found(findings) = verdict else { panic!("a note") };
        assert_eq!(findings[0].severity, Severity::Note);
        assert!(findings[0].says.contains("not for production"));
    }

    #[test]
    fn an_unreadable_version_is_no_obstacle() {
        let mut facts = samples::facts();
        facts.server.version =
            Fact::Missing(Trouble::Sql(SqlTrouble { number: 297, state: 1, class: 16, text: "denied".into() }));
        assert!(unknown(&judged(CheckId::SqlVersion, &samples::answers(), &facts)).contains("error 297"));
    }
}
