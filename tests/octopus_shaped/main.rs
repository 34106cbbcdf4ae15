//! A master key against a database that Octopus made: tables as in facts/octopus.md, values encrypted by OpenSSL's
//! command line, the compressed form also by Python.
#![cfg(feature = "practice")]
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../support/mod.rs"]
mod shared;

mod key;
mod lab;
mod shapes;
mod wrong_keys;
