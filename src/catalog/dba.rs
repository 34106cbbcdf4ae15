//! What a DBA is handed: complete statements, every name quoted. `GO` parts the batches, as `sqlcmd` and SSMS read it.

use crate::model::quote::{sql_literal, sql_name};

/// The collation that Octopus gives a database which it creates, and so do we.
pub const COLLATION: &str = "Latin1_General_CI_AS";

/// Makes a database that the login owns. `USE` of a database that the same batch creates does not compile, hence `GO`.
pub fn create_for(database: &str, login: &str) -> String {
    format!("CREATE DATABASE {} COLLATE {COLLATION};\nGO\n{}", sql_name(database), user_for(database, login))
}

/// The same, for a database of which nobody knows whether it is there.
pub fn create_if_missing_for(database: &str, login: &str) -> String {
    format!(
        "IF DB_ID({}) IS NULL CREATE DATABASE {} COLLATE {COLLATION};\nGO\n{}",
        sql_literal(database),
        sql_name(database),
        user_for(database, login)
    )
}

/// Gives the login a user that owns the database.
pub fn user_for(database: &str, login: &str) -> String {
    let login = sql_name(login);
    format!("USE {};\nCREATE USER {login} FOR LOGIN {login};\nALTER ROLE db_owner ADD MEMBER {login};", sql_name(database))
}

/// Makes a user that is there `db_owner`.
pub fn owner(database: &str, user: &str) -> String {
    format!("USE {};\nALTER ROLE db_owner ADD MEMBER {};", sql_name(database), sql_name(user))
}

/// Tells who is in a database, and opens it to many. Nobody but the one session can do the latter while that is there
/// (error 5064).
pub fn open_to_many(database: &str) -> String {
    format!(
        "SELECT session_id, login_name, host_name, program_name FROM sys.dm_exec_sessions WHERE database_id = DB_ID({});\n\
         ALTER DATABASE {} SET MULTI_USER;",
        sql_literal(database),
        sql_name(database)
    )
}
