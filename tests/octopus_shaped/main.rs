//! Checks a master key against a database of Octopus Server: values encrypted by OpenSSL's command line, compressed ones also by
//! Python.
#![cfg(feature = "practice")]
#![expect(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../support/mod.rs"]
mod shared;

mod key;
mod lab;
mod shapes;
mod wrong_keys;
