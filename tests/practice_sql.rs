//! The practice engine: T-SQL in, replies out. Cases are in files of their own, by subject.

#![cfg(feature = "practice")]

#[path = "practice_sql/bench.rs"]
mod bench;
#[path = "practice_sql/concurrency.rs"]
mod concurrency;
#[path = "practice_sql/corpus.rs"]
mod corpus;
#[path = "practice_sql/permissions.rs"]
mod permissions;
#[path = "practice_sql/registry.rs"]
mod registry;
#[path = "practice_sql/state.rs"]
mod state;
