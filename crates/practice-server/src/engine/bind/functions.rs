//! The known functions, their arguments and their result types.

use crate::engine::bind::aggregate::argument_count;
use crate::engine::bind::binder::Binder;
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

/// The functions of values: the name, the least and the most arguments.
const SCALARS: &[(&str, usize, usize)] = &[
    ("ISNULL", 2, 2),
    ("COALESCE", 2, usize::MAX),
    ("NULLIF", 2, 2),
    ("IIF", 3, 3),
    ("DATEADD", 3, 3),
    ("DATEDIFF", 3, 3),
    ("DATEDIFF_BIG", 3, 3),
    ("DATEPART", 2, 2),
    ("LEN", 1, 1),
    ("DATALENGTH", 1, 1),
    ("LEFT", 2, 2),
    ("RIGHT", 2, 2),
    ("SUBSTRING", 3, 3),
    ("UPPER", 1, 1),
    ("LOWER", 1, 1),
    ("LTRIM", 1, 1),
    ("RTRIM", 1, 1),
    ("TRIM", 1, 1),
    ("REVERSE", 1, 1),
    ("REPLACE", 3, 3),
    ("CHARINDEX", 2, 3),
    ("CONCAT", 2, usize::MAX),
    ("CONCAT_WS", 3, usize::MAX),
    ("QUOTENAME", 1, 2),
    ("REPLICATE", 2, 2),
    ("SPACE", 1, 1),
    ("STUFF", 4, 4),
    ("ASCII", 1, 1),
    ("UNICODE", 1, 1),
    ("CHAR", 1, 1),
    ("NCHAR", 1, 1),
    ("ABS", 1, 1),
    ("SIGN", 1, 1),
    ("CEILING", 1, 1),
    ("FLOOR", 1, 1),
    ("HASHBYTES", 2, 2),
    ("COMPRESS", 1, 1),
    ("DECOMPRESS", 1, 1),
    ("YEAR", 1, 1),
    ("MONTH", 1, 1),
    ("DAY", 1, 1),
];

/// Checks that a function exists and takes this number of arguments, before these are bound.
pub(super) fn check_call(name: &str, full: &str, count: usize) -> Result<(), SqlError> {
    if let Some((name, _, least, most, ..)) = LOOKUPS.iter().find(|lookup| lookup.0 == name) {
        return match (least..=most).contains(&&count) {
            true => Ok(()),
            false if least == most => Err(argument_count(&name.to_ascii_lowercase(), *least)),
            false => Err(SqlError::new(
                189,
                format!("The {} function requires {least} to {most} arguments.", name.to_ascii_lowercase()),
            )
            .class(15)
            .scope(ErrorScope::Compile)),
        };
    }
    if let Some((name, least, most)) = SCALARS.iter().find(|scalar| scalar.0 == name) {
        if (least..=most).contains(&&count) {
            return Ok(());
        }
        let text = format!("The {} function requires another number of arguments.", name.to_ascii_lowercase());
        return Err(SqlError::new(174, text).class(15).scope(ErrorScope::Compile));
    }
    if full.to_ascii_lowercase().trim_start_matches('[').starts_with("sys") && full.contains('.') {
        return Err(SqlError::unsupported(format!("The function {full}")));
    }
    if full.contains('.') {
        return Err(SqlError::new(
            4121,
            format!(
                "Cannot find either column \"{}\" or the user-defined function or aggregate \"{full}\", or the name is \
                 ambiguous.",
                full.split('.').next().unwrap_or_default()
            ),
        )
        .scope(ErrorScope::Compile));
    }
    if is_unsupported_function(name) {
        return Err(SqlError::unsupported(format!("The function {name}")));
    }
    Err(SqlError::new(195, format!("'{full}' is not a recognized built-in function name."))
        .class(15)
        .state(10)
        .scope(ErrorScope::Compile))
}

