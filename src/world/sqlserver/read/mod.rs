//! From the parts of an answer to facts.

pub mod clock;
pub mod collation;
pub mod content;
pub mod database;
pub mod identity;
pub mod rights;

use crate::model::facts::{Fact, Trouble};

/// A fact from an attempt to read it.
pub fn fact<T>(read: Result<T, Trouble>) -> Fact<T> {
    match read {
        Ok(value) => Fact::Seen(value),
        Err(trouble) => Fact::Missing(trouble),
    }
}
