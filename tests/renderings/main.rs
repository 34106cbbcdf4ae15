//! Renderings of a node, read back by others: scripts by the shells' own parsers, a compose file by a YAML reader, command
//! lines by Windows' rules.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/judges.rs"]
mod judges;

mod argv;
mod bash;
mod command;
mod compose;
mod expected;
mod next;
mod nodes;
mod powershell;
mod reach;
