//! Answers that are given beforehand: files, variables, flags, commands, standard input and people, good and bad.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod copies;
#[cfg(unix)]
mod elsewhere;
mod files;
mod precedence;
mod program;
mod scene;
mod schema;