impl Binder<'_> {
    /// Binds a function without arguments, if there is one of this name.
    pub(super) fn function_without_arguments(&self, name: &str) -> Option<BoundExpr> {
        self.clock(name).or_else(|| self.session_function(name)).or_else(|| self.niladic_function(name))
    }

    /// Binds a function that [`check_call`] knows.
    pub(super) fn scalar_function(&self, name: &str, arguments: &[BoundExpr]) -> Result<BoundExpr, SqlError> {
        match LOOKUPS.iter().find(|lookup| lookup.0 == name) {
            Some(lookup) => Ok(self.lookup(lookup, arguments)),
            None => self.function_by_name(name, arguments),
        }
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

    fn lookup(&self, lookup: &MetadataFunction, arguments: &[BoundExpr]) -> BoundExpr {
        let (_, inside, _, _, kinds, result) = *lookup;
        let mut sql = format!("fx('{inside}'");
        for (at, argument) in arguments.iter().enumerate() {
            let kind = kinds.get(at).or(kinds.last()).copied().unwrap_or(MAX);
            sql = format!("{sql}, {}", self.coerce(argument, kind));
        }
        BoundExpr::new(format!("{sql})"), result)
    }

    #[expect(clippy::too_many_lines, reason = "a table of functions, one arm each")]
    fn function_by_name(&self, name: &str, arguments: &[BoundExpr]) -> Result<BoundExpr, SqlError> {
        match (name, arguments) {
            ("ISNULL", [value, instead]) => self.isnull(value, instead),
            ("COALESCE", [_, _, ..]) => self.coalesce(arguments),
            ("NULLIF", [left, right]) => {
                let same = self.comparison("=", left, right)?;
                let sql = format!("(CASE WHEN {same} THEN NULL ELSE {} END)", left.sql);
                Ok(BoundExpr::new(sql, left.kind).collated(left.collation.clone()))
            }
            ("LEN", [value]) => {
                let text = self.coerce(value, MAX);
                Ok(BoundExpr::new(format!("fd('len', {text})"), length_type(value.kind)).with_nullable(value.nullable))
            }
            ("DATALENGTH", [value]) => datalength(value),
            ("LEFT" | "RIGHT", [value, length]) => {
                let kind = if types::is_text(value.kind) { value.kind } else { SqlType::NVarChar(Some(4000)) };
                let sql = format!(
                    "fd('{}', {}, {})",
                    name.to_ascii_lowercase(),
                    self.coerce(value, MAX),
                    self.coerce(length, SqlType::Int)
                );
                Ok(BoundExpr::new(sql, kind).collated(value.collation.clone()))
            }
            ("SUBSTRING", [value, from, length]) => self.substring(value, from, length),
            ("UPPER" | "LOWER", [value]) => {
                let class = self.comparison_class(value);
                let kind = if types::is_text(value.kind) { value.kind } else { SqlType::VarChar(Some(8000)) };
                let sql = format!("fd('{}', {}, '{class}')", name.to_ascii_lowercase(), self.coerce(value, MAX));
                Ok(BoundExpr::new(sql, kind).with_nullable(value.nullable).collated(value.collation.clone()))
            }
            ("LTRIM" | "RTRIM" | "TRIM" | "REVERSE", [value]) => Ok(self.text_call(&name.to_ascii_lowercase(), value)),
            ("REPLACE", [value, old, new]) => {
                let class = self.comparison_class(value);
                let sql = format!(
                    "fd('replace', {}, {}, {}, '{class}')",
                    self.coerce(value, MAX),
                    self.coerce(old, MAX),
                    self.coerce(new, MAX)
                );
                Ok(BoundExpr::new(sql, widest(value.kind)).collated(value.collation.clone()))
            }
            ("CHARINDEX", [wanted, within, start @ ..]) if start.len() <= 1 => {
                let class = self.comparison_class(within);
                let start = match start {
                    [start] => self.coerce(start, SqlType::BigInt),
                    _ => "1".to_owned(),
                };
                let sql =
                    format!("fd('charindex', {}, {}, '{class}', {start})", self.coerce(wanted, MAX), self.coerce(within, MAX));
                Ok(BoundExpr::new(sql, length_type(within.kind)))
            }
            ("CONCAT", [_, _, ..]) | ("CONCAT_WS", [_, _, _, ..]) => {
                let mut sql = format!("fd('{}'", name.to_ascii_lowercase());
                let mut kind = SqlType::VarChar(Some(8000));
                for argument in arguments {
                    let typed = argument;
                    if matches!(typed.kind, SqlType::NVarChar(_)) {
                        kind = SqlType::NVarChar(Some(4000));
                    }
                    sql = format!("{sql}, {}", self.coerce(typed, MAX));
                }
                Ok(BoundExpr::new(format!("{sql})"), kind).not_null())
            }
            ("QUOTENAME", [value, quote @ ..]) if quote.len() <= 1 => {
                let quote = match quote {
                    [quote] => self.coerce(quote, SqlType::NVarChar(Some(1))),
                    _ => "'['".to_owned(),
                };
                let sql = format!("fd('quotename', {}, {quote})", self.coerce(value, MAX));
                Ok(BoundExpr::new(sql, SqlType::NVarChar(Some(258))))
            }
            ("REPLICATE", [value, times]) => {
                let sql = format!("fd('replicate', {}, {})", self.coerce(value, MAX), self.coerce(times, SqlType::Int));
                Ok(BoundExpr::new(sql, widest(value.kind)).collated(value.collation.clone()))
            }
            ("SPACE", [times]) => {
                Ok(BoundExpr::new(format!("fd('space', {})", self.coerce(times, SqlType::Int)), SqlType::VarChar(Some(8000))))
            }
            ("STUFF", [value, start, length, with]) => {
                let sql = format!(
                    "fd('stuff', {}, {}, {}, {})",
                    self.coerce(value, MAX),
                    self.coerce(start, SqlType::Int),
                    self.coerce(length, SqlType::Int),
                    self.coerce(with, MAX)
                );
                Ok(BoundExpr::new(sql, widest(value.kind)).collated(value.collation.clone()))
            }
            ("ASCII" | "UNICODE", [value]) => {
                let sql = format!("fd('{}', {})", name.to_ascii_lowercase(), self.coerce(value, MAX));
                Ok(BoundExpr::new(sql, SqlType::Int))
            }
            ("CHAR" | "NCHAR", [value]) => {
                let kind = if name == "CHAR" { SqlType::VarChar(Some(1)) } else { SqlType::NVarChar(Some(1)) };
                let sql = format!("fd('{}', {})", name.to_ascii_lowercase(), self.coerce(value, SqlType::Int));
                Ok(BoundExpr::new(sql, kind))
            }
            ("ABS", [value]) => {
                let sql = match value.kind {
                    SqlType::Float | SqlType::Real => format!("abs({})", value.sql),
                    kind if types::is_integer(kind) || matches!(kind, SqlType::Decimal { .. }) => {
                        format!("fd('abs_i', {})", value.sql)
                    }
                    other => return Err(SqlError::unsupported(format!("ABS of {}", types::name(other)))),
                };
                Ok(BoundExpr::new(sql, value.kind).with_nullable(value.nullable))
            }
            ("SIGN", [value]) => Ok(BoundExpr::new(format!("sign({})", value.sql), value.kind).with_nullable(value.nullable)),
            ("CEILING" | "FLOOR", [value]) => rounding(name, value),
            ("HASHBYTES", [algorithm, value]) => hashbytes(algorithm, value),
            ("COMPRESS" | "DECOMPRESS", [value]) => gzip(name, value),
            ("YEAR" | "MONTH" | "DAY", [moment]) => self.date_part(&name.to_ascii_lowercase(), moment),
            _ => Err(SqlError::unsupported(format!("This call of {name}"))),
        }
    }
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

/// The functions that SQL Server has and the practice server lacks: error 40510 tells more than 195.
const LACKING: &str = " ACOS APP_NAME APPROX_COUNT_DISTINCT APPROX_PERCENTILE_CONT APPROX_PERCENTILE_DISC ASIN ASSEMBLYPROPERTY ASYMKEY_ID ATAN \
ATN2 BINARY_CHECKSUM BIT_COUNT CERTENCODED CERTPRIVATEKEY CERTPROPERTY CERT_ID CHECKSUM CHECKSUM_AGG CHOOSE \
COLUMNPROPERTY COLUMNS_UPDATED CONTEXT_INFO COS COT CUME_DIST CURRENT_REQUEST_ID CURRENT_TIMEZONE CURRENT_TIMEZONE_ID \
CURRENT_TRANSACTION_ID CURSOR_STATUS DATABASEPROPERTY DATE_BUCKET DATEFROMPARTS DATENAME DATETIME2FROMPARTS \
DATETIMEFROMPARTS DATETIMEOFFSETFROMPARTS DATETRUNC DECRYPTBYASYMKEY DECRYPTBYCERT DECRYPTBYKEY DECRYPTBYKEYAUTOCERT \
DECRYPTBYPASSPHRASE DEGREES DIFFERENCE EDIT_DISTANCE ENCRYPTBYASYMKEY ENCRYPTBYCERT ENCRYPTBYKEY ENCRYPTBYPASSPHRASE \
EOMONTH EVENTDATA EXP FILE_ID FILE_IDEX FILE_NAME FILEGROUP_ID FILEGROUP_NAME FILEGROUPPROPERTY FILEPROPERTY FIRST_VALUE \
FORMAT FORMATMESSAGE FULLTEXTCATALOGPROPERTY FULLTEXTSERVICEPROPERTY GENERATE_SERIES GET_BIT GETANSINULL GETUTCDATE \
GREATEST GROUPING GROUPING_ID HOST_ID IDENT_CURRENT IDENT_INCR IDENT_SEED INDEX_COL INDEXKEY_PROPERTY INDEXPROPERTY \
IS_OBJECTSIGNED ISDATE ISJSON ISNUMERIC JSON_ARRAY JSON_MODIFY JSON_OBJECT JSON_PATH_EXISTS JSON_QUERY JSON_VALUE \
KEY_GUID KEY_ID KEY_NAME LAG LAST_VALUE LEAD LEAST LEFT_SHIFT LOG LOG10 LOGINPROPERTY MIN_ACTIVE_ROWVERSION \
NEWSEQUENTIALID NTILE OBJECT_DEFINITION OBJECTPROPERTYEX ORIGINAL_DB_NAME PARSE PARSENAME PATINDEX PERCENT_RANK \
PERCENTILE_CONT PERCENTILE_DISC PERMISSIONS PI POWER PUBLISHINGSERVERNAME PWDCOMPARE PWDENCRYPT RADIANS REGEXP_COUNT \
REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE REGEXP_SUBSTR RIGHT_SHIFT ROUND ROWCOUNT_BIG SCHEMA_NAME SESSION_CONTEXT \
SESSION_ID SESSIONPROPERTY SET_BIT SIGNBYCERT SIN SMALLDATETIMEFROMPARTS SOUNDEX SQL_VARIANT_PROPERTY SQRT SQUARE \
STATS_DATE STDEV STDEVP STR STRING_ESCAPE STRING_SPLIT SWITCHOFFSET SYMKEYPROPERTY TAN TERTIARY_WEIGHTS TEXTPTR \
TEXTVALID TIMEFROMPARTS TODATETIMEOFFSET TRANSLATE TRIGGER_NESTLEVEL TRY_PARSE TYPEPROPERTY UNISTR VAR VARP \
VERIFYSIGNEDBYCERT XACT_STATE ";

fn is_unsupported_function(name: &str) -> bool {
    LACKING.contains(&format!(" {name} "))
}

/// The `@@` functions that SQL Server has and the practice server lacks.
const LACKING_GLOBALS: &str = " @@CONNECTIONS @@CPU_BUSY @@CURSOR_ROWS @@DEF_SORTORDER_ID @@DEFAULT_LANGID @@FETCH_STATUS @@IDLE @@IO_BUSY \
@@MAX_CONNECTIONS @@OPTIONS @@PACK_RECEIVED @@PACK_SENT @@PACKET_ERRORS @@PROCID @@REMSERVER @@TIMETICKS @@TOTAL_ERRORS @@TOTAL_READ \
@@TOTAL_WRITE ";

impl Binder<'_> {
    fn isnull(&self, value: &BoundExpr, instead: &BoundExpr) -> Result<BoundExpr, SqlError> {
        let collation = self.resolve_collation(value, instead, "isnull")?;
        // The result has the first argument's type, unless that is the literal NULL.
        let kind = if value.null { instead.kind } else { value.kind };
        let sql = format!("ifnull({}, {})", value.sql, self.coerce(instead, kind));
        Ok(BoundExpr::new(sql, kind)
            .with_nullable(value.nullable && instead.nullable)
            .collated(collation.filter(|_| types::is_text(kind))))
    }

    fn coalesce(&self, all: &[BoundExpr]) -> Result<BoundExpr, SqlError> {
        let mut typed = self.unify(all, "coalesce")?;
        let parts = all.iter().map(|one| self.coerce(one, typed.kind)).collect::<Vec<_>>().join(", ");
        typed.sql = format!("coalesce({parts})");
        typed.nullable = all.iter().all(|one| one.nullable || one.null);
        Ok(typed)
    }

    fn text_call(&self, inside: &str, value: &BoundExpr) -> BoundExpr {
        let kind = if types::is_text(value.kind) { value.kind } else { SqlType::VarChar(Some(8000)) };
        let sql = format!("fd('{inside}', {})", self.coerce(value, MAX));
        BoundExpr::new(sql, kind).with_nullable(value.nullable).collated(value.collation.clone())
    }

    fn substring(&self, value: &BoundExpr, from: &BoundExpr, length: &BoundExpr) -> Result<BoundExpr, SqlError> {
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
        let sql =
            format!("fd('substring', {text}, {}, {})", self.coerce(from, SqlType::BigInt), self.coerce(length, SqlType::BigInt));
        Ok(BoundExpr::new(sql, kind).collated(value.collation.clone()))
    }
}

