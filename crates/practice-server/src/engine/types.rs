//! Declared types: parsing, naming, precedence, sizes, and their encoding as numbers.

use sqlparser::ast::{BinaryLength, CharacterLength, DataType, ExactNumberInfo};

use super::error::{ErrorScope, SqlError};
use crate::value::SqlType;

/// A type as it was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeclaredType {
    pub(crate) kind: SqlType,
    /// Whether it is `char`, `nchar` or `binary`, which are padded to their length.
    pub(crate) fixed: bool,
    /// SQL Server's name of the type without length.
    pub(crate) name: &'static str,
}

/// The supported types: name, `system_type_id` and `max_length` in `sys.types`.
pub(crate) const SYSTEM_TYPES: &[(&str, i64, i64)] = &[
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

/// Returns the length of a character type, or `default` if none is given.
fn character_length(length: Option<&CharacterLength>, default: u16, limit: u64, name: &str) -> Result<Option<u16>, SqlError> {
    match length {
        None => Ok(Some(default)),
        Some(CharacterLength::Max) => Ok(None),
        Some(CharacterLength::IntegerLength { length, .. }) => checked_length(*length, limit, name).map(Some),
    }
}

fn checked_length(length: u64, limit: u64, name: &str) -> Result<u16, SqlError> {
    if length == 0 {
        return Err(SqlError::new(1001, "Line 1: Length or precision specification 0 is invalid.")
            .class(15)
            .scope(ErrorScope::Compile));
    }
    u16::try_from(length).ok().filter(|_| length <= limit).ok_or_else(|| {
        SqlError::new(131, format!("The size ({length}) given to the type '{name}' exceeds the maximum allowed ({limit})."))
            .class(15)
            .scope(ErrorScope::Compile)
    })
}

fn decimal_type(info: &ExactNumberInfo) -> Result<SqlType, SqlError> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (18, 0),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    // Decimals are stored as scaled 64-bit integers.
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision @ 1..=18), Ok(scale)) if scale <= precision => Ok(SqlType::Decimal { precision, scale }),
        _ => Err(SqlError::unsupported(format!("decimal({precision}, {scale})"))),
    }
}

/// Converts a declared type. `default` is the length of `varchar` without one: 1 in declarations, 30 in casts.
pub(crate) fn read_declared(kind: &DataType, default: u16) -> Result<DeclaredType, SqlError> {
    let plain = |kind, name| Ok(DeclaredType { kind, fixed: false, name });
    let fixed = |kind, name| Ok(DeclaredType { kind, fixed: true, name });
    match kind {
        DataType::Bit(None) => plain(SqlType::Bit, "bit"),
        DataType::TinyInt(None) => plain(SqlType::TinyInt, "tinyint"),
        DataType::SmallInt(None) => plain(SqlType::SmallInt, "smallint"),
        DataType::Int(None) | DataType::Integer(None) => plain(SqlType::Int, "int"),
        DataType::BigInt(None) => plain(SqlType::BigInt, "bigint"),
        DataType::Real => plain(SqlType::Real, "real"),
        DataType::Float(ExactNumberInfo::Precision(bits)) if *bits <= 24 => plain(SqlType::Real, "real"),
        DataType::Float(_) | DataType::DoublePrecision => plain(SqlType::Float, "float"),
        DataType::Numeric(info) => plain(decimal_type(info)?, "numeric"),
        DataType::Decimal(info) | DataType::Dec(info) => plain(decimal_type(info)?, "decimal"),
        DataType::Nvarchar(length) => {
            plain(SqlType::NVarChar(character_length(length.as_ref(), default, 4000, "nvarchar")?), "nvarchar")
        }
        DataType::Varchar(length) => {
            plain(SqlType::VarChar(character_length(length.as_ref(), default, 8000, "varchar")?), "varchar")
        }
        DataType::Char(length) | DataType::Character(length) => {
            fixed(SqlType::VarChar(character_length(length.as_ref(), default, 8000, "char")?), "char")
        }
        DataType::Varbinary(length) => {
            let length = match length {
                None => Some(default),
                Some(BinaryLength::Max) => None,
                Some(BinaryLength::IntegerLength { length }) => Some(checked_length(*length, 8000, "varbinary")?),
            };
            plain(SqlType::VarBinary(length), "varbinary")
        }
        DataType::Binary(length) => {
            let length = checked_length(length.unwrap_or(u64::from(default)), 8000, "binary")?;
            fixed(SqlType::VarBinary(Some(length)), "binary")
        }
        DataType::Date => plain(SqlType::Date, "date"),
        DataType::Datetime(None) => plain(SqlType::DateTime, "datetime"),
        DataType::Text => plain(SqlType::VarChar(None), "varchar"),
        DataType::Custom(name, arguments) => custom_type(&name.to_string(), arguments),
        other => Err(SqlError::unsupported(format!("The type {}", other.to_string().to_lowercase()))),
    }
}

