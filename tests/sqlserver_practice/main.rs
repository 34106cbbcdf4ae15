//! The connection and the registry against the practice server, with the real client over the real protocol.
#![cfg(feature = "practice")]
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

mod adopt;
mod change;
mod cluster;
mod collations;
mod joiners;
mod many;
mod race;
mod registry;
mod relay;
mod sql_files;
mod storage;
mod support;
mod survey;
mod way;
