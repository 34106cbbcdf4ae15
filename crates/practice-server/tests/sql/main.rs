//! The practice server's engine: T-SQL in, replies out. Cases are in files of their own, by subject.

mod bench;
mod concurrency;
mod corpus;
mod permissions;
mod registry;
mod scripts;
mod state;
