//! An expression as it came out, with what is known of it.

use super::convert::utf16;
use crate::value::SqlType;

/// An expression in `SQLite`'s SQL and T-SQL's type.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) sql: String,
    pub(crate) kind: SqlType,
    pub(crate) nullable: bool,
    /// The literal `NULL`, which takes any type.
    pub(crate) null: bool,
    pub(crate) collation: Option<Collated>,
    /// The column's own name, for the result.
    pub(crate) name: Option<String>,
}

/// A collation, and how it came to be the expression's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Collated {
    pub(crate) name: String,
    pub(crate) strength: Strength,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// A literal's or a variable's: gives way.
    Default,
    /// A column's.
    Implicit,
    /// By `COLLATE`.
    Explicit,
}

impl Typed {
    pub(crate) fn new(sql: impl Into<String>, kind: SqlType) -> Self {
        Self { sql: sql.into(), kind, nullable: true, null: false, collation: None, name: None }
    }

    pub(crate) fn sure(mut self) -> Self {
        self.nullable = false;
        self
    }

    pub(crate) fn maybe(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    pub(crate) fn collated(mut self, collation: Option<Collated>) -> Self {
        self.collation = collation;
        self
    }

    /// `NULL`; SQL Server describes it as `int`.
    pub(crate) fn nothing() -> Self {
        let mut typed = Self::new("NULL", SqlType::Int);
        typed.null = true;
        typed
    }

    pub(crate) fn text(text: &str) -> Self {
        let units = u16::try_from(utf16(text).max(1)).ok().filter(|units| *units <= 4000);
        Self::new(quote(text), SqlType::NVarChar(units)).sure()
    }

    pub(crate) fn int(number: i64, kind: SqlType) -> Self {
        let sql = if number == i64::MIN { "(-9223372036854775807 - 1)".to_owned() } else { number.to_string() };
        Self::new(sql, kind).sure()
    }
}

/// A column of something that is read.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The column's name in `SQLite`.
    pub(crate) stored: String,
    pub(crate) kind: SqlType,
    pub(crate) nullable: bool,
    pub(crate) collation: Option<Collated>,
}

/// A text as `SQLite` quotes it. A NUL would end the statement's text.
pub(crate) fn quote(text: &str) -> String {
    if text.contains('\0') {
        return format!("CAST(x'{}' AS TEXT)", data_encoding::HEXLOWER.encode(text.as_bytes()));
    }
    format!("'{}'", text.replace('\'', "''"))
}
