//! A .NET connection string, read into fields and written from a target. Our own parser, because tiberius' ignores or
//! misreads the current spellings in silence (`facts/sqlserver.md` 4.4).

mod build;
mod grammar;
mod keys;
mod read;

use serde::{Deserialize, Serialize};

use super::answers::Raw;
use super::field::FieldId;

pub use build::{Unwritable, around_password, to_dotnet};

/// What a connection string said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ConnectionString {
    /// Fields that it fills.
    pub fields: Vec<(FieldId, Raw)>,
    /// What it said that we do not use, as sentences that name the key and never its value.
    pub ignored: Vec<String>,
}

/// Why a text is not a connection string; the words name the place and never a value, which may be the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{0}")]
pub struct BadConnectionString(pub String);

impl ConnectionString {
    /// Reads a connection string. A key that is there twice counts as it stands last, as in .NET.
    pub fn parse(text: &str) -> Result<Self, BadConnectionString> {
        read::read(text)
    }
}
