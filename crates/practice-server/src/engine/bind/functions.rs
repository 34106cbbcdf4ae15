//! Function calls: the known functions, their arguments and their result types.

use sqlparser::ast::{DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident};

use crate::engine::bind::{Binder, aggregate};
use crate::engine::error::{ErrorScope, SqlError};
use crate::engine::typed::BoundExpr;
use crate::engine::{instant, types};
use crate::value::SqlType;

/// `sysname`
const NAME: SqlType = SqlType::NVarChar(Some(128));
const MAX: SqlType = SqlType::NVarChar(None);

/// A function of the session or the server: its T-SQL name, the internal name, least and most arguments, the arguments'
/// types in order (the last one repeats), the result type.
type MetadataFunction = (&'static str, &'static str, usize, usize, &'static [SqlType], SqlType);

const LOOKUPS: &[MetadataFunction] = &[
    ("DB_NAME", "db_name", 1, 1, &[SqlType::Int], NAME),
    ("DB_ID", "db_id", 1, 1, &[NAME], SqlType::SmallInt),
    ("OBJECT_ID", "object_id", 1, 2, &[MAX], SqlType::Int),
    ("OBJECT_NAME", "object_name", 1, 1, &[SqlType::Int], NAME),
    ("OBJECT_SCHEMA_NAME", "object_schema_name", 1, 1, &[SqlType::Int], NAME),
    ("OBJECTPROPERTY", "objectproperty", 2, 2, &[SqlType::Int, NAME], SqlType::Int),
    ("SCHEMA_ID", "schema_id", 1, 1, &[NAME], SqlType::Int),
    ("SCHEMA_NAME", "schema_name", 1, 1, &[SqlType::Int], NAME),
    ("USER_NAME", "user_name", 1, 1, &[SqlType::Int], NAME),
    ("USER_ID", "user_id", 1, 1, &[NAME], SqlType::Int),
    ("DATABASE_PRINCIPAL_ID", "database_principal_id", 1, 1, &[NAME], SqlType::Int),
    ("SUSER_SNAME", "suser_sname", 1, 1, &[SqlType::VarBinary(Some(85))], NAME),
    ("SUSER_NAME", "suser_name", 1, 1, &[SqlType::Int], NAME),
    ("SUSER_ID", "suser_id", 1, 1, &[NAME], SqlType::Int),
    ("SUSER_SID", "suser_sid", 1, 1, &[NAME], SqlType::VarBinary(Some(85))),
    ("COL_LENGTH", "col_length", 2, 2, &[MAX], SqlType::SmallInt),
    ("COL_NAME", "col_name", 2, 2, &[SqlType::Int], NAME),
    ("TYPE_NAME", "type_name", 1, 1, &[SqlType::Int], NAME),
    ("TYPE_ID", "type_id", 1, 1, &[NAME], SqlType::Int),
    ("SERVERPROPERTY", "serverproperty", 1, 1, &[NAME], SqlType::Variant),
    ("DATABASEPROPERTYEX", "databasepropertyex", 2, 2, &[NAME], SqlType::Variant),
    ("CONNECTIONPROPERTY", "connectionproperty", 1, 1, &[NAME], SqlType::Variant),
    ("COLLATIONPROPERTY", "collationproperty", 2, 2, &[NAME], SqlType::Variant),
    ("HAS_DBACCESS", "has_dbaccess", 1, 1, &[NAME], SqlType::Int),
    ("HAS_PERMS_BY_NAME", "has_perms_by_name", 3, 5, &[MAX, NAME], SqlType::Int),
    ("IS_ROLEMEMBER", "is_rolemember", 1, 2, &[NAME], SqlType::Int),
    ("IS_SRVROLEMEMBER", "is_srvrolemember", 1, 2, &[NAME], SqlType::Int),
    ("IS_MEMBER", "is_member", 1, 1, &[NAME], SqlType::Int),
    ("APPLOCK_MODE", "applock_mode", 3, 3, &[NAME, SqlType::NVarChar(Some(255)), NAME], SqlType::NVarChar(Some(32))),
];

pub(super) fn count(name: &str, wanted: usize) -> SqlError {
    SqlError::new(174, format!("The {name} function requires {wanted} argument(s).")).class(15).scope(ErrorScope::Compile)
}

impl Binder<'_> {
    pub(super) fn call(&mut self, function: &Function) -> Result<BoundExpr, SqlError> {
        let full = function.name.to_string();
        let name = full.trim_matches(['[', ']']).to_ascii_uppercase();
        if function.filter.is_some() || function.null_treatment.is_some() || function.uses_odbc_syntax {
            return Err(SqlError::unsupported(format!("This clause of {name}")));
        }
        if aggregate::is_aggregate(&name) {
            return self.aggregate(&name, function);
        }
        if ["ROW_NUMBER", "RANK", "DENSE_RANK"].contains(&name.as_str()) {
            return self.ranking(&name, function);
        }
        if function.over.is_some() || !function.within_group.is_empty() {
            return Err(SqlError::unsupported(format!("{name} with OVER or WITHIN GROUP")));
        }
        let arguments = positional_arguments(&name, function)?;
        if let Some(typed) = self.clock(&name)
            && arguments.is_empty()
        {
            return Ok(typed);
        }
        if arguments.is_empty()
            && let Some(typed) = self.session_function(&name)
        {
            return Ok(typed);
        }
        if let Some(lookup) = LOOKUPS.iter().find(|lookup| lookup.0 == name) {
            return self.lookup(lookup, &arguments);
        }
        self.function_by_name(&name, &full, &arguments)
    }

    fn session_function(&self, name: &str) -> Option<BoundExpr> {
        let context = self.context;
        let caught = context.caught.as_deref();
        let of_error = |number: Option<i64>| {
            let mut typed = number.map_or_else(BoundExpr::null_literal, |number| BoundExpr::int(number, SqlType::Int));
            typed.null = false;
            typed.nullable = true;
            typed
        };
        let error_text = |text: Option<&str>, kind: SqlType| {
            let mut typed = text.map_or_else(BoundExpr::null_literal, BoundExpr::text);
            typed.null = false;
            typed.nullable = true;
            typed.kind = kind;
            typed
        };
        Some(match name {
            "DB_NAME" => sysname(&context.database.name),
            "DB_ID" => BoundExpr::int(context.database.id, SqlType::SmallInt),
            "SCHEMA_NAME" => sysname(&context.default_schema()),
            "SCHEMA_ID" => {
                let id = context.catalog.schema(&context.default_schema()).map_or(1, |schema| schema.id);
                BoundExpr::int(id, SqlType::Int)
            }
            "USER_NAME" => sysname(&context.user_name()),
            "USER_ID" => BoundExpr::int(context.user.id, SqlType::Int),
            "SUSER_SNAME" | "SUSER_NAME" | "ORIGINAL_LOGIN" => sysname(&context.info.login),
            "SUSER_ID" => BoundExpr::int(context.account.id, SqlType::Int),
            "HOST_NAME" => sysname(&context.info.host),
            "APP_NAME" | "PROGRAM_NAME" => sysname(&context.info.application),
            "XACT_STATE" => BoundExpr::int(context.state, SqlType::SmallInt),
            "SCOPE_IDENTITY" => identity_value(context.scope_identity),
            "ERROR_NUMBER" => of_error(caught.map(|error| i64::from(error.number))),
            "ERROR_SEVERITY" => of_error(caught.map(|error| i64::from(error.class))),
            "ERROR_STATE" => of_error(caught.map(|error| i64::from(error.state))),
            "ERROR_LINE" => of_error(caught.map(|error| i64::from(error.line.max(1)))),
            "ERROR_MESSAGE" => error_text(caught.map(|error| error.text.as_str()), SqlType::NVarChar(Some(4000))),
            "ERROR_PROCEDURE" => {
                error_text(caught.map(|error| error.procedure.as_str()).filter(|procedure| !procedure.is_empty()), NAME)
            }
            "NEWID" => BoundExpr::new("fx('newid')", SqlType::Guid).not_null(),
            "RAND" => BoundExpr::new("fx('rand')", SqlType::Float).not_null(),
            _ => return None,
        })
    }

    fn lookup(&mut self, lookup: &MetadataFunction, arguments: &[&Expr]) -> Result<BoundExpr, SqlError> {
        let (name, inside, least, most, kinds, result) = *lookup;
        if arguments.len() < least || arguments.len() > most {
            return Err(if least == most {
                count(&name.to_ascii_lowercase(), least)
            } else {
                SqlError::new(189, format!("The {} function requires {least} to {most} arguments.", name.to_ascii_lowercase()))
                    .class(15)
                    .scope(ErrorScope::Compile)
            });
        }
        let mut sql = format!("fx('{inside}'");
        for (at, argument) in arguments.iter().enumerate() {
            let typed = self.expr(argument)?;
            let kind = kinds.get(at).or(kinds.last()).copied().unwrap_or(MAX);
            sql = format!("{sql}, {}", self.coerce(&typed, kind));
        }
        Ok(BoundExpr::new(format!("{sql})"), result))
    }

    #[expect(clippy::too_many_lines, reason = "a table of functions, one arm each")]
    fn function_by_name(&mut self, name: &str, full: &str, arguments: &[&Expr]) -> Result<BoundExpr, SqlError> {
        match (name, arguments) {
            ("ISNULL", [value, instead]) => self.isnull(value, instead),
            ("COALESCE", [_, _, ..]) => self.coalesce(arguments),
            ("NULLIF", [left, right]) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let same = self.comparison("=", &left, &right)?;
                let sql = format!("(CASE WHEN {same} THEN NULL ELSE {} END)", left.sql);
                Ok(BoundExpr::new(sql, left.kind).collated(left.collation))
            }
            ("IIF", [condition, yes, no]) => {
                let condition = self.condition(condition)?;
                let both = [self.expr(yes)?, self.expr(no)?];
                let mut typed = self.unify(&both, "IIF")?;
                typed.sql = format!(
                    "(CASE WHEN {condition} THEN {} ELSE {} END)",
                    self.coerce(&both[0], typed.kind),
                    self.coerce(&both[1], typed.kind)
                );
                Ok(typed)
            }
            ("CHOOSE", [_, _, ..]) => Err(SqlError::unsupported("CHOOSE")),
            ("LEN", [value]) => {
                let value = self.expr(value)?;
                let text = self.coerce(&value, MAX);
                Ok(BoundExpr::new(format!("fd('len', {text})"), length_type(value.kind)).with_nullable(value.nullable))
            }
            ("DATALENGTH", [value]) => self.datalength(value),
            ("LEFT" | "RIGHT", [value, length]) => {
                let (value, length) = (self.expr(value)?, self.expr(length)?);
                let kind = if types::is_text(value.kind) { value.kind } else { SqlType::NVarChar(Some(4000)) };
                let sql = format!(
                    "fd('{}', {}, {})",
                    name.to_ascii_lowercase(),
                    self.coerce(&value, MAX),
                    self.coerce(&length, SqlType::Int)
                );
                Ok(BoundExpr::new(sql, kind).collated(value.collation))
            }
            ("SUBSTRING", [value, from, length]) => self.substring(value, from, length),
            ("UPPER" | "LOWER" | "LTRIM" | "RTRIM" | "TRIM" | "REVERSE", [value]) => {
                self.text_call(&name.to_ascii_lowercase(), value)
            }
            ("REPLACE", [value, old, new]) => {
                let (value, old, new) = (self.expr(value)?, self.expr(old)?, self.expr(new)?);
                let class = self.comparison_class(&value);
                let sql = format!(
                    "fd('replace', {}, {}, {}, '{class}')",
                    self.coerce(&value, MAX),
                    self.coerce(&old, MAX),
                    self.coerce(&new, MAX)
                );
                Ok(BoundExpr::new(sql, widest(value.kind)).collated(value.collation))
            }
            ("CHARINDEX", [wanted, within, start @ ..]) if start.len() <= 1 => {
                let (wanted, within) = (self.expr(wanted)?, self.expr(within)?);
                let class = self.comparison_class(&within);
                let start = match start {
                    [start] => {
                        let start = self.expr(start)?;
                        self.coerce(&start, SqlType::BigInt)
                    }
                    _ => "1".to_owned(),
                };
                let sql =
                    format!("fd('charindex', {}, {}, '{class}', {start})", self.coerce(&wanted, MAX), self.coerce(&within, MAX));
                Ok(BoundExpr::new(sql, length_type(within.kind)))
            }
            ("CONCAT", [_, _, ..]) | ("CONCAT_WS", [_, _, _, ..]) => {
                let mut sql = format!("fd('{}'", name.to_ascii_lowercase());
                let mut kind = SqlType::VarChar(Some(8000));
                for argument in arguments {
                    let typed = self.expr(argument)?;
                    if matches!(typed.kind, SqlType::NVarChar(_)) {
                        kind = SqlType::NVarChar(Some(4000));
                    }
                    sql = format!("{sql}, {}", self.coerce(&typed, MAX));
                }
                Ok(BoundExpr::new(format!("{sql})"), kind).not_null())
            }
            ("QUOTENAME", [value, quote @ ..]) if quote.len() <= 1 => {
                let value = self.expr(value)?;
                let quote = match quote {
                    [quote] => {
                        let quote = self.expr(quote)?;
                        self.coerce(&quote, SqlType::NVarChar(Some(1)))
                    }
                    _ => "'['".to_owned(),
                };
                let sql = format!("fd('quotename', {}, {quote})", self.coerce(&value, MAX));
                Ok(BoundExpr::new(sql, SqlType::NVarChar(Some(258))))
            }
            ("REPLICATE", [value, times]) => {
                let (value, times) = (self.expr(value)?, self.expr(times)?);
                let sql = format!("fd('replicate', {}, {})", self.coerce(&value, MAX), self.coerce(&times, SqlType::Int));
                Ok(BoundExpr::new(sql, widest(value.kind)).collated(value.collation))
            }
            ("SPACE", [times]) => {
                let times = self.expr(times)?;
                Ok(BoundExpr::new(format!("fd('space', {})", self.coerce(&times, SqlType::Int)), SqlType::VarChar(Some(8000))))
            }
            ("STUFF", [value, start, length, with]) => {
                let (value, start, length, with) = (self.expr(value)?, self.expr(start)?, self.expr(length)?, self.expr(with)?);
                let sql = format!(
                    "fd('stuff', {}, {}, {}, {})",
                    self.coerce(&value, MAX),
                    self.coerce(&start, SqlType::Int),
                    self.coerce(&length, SqlType::Int),
                    self.coerce(&with, MAX)
                );
                Ok(BoundExpr::new(sql, widest(value.kind)).collated(value.collation))
            }
            ("ASCII" | "UNICODE", [value]) => {
                let value = self.expr(value)?;
                let sql = format!("fd('{}', {})", name.to_ascii_lowercase(), self.coerce(&value, MAX));
                Ok(BoundExpr::new(sql, SqlType::Int))
            }
            ("CHAR" | "NCHAR", [value]) => {
                let value = self.expr(value)?;
                let kind = if name == "CHAR" { SqlType::VarChar(Some(1)) } else { SqlType::NVarChar(Some(1)) };
                let sql = format!("fd('{}', {})", name.to_ascii_lowercase(), self.coerce(&value, SqlType::Int));
                Ok(BoundExpr::new(sql, kind))
            }
            ("ABS", [value]) => {
                let value = self.expr(value)?;
                let sql = match value.kind {
                    SqlType::Float | SqlType::Real => format!("abs({})", value.sql),
                    kind if types::is_integer(kind) || matches!(kind, SqlType::Decimal { .. }) => {
                        format!("fd('abs_i', {})", value.sql)
                    }
                    other => return Err(SqlError::unsupported(format!("ABS of {}", types::name(other)))),
                };
                Ok(BoundExpr::new(sql, value.kind).with_nullable(value.nullable))
            }
            ("SIGN", [value]) => {
                let value = self.expr(value)?;
                Ok(BoundExpr::new(format!("sign({})", value.sql), value.kind).with_nullable(value.nullable))
            }
            ("CEILING" | "FLOOR", [value]) => self.rounding(name, value),
            ("HASHBYTES", [algorithm, value]) => self.hashbytes(algorithm, value),
            ("COMPRESS" | "DECOMPRESS", [value]) => self.gzip(name, value),
            ("DATEADD", _) => self.dateadd(arguments),
            ("DATEDIFF" | "DATEDIFF_BIG", _) => self.datediff(name, arguments),
            ("DATEPART", [part, moment]) => self.datepart(part, moment),
            ("YEAR" | "MONTH" | "DAY", [moment]) => self.date_part(&name.to_ascii_lowercase(), moment),
            (
                "ISNULL" | "COALESCE" | "NULLIF" | "IIF" | "LEN" | "DATALENGTH" | "LEFT" | "RIGHT" | "SUBSTRING" | "UPPER"
                | "LOWER" | "LTRIM" | "RTRIM" | "TRIM" | "REVERSE" | "REPLACE" | "CHARINDEX" | "CONCAT" | "CONCAT_WS"
                | "QUOTENAME" | "REPLICATE" | "SPACE" | "STUFF" | "ASCII" | "UNICODE" | "CHAR" | "NCHAR" | "ABS" | "SIGN"
                | "CEILING" | "FLOOR" | "HASHBYTES" | "COMPRESS" | "DECOMPRESS" | "DATEPART" | "YEAR" | "MONTH" | "DAY",
                _,
            ) => Err(SqlError::new(
                174,
                format!("The {} function requires another number of arguments.", name.to_ascii_lowercase()),
            )
            .class(15)
            .scope(ErrorScope::Compile)),
            _ if full.contains('.') => Err(SqlError::new(
                4121,
                format!(
                    "Cannot find either column \"{}\" or the user-defined function or aggregate \"{full}\", or the name is \
                     ambiguous.",
                    full.split('.').next().unwrap_or_default()
                ),
            )
            .scope(ErrorScope::Compile)),
            _ if is_unsupported_function(name) => Err(SqlError::unsupported(format!("The function {name}"))),
            _ => Err(SqlError::new(195, format!("'{full}' is not a recognized built-in function name."))
                .class(15)
                .state(10)
                .scope(ErrorScope::Compile)),
        }
    }
}

