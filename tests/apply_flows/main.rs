//! The flows behind the first node (join, edit, leave, remove): what they do, refuse and undo, and how crashes end.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../apply_support/mod.rs"]
mod apply_support;
mod configs;
mod crashes;
mod proofs;
mod rows;
mod scene;
