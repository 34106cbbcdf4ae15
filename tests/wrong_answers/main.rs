//! Checks the finding for every wrong answer, with the real engine and world, against the practice server and small fake listeners.
//! Runs the SQL that a finding shows; the check must then be good.
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
