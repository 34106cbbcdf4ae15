//! Explains SQL Server's own errors by number. Every explanation ends with the server's own text: a server that is not
//! Microsoft's answers one big number for every error that it cannot map.

use crate::catalog::format;
use crate::model::facts::SqlTrouble;
use crate::model::field::FieldId;
use crate::model::quote::{sql_literal, sql_name};

use super::{Explanation, ServerContext, name_or};

pub fn explain(trouble: &SqlTrouble, context: &ServerContext<'_>) -> Explanation {
    let words = by_number(trouble.number, context);
    let said = format!(
        "{} says (error {}, state {}): {}",
        if words.says.is_empty() { context.capitalised_server() } else { "The server" },
        trouble.number,
        trouble.state,
        format::sentence(if trouble.text.is_empty() { "nothing more" } else { trouble.text.as_str() })
    );
    let says = if words.says.is_empty() { said } else { format!("{} {said}", words.says) };
    Explanation { says, ..words }
}

/// Says what the number means and what to do. `says` is empty for a number that is not in the table.
fn by_number(number: u32, context: &ServerContext<'_>) -> Explanation {
    let (ServerContext { server, .. }, database) = (context, name_or(context.database, "the database"));
    match number {
        18452 | 18456 | 18461 | 18470 | 18486..=18488 | 18450 | 18451 => login(number, context),
        4060 | 4063 => Explanation::new(
            format!("The login cannot open {database}: it is not there, or the login has no user in it."),
            "Check the database's name, or have a DBA give the login a user in it.",
        )
        .about(FieldId::Database),
        911 => Explanation::new(format!("{server} has no database {database}."), "Check the name.").about(FieldId::Database),
        916 => user_missing(context),
        40615 | 40914 => Explanation::new(
            "The firewall of Azure SQL does not let this machine's address in.",
            "Add a rule for the address that the message names, in the Azure portal; it takes a few minutes to work.",
        )
        .about(FieldId::Server),
        40532 => Explanation::new(
            "Azure SQL does not know the server that this login asks for.",
            "Check the server's whole name, as in name.database.windows.net.",
        )
        .about(FieldId::Server),
        233 | 17830 => Explanation::new(
            format!("{server} took the connection and ended it before the login."),
            "Look into the server's error log; often it has no free connections, or cannot read its certificate.",
        )
        .about(FieldId::Server),
        17892 => Explanation::new(
            format!("A logon trigger of the server refused {}.", name_or(context.login, "the login")),
            "Have a DBA look which trigger it is and let this login in from this machine.",
        )
        .sql("SELECT name FROM sys.server_triggers WHERE is_disabled = 0;")
        .about(FieldId::User),
        47073 => Explanation::new(
            "The server takes no connections from public networks.",
            "Connect from inside its virtual network by its private endpoint, or have public network access turned on in the Azure portal.",
        )
        .about(FieldId::Server),
        SqlTrouble::UNMAPPED => unmapped(context),
        17142 => waiting("The SQL Server service is paused.", "Have it resumed, then try again."),
        17148 | 17187 | 17188 | 18401 | 6005 | 922 | 921 => waiting(
            "The server or its database is just starting, being upgraded or shutting down.",
            "Wait a minute, then try again.",
        ),
        17809 => Explanation::new(
            "The server has no free connection.",
            "Have the DBA close some, or raise the limit (sp_configure 'user connections'), then try again.",
        )
        .about(FieldId::Server),
        40613 => waiting(
            "Azure SQL is moving the database, or waking it from its pause.",
            "Wait a minute, then try again; a paused database takes that long to wake.",
        ),
        10928 | 10929 | 40197 | 40501 | 40143 | 40540 | 49918..=49920 | 42108 | 42109 | 18459 | 17810 => {
            waiting("The server is too busy right now, or moving the database.", "Wait at least ten seconds, then try again.")
        }
        983 => waiting(
            "The availability group is failing over: this replica is neither primary nor secondary at the moment.",
            "Wait a minute, then try again; if it stays so, have the availability group looked at.",
        ),
        976 | 978 | 979 | 981 | 982 | 988 => Explanation::new(
            "This server holds a secondary copy of an availability group, which does not take writes.",
            "Give the availability group's listener instead of one of its servers.",
        )
        .about(FieldId::Server),
        924 => single_user(context),
        _ => after_login(number, context),
    }
}

