//! The practice server's wire: TLS in all its forms, logins, requests of several packets, Attention, and faults.

#![expect(clippy::expect_used, reason = "tests")]

mod connect;
mod faults;
mod raw;
mod requests;
mod statements;
mod tls;
