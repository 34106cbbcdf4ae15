//! Every wrong answer gets the right words: through the real engine and the real world, against the practice server and
//! small fake listeners. Where a finding shows SQL, that SQL is executed, and the check must turn good.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod shared;

mod content;
mod copies;
mod exists;
mod fakes;
mod home;
mod install;
mod login;
mod other_instances;
mod rights;
mod scene;
mod server;
mod service;
mod state;
mod tls;
mod way;
mod web;
mod wire;
