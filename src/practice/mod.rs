//! The practice server: an embedded SQL Server stand-in that speaks the real wire protocol.
//!
//! A tool for trying out, for training and for tests. It is not a database for production, and its version
//! string says so. Nothing else in the house knows that it exists, except `main` and the tests.

pub mod engine;
pub mod reply;
pub mod tds;
pub mod tsql;
pub mod value;
