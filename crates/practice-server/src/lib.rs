//! The practice server: an embedded SQL Server stand-in that speaks the real wire protocol.
//!
//! A tool for trying out, for training and for tests. It is not a database for production, and its version
//! string says so. Nothing else in the house knows that it exists, except `main` and the tests.
//!
//! [`server::PracticeServer::start`] with [`options::ServerOptions`] gives a [`server::Running`]; dropping that stops
//! the server. A connection goes through [`link`] (PRELOGIN, TLS) and [`login`] to [`session`], which hands each
//! request to [`executor`] on a blocking thread, where [`reply_writer`] turns the engine's replies into tokens.

#![warn(missing_docs)]

pub mod cert;
pub mod contained;
pub mod credentials;
pub mod engine;
pub mod executor;
pub mod link;
pub mod listener;
pub mod login;
pub mod meter;
pub mod options;
pub mod prepared;
pub mod private_file;
pub mod reply;
pub mod reply_writer;
pub mod serve;
pub mod server;
pub mod session;
pub mod tds;
pub mod tsql;
pub mod value;
