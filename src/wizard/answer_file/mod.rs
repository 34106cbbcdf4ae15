//! Answer files: the answers of a flow as TOML, one key for each field, named by the field's id. Everything here comes
//! from the fields' one table and the words of the screens.

mod asked;
pub mod flags;
mod judge;
mod near;
mod read;
mod said;
mod schema;
mod spot;
mod syntax;
mod template;
mod value;
mod write;

pub use asked::only_with_words;
pub use judge::{flag, judge};
pub use near::{instead, nearest};
pub use read::{AnswerFile, FLOWS, checks_like, read, why_not};
pub use said::{about, default, hint, label};
pub use schema::schema;
pub use template::template;
pub use write::write;

#[cfg(test)]
mod tests;
