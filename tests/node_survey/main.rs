//! The survey of a node under review, on files of every kind: what is right is read, what is not is told with file,
//! line and words, and nothing is ever written.

#![expect(clippy::expect_used, reason = "tests")]

mod backups;
mod bad_input;
mod bench;
mod machine;
mod octopus;
mod seals;
