//! Declared types: reading them, naming them, their order of precedence, their sizes.

use sqlparser::ast::{BinaryLength, CharacterLength, DataType, ExactNumberInfo};

use super::fault::{Fault, Reach};
use crate::value::SqlType;

/// A type as it was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) kind: SqlType,
    /// `char`, `nchar` or `binary`: padded to its length.
    pub(crate) fixed: bool,
    /// SQL Server's name of the type without length.
    pub(crate) name: &'static str,
}

/// The names of the types that the server knows, with `sys.types`' `system_type_id`.
pub(crate) const NAMES: &[(&str, i64, i64)] = &[
    ("uniqueidentifier", 36, 16),
    ("date", 40, 3),
    ("datetime2", 42, 8),
    ("datetimeoffset", 43, 10),
    ("tinyint", 48, 1),
    ("smallint", 52, 2),
    ("int", 56, 4),
    ("real", 59, 4),
    ("datetime", 61, 8),
    ("float", 62, 8),
    ("sql_variant", 98, 8016),
    ("bit", 104, 1),
    ("decimal", 106, 17),
    ("numeric", 108, 17),
    ("bigint", 127, 8),
    ("varbinary", 165, 8000),
    ("varchar", 167, 8000),
    ("binary", 173, 8000),
    ("char", 175, 8000),
    ("nvarchar", 231, 8000),
    ("nchar", 239, 8000),
    ("sysname", 231, 256),
];

/// A length of characters: `n` stands for the default when none is given.
fn characters(length: Option<&CharacterLength>, default: u16, limit: u64, name: &str) -> Result<Option<u16>, Fault> {
    match length {
        None => Ok(Some(default)),
        Some(CharacterLength::Max) => Ok(None),
        Some(CharacterLength::IntegerLength { length, .. }) => sized(*length, limit, name).map(Some),
    }
}

fn sized(length: u64, limit: u64, name: &str) -> Result<u16, Fault> {
    if length == 0 {
        return Err(Fault::new(1001, "Line 1: Length or precision specification 0 is invalid.").class(15).reach(Reach::Compile));
    }
    u16::try_from(length).ok().filter(|_| length <= limit).ok_or_else(|| {
        Fault::new(131, format!("The size ({length}) given to the type '{name}' exceeds the maximum allowed ({limit})."))
            .class(15)
            .reach(Reach::Compile)
    })
}

fn exact(info: &ExactNumberInfo) -> Result<SqlType, Fault> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (18, 0),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    // Numbers are kept as 64-bit integers, scaled.
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision @ 1..=18), Ok(scale)) if scale <= precision => Ok(SqlType::Decimal { precision, scale }),
        _ => Err(Fault::unsupported(format!("decimal({precision}, {scale})"))),
    }
}

/// Reads a declared type. `default` is the length of `varchar` without one: 1 in declarations, 30 in casts.
pub(crate) fn declared(kind: &DataType, default: u16) -> Result<Declared, Fault> {
    let plain = |kind, name| Ok(Declared { kind, fixed: false, name });
    let fixed = |kind, name| Ok(Declared { kind, fixed: true, name });
    match kind {
        DataType::Bit(None) => plain(SqlType::Bit, "bit"),
        DataType::TinyInt(None) => plain(SqlType::TinyInt, "tinyint"),
        DataType::SmallInt(None) => plain(SqlType::SmallInt, "smallint"),
        DataType::Int(None) | DataType::Integer(None) => plain(SqlType::Int, "int"),
        DataType::BigInt(None) => plain(SqlType::BigInt, "bigint"),
        DataType::Real => plain(SqlType::Real, "real"),
        DataType::Float(ExactNumberInfo::Precision(bits)) if *bits <= 24 => plain(SqlType::Real, "real"),
        DataType::Float(_) | DataType::DoublePrecision => plain(SqlType::Float, "float"),
        DataType::Numeric(info) => plain(exact(info)?, "numeric"),
        DataType::Decimal(info) | DataType::Dec(info) => plain(exact(info)?, "decimal"),
        DataType::Nvarchar(length) => {
            plain(SqlType::NVarChar(characters(length.as_ref(), default, 4000, "nvarchar")?), "nvarchar")
        }
        DataType::Varchar(length) => plain(SqlType::VarChar(characters(length.as_ref(), default, 8000, "varchar")?), "varchar"),
        DataType::Char(length) | DataType::Character(length) => {
            fixed(SqlType::VarChar(characters(length.as_ref(), default, 8000, "char")?), "char")
        }
        DataType::Varbinary(length) => {
            let length = match length {
                None => Some(default),
                Some(BinaryLength::Max) => None,
                Some(BinaryLength::IntegerLength { length }) => Some(sized(*length, 8000, "varbinary")?),
            };
            plain(SqlType::VarBinary(length), "varbinary")
        }
        DataType::Binary(length) => {
            let length = sized(length.unwrap_or(u64::from(default)), 8000, "binary")?;
            fixed(SqlType::VarBinary(Some(length)), "binary")
        }
        DataType::Date => plain(SqlType::Date, "date"),
        DataType::Datetime(None) => plain(SqlType::DateTime, "datetime"),
        DataType::Text => plain(SqlType::VarChar(None), "varchar"),
        DataType::Custom(name, arguments) => custom(&name.to_string(), arguments),
        other => Err(Fault::unsupported(format!("The type {other}"))),
    }
}

