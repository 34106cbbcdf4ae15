//! Executes T-SQL: an interpreter over `SQLite`, with one file per database.
//!
//! Queries are bound (names, types, collations, permissions) and become `SQLite`'s SQL over stored tables; rows are changed
//! by the engine itself, one at a time, so that constraints, defaults, identities and their errors are SQL Server's.
//! Unsupported statements are refused with error 40510; none succeeds without having been done.
//!
//! Known differences, by design: writers lock a whole database, readers always see the last committed state (as with
//! `READ_COMMITTED_SNAPSHOT`), decimals have at most 18 digits, identities are rolled back with their transaction, and a
//! transaction over several databases is not atomic across them.
//!
//! A module imports only modules that come before it: `error`, `instant`, `collation`, `types`, `convert`, `lock`,
//! `catalog`, `typed`, `server`, `principal`, `store`, `state`, `context`, `view`, `function`, `bind`, `session`, `login`,
//! `run`. No module imports this one.

mod bind;
mod catalog;
mod collation;
mod context;
mod convert;
mod error;
mod function;
mod instant;
mod lock;
mod login;
mod principal;
mod run;
mod server;
mod session;
mod state;
mod store;
mod typed;
mod types;
mod view;

pub use self::login::LoginRequest;
pub use self::server::{Login, OpenError};
pub use self::session::{Interrupt, Session, Sink};
pub use self::state::{Engine, Mark, Personality};
