//! System procedures that run no statements: their arguments, application locks, data types for ODBC.

use rusqlite::types::Value as Stored;

use crate::engine::catalog::PUBLIC;
use crate::engine::context::Context;
use crate::engine::convert;
use crate::engine::error::{ErrorScope, INTERRUPTED, SqlError};
use crate::engine::lock::{LockDuration, LockMode, LockOutcome, Resource};
use crate::engine::run::execution::Execution;
use crate::reply::Reply;
use crate::value::{Column, SqlType, Value};

/// An argument with its value.
#[derive(Debug, Clone)]
pub(super) struct ArgumentValue {
    /// With the `@`, in lower case; empty by position.
    pub(super) name: String,
    pub(super) value: Stored,
    /// Unknown for an untyped `NULL` from the wire.
    pub(super) kind: Option<SqlType>,
    pub(super) output: bool,
}

/// The result of a procedure: its status, and its outputs by the argument's place.
#[derive(Debug, Default)]
pub(super) struct ProcedureResult {
    pub(super) status: i32,
    pub(super) outputs: Vec<(usize, String, SqlType, Stored)>,
}

/// Arguments, found by name or place.
pub(super) struct Arguments<'a> {
    pub(super) given: &'a [ArgumentValue],
}

impl Arguments<'_> {
    fn at(&self, place: usize, name: &str) -> Option<&ArgumentValue> {
        self.given
            .iter()
            .find(|one| one.name.eq_ignore_ascii_case(name))
            .or_else(|| self.given.get(place).filter(|one| one.name.is_empty()))
    }

    pub(super) fn text(&self, place: usize, name: &str) -> Result<Option<String>, SqlError> {
        self.at(place, name).map_or(Ok(None), |one| {
            let kind = one.kind.unwrap_or(SqlType::NVarChar(None));
            match convert::convert(one.value.clone(), kind, SqlType::NVarChar(None), 0)? {
                Stored::Text(text) => Ok(Some(text)),
                _ => Ok(None),
            }
        })
    }

    pub(super) fn number(&self, place: usize, name: &str) -> Result<Option<i64>, SqlError> {
        self.at(place, name).map_or(Ok(None), |one| {
            let kind = one.kind.unwrap_or(SqlType::Int);
            match convert::convert(one.value.clone(), kind, SqlType::Int, 0)? {
                Stored::Integer(number) => Ok(Some(number)),
                _ => Ok(None),
            }
        })
    }

    /// Returns error 201 for missing arguments, 8145 for unknown names.
    pub(super) fn check(&self, procedure: &str, known: &[&str], needed: usize) -> Result<(), SqlError> {
        for one in self.given {
            if !one.name.is_empty() && !known.iter().any(|name| one.name.eq_ignore_ascii_case(name)) {
                return Err(SqlError::new(8145, format!("{} is not a parameter for procedure {procedure}.", one.name)).state(2));
            }
        }
        if self.given.len() > known.len() {
            return Err(
                SqlError::new(8144, format!("Procedure or function {procedure} has too many arguments specified.")).state(2)
            );
        }
        for (place, name) in known.iter().enumerate().take(needed) {
            if self.at(place, name).is_none() {
                return Err(SqlError::new(
                    201,
                    format!("Procedure or function '{procedure}' expects parameter '{name}', which was not supplied."),
                )
                .state(4));
            }
        }
        Ok(())
    }
}

fn invalid(parameter: &str, procedure: &str) -> SqlError {
    SqlError::new(
        15021,
        format!("Invalid value given for parameter {parameter} of procedure {procedure}. Specify a valid parameter value."),
    )
}

fn owner(text: Option<&str>, procedure: &str) -> Result<LockDuration, SqlError> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("transaction") => Ok(LockDuration::Transaction),
        Some("session") => Ok(LockDuration::Session),
        Some(_) => Err(invalid("@LockOwner", procedure)),
    }
}

/// Returns the resource of an application lock. It belongs to a database and one of its principals; the user must be that
/// principal or a member of it.
fn resource(context: &Context, name: &str, principal: Option<&str>) -> Option<Resource> {
    let principal = match principal {
        None => PUBLIC,
        Some(name) => context.catalog.principal(name).map(|principal| principal.id)?,
    };
    let member = principal == PUBLIC || context.user.is_dbo() || context.user.principals.contains(&principal);
    // Names are significant to their 255th character and compare by their bytes.
    let name = name.chars().take(255).collect();
    member.then_some(Resource::Application(context.database.id, principal, name))
}