fn custom(name: &str, arguments: &[String]) -> Result<Declared, Fault> {
    let lower = name.trim_start_matches("sys.").trim_matches(['[', ']']).to_lowercase();
    let number = |default: u64| match arguments {
        [] => Ok(default),
        [one] => one.trim().parse().map_err(|_| Fault::unsupported(format!("The type {name}"))),
        _ => Err(Fault::unsupported(format!("The type {name}"))),
    };
    let plain = |kind, name| Ok(Declared { kind, fixed: false, name });
    match lower.as_str() {
        "datetime2" | "datetimeoffset" => {
            let scale = number(7)?;
            let scale = u8::try_from(scale).ok().filter(|scale| *scale <= 7).ok_or_else(|| {
                Fault::new(1002, format!("Line 1: Specified scale {scale} is invalid.")).class(15).reach(Reach::Compile)
            })?;
            if lower == "datetime2" {
                plain(SqlType::DateTime2(scale), "datetime2")
            } else {
                plain(SqlType::DateTimeOffset(scale), "datetimeoffset")
            }
        }
        "nvarchar" | "varchar" | "varbinary" if arguments.iter().any(|one| one.eq_ignore_ascii_case("max")) => {
            match lower.as_str() {
                "nvarchar" => plain(SqlType::NVarChar(None), "nvarchar"),
                "varchar" => plain(SqlType::VarChar(None), "varchar"),
                _ => plain(SqlType::VarBinary(None), "varbinary"),
            }
        }
        "nvarchar" => plain(SqlType::NVarChar(Some(sized(number(1)?, 4000, "nvarchar")?)), "nvarchar"),
        "varchar" => plain(SqlType::VarChar(Some(sized(number(1)?, 8000, "varchar")?)), "varchar"),
        "nchar" => Ok(Declared { kind: SqlType::NVarChar(Some(sized(number(1)?, 4000, "nchar")?)), fixed: true, name: "nchar" }),
        "int" => plain(SqlType::Int, "int"),
        "bit" => plain(SqlType::Bit, "bit"),
        "bigint" => plain(SqlType::BigInt, "bigint"),
        "uniqueidentifier" => plain(SqlType::Guid, "uniqueidentifier"),
        "sysname" => plain(SqlType::NVarChar(Some(128)), "sysname"),
        "ntext" => plain(SqlType::NVarChar(None), "nvarchar"),
        "sql_variant" => plain(SqlType::Variant, "sql_variant"),
        "money" | "smallmoney" | "smalldatetime" | "time" | "xml" | "rowversion" | "timestamp" | "image" | "hierarchyid"
        | "geography" | "geometry" | "json" | "vector" => Err(Fault::unsupported(format!("The type {lower}"))),
        _ => Err(Fault::new(2715, format!("Column, parameter, or variable #1: Cannot find data type {name}."))
            .state(6)
            .reach(Reach::Compile)),
    }
}

/// The name that messages use.
pub(crate) fn name(kind: SqlType) -> &'static str {
    match kind {
        SqlType::Bit => "bit",
        SqlType::TinyInt => "tinyint",
        SqlType::SmallInt => "smallint",
        SqlType::Int => "int",
        SqlType::BigInt => "bigint",
        SqlType::Real => "real",
        SqlType::Float => "float",
        SqlType::Decimal { .. } => "numeric",
        SqlType::NVarChar(_) => "nvarchar",
        SqlType::VarChar(_) => "varchar",
        SqlType::VarBinary(_) => "varbinary",
        SqlType::Guid => "uniqueidentifier",
        SqlType::Date => "date",
        SqlType::DateTime2(_) => "datetime2",
        SqlType::DateTimeOffset(_) => "datetimeoffset",
        SqlType::DateTime => "datetime",
        SqlType::Variant => "sql_variant",
    }
}

