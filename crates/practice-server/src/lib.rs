//! An embedded stand-in for SQL Server: it speaks TDS with TLS and runs T-SQL over `SQLite`.
//!
//! It is meant for trying out, for training and for tests. It is not a database for production, and its version string
//! says so.
//!
//! [`PracticeServer::start`] with [`ServerOptions`] returns a [`RunningServer`]; dropping that stops the server. [`Engine`]
//! is the T-SQL engine alone, without the wire.
//!
//! A connection goes through `link` (PRELOGIN, TLS) and `login` to `connection`, which hands each request to `executor` on a
//! blocking thread, where `reply_writer` encodes the engine's replies as tokens.

#![warn(missing_docs)]

mod certificate;
mod connection;
mod data_folder;
mod engine;
mod executor;
mod link;
mod login;
mod options;
pub mod panics;
mod private;
mod reply;
mod reply_writer;
mod server;
mod shared;
mod tds;
mod tsql;
mod value;

pub use certificate::CertificateError;
pub use data_folder::CredentialsError;
pub use engine::{Engine, Interrupt, Login, LoginRequest, Mark, OpenError, Personality, Session, Sink};
pub use options::{Certificate, Faults, Limits, ServerOptions, TlsPolicy, WireFault};
pub use reply::{Reply, SqlMessage};
pub use server::{PracticeServer, RunningServer, StartError};
pub use value::{Column, Parameter, SqlType, Value};