/// Errors after the login.
fn after_login(number: u32, context: &ServerContext<'_>) -> Explanation {
    let database = name_or(context.database, "the database");
    match number {
        229 | 230 | 262 | 297 | 300 | 15247 | 2760 => {
            let words = Explanation::new(
                format!("{} lacks a right.", name_or(context.login, "The login")),
                "Have a DBA make it db_owner of the database, or for a missing database create that first.",
            );
            match context.scripts() {
                Some(scripts) => words.sql(scripts.add_owner(context.login)),
                None => words,
            }
        }
        1801 => Explanation::new(
            "There is a database of that name already.",
            "Somebody else has just created it; check the database screen again.",
        ),
        1807 | 1205 | 1222 | 3960 | 5030 | 5061 => waiting(
            "Something else on the server holds what this needs.",
            "Try again; if it stays so, look for the session that holds a lock.",
        ),
        3906 | 3908 => Explanation::new(format!("{} takes no writes.", capital(database)), "Have it set to read-write.")
            .sql(format!("ALTER DATABASE {} SET READ_WRITE;", quoted_database(context))),
        1105 | 9002 | 1101 => Explanation::new(
            "The server has no room left for the database or its log.",
            "Have the disk or the files enlarged, then try again.",
        ),
        3743 | 3752 => Explanation::new(
            format!("{} is in an availability group or is mirrored, and is not dropped there.", capital(database)),
            "Have a DBA take it out and drop it.",
        ),
        1827 => Explanation::new(
            "The database would grow beyond what this edition of SQL Server allows.",
            "Use a larger edition, or another server.",
        ),
        2714 | 2627 | 2601 => Explanation::new(
            "Something that was to be created is there already.",
            "Another wizard may be at work in the same database; check the database screen again.",
        ),
        448 | 2775 | 15021 => Explanation::new(
            "The server does not know the collation that was asked for.",
            "Have a DBA create the database with a case-insensitive collation of the server's.",
        ),
        5123 | 5133 | 5177 | 5105 => Explanation::new(
            "The server cannot create the database's files.",
            "Have the server's data folder and its rights checked; they belong to the SQL Server service.",
        ),
        _ => Explanation::new("", "Show this to the DBA; the server's error log may say more."),
    }
}

/// An error that only the engine's own words tell, which follow.
fn unmapped(context: &ServerContext<'_>) -> Explanation {
    let words = Explanation::new(
        "The server has no number of its own for this error.",
        "Go by its words: at login, have a DBA check that the login may log in and has a user in the database; later, show them to the DBA.",
    );
    match context.login {
        "" => words,
        login => words.sql(format!("SELECT name, is_disabled FROM sys.server_principals WHERE name = {};", sql_literal(login))),
    }
}

/// Errors of the login itself. The wizard never retries one: a few wrong tries lock an account.
fn login(number: u32, context: &ServerContext<'_>) -> Explanation {
    let who = name_or(context.login, "The login");
    let alter = format!("ALTER LOGIN {}", sql_name(if context.login.is_empty() { "login" } else { context.login }));
    match number {
        18452 => Explanation::new(
            "The server takes Windows accounts only, so no SQL login can come in.",
            "Have SQL Server and Windows Authentication mode turned on in the server's properties (Security) and the service \
             restarted.",
        )
        .about(FieldId::User),
        18470 => Explanation::new(format!("{who} is disabled."), "Have a DBA enable it.")
            .sql(format!("{alter} ENABLE;"))
            .about(FieldId::User),
        18486 => Explanation::new(
            format!("{who} is locked after too many wrong passwords."),
            "Have a DBA unlock it; turning the policy off and on does that without a new password.",
        )
        .sql(format!("{alter} WITH CHECK_POLICY = OFF;\n{alter} WITH CHECK_POLICY = ON;"))
        .about(FieldId::User),
        18487 | 18488 => {
            let what = if number == 18487 { "has expired" } else { "must be changed before it can be used" };
            Explanation::new(
                format!("The password of {} {what}.", name_or(context.login, "the login")),
                "Have a DBA set a new one that does not expire, and type that here.",
            )
            .sql(format!("{alter} WITH PASSWORD = N'<new password>', CHECK_EXPIRATION = OFF;"))
        }
        18461 | 18450 | 18451 => Explanation::new(
            "The server lets only its administrators in at the moment.",
            "Have it started for everybody again, then try again.",
        )
        .about(FieldId::User),
        _ => Explanation::new(
            format!("{} did not let {} in.", context.capitalised_server(), name_or(context.login, "the login")),
            "Check the login's name and its password, then try again. The wizard does not try again by itself, since a few \
             wrong tries may lock the login; its error log tells the DBA the true reason.",
        ),
    }
}

/// The login is valid, but has no user in the database.
fn user_missing(context: &ServerContext<'_>) -> Explanation {
    let words = Explanation::new(
        format!("{} has no user in {}.", name_or(context.login, "The login"), name_or(context.database, "the database")),
        "Have a DBA create one and make it db_owner.",
    )
    .about(FieldId::User);
    match context.scripts() {
        Some(scripts) => words.sql(scripts.map_owner()),
        None => words,
    }
}

fn single_user(context: &ServerContext<'_>) -> Explanation {
    let words = Explanation::new(
        format!("{} is in single-user mode, and another session has it.", capital(name_or(context.database, "the database"))),
        TAKE_BACK,
    )
    .about(FieldId::Database);
    match context.scripts() {
        Some(scripts) => words.sql(scripts.open_to_many()),
        None => words,
    }
}

/// What to do about a database in single-user mode. Left to the DBA, who knows whose session it is and whether it may end.
pub const TAKE_BACK: &str = "Have a DBA see by the first statement who has it, end that session (KILL and its number), and open it to many by the second.";

fn waiting(says: &str, fix: &str) -> Explanation {
    Explanation::new(says, fix).about(FieldId::Server)
}