impl Binder<'_> {
    /// Binds a word in capitals that is a function without parentheses.
    pub(super) fn niladic_function(&self, name: &str) -> Option<BoundExpr> {
        let context = self.context;
        Some(match name {
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
                let name = if personality.quirks { "Babelfish for PostgreSQL as played by an " } else { "" };
                let text = format!(
                    "{name}octopus-setup practice server (not Microsoft SQL Server) - {} - {}",
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
            "@@MICROSOFTVERSION" => {
                let mut parts = personality.product_version.split('.').filter_map(|part| part.parse::<i64>().ok());
                let (major, minor, build) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0));
                int((major << 24) | (minor << 16) | build)
            }
            name if LACKING_GLOBALS.contains(&format!(" {name} ")) => return Err(SqlError::unsupported(name)),
            _ => {
                return Err(SqlError::new(137, format!("Must declare the scalar variable \"{word}\"."))
                    .class(15)
                    .state(2)
                    .scope(ErrorScope::Compile));
            }
        })
    }
}

fn rounding(name: &str, value: &BoundExpr) -> Result<BoundExpr, SqlError> {
    let sql = match value.kind {
        kind if types::is_integer(kind) => value.sql.clone(),
        SqlType::Float | SqlType::Real => format!("{}({})", if name == "FLOOR" { "floor" } else { "ceil" }, value.sql),
        other => {
            return Err(SqlError::unsupported(format!("{name} of {}", types::name(other))));
        }
    };
    Ok(BoundExpr::new(sql, value.kind).with_nullable(value.nullable))
}

fn datalength(value: &BoundExpr) -> Result<BoundExpr, SqlError> {
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
fn gzip(name: &str, value: &BoundExpr) -> Result<BoundExpr, SqlError> {
    let bytes = match value.kind {
        SqlType::VarBinary(_) => value.sql.clone(),
        kind if types::is_text(kind) && name == "COMPRESS" => {
            format!("cv({}, {}, {}, 0)", value.sql, types::encode(kind), types::encode(SqlType::VarBinary(None)))
        }
        _ if value.null => "NULL".to_owned(),
        other => {
            let name = name.to_lowercase();
            let text = format!("Argument data type {} is invalid for argument 1 of {name} function.", types::name(other));
            return Err(SqlError::new(8116, text));
        }
    };
    let sql = format!("fd('{}', {bytes})", name.to_ascii_lowercase());
    Ok(BoundExpr::new(sql, SqlType::VarBinary(None)).with_nullable(value.nullable))
}

fn hashbytes(algorithm: &BoundExpr, value: &BoundExpr) -> Result<BoundExpr, SqlError> {
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
