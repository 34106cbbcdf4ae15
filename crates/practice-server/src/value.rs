//! What passes between the practice engine and its wire: types and values of SQL Server's type system.
//!
//! The engine produces these and the TDS encoder writes them; neither knows how the other does its part.

/// A column's or parameter's type, as SQL Server would declare it. Lengths are in characters for `N…` types
/// and in bytes for the others; `None` means `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlType {
    /// `bit`
    Bit,
    /// `tinyint`
    TinyInt,
    /// `smallint`
    SmallInt,
    /// `int`
    Int,
    /// `bigint`
    BigInt,
    /// `real` and `float(24)`
    Real,
    /// `float`
    Float,
    /// `decimal(precision, scale)` and `numeric`
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `nvarchar(n)`, `nchar`, `sysname`, `ntext`
    NVarChar(Option<u16>),
    /// `varchar(n)`, `char`, `text`
    VarChar(Option<u16>),
    /// `varbinary(n)`, `binary`
    VarBinary(Option<u16>),
    /// `uniqueidentifier`
    Guid,
    /// `date`
    Date,
    /// `datetime2(scale)`
    DateTime2(u8),
    /// `datetimeoffset(scale)`
    DateTimeOffset(u8),
    /// `datetime`
    DateTime,
    /// `sql_variant`, as `SERVERPROPERTY` returns
    Variant,
}

/// A value of any [`SqlType`]. Dates and times travel as `time` types; the encoder turns them into ticks.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `NULL` of whatever type the column has.
    Null,
    /// `bit`
    Bit(bool),
    /// Any integer type; the column says which.
    Int(i64),
    /// `real` and `float`
    Float(f64),
    /// `decimal`: the unscaled number and its scale.
    Decimal(i128, u8),
    /// Any character type.
    Text(String),
    /// Any binary type.
    Bytes(Vec<u8>),
    /// `uniqueidentifier`, in the order in which it is printed.
    Guid([u8; 16]),
    /// `date`
    Date(time::Date),
    /// `datetime2` and `datetime`
    DateTime(time::PrimitiveDateTime),
    /// `datetimeoffset`
    DateTimeOffset(time::OffsetDateTime),
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name; empty where the expression has none.
    pub name: String,
    /// Its declared type.
    pub kind: SqlType,
    /// Whether it may hold `NULL`.
    pub nullable: bool,
}

/// A parameter of a remote procedure call, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name with the `@`, or empty when it was sent by position.
    pub name: String,
    /// Its type on the wire; `None` for tiberius' NULL type 0x1F, where the declaration must tell.
    pub kind: Option<SqlType>,
    /// Its value.
    pub value: Value,
    /// Whether the caller wants it back (`OUTPUT`).
    pub output: bool,
}
