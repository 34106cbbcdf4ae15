//! Set-up flows with nobody there, against a practice server: what is told, what is written, and how it ends.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod again;
#[cfg(target_os = "linux")]
mod changes;
mod command;
#[cfg(target_os = "linux")]
mod ends;
mod first_node;
mod interrupted;
mod join;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod race;
mod refused;
mod resumed;
mod scene;
#[cfg(target_os = "linux")]
mod sources;