fn positional_arguments<'f>(name: &str, function: &'f Function) -> Result<Vec<&'f Expr>, SqlError> {
    let list = match &function.args {
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::List(list) => list,
        FunctionArguments::Subquery(_) => {
            return Err(SqlError::unsupported(format!("{name} of a query")));
        }
    };
    if matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)) || !list.clauses.is_empty() {
        return Err(SqlError::unsupported(format!("This clause of {name}")));
    }
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            // `IIF(a = 1, …)` looks like a named argument, which T-SQL's functions do not have.
            _ => Err(SqlError::unsupported(format!("This argument of {name}"))),
        })
        .collect()
}

fn length_type(kind: SqlType) -> SqlType {
    match kind {
        SqlType::NVarChar(None) | SqlType::VarChar(None) => SqlType::BigInt,
        _ => SqlType::Int,
    }
}

fn widest(kind: SqlType) -> SqlType {
    match kind {
        SqlType::NVarChar(None) => SqlType::NVarChar(None),
        SqlType::VarChar(None) => SqlType::VarChar(None),
        SqlType::NVarChar(_) => SqlType::NVarChar(Some(4000)),
        _ => SqlType::VarChar(Some(8000)),
    }
}

/// Returns whether SQL Server has the function and the practice server does not: error 40510 tells more than 195.
fn is_unsupported_function(name: &str) -> bool {
    [
        "FORMAT",
        "ROUND",
        "POWER",
        "SQRT",
        "LOG",
        "EXP",
        "PATINDEX",
        "TRANSLATE",
        "DATENAME",
        "EOMONTH",
        "DATEFROMPARTS",
        "DATETIME2FROMPARTS",
        "SWITCHOFFSET",
        "TODATETIMEOFFSET",
        "ISNUMERIC",
        "ISDATE",
        "PARSE",
        "TRY_PARSE",
        "CHECKSUM",
        "BINARY_CHECKSUM",
        "NEWSEQUENTIALID",
        "IDENT_CURRENT",
        "IDENT_SEED",
        "IDENT_INCR",
        "FORMATMESSAGE",
        "SESSION_CONTEXT",
        "CONTEXT_INFO",
        "COLUMNPROPERTY",
        "INDEXPROPERTY",
        "TYPEPROPERTY",
        "STDEV",
        "VAR",
        "GROUPING",
        "JSON_VALUE",
        "JSON_QUERY",
        "ISJSON",
        "JSON_MODIFY",
        "STRING_ESCAPE",
        "SOUNDEX",
        "DIFFERENCE",
        "STR",
        "LAG",
        "LEAD",
        "FIRST_VALUE",
        "LAST_VALUE",
        "NTILE",
        "PERMISSIONS",
        "FILE_ID",
        "FILE_NAME",
        "FULLTEXTSERVICEPROPERTY",
        "GREATEST",
        "LEAST",
        "SESSIONPROPERTY",
        "HOST_ID",
        "ROWCOUNT_BIG",
        "OBJECT_DEFINITION",
        "STATS_DATE",
    ]
    .contains(&name)
}

