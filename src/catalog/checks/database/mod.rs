//! The checks of the database.

pub mod collation;
pub mod content;
pub mod copies;
pub mod exists;
pub mod rights;
pub mod snapshot;
pub mod state;

use crate::model::check::CheckId;
use crate::model::facts::{DatabaseSeen, DatabaseState, Fact};
use crate::model::field::FieldId;
use crate::model::finding::Verdict;
use crate::model::flow::Flow;
use crate::model::quote::sql_name;
use crate::model::screen::ScreenId;
use crate::model::survey::SurveyId;

use super::server::Names;
use super::{Case, Check};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::DbExists,
        screen: ScreenId::Database,
        field: Some(FieldId::Database),
        surveys: &[SurveyId::Server],
        judge: exists::judge,
    },
    Check {
        id: CheckId::DbState,
        screen: ScreenId::Database,
        field: Some(FieldId::Database),
        surveys: &[SurveyId::Server],
        judge: state::judge,
    },
    Check {
        id: CheckId::DbCollation,
        screen: ScreenId::Database,
        field: Some(FieldId::Database),
        surveys: &[SurveyId::Server],
        judge: collation::judge,
    },
    Check {
        id: CheckId::DbRights,
        screen: ScreenId::Database,
        field: Some(FieldId::User),
        surveys: &[SurveyId::Server],
        judge: rights::judge,
    },
    Check {
        id: CheckId::DbSnapshot,
        screen: ScreenId::Database,
        field: Some(FieldId::Database),
        surveys: &[SurveyId::Server],
        judge: snapshot::judge,
    },
    Check {
        id: CheckId::DbCopies,
        screen: ScreenId::Database,
        field: Some(FieldId::Database),
        surveys: &[SurveyId::Server],
        judge: copies::judge,
    },
    Check {
        id: CheckId::DbContent,
        screen: ScreenId::Database,
        field: Some(FieldId::Database),
        surveys: &[SurveyId::Server],
        judge: content::judge,
    },
];

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
        Fact::Seen(DatabaseSeen::Open(state)) => Ok(Ground::Open(state)),
        Fact::Seen(DatabaseSeen::Absent) if may_create(case) => match &server.rights {
            Fact::Unknown => Err(case.pending()),
            Fact::Seen(rights) if !rights.create_database => Err(Verdict::NotYet),
            Fact::Seen(_) | Fact::Missing(_) => Ok(Ground::ToCome),
        },
        Fact::Seen(_) | Fact::Missing(_) => Err(Verdict::NotYet),
    }
}

/// Whether the install may create a database that is not there. Only that of a first node may: every other node has to
/// find its cluster in it.
fn may_create(case: &Case<'_>) -> bool {
    case.flow == Flow::FirstNode && case.answers.is_on(FieldId::CreateDatabase)
}

/// `ALTER DATABASE [x] …;`
fn alter(names: &Names, what: &str) -> String {
    format!("ALTER DATABASE {} {what};", sql_name(&names.database))
}
