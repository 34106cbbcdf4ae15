//! The life of a cluster, end to end: further nodes join, nodes are reviewed and changed, leave, and dead ones are
//! replaced or removed. Through the real engine and the real world, against the practice server.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod shared;

mod adopting;
mod bad_files;
mod canaries;
mod check;
mod copied;
mod crashes;
mod edit;
mod faults;
mod join;
mod leave;
#[cfg(unix)]
mod older;
mod other_engine;
mod recorded;
mod refused;
mod replace;
mod review;
mod scene;
mod secrets;
mod turns;
mod without_registry;