impl Binder<'_> {
    pub(super) fn isnull(&mut self, value: &Expr, instead: &Expr) -> Result<BoundExpr, SqlError> {
        let (value, instead) = (self.expr(value)?, self.expr(instead)?);
        let collation = self.resolve_collation(&value, &instead, "isnull")?;
        // The result has the first argument's type, unless that is the literal NULL.
        let kind = if value.null { instead.kind } else { value.kind };
        let sql = format!("ifnull({}, {})", value.sql, self.coerce(&instead, kind));
        Ok(BoundExpr::new(sql, kind)
            .with_nullable(value.nullable && instead.nullable)
            .collated(collation.filter(|_| types::is_text(kind))))
    }

    pub(super) fn coalesce(&mut self, arguments: &[&Expr]) -> Result<BoundExpr, SqlError> {
        let all = arguments.iter().map(|argument| self.expr(argument)).collect::<Result<Vec<_>, _>>()?;
        let mut typed = self.unify(&all, "coalesce")?;
        let parts = all.iter().map(|one| self.coerce(one, typed.kind)).collect::<Vec<_>>().join(", ");
        typed.sql = format!("coalesce({parts})");
        typed.nullable = all.iter().all(|one| one.nullable || one.null);
        Ok(typed)
    }

    pub(super) fn text_call(&mut self, inside: &str, value: &Expr) -> Result<BoundExpr, SqlError> {
        let value = self.expr(value)?;
        let kind = if types::is_text(value.kind) { value.kind } else { SqlType::VarChar(Some(8000)) };
        let sql = format!("fd('{inside}', {})", self.coerce(&value, MAX));
        Ok(BoundExpr::new(sql, kind).with_nullable(value.nullable).collated(value.collation))
    }

    pub(super) fn substring(&mut self, value: &Expr, from: &Expr, length: &Expr) -> Result<BoundExpr, SqlError> {
        let (value, from, length) = (self.expr(value)?, self.expr(from)?, self.expr(length)?);
        let (text, kind) = match value.kind {
            SqlType::VarBinary(_) => (value.sql.clone(), value.kind),
            kind if types::is_text(kind) => (value.sql.clone(), kind),
            other => {
                return Err(SqlError::new(
                    8116,
                    format!("Argument data type {} is invalid for argument 1 of substring function.", types::name(other)),
                )
                .scope(ErrorScope::Compile));
            }
        };
        let sql = format!(
            "fd('substring', {text}, {}, {})",
            self.coerce(&from, SqlType::BigInt),
            self.coerce(&length, SqlType::BigInt)
        );
        Ok(BoundExpr::new(sql, kind).collated(value.collation))
    }

    pub(super) fn rounding(&mut self, name: &str, value: &Expr) -> Result<BoundExpr, SqlError> {
        let value = self.expr(value)?;
        let sql = match value.kind {
            kind if types::is_integer(kind) => value.sql.clone(),
            SqlType::Float | SqlType::Real => format!("{}({})", if name == "FLOOR" { "floor" } else { "ceil" }, value.sql),
            other => {
                return Err(SqlError::unsupported(format!("{name} of {}", types::name(other))));
            }
        };
        Ok(BoundExpr::new(sql, value.kind).with_nullable(value.nullable))
    }

    pub(super) fn datalength(&mut self, value: &Expr) -> Result<BoundExpr, SqlError> {
        let value = self.expr(value)?;
        let sql = match value.kind {
            SqlType::NVarChar(_) => format!("fd('datalength_n', {})", value.sql),
            SqlType::VarChar(_) => format!("fd('datalength_v', {})", value.sql),
            SqlType::VarBinary(_) => format!("fd('datalength_b', {})", value.sql),
            SqlType::Variant => return Err(SqlError::unsupported("DATALENGTH of sql_variant")),
            kind => format!("(CASE WHEN {} IS NOT NULL THEN {} END)", value.sql, types::measure(kind).0),
        };
        let kind = match value.kind {
            SqlType::NVarChar(None) | SqlType::VarChar(None) | SqlType::VarBinary(None) => SqlType::BigInt,
            _ => SqlType::Int,
        };
        Ok(BoundExpr::new(sql, kind).with_nullable(value.nullable))
    }

    /// Binds `COMPRESS`, which takes text and bytes, and `DECOMPRESS`, which takes bytes; both return bytes.
    pub(super) fn gzip(&mut self, name: &str, value: &Expr) -> Result<BoundExpr, SqlError> {
        let value = self.expr(value)?;
        let bytes = match value.kind {
            SqlType::VarBinary(_) => value.sql.clone(),
            kind if types::is_text(kind) && name == "COMPRESS" => {
                format!("cv({}, {}, {}, 0)", value.sql, types::encode(kind), types::encode(SqlType::VarBinary(None)))
            }
            _ if value.null => "NULL".to_owned(),
            other => {
                let name = name.to_lowercase();
                let said = format!("Argument data type {} is invalid for argument 1 of {name} function.", types::name(other));
                return Err(SqlError::new(8116, said));
            }
        };
        let sql = format!("fd('{}', {bytes})", name.to_ascii_lowercase());
        Ok(BoundExpr::new(sql, SqlType::VarBinary(None)).with_nullable(value.nullable))
    }

    pub(super) fn hashbytes(&mut self, algorithm: &Expr, value: &Expr) -> Result<BoundExpr, SqlError> {
        let (algorithm, value) = (self.expr(algorithm)?, self.expr(value)?);
        let bytes = match value.kind {
            SqlType::VarBinary(_) => value.sql.clone(),
            kind if types::is_text(kind) => {
                format!("cv({}, {}, {}, 0)", value.sql, types::encode(kind), types::encode(SqlType::VarBinary(None)))
            }
            other => {
                return Err(SqlError::unsupported(format!("HASHBYTES of {}", types::name(other))));
            }
        };
        let sql = format!("fd('hashbytes', {}, {bytes})", algorithm.sql);
        Ok(BoundExpr::new(sql, SqlType::VarBinary(Some(8000))).with_nullable(value.nullable))
    }
}