impl Execution<'_> {
    pub(super) fn sp_getapplock(&mut self, arguments: &Arguments<'_>) -> Result<ProcedureResult, SqlError> {
        let procedure = "sp_getapplock";
        let known = ["@resource", "@lockmode", "@lockowner", "@locktimeout", "@dbprincipal"];
        arguments.check(procedure, &known, 2)?;
        let name = arguments.text(0, known[0])?.ok_or_else(|| invalid("@Resource", procedure))?;
        let mode = match arguments.text(1, known[1])?.unwrap_or_default().to_ascii_lowercase().as_str() {
            "shared" => LockMode::Shared,
            "update" => LockMode::Update,
            "exclusive" => LockMode::Exclusive,
            "intentshared" => LockMode::IntentShared,
            "intentexclusive" => LockMode::IntentExclusive,
            _ => return Err(invalid("@LockMode", procedure)),
        };
        let until = owner(arguments.text(2, known[2])?.as_deref(), procedure)?;
        let limit = arguments.number(3, known[3])?.unwrap_or(self.session.settings.lock_timeout);
        if limit < -1 {
            return Err(invalid("@LockTimeout", procedure));
        }
        if until == LockDuration::Transaction && self.session.nesting == 0 {
            return Err(no_transaction());
        }
        let context = self.session.context()?;
        let Some(resource) = resource(&context, &name, arguments.text(4, known[4])?.as_deref()) else {
            return Ok(ProcedureResult { status: -999, outputs: Vec::new() });
        };
        let status = match self.session.take_lock(&resource, mode, until, limit) {
            LockOutcome::AtOnce => 0,
            LockOutcome::AfterWaiting => 1,
            LockOutcome::TimedOut => -1,
            LockOutcome::Deadlock => -3,
            LockOutcome::Interrupted => {
                return Err(SqlError::new(INTERRUPTED, "The operation was cancelled.").scope(ErrorScope::Batch));
            }
        };
        Ok(ProcedureResult { status, outputs: Vec::new() })
    }

    pub(super) fn sp_releaseapplock(&mut self, arguments: &Arguments<'_>) -> Result<ProcedureResult, SqlError> {
        let procedure = "sp_releaseapplock";
        let known = ["@resource", "@lockowner", "@dbprincipal"];
        arguments.check(procedure, &known, 1)?;
        let name = arguments.text(0, known[0])?.ok_or_else(|| invalid("@Resource", procedure))?;
        let until = owner(arguments.text(1, known[1])?.as_deref(), procedure)?;
        if until == LockDuration::Transaction && self.session.nesting == 0 {
            return Err(no_transaction());
        }
        let context = self.session.context()?;
        let principal = arguments.text(2, known[2])?;
        let released = resource(&context, &name, principal.as_deref())
            .is_some_and(|resource| self.session.engine.locks.release_one(self.session.info.id, &resource, until));
        if released {
            return Ok(ProcedureResult::default());
        }
        Err(SqlError::new(
            1223,
            format!(
                "Cannot release the application lock (Database Principal: '{}', Resource: '{name}') because it is not \
                 currently held.",
                principal.as_deref().unwrap_or("public")
            ),
        ))
    }
}

fn no_transaction() -> SqlError {
    SqlError::new(3918, "The statement or function must be executed in the context of a user transaction.").state(2)
}

/// A row of `sp_datatype_info`.
struct TypeRow {
    name: &'static str,
    /// ODBC's number of the type.
    number: i64,
    precision: i64,
    /// The prefix of literals; the suffix is a quotation mark if the prefix has one.
    prefix: Option<&'static str>,
    parameters: Option<&'static str>,
    searchable: i64,
    is_unsigned: Option<bool>,
    scales: Option<(i64, i64)>,
    radix: Option<i64>,
}

const TYPE_ROWS: &[TypeRow] = &[
    type_row("sql_variant", -150, 8000).scaled(0, 0).searched(2),
    type_row("datetimeoffset", -155, 34).quoted("'", Some("scale")).scaled(0, 7),
    type_row("uniqueidentifier", -11, 36).quoted("'", None).searched(2),
    type_row("nvarchar", -9, 4000).quoted("N'", Some("max length")),
    type_row("sysname", -9, 128).quoted("N'", None),
    type_row("nchar", -8, 4000).quoted("N'", Some("length")),
    type_row("bit", -7, 1).scaled(0, 0).searched(2),
    type_row("tinyint", -6, 3).whole(true),
    type_row("bigint", -5, 19).whole(false),
    type_row("varbinary", -3, 8000).quoted("0x", Some("max length")).searched(2),
    type_row("binary", -2, 8000).quoted("0x", Some("length")).searched(2),
    type_row("char", 1, 8000).quoted("'", Some("length")),
    type_row("numeric", 2, 18).exact(),
    type_row("decimal", 3, 18).exact(),
    type_row("int", 4, 10).whole(false),
    type_row("smallint", 5, 5).whole(false),
    type_row("float", 6, 53).binary(),
    type_row("real", 7, 24).binary(),
    type_row("varchar", 12, 8000).quoted("'", Some("max length")),
    type_row("date", 91, 10).quoted("'", None),
    type_row("datetime2", 93, 27).quoted("'", Some("scale")).scaled(0, 7),
    type_row("datetime", 93, 23).quoted("'", None).scaled(3, 3),
];

