//! Answer files: the answers of a flow as TOML, one key for each field, named by the field's id. Everything here comes
//! from the fields' one table and the words of the screens.

mod judge;
mod write;

pub use judge::judge;
pub use write::write;
