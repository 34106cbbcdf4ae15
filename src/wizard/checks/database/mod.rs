//! The checks of the database.

pub mod collation;
pub mod content;
pub mod copies;
pub mod exists;
pub mod rights;
pub mod snapshot;
pub mod state;

use crate::model::facts::{Database, DatabaseState, Fact};
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::identifier::quoted;

use super::Case;
use super::server::Names;

/// The collation that Octopus gives a database which it creates, and so do we.
const COLLATION: &str = "Latin1_General_CI_AS";

/// What the checks behind `db-exists` stand on.
enum Ground<'a> {
    /// We are in the database.
    Open(&'a DatabaseState),
    /// It is not there yet, and the install may create it.
    ToCome,
}

/// Whether there is ground to stand on: not before the way and `db-exists` are clear.
fn ground<'a>(case: &Case<'a>) -> Result<Ground<'a>, Verdict> {
    let server = &case.facts.server;
    if server.way_blocked().is_some() {
        return Err(Verdict::NotYet);
    }
    match &server.database {
        Fact::Unknown => Err(case.pending()),
        Fact::Seen(Database::Open(state)) => Ok(Ground::Open(state)),
        Fact::Seen(Database::Absent) if case.answers.is_on(FieldId::CreateDatabase) => match &server.rights {
            Fact::Unknown => Err(case.pending()),
            Fact::Seen(rights) if !rights.create_database => Err(Verdict::NotYet),
            Fact::Seen(_) | Fact::Missing(_) => Ok(Ground::ToCome),
        },
        Fact::Seen(_) | Fact::Missing(_) => Err(Verdict::NotYet),
    }
}

/// `ALTER DATABASE [x] …;`
fn alter(names: &Names, what: &str) -> String {
    format!("ALTER DATABASE {} {what};", quoted(&names.database))
}

/// Everything that a DBA runs so that the login owns a new database. `GO` parts the batches: `USE` of a database that
/// the same batch creates does not compile.
fn create_for(names: &Names) -> String {
    let (database, login) = (quoted(&names.database), quoted(&names.login));
    format!("CREATE DATABASE {database} COLLATE {COLLATION};\nGO\n{}", user_for(&database, &login))
}

fn user_for(database: &str, login: &str) -> String {
    format!("USE {database};\nCREATE USER {login} FOR LOGIN {login};\nALTER ROLE db_owner ADD MEMBER {login};")
}
