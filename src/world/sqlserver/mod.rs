//! The connection to SQL Server, and the only code that knows tiberius.
//!
//! [`SqlServer`] is all that the rest of the house needs. Below it, from the wire upwards: `resolve` and `browser`,
//! `dial`, `negotiate`, `tls`, `shim` with `soften`, and `login` make a session; `answer` and `read` turn what it says
//! into facts; `registry` writes.

mod answer;
mod attempts;
mod browser;
mod certificate;
mod cluster;
mod connect;
mod dial;
mod handle;
mod limits;
mod login;
mod negotiate;
mod numbers;
mod read;
mod registry;
mod resolve;
mod secure;
mod shim;
mod soften;
mod survey;
mod tls;
mod trouble;
mod wire;

pub use handle::SqlServer;
pub use registry::{Proof, Undone};