fn custom_type(name: &str, arguments: &[String]) -> Result<DeclaredType, SqlError> {
    let lower = name.trim_start_matches("sys.").trim_matches(['[', ']']).to_lowercase();
    let number = |default: u64| match arguments {
        [] => Ok(default),
        [one] => one.trim().parse().map_err(|_| SqlError::unsupported(format!("The type {name}"))),
        _ => Err(SqlError::unsupported(format!("The type {name}"))),
    };
    let plain = |kind, name| Ok(DeclaredType { kind, fixed: false, name });
    match lower.as_str() {
        "datetime2" | "datetimeoffset" => {
            let scale = number(7)?;
            let scale = u8::try_from(scale).ok().filter(|scale| *scale <= 7).ok_or_else(|| {
                SqlError::new(1002, format!("Line 1: Specified scale {scale} is invalid.")).class(15).scope(ErrorScope::Compile)
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
        "nvarchar" => plain(SqlType::NVarChar(Some(checked_length(number(1)?, 4000, "nvarchar")?)), "nvarchar"),
        "varchar" => plain(SqlType::VarChar(Some(checked_length(number(1)?, 8000, "varchar")?)), "varchar"),
        "nchar" => Ok(DeclaredType {
            kind: SqlType::NVarChar(Some(checked_length(number(1)?, 4000, "nchar")?)),
            fixed: true,
            name: "nchar",
        }),
        "int" => plain(SqlType::Int, "int"),
        "bit" => plain(SqlType::Bit, "bit"),
        "bigint" => plain(SqlType::BigInt, "bigint"),
        "uniqueidentifier" => plain(SqlType::Guid, "uniqueidentifier"),
        "sysname" => plain(SqlType::NVarChar(Some(128)), "sysname"),
        "ntext" => plain(SqlType::NVarChar(None), "nvarchar"),
        "sql_variant" => plain(SqlType::Variant, "sql_variant"),
        "money" | "smallmoney" | "smalldatetime" | "time" | "xml" | "rowversion" | "timestamp" | "image" | "hierarchyid"
        | "geography" | "geometry" | "json" | "vector" => Err(SqlError::unsupported(format!("The type {lower}"))),
        _ => Err(SqlError::new(2715, format!("Column, parameter, or variable #1: Cannot find data type {name}."))
            .state(6)
            .scope(ErrorScope::Compile)),
    }
}

/// Returns the name for messages.
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

/// Returns the rank in SQL Server's order of precedence; the greater one wins.
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

pub(crate) fn is_integer(kind: SqlType) -> bool {
    matches!(kind, SqlType::Bit | SqlType::TinyInt | SqlType::SmallInt | SqlType::Int | SqlType::BigInt)
}

pub(crate) fn is_text(kind: SqlType) -> bool {
    matches!(kind, SqlType::NVarChar(_) | SqlType::VarChar(_))
}

pub(crate) fn is_temporal(kind: SqlType) -> bool {
    matches!(kind, SqlType::Date | SqlType::DateTime | SqlType::DateTime2(_) | SqlType::DateTimeOffset(_))
}

fn longer_length(a: Option<u16>, b: Option<u16>) -> Option<u16> {
    Some(a?.max(b?))
}

/// Returns the digits before and after the point that hold any value of an exact type.
fn decimal_digits(kind: SqlType) -> Option<(u8, u8)> {
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

/// Returns the type of a result that combines two types: of `CASE`, `UNION`, `COALESCE`, comparisons.
pub(crate) fn common_type(a: SqlType, b: SqlType) -> SqlType {
    if a == b {
        return a;
    }
    match (a, b) {
        (SqlType::NVarChar(x), SqlType::NVarChar(y) | SqlType::VarChar(y)) | (SqlType::VarChar(x), SqlType::NVarChar(y)) => {
            SqlType::NVarChar(longer_length(x, y))
        }
        (SqlType::VarChar(x), SqlType::VarChar(y)) => SqlType::VarChar(longer_length(x, y)),
        (SqlType::VarBinary(x), SqlType::VarBinary(y)) => SqlType::VarBinary(longer_length(x, y)),
        (SqlType::DateTime2(x), SqlType::DateTime2(y)) => SqlType::DateTime2(x.max(y)),
        (SqlType::DateTimeOffset(x), SqlType::DateTimeOffset(y)) => SqlType::DateTimeOffset(x.max(y)),
        (SqlType::DateTime2(_), SqlType::DateTime) | (SqlType::DateTime, SqlType::DateTime2(_)) => SqlType::DateTime2(7),
        _ => {
            let wide = if precedence(a) >= precedence(b) { a } else { b };
            match (wide, decimal_digits(a), decimal_digits(b)) {
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

/// Returns `max_length`, precision and scale as in `sys.columns`.
pub(crate) fn measure(kind: SqlType) -> (i64, i64, i64) {
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

/// Encodes a type as one number, for the catalog and for functions inside `SQLite`: `0xTTLLLLPS`, that is kind, length (0
/// for `max`), precision, scale.
pub(crate) fn encode(kind: SqlType) -> i64 {
    let length = |tag: i64, length: Option<u16>| (tag << 32) | (length.map_or(0, i64::from) << 16);
    match kind {
        SqlType::Bit => 1 << 32,
        SqlType::TinyInt => 2 << 32,
        SqlType::SmallInt => 3 << 32,
        SqlType::Int => 4 << 32,
        SqlType::BigInt => 5 << 32,
        SqlType::Real => 6 << 32,
        SqlType::Float => 7 << 32,
        SqlType::Decimal { precision, scale } => (8 << 32) | (i64::from(precision) << 8) | i64::from(scale),
        SqlType::NVarChar(n) => length(9, n),
        SqlType::VarChar(n) => length(10, n),
        SqlType::VarBinary(n) => length(11, n),
        SqlType::Guid => 12 << 32,
        SqlType::Date => 13 << 32,
        SqlType::DateTime2(scale) => (14 << 32) | i64::from(scale),
        SqlType::DateTimeOffset(scale) => (15 << 32) | i64::from(scale),
        SqlType::DateTime => 16 << 32,
        SqlType::Variant => 17 << 32,
    }
}

/// Decodes the result of [`encode`]; any other number counts as a variant.
pub(crate) fn decode(code: i64) -> SqlType {
    let byte = |shift: u32| u8::try_from((code >> shift) & 0xff).unwrap_or(0);
    let length = match u16::try_from((code >> 16) & 0xffff).unwrap_or(0) {
        0 => None,
        length => Some(length),
    };
    match code >> 32 {
        1 => SqlType::Bit,
        2 => SqlType::TinyInt,
        3 => SqlType::SmallInt,
        4 => SqlType::Int,
        5 => SqlType::BigInt,
        6 => SqlType::Real,
        7 => SqlType::Float,
        8 => SqlType::Decimal { precision: byte(8), scale: byte(0) },
        9 => SqlType::NVarChar(length),
        10 => SqlType::VarChar(length),
        11 => SqlType::VarBinary(length),
        12 => SqlType::Guid,
        13 => SqlType::Date,
        14 => SqlType::DateTime2(byte(0)),
        15 => SqlType::DateTimeOffset(byte(0)),
        16 => SqlType::DateTime,
        _ => SqlType::Variant,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives() {
        for kind in [
            SqlType::Bit,
            SqlType::Int,
            SqlType::Decimal { precision: 18, scale: 4 },
            SqlType::NVarChar(Some(4000)),
            SqlType::VarChar(Some(8000)),
            SqlType::VarBinary(None),
            SqlType::DateTime2(3),
            SqlType::DateTimeOffset(7),
            SqlType::Variant,
        ] {
            assert_eq!(decode(encode(kind)), kind);
        }
    }
}
