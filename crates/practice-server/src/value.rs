//! Types and values as they pass between the engine and the wire.
//!
//! The engine produces them and the TDS encoder writes them; neither depends on the other.

/// The type of a column or parameter, as SQL Server would declare it. Lengths are in characters for `N…` types and in bytes
/// for the others; `None` means `max`.
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
    /// Any integer type; the column decides which.
    Int(i64),
    /// `real` and `float`
    Float(f64),
    /// `decimal`: the unscaled number and its scale.
    Decimal(i128, u8),
    /// Any character type.
    Text(String),
    /// Any binary type.
    Bytes(Vec<u8>),
    /// `uniqueidentifier`, in the order in which its bytes are printed.
    Guid([u8; 16]),
    /// `date`
    Date(time::Date),
    /// `datetime2` and `datetime`
    DateTime(time::PrimitiveDateTime),
    /// `datetimeoffset`
    DateTimeOffset(time::OffsetDateTime),
}

/// A column of a result set.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name; empty if the expression has none.
    pub name: String,
    /// The declared type.
    pub kind: SqlType,
    /// Whether the column may contain `NULL`.
    pub nullable: bool,
}

/// A decoded parameter of a remote procedure call.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name with the `@`, or empty if it was sent by position.
    pub name: String,
    /// The type on the wire; `None` for the untyped NULL 0x1F that tiberius sends, where the declaration decides.
    pub kind: Option<SqlType>,
    /// The value.
    pub value: Value,
    /// Whether the caller wants the value back (`OUTPUT`).
    pub output: bool,
}
