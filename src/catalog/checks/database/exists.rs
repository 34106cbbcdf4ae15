//! `db-exists`.

use crate::catalog::checks::server::Names;
use crate::catalog::checks::{Case, one};
use crate::catalog::{dba, failures};
use crate::model::check::CheckId;
use crate::model::facts::{DatabaseSeen, DatabaseState, Fact, SqlTrouble, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Severity, Verdict};
use crate::model::flow::Flow;

use super::alter;

/// Azure SQL Database makes a paid service object of a `CREATE DATABASE`.
const AZURE: i32 = 5;

/// The database is there and can be opened, or can and may be created.
pub fn judge(case: &Case<'_>) -> Verdict {
    let server = &case.facts.server;
    if server.way_blocked().is_some() {
        return Verdict::NotYet;
    }
    let names = Names::of(case);
    match &server.database {
        Fact::Unknown => case.pending(),
        Fact::Seen(DatabaseSeen::Open(state)) => {
            let name = if state.name.is_empty() { names.database.as_str() } else { state.name.as_str() };
            Verdict::Good(format!("{name} is there"))
        }
        Fact::Seen(DatabaseSeen::Absent) => absent(case, &names),
        Fact::Seen(DatabaseSeen::Closed { state, said }) => one(closed(state.as_ref(), said, case, &names)),
        Fact::Seen(DatabaseSeen::Unclear { said }) => one(unclear(said, case, &names)),
        Fact::Missing(trouble) => {
            one(failures::explain_server_trouble(trouble, &names.context(case)).into_finding(CheckId::DbExists, Severity::Stop))
        }
    }
}

fn absent(case: &Case<'_>, names: &Names) -> Verdict {
    let Names { server, database, login, .. } = names;
    // An empty database is no answer where a cluster is looked for.
    if case.flow != Flow::FirstNode {
        let fix = if case.is_of_a_node() {
            "Have a DBA find out whether it was renamed, dropped or moved to another server, and restore it there or change the settings ({key:edit})."
        } else {
            "Check the server and the name; the cluster's first node knows both. For a new cluster go back to the start and choose \
             Getting started."
        };
        return one(Finding::stop(CheckId::DbExists, format!("There is no database {database} on {server}."), fix));
    }
    if !case.answers.is_on(FieldId::CreateDatabase) {
        return one(Finding::stop(
            CheckId::DbExists,
            format!("There is no database {database} on {server}, and the install is not to create it."),
            "Let the install create it, or have a DBA run this.",
        )
        .about(FieldId::CreateDatabase)
        .sql(dba::create_for(database, login)));
    }
    match &case.facts.server.rights {
        Fact::Unknown => case.pending(),
        Fact::Missing(trouble) => one(Finding::warn(
            CheckId::DbExists,
            format!(
                "There is no database {database} yet, and whether {login} may create it could not be learnt. {}",
                failures::explain_server_trouble(trouble, &names.context(case)).says
            ),
            "Go on and see, or have a DBA run this first.",
        )
        .sql(dba::create_for(database, login))),
        Fact::Seen(rights) if !rights.create_database => one(Finding::stop(
            CheckId::DbExists,
            format!("There is no database {database} on {server}, and {login} may not create one."),
            "Have a DBA run this, or give the login the right CREATE ANY DATABASE.",
        )
        .sql(dba::create_for(database, login))),
        Fact::Seen(_) if case.facts.server.version.seen().is_some_and(|version| version.engine_edition == AZURE) => {
            one(Finding::warn(
                CheckId::DbExists,
                format!(
                    "{database} is absent; the install creates it, in Azure's default service tier, which costs what it costs."
                ),
                "Create the database in the Azure portal if you want to choose its tier, then check again.",
            ))
        }
        Fact::Seen(_) => Verdict::Good("absent; the install creates it".into()),
    }
}

/// The server has it, but it cannot be opened: by its state where that is known, else by what the server said.
fn closed(state: Option<&DatabaseState>, said: &SqlTrouble, case: &Case<'_>, names: &Names) -> Finding {
    let said_so = failures::explain_server_trouble(&Trouble::Sql(said.clone()), &names.context(case));
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
        _ if state.is_some_and(|state| state.single_user) || said.number == 924 => {
            ("is in single-user mode, and another session has it", failures::TAKE_BACK, Some(dba::open_to_many(&names.database)))
        }
        _ if state.is_some_and(|state| state.restricted_user) => (
            "is open to its owners and administrators only (RESTRICTED_USER), and {login} is neither",
            "Have a DBA open it to many, then check again.",
            Some(alter(names, "SET MULTI_USER")),
        ),
        ("" | "ONLINE", 916) => (
            "is there, but {login} has no user in it",
            "Have a DBA run this.",
            Some(dba::user_for(&names.database, &names.login)),
        ),
        // 4060 and 4063 are also what a database says that another session is only just creating.
        ("" | "ONLINE", 911 | 4060 | 4063 | 18456) => (
            "is there, but {login} cannot open it: as a rule it has no user in it",
            "Try again if the database was created this very moment; otherwise have a DBA run this.",
            Some(dba::user_for(&names.database, &names.login)),
        ),
        // Anything else has words of its own by its number.
        _ => return said_so.into_finding(CheckId::DbExists, Severity::Stop),
    };
    let text = format!("{} {}. {}", names.database, says.replace("{login}", &names.login), quoted_error(said, names));
    let finding = Finding::stop(CheckId::DbExists, text, fix);
    match sql {
        Some(sql) => finding.sql(sql),
        None => finding,
    }
}

/// The login could not open it, and `master` cannot be asked: absent or closed, nobody can tell.
fn unclear(said: &SqlTrouble, case: &Case<'_>, names: &Names) -> Finding {
    if !matches!(said.number, 911 | 916 | 4060 | 4063 | 18456) {
        return failures::explain_server_trouble(&Trouble::Sql(said.clone()), &names.context(case))
            .into_finding(CheckId::DbExists, Severity::Stop);
    }
    // Where a cluster is looked for, a database that is created would be the wrong one.
    let (fix, sql) = if case.flow == Flow::FirstNode {
        (
            "Check the name. A DBA can run this: it creates the database if it is missing and gives the login a user in it.",
            dba::create_if_missing_for(&names.database, &names.login),
        )
    } else {
        (
            "Check the server and the name. A DBA can run this: it gives the login a user in the database, where that is there.",
            dba::user_for(&names.database, &names.login),
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
    let text = crate::catalog::format::sentence(text);
    format!("{} says (error {}, state {}): {text}", names.server, said.number, said.state)
}

#[cfg(test)]
#[path = "exists_tests.rs"]
mod tests;
