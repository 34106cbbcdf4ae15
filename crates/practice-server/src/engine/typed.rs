//! Bound expressions: SQL for `SQLite` with the type and collation that T-SQL gives it.

use super::convert::utf16_len;
use crate::value::SqlType;

/// An expression in `SQLite`'s SQL, with its T-SQL type.
#[derive(Debug, Clone)]
pub(crate) struct BoundExpr {
    pub(crate) sql: String,
    pub(crate) kind: SqlType,
    pub(crate) nullable: bool,
    /// Whether it is the literal `NULL`, which takes any type.
    pub(crate) null: bool,
    pub(crate) collation: Option<ExprCollation>,
    /// The column's own name, for the result.
    pub(crate) name: Option<String>,
}

/// A collation and how the expression got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExprCollation {
    pub(crate) name: String,
    pub(crate) strength: CollationStrength,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CollationStrength {
    /// A literal's or a variable's: yields to others.
    Default,
    /// A column's.
    Implicit,
    /// Given by `COLLATE`.
    Explicit,
}

impl BoundExpr {
    pub(crate) fn new(sql: impl Into<String>, kind: SqlType) -> Self {
        Self { sql: sql.into(), kind, nullable: true, null: false, collation: None, name: None }
    }

    pub(crate) fn not_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    pub(crate) fn with_nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    pub(crate) fn collated(mut self, collation: Option<ExprCollation>) -> Self {
        self.collation = collation;
        self
    }

    /// Creates `NULL`; SQL Server describes it as `int`.
    pub(crate) fn null_literal() -> Self {
        let mut typed = Self::new("NULL", SqlType::Int);
        typed.null = true;
        typed
    }

    pub(crate) fn text(text: &str) -> Self {
        let units = u16::try_from(utf16_len(text).max(1)).ok().filter(|units| *units <= 4000);
        Self::new(quote(text), SqlType::NVarChar(units)).not_null()
    }

    pub(crate) fn int(number: i64, kind: SqlType) -> Self {
        let sql = if number == i64::MIN { "(-9223372036854775807 - 1)".to_owned() } else { number.to_string() };
        Self::new(sql, kind).not_null()
    }
}

/// A column of a source.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The column's name in `SQLite`.
    pub(crate) stored: String,
    pub(crate) kind: SqlType,
    pub(crate) nullable: bool,
    pub(crate) collation: Option<ExprCollation>,
}

/// Quotes a text for `SQLite`. A NUL character would end the statement's text.
pub(crate) fn quote(text: &str) -> String {
    if text.contains('\0') {
        return format!("CAST(x'{}' AS TEXT)", data_encoding::HEXLOWER.encode(text.as_bytes()));
    }
    format!("'{}'", text.replace('\'', "''"))
}