/// The place in SQL Server's order of precedence; the greater wins.
pub(crate) fn precedence(kind: SqlType) -> u8 {
    match kind {
        SqlType::Variant => 20,
        SqlType::DateTimeOffset(_) => 19,
        SqlType::DateTime2(_) => 18,
        SqlType::DateTime => 17,
        SqlType::Date => 16,
        SqlType::Float => 15,
        SqlType::Real => 14,
        SqlType::Decimal { .. } => 13,
        SqlType::BigInt => 12,
        SqlType::Int => 11,
        SqlType::SmallInt => 10,
        SqlType::TinyInt => 9,
        SqlType::Bit => 8,
        SqlType::Guid => 7,
        SqlType::NVarChar(_) => 6,
        SqlType::VarChar(_) => 5,
        SqlType::VarBinary(_) => 4,
    }
}

pub(crate) fn integer(kind: SqlType) -> bool {
    matches!(kind, SqlType::Bit | SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt)
}

pub(crate) fn text(kind: SqlType) -> bool {
    matches!(kind, SqlType::NVarChar(_) | SqlType::VarChar(_))
}

pub(crate) fn temporal(kind: SqlType) -> bool {
    matches!(kind, SqlType::Date | SqlType::DateTime | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_))
}

fn longer(a: Option<u16>, b: Option<u16>) -> Option<u16> {
    Some(a?.max(b?))
}

/// Digits before and after the point that hold any value of an exact type.
fn digits(kind: SqlType) -> Option<(u8, u8)> {
    Some(match kind {
        SqlType::Bit => (1, 0),
        SqlType::TinyInt => (3, 0),
        SqlType::SmallInt => (5, 0),
        SqlType::Int => (10, 0),
        SqlType::BigInt => (18, 0),
        SqlType::Decimal { precision, scale } => (precision - scale, scale),
        _ => return None,
    })
}

/// The type that two values meet in: of `CASE`, `UNION`, `COALESCE`, comparisons.
pub(crate) fn common(a: SqlType, b: SqlType) -> SqlType {
    if a == b {
        return a;
    }
    match (a, b) {
        (SqlType::NVarChar(x), SqlType::NVarChar(y) | SqlType::VarChar(y)) | (SqlType::VarChar(x), SqlType::NVarChar(y)) => {
            SqlType::NVarChar(longer(x, y))
        }
        (SqlType::VarChar(x), SqlType::VarChar(y)) => SqlType::VarChar(longer(x, y)),
        (SqlType::VarBinary(x), SqlType::VarBinary(y)) => SqlType::VarBinary(longer(x, y)),
        (SqlType::DateTime2(x), SqlType::DateTime2(y)) => SqlType::DateTime2(x.max(y)),
        (SqlType::DateTimeOffset(x), SqlType::DateTimeOffset(y)) => SqlType::DateTimeOffset(x.max(y)),
        (SqlType::DateTime2(_), SqlType::DateTime) | (SqlType::DateTime, SqlType::DateTime2(_)) => SqlType::DateTime2(7),
        _ => {
            let wide = if precedence(a) >= precedence(b) { a } else { b };
            match (wide, digits(a), digits(b)) {
                (SqlType::Decimal { .. }, Some((left_a, right_a)), Some((left_b, right_b))) => {
                    let scale = right_a.max(right_b);
                    let precision = (left_a.max(left_b) + scale).min(18);
                    SqlType::Decimal { precision, scale: scale.min(precision) }
                }
                _ => wide,
            }
        }
    }
}

/// `sys.columns`: `max_length`, precision and scale.
pub(crate) fn measures(kind: SqlType) -> (i64, i64, i64) {
    match kind {
        SqlType::Bit => (1, 1, 0),
        SqlType::TinyInt => (1, 3, 0),
        SqlType::SmallInt => (2, 5, 0),
        SqlType::Int => (4, 10, 0),
        SqlType::BigInt => (8, 19, 0),
        SqlType::Real => (4, 24, 0),
        SqlType::Float => (8, 53, 0),
        SqlType::Decimal { precision, scale } => {
            let bytes = if precision <= 9 { 5 } else { 9 };
            (bytes, i64::from(precision), i64::from(scale))
        }
        SqlType::NVarChar(length) => (length.map_or(-1, |length| i64::from(length) * 2), 0, 0),
        SqlType::VarChar(length) | SqlType::VarBinary(length) => (length.map_or(-1, i64::from), 0, 0),
        SqlType::Guid => (16, 0, 0),
        SqlType::Date => (3, 10, 0),
        SqlType::DateTime => (8, 23, 3),
        SqlType::DateTime2(scale) => {
            let bytes = match scale {
                0..=2 => 6,
                3 | 4 => 7,
                _ => 8,
            };
            (bytes, 19 + i64::from(scale) + i64::from(scale > 0), i64::from(scale))
        }
        SqlType::DateTimeOffset(scale) => {
            let bytes = match scale {
                0..=2 => 8,
                3 | 4 => 9,
                _ => 10,
            };
            (bytes, 26 + i64::from(scale) + i64::from(scale > 0), i64::from(scale))
        }
        SqlType::Variant => (8016, 0, 0),
    }
}
