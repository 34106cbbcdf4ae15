//! Surveys of this host. They are read-only, keep within budgets, and report whole snapshots of their facts.

mod account;
mod answer_files;
mod disk;
mod health;
mod home;
mod machine;
#[cfg(any(target_os = "linux", test))]
mod node;
mod octopus;
mod ports;
mod service;
mod storage;

pub use answer_files::{key_file, licence};
pub use health::health;
pub use home::home;
pub use machine::machine;
pub use node::node;
pub use octopus::{octopus, octopus_instances};
pub use ports::ports;
pub use service::service;
pub use storage::storage;
