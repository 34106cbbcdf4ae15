//! A word of a command line: text, with secrets in it that are known only when it runs.

use super::super::Secret;

/// How a secret stands in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// Each double quote in it written twice, as between double quotes in a .NET connection string.
    Doubled,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Text(String),
    /// A secret.
    Secret(Secret, Form),
}

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub Vec<Piece>);

impl Word {
    /// Literal text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(vec![Piece::Text(text.into())])
    }

    /// A secret by itself.
    pub fn secret(secret: Secret) -> Self {
        Self(vec![Piece::Secret(secret, Form::Plain)])
    }
}
