//! The registry: the wizard's own few tables in the cluster's database, and the database itself.

mod database;
mod initialise;
mod look;
mod storage;
mod transaction;
mod undo;

pub use look::Proof;
pub(super) use transaction::granted;
pub use undo::Undone;
