//! Helpers that several test programs share.
#![allow(dead_code, reason = "each test program uses its own part of this")]
#![allow(clippy::allow_attributes, reason = "an expectation would fail in the programs that use all of it")]

#[cfg(feature = "practice")]
pub mod canaries;
#[cfg(feature = "practice")]
pub mod cipher;
pub mod judges;
#[cfg(feature = "practice")]
pub mod octopus;
pub mod pty;
#[cfg(feature = "practice")]
pub mod scenario;
#[cfg(feature = "practice")]
pub mod sql;
pub mod stand_in;
#[cfg(feature = "practice")]
pub mod walk;
#[cfg(feature = "practice")]
pub mod wire;
