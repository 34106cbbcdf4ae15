//! The hand-over to Octopus Server, end to end: the real installer runs the commands of a stand-in, which really works on the
//! practice server's database, and whose node really answers.
#![cfg(all(unix, feature = "practice"))]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../apply_support/mod.rs"]
mod apply_support;
#[path = "../support/mod.rs"]
mod shared;

mod crashes;
mod failures;
mod faults;
mod join;
mod lab;
mod output;
mod secrets;
mod whole;