const fn type_row(name: &'static str, number: i64, precision: i64) -> TypeRow {
    TypeRow {
        name,
        number,
        precision,
        prefix: None,
        parameters: None,
        searchable: 3,
        is_unsigned: None,
        scales: None,
        radix: None,
    }
}

impl TypeRow {
    const fn quoted(mut self, prefix: &'static str, parameters: Option<&'static str>) -> Self {
        self.prefix = Some(prefix);
        self.parameters = parameters;
        self
    }

    const fn searched(mut self, searchable: i64) -> Self {
        self.searchable = searchable;
        self
    }

    const fn scaled(mut self, least: i64, most: i64) -> Self {
        self.scales = Some((least, most));
        self
    }

    const fn whole(mut self, is_unsigned: bool) -> Self {
        self.is_unsigned = Some(is_unsigned);
        self.radix = Some(10);
        self.scaled(0, 0).searched(2)
    }

    const fn exact(mut self) -> Self {
        self.is_unsigned = Some(false);
        self.radix = Some(10);
        self.parameters = Some("precision,scale");
        self.scaled(0, 18).searched(2)
    }

    const fn binary(mut self) -> Self {
        self.is_unsigned = Some(false);
        self.radix = Some(2);
        self.searched(2)
    }

    fn values(&self) -> Vec<Value> {
        let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::Text(text.to_owned()));
        let int = |number: Option<i64>| number.map_or(Value::Null, Value::Int);
        let suffix = self.prefix.filter(|prefix| prefix.ends_with('\'')).map(|_| "'");
        // ODBC has one number for dates and times, 9, with a number of their own below it.
        let (class, below) = match self.number {
            91 => (9, Some(1)),
            93 => (9, Some(3)),
            -155 => (-155, Some(0)),
            other => (other, None),
        };
        vec![
            text(Some(self.name)),
            int(Some(self.number)),
            int(Some(self.precision)),
            text(self.prefix),
            text(suffix),
            text(self.parameters),
            int(Some(1)),
            int(Some(0)),
            int(Some(self.searchable)),
            int(self.is_unsigned.map(i64::from)),
            int(Some(0)),
            int(self.is_unsigned.map(|_| 0)),
            text(Some(self.name)),
            int(self.scales.map(|(least, _)| least)),
            int(self.scales.map(|(_, most)| most)),
            int(Some(class)),
            int(below),
            int(self.radix),
            Value::Null,
            int(Some(0)),
        ]
    }
}

const TYPE_COLUMNS: &[(&str, SqlType)] = &[
    ("TYPE_NAME", SqlType::NVarChar(Some(128))),
    ("DATA_TYPE", SqlType::SmallInt),
    ("PRECISION", SqlType::Int),
    ("LITERAL_PREFIX", SqlType::VarChar(Some(32))),
    ("LITERAL_SUFFIX", SqlType::VarChar(Some(32))),
    ("CREATE_PARAMS", SqlType::VarChar(Some(32))),
    ("NULLABLE", SqlType::SmallInt),
    ("CASE_SENSITIVE", SqlType::SmallInt),
    ("SEARCHABLE", SqlType::SmallInt),
    ("UNSIGNED_ATTRIBUTE", SqlType::SmallInt),
    ("MONEY", SqlType::SmallInt),
    ("AUTO_INCREMENT", SqlType::SmallInt),
    ("LOCAL_TYPE_NAME", SqlType::NVarChar(Some(128))),
    ("MINIMUM_SCALE", SqlType::SmallInt),
    ("MAXIMUM_SCALE", SqlType::SmallInt),
    ("SQL_DATA_TYPE", SqlType::SmallInt),
    ("SQL_DATETIME_SUB", SqlType::SmallInt),
    ("NUM_PREC_RADIX", SqlType::Int),
    ("INTERVAL_PRECISION", SqlType::SmallInt),
    ("USERTYPE", SqlType::SmallInt),
];

impl Execution<'_> {
    /// Describes the data types, or one of them, as ODBC drivers ask: with its answer they choose how parameters are sent.
    pub(super) fn sp_datatype_info(&mut self, arguments: &Arguments<'_>) -> Result<ProcedureResult, SqlError> {
        arguments.check("sp_datatype_info", &["@data_type", "@odbcver"], 0)?;
        let wanted = arguments.number(0, "@data_type")?.unwrap_or(0);
        let columns = TYPE_COLUMNS.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind, nullable: true });
        self.send(Reply::Columns(columns.collect()));
        let mut count = 0;
        for row in TYPE_ROWS.iter().filter(|row| wanted == 0 || row.number == wanted) {
            self.send(Reply::Row(row.values()));
            count += 1;
        }
        self.finish_with_rows(count);
        Ok(ProcedureResult::default())
    }
}
