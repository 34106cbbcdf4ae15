//! The ways to talk to the wizard. They turn input into events and the state into pixels or sentences, and decide nothing.

pub mod exit;
pub mod headless;
pub mod plain;
pub mod problems;
pub mod replay;
pub(crate) mod sentences;
pub mod signals;
pub mod tui;
