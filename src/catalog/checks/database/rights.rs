//! `db-rights`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, report, report_all};
use crate::model::check::CheckId;
use crate::model::facts::{DatabaseRights, Fact};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;
use crate::model::quote::sql_name;

use super::{Existence, existence, has_right_to_create, unproven, unread_finding};

/// The login can do what Octopus will do. Effective permissions decide: on some servers `IS_ROLEMEMBER('db_owner')` is
/// 0 even for the owner.
pub fn judge(case: &Case<'_>) -> Verdict {
    let database = match existence(case) {
        Err(verdict) => return verdict,
        Ok(database) => database,
    };
    let rights = match &case.facts.server.rights {
        Fact::Unknown => return case.pending(),
        Fact::Seen(rights) => rights,
        Fact::Missing(trouble) => {
            let what = format!("What {} may do", Names::new(case).login);
            return unproven(CheckId::DbRights, &what, "it is unknown whether Octopus can create its tables", trouble, case);
        }
    };
    match database {
        Existence::Planned if has_right_to_create(rights).is_none() => {
            let what = format!("What {} may do", Names::new(case).login);
            report(unread_finding(CheckId::DbRights, &what, "it is unknown whether it may create the database"))
        }
        Existence::Planned => Verdict::Good("may create databases, and owns what it creates".into()),
        Existence::Open(_) => {
            let findings = findings(rights, &Principal::new(case), case);
            report_all(findings, || if rights.db_owner { "db_owner" } else { "all that Octopus needs" }.to_owned())
        }
    }
}

/// Whose rights are judged.
struct Principal {
    names: Names,
    /// The user in the database, or the login's name if the server did not tell.
    user: String,
}

impl Principal {
    fn new(case: &Case<'_>) -> Self {
        let names = Names::new(case);
        let seen = case.facts.server.login.seen().map(|login| login.user.as_str()).filter(|user| !user.is_empty());
        let user = seen.unwrap_or(&names.login).to_owned();
        Self { names, user }
    }

    /// Returns SQL that makes the user `db_owner`. A guest shares its user with others, so the login gets one of its own first.
    fn grant_owner(&self) -> String {
        if self.user.eq_ignore_ascii_case("guest") {
            return self.names.scripts().map_owner();
        }
        self.names.scripts().add_owner(&self.user)
    }
}

/// The severity of a missing right. A first node creates tables and schemas at once, and so does a join that makes the
/// registry. On any other node Octopus' next upgrade fails, and not this run.
fn severity(case: &Case<'_>) -> Severity {
    let creates = match case.flow {
        Flow::FirstNode => true,
        Flow::Join => case.answers.is_on(FieldId::MakeRegistry),
        Flow::Review | Flow::Edit | Flow::Leave | Flow::Remove => false,
    };
    if creates { Severity::Stop } else { Severity::Warn }
}

