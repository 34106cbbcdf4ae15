//! The only code that touches network, disk, processes, clock and randomness.

pub mod answer_sources;
pub mod apply;
pub mod atomic_write;
mod budget;
pub mod clipboard;
pub mod clock;
pub(crate) mod folder;
mod handle;
pub mod host;
pub mod instances;
pub mod journals;
pub mod key_file;
pub mod lock;
pub mod log;
pub mod node_config;
pub mod octopus_config;
pub mod octopus_server;
mod own_variables;
pub mod places;
pub mod random;
pub mod recordings;
pub mod seal;
pub mod small_file;
pub mod sqlserver;
pub mod survey;
pub mod toml_file;

pub use handle::World;
