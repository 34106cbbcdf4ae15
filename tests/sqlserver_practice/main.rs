//! The connection and the registry, against the practice server: the real client over the real wire.
#![cfg(feature = "practice")]
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

mod race;
mod registry;
mod support;
mod survey;
mod way;
