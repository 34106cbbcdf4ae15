//! Scripts for a DBA: complete statements, with every name quoted. `GO` ends a batch, as in `sqlcmd` and SSMS.

use crate::model::facts::{Product, ServerVersion};
use crate::model::quote::{sql_literal, sql_name};

/// The collation of a database that Octopus creates; octopus-setup uses the same one.
pub const COLLATION: &str = "Latin1_General_CI_AS";

/// How a script switches to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// With `USE`.
    #[default]
    Use,
    /// With a separate connection: Azure SQL Database refuses `USE` (error 40508), and cannot change a collation.
    Connect,
}

impl Reach {
    /// Returns how scripts are written for this server; an unknown server is treated as SQL Server.
    pub fn new(version: Option<&ServerVersion>) -> Self {
        match version.and_then(|version| version.product.as_ref()) {
            Some(Product::AzureSqlDatabase | Product::FabricSqlDatabase | Product::Synapse) => Self::Connect,
            Some(
                Product::SqlServer | Product::ManagedInstance | Product::AzureSqlEdge | Product::Babelfish | Product::Other(_),
            )
            | None => Self::Use,
        }
    }
}

/// Scripts for one login and one database.
#[derive(Debug, Clone, Copy)]
pub struct Scripts<'a> {
    pub reach: Reach,
    pub login: &'a str,
    pub database: &'a str,
}

impl Scripts<'_> {
    /// Creates the database and a user that owns it for the login. `USE` of a database that the same batch creates does
    /// not compile, hence `GO`.
    pub fn create_database(&self) -> String {
        let create = format!("CREATE DATABASE {} COLLATE {COLLATION};", sql_name(self.database));
        format!("{}{create}\nGO\n{}", self.in_master(""), self.map_owner())
    }

    /// Creates the database only if it is missing.
    pub fn create_database_if_missing(&self) -> String {
        let name = sql_name(self.database);
        let create = match self.reach {
            Reach::Use => {
                format!("IF DB_ID({}) IS NULL CREATE DATABASE {name} COLLATE {COLLATION};", sql_literal(self.database))
            }
            // On Azure SQL Database, `CREATE DATABASE` must be the only statement of its batch.
            Reach::Connect => format!("CREATE DATABASE {name} COLLATE {COLLATION};"),
        };
        format!("{}{create}\nGO\n{}", self.in_master(", if the database is missing"), self.map_owner())
    }

    /// Makes the login's user the owner of the database. Creates the user, or maps an existing one to the login if it
    /// is left from another server or a dropped login (`CREATE USER` then fails with error 15023).
    pub fn map_owner(&self) -> String {
        let (login, literal) = (sql_name(self.login), sql_literal(self.login));
        self.in_database(&format!(
            "IF DATABASE_PRINCIPAL_ID({literal}) IS NULL CREATE USER {login} FOR LOGIN {login};\nELSE ALTER USER {login} WITH LOGIN = {login};\n\
             ALTER ROLE db_owner ADD MEMBER {login};"
        ))
    }

    /// Makes an existing user `db_owner`.
    pub fn add_owner(&self, user: &str) -> String {
        self.in_database(&format!("ALTER ROLE db_owner ADD MEMBER {};", sql_name(user)))
    }

    /// Shows who is in the database, and sets `MULTI_USER`. While the single session is connected, nobody else can do
    /// that (error 5064).
    pub fn open_to_many(&self) -> String {
        format!(
            "SELECT session_id, login_name, host_name, program_name FROM sys.dm_exec_sessions WHERE database_id = DB_ID({});\n\
             ALTER DATABASE {} SET MULTI_USER;",
            sql_literal(self.database),
            sql_name(self.database)
        )
    }

    /// Prepends the switch to the database.
    pub fn in_database(&self, statements: &str) -> String {
        let name = sql_name(self.database);
        match self.reach {
            Reach::Use => format!("USE {name};\n{statements}"),
            Reach::Connect => format!("-- Run this connected to {name}.\n{statements}"),
        }
    }

    fn in_master(&self, condition: &str) -> String {
        match self.reach {
            Reach::Use => String::new(),
            Reach::Connect => format!("-- Run this connected to master{condition}.\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL_SERVER: Scripts<'static> = Scripts { reach: Reach::Use, login: "oct]o'pus", database: "Octo]Dep'loy" };
    const AZURE: Scripts<'static> = Scripts { reach: Reach::Connect, ..SQL_SERVER };

    #[test]
    fn a_user_is_created_or_mapped_to_its_login() {
        let statements = "IF DATABASE_PRINCIPAL_ID(N'oct]o''pus') IS NULL CREATE USER [oct]]o'pus] FOR LOGIN [oct]]o'pus];\n\
                          ELSE ALTER USER [oct]]o'pus] WITH LOGIN = [oct]]o'pus];\nALTER ROLE db_owner ADD MEMBER [oct]]o'pus];";
        assert_eq!(SQL_SERVER.map_owner(), format!("USE [Octo]]Dep'loy];\n{statements}"));
        assert_eq!(AZURE.map_owner(), format!("-- Run this connected to [Octo]]Dep'loy].\n{statements}"));
    }

    #[test]
    fn no_script_for_azure_changes_its_database() {
        for script in [AZURE.create_database(), AZURE.create_database_if_missing(), AZURE.map_owner(), AZURE.add_owner("octopus")]
        {
            assert!(!script.contains("USE [") && !script.contains("IF DB_ID"), "{script}");
        }
        assert!(AZURE.create_database().starts_with(
            "-- Run this connected to master.\nCREATE DATABASE [Octo]]Dep'loy] COLLATE Latin1_General_CI_AS;\nGO\n"
        ));
        assert!(AZURE.create_database_if_missing().starts_with("-- Run this connected to master, if the database is missing.\n"));
    }
}