fn quoted_database(context: &ServerContext<'_>) -> String {
    if context.database.is_empty() { "CURRENT".to_owned() } else { sql_name(context.database) }
}

/// At the beginning of a sentence our own words get a capital letter; a name keeps its spelling.
fn capital(text: &str) -> &str {
    if text == "the database" { "The database" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(number: u32) -> SqlTrouble {
        SqlTrouble { number, state: 3, class: 14, text: "The server's own words".into() }
    }

    const CONTEXT: ServerContext<'static> =
        ServerContext { server: "sql01", host: "sql01", login: "oct]opus", database: "Octo]Deploy", ..ServerContext::UNKNOWN };

    #[test]
    fn each_number_has_words_a_fix_and_the_server_s_own_text() {
        for (number, says, fix, sql) in [
            (18456, "did not let oct]opus in", "does not try again", ""),
            (18452, "Windows accounts only", "Windows Authentication", ""),
            (18470, "is disabled", "enable", "ALTER LOGIN [oct]]opus] ENABLE;"),
            (18486, "is locked", "unlock", "CHECK_POLICY = OFF;\nALTER LOGIN [oct]]opus] WITH CHECK_POLICY = ON;"),
            (18487, "has expired", "new one", "CHECK_EXPIRATION = OFF"),
            (18488, "must be changed", "new one", "CHECK_EXPIRATION = OFF"),
            (18461, "only its administrators", "everybody", ""),
            (18451, "only its administrators", "everybody", ""),
            (4060, "cannot open Octo]Deploy", "name", ""),
            (911, "no database Octo]Deploy", "name", ""),
            (
                916,
                "no user in Octo]Deploy",
                "db_owner",
                "CREATE USER [oct]]opus] FOR LOGIN [oct]]opus];\nELSE ALTER USER [oct]]opus] WITH LOGIN = [oct]]opus];",
            ),
            (40615, "firewall of Azure SQL", "portal", ""),
            (40532, "Azure SQL does not know", "database.windows.net", ""),
            (233, "before the login", "error log", ""),
            (17142, "paused", "resumed", ""),
            (18401, "upgraded", "minute", ""),
            (6005, "shutting down", "minute", ""),
            (17809, "no free connection", "limit", ""),
            (40613, "waking", "minute", ""),
            (40501, "too busy", "ten seconds", ""),
            (49919, "too busy", "ten seconds", ""),
            (976, "secondary copy", "listener", ""),
            (983, "failing over", "minute", ""),
            (924, "single-user mode", "DBA", "SET MULTI_USER;"),
            (229, "lacks a right", "db_owner", "ALTER ROLE db_owner ADD MEMBER [oct]]opus];"),
            (262, "lacks a right", "db_owner", "USE [Octo]]Deploy];"),
            (1801, "of that name already", "check", ""),
            (1807, "holds what this needs", "again", ""),
            (3906, "Octo]Deploy takes no writes", "read-write", "ALTER DATABASE [Octo]]Deploy] SET READ_WRITE;"),
            (9002, "no room", "enlarged", ""),
            (1827, "edition", "larger", ""),
            (2714, "already", "check", ""),
            (448, "collation", "case-insensitive", ""),
            (5123, "files", "data folder", ""),
            (17892, "logon trigger", "which trigger", "sys.server_triggers"),
            (47073, "public networks", "private endpoint", ""),
            (3752, "availability group or is mirrored", "take it out", ""),
            (33_557_097, "no number of its own", "may log in", "WHERE name = N'oct]opus';"),
            (49_999, "sql01 says", "DBA", ""),
        ] {
            let words = explain(&said(number), &CONTEXT);
            assert!(words.says.contains(says) && words.fix.contains(fix), "{number}: {words:?}");
            assert!(words.says.ends_with(&format!("(error {number}, state 3): The server's own words.")), "{number}: {words:?}");
            assert!(words.says.ends_with('.') && words.fix.ends_with('.'), "{number}: {words:?}");
            let remedy = words.remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default();
            assert!(remedy.contains(sql) && remedy.is_empty() == sql.is_empty(), "{number}: {remedy}");
        }
    }

    #[test]
    fn nothing_known_still_makes_sentences() {
        for number in [18456, 18452, 18470, 18486, 18487, 18488, 4060, 911, 916, 924, 3906, 229, 40615, 233, 7, 0] {
            let words = explain(&said(number), &ServerContext::UNKNOWN);
            let bad = |text: &str| text.contains("  ") || text.contains("[]") || !text.ends_with('.');
            assert!(!bad(&words.says) && !bad(&words.fix) && !words.fix.is_empty(), "{number}: {words:?}");
            assert!(words.remedy.is_none_or(|remedy| !remedy.text().contains("[]")), "{number}");
        }
    }

    #[test]
    fn a_server_without_words_is_quoted_as_such() {
        let silent = SqlTrouble { text: "".into(), ..said(33_557_097) };
        assert_eq!(
            explain(&silent, &CONTEXT).says,
            "The server has no number of its own for this error. The server says (error 33557097, state 3): nothing more."
        );
    }
}
