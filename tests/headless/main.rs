//! The headless face: a review of a practice node, printed for people and for programs, and its exit status.
#![cfg(feature = "practice")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

mod command;
mod printed;
