//! The survey of a node under review, on files of every kind: good ones are read, bad ones are reported with file, line and message,
//! and nothing is ever written.

#![expect(clippy::expect_used, reason = "tests")]

mod backups;
mod bad_input;
mod bench;
mod machine;
mod octopus;
mod seals;