fn findings(rights: &DatabaseRights, who: &Principal, case: &Case<'_>) -> Vec<Finding> {
    let (login, database) = (&who.names.login, &who.names.database);
    let mut findings = Vec::new();
    let missing: Vec<&str> =
        [(rights.create_table, "create tables"), (rights.create_schema, "create schemas"), (rights.alter, "change the database")]
            .into_iter()
            .filter_map(|(has, what)| (!has).then_some(what))
            .collect();
    if let Some((last, first)) = missing.split_last() {
        let what = if first.is_empty() { (*last).to_owned() } else { format!("{} or {last}", first.join(", ")) };
        findings.push(
            Finding::new(
                CheckId::DbRights,
                severity(case),
                format!("{login} cannot {what} in {database}."),
                format!("{login} needs db_owner on {database}, at Octopus' next upgrade at the latest; a DBA can run this."),
            )
            .sql(who.grant_owner()),
        );
    } else if !rights.control {
        findings.push(
            Finding::warn(
                CheckId::DbRights,
                format!("{login} can create tables and schemas in {database}, but does not own it."),
                "Octopus wants db_owner, and its upgrades may fail without; a DBA can run this.",
            )
            .sql(who.grant_owner()),
        );
    }
    let schema = rights.default_schema.as_str();
    if !schema.is_empty() && !schema.eq_ignore_ascii_case("dbo") {
        findings.push(
            Finding::new(
                CheckId::DbRights,
                if case.is_existing_node() { Severity::Warn } else { Severity::Stop },
                format!("The default schema of {} in {database} is {schema}; Octopus' tables belong into dbo.", who.user),
                "Have it changed to dbo.",
            )
            .about(FieldId::User)
            .sql(who.names.scripts().in_database(&format!("ALTER USER {} WITH DEFAULT_SCHEMA = [dbo];", sql_name(&who.user)))),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, unproven, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, Facts, Trouble};

    fn with(change: impl FnOnce(&mut DatabaseRights)) -> Facts {
        let mut facts = samples::facts();
        if let Fact::Seen(rights) = &mut facts.server.rights {
            change(rights);
        }
        facts
    }

    fn of(facts: &Facts) -> Verdict {
        judged(CheckId::DbRights, &samples::answers(), facts)
    }

    fn sql(finding: &Finding) -> &str {
        finding.remedy.as_ref().map(crate::model::finding::Remedy::text).unwrap_or_default()
    }

    #[test]
    fn effective_rights_decide_and_the_role_only_explains() {
        assert_eq!(evidence(&of(&samples::facts())), "db_owner");
        assert_eq!(evidence(&of(&with(|rights| rights.db_owner = false))), "all that Octopus needs");
    }

    #[test]
    fn each_missing_right_is_named() {
        let finding = stop(&of(&with(|rights| rights.create_table = false)));
        assert_eq!(finding.says, "octopus cannot create tables in OctopusDeploy.");
        assert_eq!(sql(&finding), "USE [OctopusDeploy];\nALTER ROLE db_owner ADD MEMBER [octopus];");
        let all = stop(&of(&with(|rights| *rights = DatabaseRights::default())));
        assert!(all.says.contains("create tables, create schemas or change the database"));
        assert!(stop(&of(&with(|rights| rights.alter = false))).says.contains("cannot change the database"));
        assert!(stop(&of(&with(|rights| rights.create_schema = false))).says.contains("create schemas"));
    }

    #[test]
    fn not_to_own_it_is_warned_of() {
        assert!(warn(&of(&with(|rights| rights.control = false))).says.contains("does not own"));
    }

    #[test]
    fn the_default_schema_is_dbo() {
        let finding = stop(&of(&with(|rights| rights.default_schema = "octo]pus".into())));
        assert!(sql(&finding).ends_with("ALTER USER [octopus] WITH DEFAULT_SCHEMA = [dbo];"));
        for good in ["DBO", ""] {
            assert!(matches!(of(&with(|rights| rights.default_schema = good.into())), Verdict::Good(_)));
        }
    }

    #[test]
    fn a_guest_gets_a_user_of_its_own() {
        let mut facts = with(|rights| rights.create_table = false);
        if let Fact::Seen(login) = &mut facts.server.login {
            login.user = "guest".into();
        }
        assert!(
            sql(&stop(&of(&facts)))
                .contains("CREATE USER [octopus] FOR LOGIN [octopus];\nELSE ALTER USER [octopus] WITH LOGIN = [octopus];")
        );
    }

    #[test]
    fn to_come() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert!(evidence(&of(&facts)).contains("owns what it creates"));
        facts.server.rights = Fact::Seen(DatabaseRights { create_database: Some(false), ..DatabaseRights::default() });
        assert_eq!(of(&facts), Verdict::NotYet);
        facts.server.rights = Fact::Missing(Trouble::Unasked);
        assert!(unproven(&of(&facts)).says.starts_with("What octopus may do could not be read"));
    }

    #[test]
    fn rights_that_cannot_be_read_need_acceptance() {
        let mut facts = samples::facts();
        facts.server.rights = Fact::Missing(Trouble::Unasked);
        assert!(unproven(&of(&facts)).says.contains("it is unknown whether Octopus can create its tables"));
    }
}
