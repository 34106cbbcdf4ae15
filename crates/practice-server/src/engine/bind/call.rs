//! Function calls: which functions there are, their arguments and their result types.

use sqlparser::ast::{DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{Binder, aggregate, wordcall};
use crate::engine::fault::{Fault, Reach};
use crate::engine::typed::Typed;
use crate::engine::types;
use crate::value::SqlType;

/// `sysname`
const NAME: SqlType = SqlType::NVarChar(Some(128));
const MAX: SqlType = SqlType::NVarChar(None);

/// Functions of the session or the server: the name inside, least and most arguments, the arguments' types in
/// order (the last one repeats), the result.
type Lookup = (&'static str, &'static str, usize, usize, &'static [SqlType], SqlType);

const LOOKUPS: &[Lookup] = &[
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

pub(super) fn count(name: &str, wanted: usize) -> Fault {
    Fault::new(174, format!("The {name} function requires {wanted} argument(s).")).class(15).reach(Reach::Compile)
}

impl Binder<'_> {
    pub(super) fn call(&mut self, function: &Function) -> Result<Typed, Fault> {
        let full = function.name.to_string();
        let name = full.trim_matches(['[', ']']).to_ascii_uppercase();
        if function.filter.is_some() || function.null_treatment.is_some() || function.uses_odbc_syntax {
            return Err(Fault::unsupported(format!("This clause of {name}")));
        }
        if aggregate::is_aggregate(&name) {
            return self.aggregate(&name, function);
        }
        if ["ROW_NUMBER", "RANK", "DENSE_RANK"].contains(&name.as_str()) {
            return self.ranking(&name, function);
        }
        if function.over.is_some() || !function.within_group.is_empty() {
            return Err(Fault::unsupported(format!("{name} with OVER or WITHIN GROUP")));
        }
        let arguments = plain_arguments(&name, function)?;
        if let Some(typed) = self.clock(&name)
            && arguments.is_empty()
        {
            return Ok(typed);
        }
        if arguments.is_empty()
            && let Some(typed) = self.of_session(&name)
        {
            return Ok(typed);
        }
        if let Some(lookup) = LOOKUPS.iter().find(|lookup| lookup.0 == name) {
            return self.lookup(lookup, &arguments);
        }
        self.by_name(&name, &full, &arguments)
    }

    fn of_session(&self, name: &str) -> Option<Typed> {
        let context = self.context;
        let caught = context.caught.as_deref();
        let of_error = |number: Option<i64>| {
            let mut typed = number.map_or_else(Typed::nothing, |number| Typed::int(number, SqlType::Int));
            typed.null = false;
            typed.nullable = true;
            typed
        };
        let error_text = |text: Option<&str>, kind: SqlType| {
            let mut typed = text.map_or_else(Typed::nothing, Typed::text);
            typed.null = false;
            typed.nullable = true;
            typed.kind = kind;
            typed
        };
        Some(match name {
            "DB_NAME" => wordcall::name(&context.database.name),
            "DB_ID" => Typed::int(context.database.id, SqlType::SmallInt),
            "SCHEMA_NAME" => wordcall::name(&context.default_schema()),
            "SCHEMA_ID" => {
                let id = context.catalog.schema(&context.default_schema()).map_or(1, |schema| schema.id);
                Typed::int(id, SqlType::Int)
            }
            "USER_NAME" => wordcall::name(&context.user_name()),
            "USER_ID" => Typed::int(context.who.user, SqlType::Int),
            "SUSER_SNAME" | "SUSER_NAME" | "ORIGINAL_LOGIN" => wordcall::name(&context.facts.login),
            "SUSER_ID" => Typed::int(context.account.id, SqlType::Int),
            "HOST_NAME" => wordcall::name(&context.facts.host),
            "APP_NAME" | "PROGRAM_NAME" => wordcall::name(&context.facts.application),
            "XACT_STATE" => Typed::int(context.state, SqlType::SmallInt),
            "SCOPE_IDENTITY" => wordcall::identity(context.scope_identity),
            "ERROR_NUMBER" => of_error(caught.map(|fault| i64::from(fault.number))),
            "ERROR_SEVERITY" => of_error(caught.map(|fault| i64::from(fault.class))),
            "ERROR_STATE" => of_error(caught.map(|fault| i64::from(fault.state))),
            "ERROR_LINE" => of_error(caught.map(|fault| i64::from(fault.line.max(1)))),
            "ERROR_MESSAGE" => error_text(caught.map(|fault| fault.text.as_str()), SqlType::NVarChar(Some(4000))),
            "ERROR_PROCEDURE" => {
                error_text(caught.map(|fault| fault.procedure.as_str()).filter(|procedure| !procedure.is_empty()), NAME)
            }
            "NEWID" => Typed::new("fx('newid')", SqlType::Guid).sure(),
            "RAND" => Typed::new("fx('rand')", SqlType::Float).sure(),
            _ => return None,
        })
    }

    fn lookup(&mut self, lookup: &Lookup, arguments: &[&Expr]) -> Result<Typed, Fault> {
        let (name, inside, least, most, kinds, result) = *lookup;
        if arguments.len() < least || arguments.len() > most {
            return Err(if least == most {
                count(&name.to_ascii_lowercase(), least)
            } else {
                Fault::new(189, format!("The {} function requires {least} to {most} arguments.", name.to_ascii_lowercase()))
                    .class(15)
                    .reach(Reach::Compile)
            });
        }
        let mut sql = format!("fx('{inside}'");
        for (at, argument) in arguments.iter().enumerate() {
            let typed = self.expr(argument)?;
            let kind = kinds.get(at).or(kinds.last()).copied().unwrap_or(MAX);
            sql = format!("{sql}, {}", self.coerce(&typed, kind));
        }
        Ok(Typed::new(format!("{sql})"), result))
    }

    #[expect(clippy::too_many_lines, reason = "a table of functions, one arm each")]
    fn by_name(&mut self, name: &str, full: &str, arguments: &[&Expr]) -> Result<Typed, Fault> {
        match (name, arguments) {
            ("ISNULL", [value, instead]) => self.isnull(value, instead),
            ("COALESCE", [_, _, ..]) => self.coalesce(arguments),
            ("NULLIF", [left, right]) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let same = self.comparison("=", &left, &right)?;
                let sql = format!("(CASE WHEN {same} THEN NULL ELSE {} END)", left.sql);
                Ok(Typed::new(sql, left.kind).collated(left.collation))
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
            ("CHOOSE", [_, _, ..]) => Err(Fault::unsupported("CHOOSE")),
            ("LEN", [value]) => {
                let value = self.expr(value)?;
                let text = self.as_type(&value, MAX);
                Ok(Typed::new(format!("fd('len', {text})"), length_type(value.kind)).maybe(value.nullable))
            }
            ("DATALENGTH", [value]) => self.datalength(value),
            ("LEFT" | "RIGHT", [value, length]) => {
                let (value, length) = (self.expr(value)?, self.expr(length)?);
                let kind = if types::text(value.kind) { value.kind } else { SqlType::NVarChar(Some(4000)) };
                let sql = format!(
                    "fd('{}', {}, {})",
                    name.to_ascii_lowercase(),
                    self.as_type(&value, MAX),
                    self.coerce(&length, SqlType::Int)
                );
                Ok(Typed::new(sql, kind).collated(value.collation))
            }
            ("SUBSTRING", [value, from, length]) => self.substring(value, from, length),
            ("UPPER" | "LOWER" | "LTRIM" | "RTRIM" | "TRIM" | "REVERSE", [value]) => {
                self.text_call(&name.to_ascii_lowercase(), value)
            }
            ("REPLACE", [value, old, new]) => {
                let (value, old, new) = (self.expr(value)?, self.expr(old)?, self.expr(new)?);
                let class = self.class_of(&value);
                let sql = format!(
                    "fd('replace', {}, {}, {}, '{class}')",
                    self.as_type(&value, MAX),
                    self.as_type(&old, MAX),
                    self.as_type(&new, MAX)
                );
                Ok(Typed::new(sql, widest(value.kind)).collated(value.collation))
            }
            ("CHARINDEX", [wanted, within, start @ ..]) if start.len() <= 1 => {
                let (wanted, within) = (self.expr(wanted)?, self.expr(within)?);
                let class = self.class_of(&within);
                let start = match start {
                    [start] => {
                        let start = self.expr(start)?;
                        self.coerce(&start, SqlType::BigInt)
                    }
                    _ => "1".to_owned(),
                };
                let sql = format!(
                    "fd('charindex', {}, {}, '{class}', {start})",
                    self.as_type(&wanted, MAX),
                    self.as_type(&within, MAX)
                );
                Ok(Typed::new(sql, length_type(within.kind)))
            }
            ("CONCAT", [_, _, ..]) | ("CONCAT_WS", [_, _, _, ..]) => {
                let mut sql = format!("fd('{}'", name.to_ascii_lowercase());
                let mut kind = SqlType::VarChar(Some(8000));
                for argument in arguments {
                    let typed = self.expr(argument)?;
                    if matches!(typed.kind, SqlType::NVarChar(_)) {
                        kind = SqlType::NVarChar(Some(4000));
                    }
                    sql = format!("{sql}, {}", self.as_type(&typed, MAX));
                }
                Ok(Typed::new(format!("{sql})"), kind).sure())
            }
            ("QUOTENAME", [value, quote @ ..]) if quote.len() <= 1 => {
                let value = self.expr(value)?;
                let quote = match quote {
                    [quote] => {
                        let quote = self.expr(quote)?;
                        self.as_type(&quote, SqlType::NVarChar(Some(1)))
                    }
                    _ => "'['".to_owned(),
                };
                let sql = format!("fd('quotename', {}, {quote})", self.as_type(&value, MAX));
                Ok(Typed::new(sql, SqlType::NVarChar(Some(258))))
            }
            ("REPLICATE", [value, times]) => {
                let (value, times) = (self.expr(value)?, self.expr(times)?);
                let sql = format!("fd('replicate', {}, {})", self.as_type(&value, MAX), self.coerce(&times, SqlType::Int));
                Ok(Typed::new(sql, widest(value.kind)).collated(value.collation))
            }
            ("SPACE", [times]) => {
                let times = self.expr(times)?;
                Ok(Typed::new(format!("fd('space', {})", self.coerce(&times, SqlType::Int)), SqlType::VarChar(Some(8000))))
            }
            ("STUFF", [value, start, length, with]) => {
                let (value, start, length, with) = (self.expr(value)?, self.expr(start)?, self.expr(length)?, self.expr(with)?);
                let sql = format!(
                    "fd('stuff', {}, {}, {}, {})",
                    self.as_type(&value, MAX),
                    self.coerce(&start, SqlType::Int),
                    self.coerce(&length, SqlType::Int),
                    self.as_type(&with, MAX)
                );
                Ok(Typed::new(sql, widest(value.kind)).collated(value.collation))
            }
            ("ASCII" | "UNICODE", [value]) => {
                let value = self.expr(value)?;
                let sql = format!("fd('{}', {})", name.to_ascii_lowercase(), self.as_type(&value, MAX));
                Ok(Typed::new(sql, SqlType::Int))
            }
            ("CHAR" | "NCHAR", [value]) => {
                let value = self.expr(value)?;
                let kind = if name == "CHAR" { SqlType::VarChar(Some(1)) } else { SqlType::NVarChar(Some(1)) };
                let sql = format!("fd('{}', {})", name.to_ascii_lowercase(), self.coerce(&value, SqlType::Int));
                Ok(Typed::new(sql, kind))
            }
            ("ABS", [value]) => {
                let value = self.expr(value)?;
                let sql = match value.kind {
                    SqlType::Float | SqlType::Real => format!("abs({})", value.sql),
                    kind if types::integer(kind) || matches!(kind, SqlType::Decimal { .. }) => {
                        format!("fd('abs_i', {})", value.sql)
                    }
                    other => return Err(Fault::unsupported(format!("ABS of {}", types::name(other)))),
                };
                Ok(Typed::new(sql, value.kind).maybe(value.nullable))
            }
            ("SIGN", [value]) => {
                let value = self.expr(value)?;
                Ok(Typed::new(format!("sign({})", value.sql), value.kind).maybe(value.nullable))
            }
            ("CEILING" | "FLOOR", [value]) => self.rounding(name, value),
            ("HASHBYTES", [algorithm, value]) => self.hashbytes(algorithm, value),
            ("COMPRESS" | "DECOMPRESS", [value]) => self.gzip(name, value),
            ("DATEADD", _) => self.dateadd(arguments),
            ("DATEDIFF" | "DATEDIFF_BIG", _) => self.datediff(name, arguments),
            ("DATEPART", [part, moment]) => self.datepart(part, moment),
            ("YEAR" | "MONTH" | "DAY", [moment]) => self.part_of(&name.to_ascii_lowercase(), moment),
            (
                "ISNULL" | "COALESCE" | "NULLIF" | "IIF" | "LEN" | "DATALENGTH" | "LEFT" | "RIGHT" | "SUBSTRING" | "UPPER"
                | "LOWER" | "LTRIM" | "RTRIM" | "TRIM" | "REVERSE" | "REPLACE" | "CHARINDEX" | "CONCAT" | "CONCAT_WS"
                | "QUOTENAME" | "REPLICATE" | "SPACE" | "STUFF" | "ASCII" | "UNICODE" | "CHAR" | "NCHAR" | "ABS" | "SIGN"
                | "CEILING" | "FLOOR" | "HASHBYTES" | "COMPRESS" | "DECOMPRESS" | "DATEPART" | "YEAR" | "MONTH" | "DAY",
                _,
            ) => {
                Err(Fault::new(174, format!("The {} function requires another number of arguments.", name.to_ascii_lowercase()))
                    .class(15)
                    .reach(Reach::Compile))
            }
            _ if full.contains('.') => Err(Fault::new(
                4121,
                format!(
                    "Cannot find either column \"{}\" or the user-defined function or aggregate \"{full}\", or the name is \
                     ambiguous.",
                    full.split('.').next().unwrap_or_default()
                ),
            )
            .reach(Reach::Compile)),
            _ if known_elsewhere(name) => Err(Fault::unsupported(format!("The function {name}"))),
            _ => Err(Fault::new(195, format!("'{full}' is not a recognized built-in function name."))
                .class(15)
                .state(10)
                .reach(Reach::Compile)),
        }
    }
}

fn plain_arguments<'f>(name: &str, function: &'f Function) -> Result<Vec<&'f Expr>, Fault> {
    let list = match &function.args {
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::List(list) => list,
        FunctionArguments::Subquery(_) => return Err(Fault::unsupported(format!("{name} of a query"))),
    };
    if matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct)) || !list.clauses.is_empty() {
        return Err(Fault::unsupported(format!("This clause of {name}")));
    }
    list.args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            // `IIF(a = 1, …)` reads like a named argument; there is none in T-SQL's functions.
            _ => Err(Fault::unsupported(format!("This argument of {name}"))),
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

/// Functions that SQL Server has and the practice server has not: 40510 says so better than 195.
fn known_elsewhere(name: &str) -> bool {
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
