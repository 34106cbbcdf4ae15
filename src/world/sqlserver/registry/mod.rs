//! The registry: the wizard's own tables in the cluster's database. Creates, changes and drops them, and the database itself.
//!
//! Every write happens in one transaction under the application lock (`lock`). The statements are in `sql/registry`.

mod create_database;
mod initialise;
mod lock;
mod prove;
mod row;
pub(super) mod rows;
mod storage;
mod undo;

pub use prove::Membership;
pub use undo::Undone;
