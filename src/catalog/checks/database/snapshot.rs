//! `db-snapshot`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, all};
use crate::model::check::CheckId;
use crate::model::facts::DatabaseState;
use crate::model::finding::{Finding, Severity, Verdict};

use super::{Ground, alter, ground};

/// The compatibility level of SQL Server 2016. Octopus raises lower ones by itself at an upgrade, without asking.
const LEVEL: i32 = 130;

/// Read-committed snapshot is on or can be turned on, and the compatibility level is high enough.
pub fn judge(case: &Case<'_>) -> Verdict {
    match ground(case) {
        Err(verdict) => verdict,
        Ok(Ground::ToCome) => Verdict::Good("new; Octopus turns it on".into()),
        Ok(Ground::Open(state)) => {
            let may_alter = case.facts.server.rights.seen().is_some_and(|rights| rights.alter);
            let next = if case.is_of_a_node() { "next" } else { "first" };
            all(findings(state, may_alter, next, &Names::of(case)), || {
                format!("read-committed snapshot, level {}", state.compatibility)
            })
        }
    }
}

fn findings(state: &DatabaseState, may_alter: bool, next: &str, names: &Names) -> Vec<Finding> {
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
    // 0: the server does not tell.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, warn};
    use crate::catalog::samples;
    use crate::model::facts::{DatabaseSeen, Fact, Facts};

    fn with(change: impl FnOnce(&mut DatabaseState)) -> Facts {
        let mut state = samples::state();
        change(&mut state);
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Open(state));
        facts
    }

    fn of(facts: &Facts) -> Verdict {
        judged(CheckId::DbSnapshot, &samples::answers(), facts)
    }

    #[test]
    fn on_off_and_off_for_good() {
        assert_eq!(evidence(&of(&samples::facts())), "read-committed snapshot, level 160");
        let mut facts = with(|state| state.read_committed_snapshot = false);
        let verdict = of(&facts);
        assert_eq!(verdict.severity(), Some(Severity::Note));
        if let Fact::Seen(rights) = &mut facts.server.rights {
            rights.alter = false;
        }
        let finding = warn(&of(&facts));
        let sql = finding.remedy.map(|remedy| remedy.text().to_owned());
        assert_eq!(
            sql.as_deref(),
            Some("ALTER DATABASE [OctopusDeploy] SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;")
        );
    }

    #[test]
    fn a_low_level_is_warned_of() {
        let finding = warn(&of(&with(|state| state.compatibility = 120)));
        assert!(finding.says.contains("is 120") && finding.remedy.is_some());
        for good in [130, 0] {
            assert!(matches!(of(&with(|state| state.compatibility = good)), Verdict::Good(_)));
        }
    }

    #[test]
    fn the_warning_comes_before_the_note() {
        let both = of(&with(|state| (state.compatibility, state.read_committed_snapshot) = (100, false)));
        let Verdict::Found(findings) = both else { panic!("two") };
        assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warn, Severity::Note]);
    }

    #[test]
    fn to_come() {
        let mut facts = samples::facts();
        facts.server.database = Fact::Seen(DatabaseSeen::Absent);
        assert!(evidence(&of(&facts)).contains("Octopus turns it on"));
    }
}