impl Binder<'_> {
    /// Binds an unquoted word that is a function.
    pub(super) fn niladic_function(&self, ident: &Ident) -> Option<BoundExpr> {
        if ident.quote_style.is_some() {
            return None;
        }
        let context = self.context;
        Some(match ident.value.to_ascii_uppercase().as_str() {
            "CURRENT_USER" | "SESSION_USER" | "USER" => sysname(&context.user_name()),
            "SYSTEM_USER" => sysname(&context.info.login),
            "CURRENT_TIMESTAMP" => {
                BoundExpr::new(instant::rounded_datetime(context.now).to_string(), SqlType::DateTime).not_null()
            }
            _ => return None,
        })
    }

    /// Binds `@@NAME`.
    pub(super) fn global_variable(&self, word: &str) -> Result<BoundExpr, SqlError> {
        let context = self.context;
        let personality = context.engine.personality();
        let int = |number: i64| BoundExpr::int(number, SqlType::Int);
        Ok(match word.to_ascii_uppercase().as_str() {
            "@@VERSION" => {
                let text = format!(
                    "octopus-setup practice server (not Microsoft SQL Server) - {} - {}",
                    personality.product_version, personality.edition
                );
                let mut typed = BoundExpr::text(&text);
                typed.kind = SqlType::NVarChar(Some(300));
                typed
            }
            "@@SERVERNAME" => sysname(&personality.server_name),
            "@@SERVICENAME" => sysname("MSSQLSERVER"),
            "@@SPID" => BoundExpr::int(i64::from(context.info.id), SqlType::SmallInt),
            "@@ROWCOUNT" => int(context.row_count),
            "@@ERROR" => int(i64::from(context.error)),
            "@@TRANCOUNT" => int(context.nesting),
            "@@IDENTITY" => identity_value(context.last_identity),
            "@@MAX_PRECISION" => BoundExpr::int(38, SqlType::TinyInt),
            "@@LANGUAGE" => sysname("us_english"),
            "@@LANGID" => BoundExpr::int(0, SqlType::SmallInt),
            "@@DBTS" => BoundExpr::new("x'00000000000007D0'", SqlType::VarBinary(Some(8))).not_null(),
            "@@LOCK_TIMEOUT" => int(context.lock_timeout),
            "@@TEXTSIZE" => int(context.text_size),
            "@@NESTLEVEL" => int(0),
            "@@DATEFIRST" => BoundExpr::int(7, SqlType::TinyInt),
            "@@OPTIONS" => return Err(SqlError::unsupported("@@OPTIONS")),
            "@@MICROSOFTVERSION" => {
                let mut parts = personality.product_version.split('.').filter_map(|part| part.parse::<i64>().ok());
                let (major, minor, build) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
                int((major << 24) | (minor << 16) | build)
            }
            _ => {
                return Err(SqlError::new(137, format!("Must declare the scalar variable \"{word}\"."))
                    .class(15)
                    .state(2)
                    .scope(ErrorScope::Compile));
            }
        })
    }
}

/// Creates a value of type `sysname`.
fn sysname(text: &str) -> BoundExpr {
    let mut typed = BoundExpr::text(text);
    typed.kind = SqlType::NVarChar(Some(128));
    typed.nullable = true;
    typed
}

fn identity_value(value: Option<i64>) -> BoundExpr {
    let mut typed = value.map_or_else(BoundExpr::null_literal, |value| BoundExpr::int(value, SqlType::BigInt));
    typed.null = false;
    typed.nullable = true;
    typed.kind = SqlType::Decimal { precision: 18, scale: 0 };
    typed
}
