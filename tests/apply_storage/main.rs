//! Shared storage and canaries in the installer: what a run leaves, refuses and undoes, and how crashes end.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../apply_support/mod.rs"]
mod apply_support;
mod bad_input;
mod crashes;
#[cfg(feature = "practice")]
mod practice;
mod scene;
